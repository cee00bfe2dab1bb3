import { extent } from "../support/extent.ts";
import { fuzzParser } from "./parser_fuzz.ts";
import { Random, withSeed } from "./random.ts";

const CASES = extent(3000, 30_000);

Deno.test("Client gives the right answer or closes the connection, for any bytes it receives", async () => {
  await withSeed(async (seed) => {
    await fuzzParser(new Random(seed), CASES);
  });
});
