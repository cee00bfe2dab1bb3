import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { ClientException, compressed, moecacheTranscoder } from "../../mod.ts";

const TEXT = "moecache ".repeat(1000);

/** Has a platform without compression streams, as Bun 1.2 is one. */
async function withoutStreams(body: () => Promise<void>): Promise<void> {
  const { CompressionStream, DecompressionStream } = globalThis;
  Object.assign(globalThis, { CompressionStream: undefined, DecompressionStream: undefined });
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
    await withoutStreams(async () => {
      assertEquals(await decode(theirs), TEXT);
      const own = await encode(TEXT);
      assertLess(own.data.byteLength, 200);
      const half = { ...own, data: own.data.slice(0, own.data.byteLength / 2) };
      await assertRejects(() => Promise.resolve(decode(half)), ClientException, "damaged");
      theirs.data = own.data;
    });
    assertEquals(await decode(theirs), TEXT);
  });
}
