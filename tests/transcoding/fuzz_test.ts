import {
  compressed,
  type EncodedValue,
  jsonTranscoder,
  moecacheTranscoder,
  rawTranscoder,
  type Transcoder,
} from "../../mod.ts";
import { enyimTranscoder } from "../../src/transcoding/mod.ts";
import { Random, withSeed } from "../chaos/random.ts";
import { extent } from "../support/extent.ts";
import { fuzzTranscoder } from "./fuzz.ts";
import type { EnyimVectors } from "./enyim/vectors.ts";
import { fromHex, readVectors } from "./pickle/vectors.ts";

const CASES = extent(5000, 50_000);

const TEXT = "moecache ".repeat(20);
const VALUES = [null, true, 1.5, "text", TEXT, ["a", { b: TEXT }], 2 ** 40];
const BYTES = [new Uint8Array(3), new TextEncoder().encode(TEXT)];

const { encode } = await readVectors<EnyimVectors>("enyim_values.json");
const enyimItems = encode.map(({ flags, hex }) => ({ flags, data: fromHex(hex) }));

const TRANSCODERS: Record<string, [Transcoder, readonly unknown[]]> = {
  moecacheTranscoder: [moecacheTranscoder, VALUES],
  enyimTranscoder: [enyimTranscoder, ["text", 5, new Date(0)]],
  jsonTranscoder: [jsonTranscoder, VALUES],
  rawTranscoder: [rawTranscoder, BYTES],
  "compressed, gzip": [compressed(jsonTranscoder, { threshold: 100 }), VALUES],
  "compressed, deflate": [compressed(rawTranscoder, { threshold: 100, format: "deflate" }), BYTES],
  "compressed, deflate-raw": [
    compressed(moecacheTranscoder, { threshold: 100, format: "deflate-raw" }),
    VALUES,
  ],
};

for (const [name, [transcoder, values]] of Object.entries(TRANSCODERS)) {
  Deno.test(`${name} makes a value or a ClientException of any item, at once`, async () => {
    const written: EncodedValue[] = await Promise.all(
      values.map(async (value) => await transcoder.encode(value)),
    );
    const samples = transcoder === enyimTranscoder ? [...written, ...enyimItems] : written;
    await withSeed((seed) => fuzzTranscoder(transcoder, samples, new Random(seed), CASES));
  });
}
