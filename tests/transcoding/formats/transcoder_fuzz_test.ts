import { Random, withSeed } from "../../chaos/random.ts";
import { extent } from "../../support/extent.ts";
import { FUZZED_TRANSCODERS, fuzzForeign } from "./transcoder_fuzz.ts";

/** `deno task chaos` reads many more. */
const CASES = extent(1000, 5000);

for (const fuzzed of FUZZED_TRANSCODERS) {
  Deno.test(`${fuzzed.name} makes a value or a ClientException of any item of its kind, at once`, async () => {
    await withSeed((seed) => fuzzForeign(fuzzed, new Random(seed), CASES));
  });
}
