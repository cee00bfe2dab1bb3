import { Random, withSeed } from "../../chaos/random.ts";
import { extent } from "../../support/extent.ts";
import { fuzzPickles } from "./fuzz.ts";

/** `deno task chaos` reads many more. */
const CASES = extent(3000, 20_000);

Deno.test("readPickle makes a value or a ClientException of any bytes, at once", async () => {
  await withSeed(async (seed) => {
    await fuzzPickles(new Random(seed), CASES);
  });
});
