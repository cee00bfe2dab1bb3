/** The pickle codec beside the runtime's own JSON. Run with `deno bench bench/pickle_bench.ts`. */

import { readPickle } from "../src/transcoding/pickle/read_pickle.ts";
import { writePickle } from "../src/transcoding/pickle/write_pickle.ts";

const record = Object.fromEntries(
  Array.from(
    { length: 20 },
    (_, i) => [`field_${i}`, [i * 1000, `some text ${i}`, i / 7][i % 3]],
  ),
);
const recordPickle = writePickle(record);
const recordJson = JSON.stringify(record);

Deno.bench("write a record of 20 fields", {
  group: "write record",
  baseline: true,
}, () => {
  writePickle(record);
});
Deno.bench("JSON.stringify", { group: "write record" }, () => {
  JSON.stringify(record);
});
Deno.bench("read a record of 20 fields", {
  group: "read record",
  baseline: true,
}, () => {
  readPickle(recordPickle);
});
Deno.bench("JSON.parse", { group: "read record" }, () => {
  JSON.parse(recordJson);
});

for (
  const [name, length] of [["100 KB", 100_000], ["1 MB", 1_000_000]] as const
) {
  const bytes = randomBytes(length);
  const pickle = writePickle(bytes);
  Deno.bench(`write ${name} of random bytes`, { group: name }, () => {
    writePickle(bytes);
  });
  Deno.bench(`read ${name} of random bytes`, { group: name }, () => {
    readPickle(pickle);
  });
}

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const most = 65_536; // of what getRandomValues gives at once
  for (let at = 0; at < length; at += most) {
    crypto.getRandomValues(bytes.subarray(at, at + most));
  }
  return bytes;
}
