/** The transcoders beside each other. Run with `deno bench bench/transcoders_bench.ts`. */

import {
  compressed,
  type EncodedValue,
  jsonTranscoder,
  moecacheTranscoder,
  rawTranscoder,
  type Transcoder,
} from "../mod.ts";
import { enyimTranscoder } from "../src/transcoding/mod.ts";

const record = {
  rows: Array.from({ length: 1000 }, (_, i) => ({ id: i, name: `name ${i}`, isNew: i % 3 === 0 })),
};
const text = JSON.stringify(record);
const bytes = new TextEncoder().encode(text);

const CASES: Record<string, [transcoder: Transcoder, value: unknown][]> = {
  "a number": [[moecacheTranscoder, 5], [enyimTranscoder, 5], [jsonTranscoder, 5]],
  "a record of 50 KB": [[moecacheTranscoder, record], [jsonTranscoder, record]],
  "bytes, 50 KB": [[moecacheTranscoder, bytes], [enyimTranscoder, bytes], [rawTranscoder, bytes]],
  "bytes, 50 KB, compressed": [
    [compressed(rawTranscoder, { format: "gzip" }), bytes],
    [compressed(rawTranscoder, { format: "deflate" }), bytes],
    [compressed(rawTranscoder, { format: "deflate-raw" }), bytes],
  ],
};
const NAMES = new Map<Transcoder, string>([
  [moecacheTranscoder, "moecacheTranscoder"],
  [enyimTranscoder, "enyimTranscoder"],
  [jsonTranscoder, "jsonTranscoder"],
  [rawTranscoder, "rawTranscoder"],
]);
const FORMATS = ["gzip", "deflate", "deflate-raw"];

for (const [what, transcoders] of Object.entries(CASES)) {
  for (const [i, [transcoder, value]] of transcoders.entries()) {
    const name = NAMES.get(transcoder) ?? `compressed, ${FORMATS[i]}`;
    const item: EncodedValue = await transcoder.encode(value);
    Deno.bench(`${name} encodes`, { group: `write ${what}` }, async () => {
      const encoded = transcoder.encode(value);
      if (encoded instanceof Promise) await encoded;
    });
    Deno.bench(`${name} decodes`, { group: `read ${what}` }, async () => {
      const decoded = transcoder.decode(item);
      if (decoded instanceof Promise) await decoded;
    });
  }
}
