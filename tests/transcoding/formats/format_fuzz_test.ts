import { Random, withSeed } from "../../chaos/random.ts";
import { extent } from "../../support/extent.ts";
import { FUZZED_FORMATS, fuzzFormat } from "./format_fuzz.ts";

/** `deno task chaos` reads many more. */
const CASES = extent(1000, 5000);

for (const format of FUZZED_FORMATS) {
  Deno.test(`${format.name} makes a value or a ClientException of any bytes, at once`, async () => {
    await withSeed(async (seed) => {
      await fuzzFormat(format, new Random(seed), CASES);
    });
  });
}
