import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { ClientException, compressed, moecacheTranscoder } from "../../mod.ts";

const TEXT = "moecache ".repeat(1000);

/** What knows no format. */
class Unknowing {
  constructor(format: string) {
    throw new TypeError(`"${format}" is unknown`);
  }
}

/** Puts another class in the place of the platform's streams, or none. */
async function withStreams(Stream: unknown, body: () => Promise<void>): Promise<void> {
  const { CompressionStream, DecompressionStream } = globalThis;
  Object.assign(globalThis, { CompressionStream: Stream, DecompressionStream: Stream });
  try {
    await body();
  } finally {
    Object.assign(globalThis, { CompressionStream, DecompressionStream });
  }
}

for (const format of ["gzip", "deflate", "deflate-raw"] as const) {
  Deno.test(`compressed does with node:zlib what it does with the platform's ${format}`, async () => {
    const { encode, decode } = compressed(moecacheTranscoder, { format });
    const theirs = await encode(TEXT);
    for (const Stream of [undefined, Unknowing]) {
      let own = theirs;
      await withStreams(Stream, async () => {
        assertEquals(await decode(theirs), TEXT);
        own = await encode(TEXT);
        assertLess(own.data.byteLength, 200);
        const half = { ...own, data: own.data.slice(0, own.data.byteLength / 2) };
        await assertRejects(async () => await decode(half), ClientException, "damaged");
        // Node's streams ignore what follows a stream.
        const longer = { ...own, data: Uint8Array.of(...own.data, 0x78) };
        await assertRejects(async () => await decode(longer), ClientException, "damaged");
      });
      assertEquals(await decode(own), TEXT);
    }
  });
}
