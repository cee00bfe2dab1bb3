/** The clients of npm on a real memcached: each reads what is written here, and the other way round. */

import { assertEquals } from "@std/assert";
import type { Transcoder } from "@moecache/moecache";
import { npmMemcachedKeys } from "@moecache/moecache/keys";
import {
  memcacheClientTranscoder,
  memjsTranscoder,
  npmMemcachedTranscoder,
  npmMemcacheTranscoder,
} from "@moecache/moecache/formats";
import {
  exchange,
  isMissing,
  type NativeProgram,
} from "../../transcoding/formats/native_programs.ts";

const SCRIPT = new URL("npm_clients.cjs", import.meta.url).pathname;

const NODE: NativeProgram = { command: "node", args: [SCRIPT], probe: ["--version"] };
/** Node has zstd from 22.15 on; here it is Deno that stands for it. */
const WITH_ZSTD: NativeProgram = {
  command: Deno.execPath(),
  args: ["run", "--allow-all", "--node-modules-dir=manual", "--no-lock", SCRIPT],
  probe: ["--version"],
};

const bytes = (text: string) => new TextEncoder().encode(text);
const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);

interface Case {
  readonly name: string;
  readonly program: NativeProgram;
  readonly options: Readonly<Record<string, unknown>>;
  readonly transcoder: Transcoder;
  /** What is written here, and how Node shows it. */
  readonly written: readonly (readonly [unknown, string])[];
  /** What Node writes, and what it is here. */
  readonly read: readonly (readonly [string, unknown])[];
}

const JSON_WRITTEN: Case["written"] = [
  ["é€😀 \\", "'é€😀 \\\\'"],
  ["", "''"],
  [0, "0"],
  [-5, "-5"],
  [0.5, "0.5"],
  [1e300, "1e+300"],
  [2 ** 53 - 1, "9007199254740991"],
  [null, "null"],
  [[1, [null, "x"]], "[ 1, [ null, 'x' ] ]"],
  [{ a: { b: [] }, "é": "\n" }, "{ a: { b: [] }, 'é': '\\n' }"],
  [new Date(0), "'1970-01-01T00:00:00.000Z'"],
];

const JSON_READ: Case["read"] = [
  ['"é€😀 \\\\"', "é€😀 \\"],
  ['""', ""],
  ["0", 0],
  ["-1.5e-7", -1.5e-7],
  ["null", null],
  ['({ a: [1, { b: null }], "\\n": true })', { a: [1, { b: null }], "\n": true }],
  ["new Date(0)", "1970-01-01T00:00:00.000Z"],
  ["Buffer.alloc(0)", new Uint8Array(0)],
  ["Buffer.from(Array.from({ length: 256 }, (_, i) => i))", every],
];

const TEXT: readonly [string, string][] = [
  ["é€😀", "é€😀"],
  ["line\r\n\0", "line\r\n\0"],
  ["x".repeat(3000), "x".repeat(3000)],
];

const CASES: readonly Case[] = [
  {
    name: "memcached",
    program: NODE,
    options: { client: "memcached" },
    transcoder: npmMemcachedTranscoder,
    written: [
      ...JSON_WRITTEN,
      ["a\\\r\nb\n", "'a\\\\\\r\\nb\\n'"],
      [true, "true"],
      [Infinity, "Infinity"],
      [NaN, "NaN"],
      [Uint8Array.of(0, 10, 13, 200, 255), "<Buffer 00 0a 0d c8 ff>"],
    ],
    read: [
      ...JSON_READ,
      ['"a\\\\\\r\\nb\\n"', "a\\\r\nb\n"],
      ["[true, false]", [true, false]],
      ["false", false],
      ["-Infinity", -Infinity],
      ["NaN", NaN],
    ],
  },
  ...[false, true].map((compress): Case => ({
    name: compress ? "memcache-client, with zstd" : "memcache-client",
    program: compress ? WITH_ZSTD : NODE,
    options: { client: "memcache-client", compress },
    transcoder: memcacheClientTranscoder({ compress }),
    written: [
      ...JSON_WRITTEN,
      ["a\r\nb", "'a\\r\\nb'"],
      [NaN, "NaN"],
      [Infinity, "NaN"],
      [true, "true"],
      ["x".repeat(99), `'${"x".repeat(99)}'`],
      [Uint8Array.of(0, 10, 13, 200, 255), "<Buffer 00 0a 0d c8 ff>"],
      [new Uint8Array(200), `<Buffer${" 00".repeat(50)} ... 150 more bytes>`],
      [{ text: "é".repeat(60), list: Array(60).fill(1) }.text, `'${"é".repeat(60)}'`],
    ],
    read: [
      ...JSON_READ,
      ['"a\\r\\nb"', "a\r\nb"],
      ['"é".repeat(5000)', "é".repeat(5000)],
      ["Buffer.alloc(5000, 7)", new Uint8Array(5000).fill(7)],
      ["Array(500).fill(1)", Array(500).fill(1)],
      ["NaN", NaN],
    ],
  })),
  {
    name: "memcache",
    program: NODE,
    options: { client: "memcache" },
    transcoder: npmMemcacheTranscoder as Transcoder,
    written: [["é€😀", "'é€😀'"], ["a\r\nb", "'a\\r\\nb'"], ["5", "'5'"], [bytes("é"), "'é'"]],
    read: TEXT.map(([text, value]) => [JSON.stringify(text), value]),
  },
  {
    name: "memjs",
    program: NODE,
    options: { client: "memjs" },
    transcoder: memjsTranscoder as Transcoder,
    written: [["é", "<Buffer c3 a9>"], [Uint8Array.of(0, 13, 255), "<Buffer 00 0d ff>"]],
    read: [
      ...TEXT.map(([text, value]) => [JSON.stringify(text), bytes(value)] as const),
      ["Buffer.from([0, 255])", Uint8Array.of(0, 255)],
    ],
  },
];

for (const { name, program, options, transcoder, written, read } of CASES) {
  Deno.test({
    name: `npm's ${name} reads what is written here, and what it writes is read here`,
    ignore: isMissing("node", program),
    async fn() {
      const { texts, values } = await exchange(program, { transcoder, written, read, options });
      assertEquals(texts, written.map(([, text]) => text));
      assertEquals(values, read.map(([, value]) => value));
    },
  });
}

Deno.test({
  name: "npm's memcached makes the keys that npmMemcachedKeys makes, long ones and others",
  ignore: isMissing("node", NODE),
  async fn() {
    // "read:0" and "write:0" have 6 and 7 bytes: 250 and 251 of them are on either side of the limit.
    for (const keyEnding of ["", "é", "x".repeat(243), "x".repeat(244), "y".repeat(700)]) {
      const { texts, values } = await exchange(NODE, {
        transcoder: npmMemcachedTranscoder,
        keys: npmMemcachedKeys,
        keyEnding,
        options: { client: "memcached" },
        written: [["here", "'here'"]],
        read: [["'there'", "there"]],
      });
      assertEquals([texts, values], [["'here'"], ["there"]], `${keyEnding.length} more characters`);
    }
  },
});
