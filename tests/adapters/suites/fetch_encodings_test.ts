/** The encodings that fetch decodes, and those whose headers a cache does not store, on each runtime. */

import { assertArrayIncludes, assertEquals } from "@std/assert";
import { onEachRuntime } from "./drop_in_runtimes.ts";

type Encode = (bytes: Uint8Array) => Uint8Array;

// An import of `node:zlib` would ask for the types of all of Node.
const { process } = globalThis as unknown as {
  process: { getBuiltinModule(name: string): Readonly<Record<string, Encode>> };
};
const zlib = process.getBuiltinModule("node:zlib");

const TEXT = "encoded ".repeat(100);
const CODINGS: Readonly<Record<string, Encode | undefined>> = {
  gzip: zlib.gzipSync,
  "x-gzip": zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
  // A coding that no runtime knows: the text turned around.
  unknown: (bytes) => bytes.toReversed(),
};
// The first release of Node 20 undoes a list of different codings in the wrong order, and its fetch fails.
const LISTS = ["gzip, gzip", "gzip,x-gzip", "gzip, identity", "gzip,", "gzip, unknown"];
const ENCODINGS = [...Object.keys(CODINGS), "GZip", "X-GZIP", "BR", ...LISTS];

function encoded(encodings: string): Uint8Array<ArrayBuffer> {
  const codings = encodings.toLowerCase().split(",").map((name) => CODINGS[name.trim()]);
  const bytes: Uint8Array = new TextEncoder().encode(TEXT);
  return new Uint8Array(codings.reduce((body, encode) => encode?.(body) ?? body, bytes));
}

Deno.test("a cache stores no header of the encodings that the fetch of the runtime decodes", async (test) => {
  await using web = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, ({ url }) => {
    const encodings = decodeURIComponent(new URL(url).search.slice(1));
    return new Response(encoded(encodings), { headers: { "Content-Encoding": encodings } });
  });
  const ORIGIN = `http://127.0.0.1:${web.addr.port}`;
  const modules = { FRESHNESS: "adapters/http/freshness.ts" };
  await onEachRuntime(test, "fetch_encodings.mjs", modules, async (run) => {
    const { printed, errors } = await run({ ORIGIN, TEXT, ENCODINGS: JSON.stringify(ENCODINGS) });
    const { decoded, left } = printed as Readonly<Record<string, string[]>>;
    assertEquals(left, decoded, errors);
    assertArrayIncludes(decoded!, ["gzip", "deflate", "br"]);
  });
});
