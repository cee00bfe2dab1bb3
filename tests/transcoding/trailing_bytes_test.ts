/** Bytes behind a value's end, as `append` puts them there: no format but Enyim's own reads on as if nothing were. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  ClientException,
  compressed,
  jsonTranscoder,
  moecacheTranscoder,
  type Transcoder,
} from "../../mod.ts";
import * as formats from "../../src/transcoding/mod.ts";

const VALUES = [true, false, 5, -7, 1.5, null, { a: 1 }, [1], new Date(0), {
  text: "x".repeat(5000),
}];

/** Formats of text and bytes alone, where more bytes are more of the value; and EnyimMemcached's, which passes over them. */
const LENIENT = [
  ...["rawTranscoder", "memjsTranscoder", "npmMemcacheTranscoder"],
  ...["enyimTranscoder", "enyimCoreTranscoder"],
];

function* transcoders(): Generator<[name: string, transcoder: Transcoder]> {
  const named = { ...formats, moecacheTranscoder, jsonTranscoder };
  for (const [name, make] of Object.entries(named)) {
    if (!name.endsWith("Transcoder") || LENIENT.includes(name)) continue;
    const transcoder = (make as () => Transcoder)();
    yield [name, transcoder];
    yield [`compressed(${name})`, compressed(transcoder)];
  }
}

for (const [name, transcoder] of transcoders()) {
  Deno.test(`${name} refuses a value with bytes after its end`, async () => {
    let count = 0;
    for (const value of VALUES) {
      let encoded;
      try {
        encoded = await transcoder.encode(value);
      } catch {
        // Not every format has every type.
        continue;
      }
      const { flags, data } = encoded;
      if (flags === transcoder.textFlags) continue;
      for (const more of ["z", " x", "\0\0"]) {
        const longer = new Uint8Array([...data, ...new TextEncoder().encode(more)]);
        const limits = { maxValueBytes: 1 << 20 };
        const read = async () => await transcoder.decode({ flags, data: longer }, limits);
        await assertRejects(read, ClientException, undefined, `${JSON.stringify(value)} ${more}`);
        count++;
      }
    }
    assertEquals(count > 3, true);
  });
}
