import { assertEquals } from "@std/assert";
import { frozenSet, type Transcoder, tuple } from "../../../mod.ts";
import {
  bmemcachedTranscoder,
  pylibmcTranscoder,
  pymemcacheTranscoder,
  pythonMemcachedTranscoder,
} from "../../../src/transcoding/mod.ts";
import { exchange, isMissing, type NativeProgram } from "./native_programs.ts";

/** Makes a client as the options say, prints what it reads, and writes what expressions make. */
const PROGRAM = `
import datetime, json, sys
order = json.load(sys.stdin)
options = order["options"]
server = "127.0.0.1:%d" % order["port"]
settings = options.get("settings", {})
extra = options.get("set", {})
kind = options["client"]
if kind == "pymemcache":
    import pymemcache.client.base, pymemcache.serde
    class JsonSerde:
        # The one of pymemcache's documentation.
        def serialize(self, key, value):
            if isinstance(value, str):
                return value.encode("utf-8"), 1
            return json.dumps(value).encode("utf-8"), 2
        def deserialize(self, key, value, flags):
            if flags == 1:
                return value.decode("utf-8")
            if flags == 2:
                return json.loads(value.decode("utf-8"))
            raise Exception("Unknown serialization format")
    if options.get("serde") == "json":
        settings["serde"] = JsonSerde()
    elif options.get("serde") == "pickle":
        settings["serde"] = pymemcache.serde.PickleSerde(options["pickle"])
    # By default it does not wait until its values are stored.
    address = ("127.0.0.1", order["port"])
    client = pymemcache.client.base.Client(address, default_noreply=False, **settings)
elif kind == "memcache":
    import memcache
    client = memcache.Client([server], **settings)
elif kind == "pylibmc":
    import pylibmc
    client = pylibmc.Client([server], behaviors=settings)
elif kind == "bmemcached":
    import bmemcached
    client = bmemcached.Client((server,), **settings)
else:
    from django.conf import settings as configuration
    configuration.configure(CACHES={"default": {
        "BACKEND": "django.core.cache.backends.memcached." + kind,
        "LOCATION": server,
        "KEY_FUNCTION": lambda key, prefix, version: key,
    }})
    from django.core.cache import cache as client
texts = [repr(client.get(key)) for key in order["reads"]]
for key, expression in order["writes"]:
    assert client.set(key, eval(expression), **extra) is not False
json.dump(texts, sys.stdout)
`;

/** Debian's Python has Debian's packages, whatever else is on the PATH. */
const COMMAND = "/usr/bin/python3";

function program(...modules: string[]): NativeProgram {
  return {
    command: COMMAND,
    args: ["-W", "ignore", "-c", PROGRAM],
    probe: ["-c", `import ${modules}`],
  };
}

const long = "mœcache ".repeat(100);
const record = { name: "Ada é", tags: ["x", "y"], active: true, score: 2.5, none: null };

/** What is written here, and what every one of the clients then has. */
const WRITTEN: [unknown, string][] = [
  [null, "None"],
  ["", "''"],
  ["line\r\n\0 é€😀", "'line\\r\\n\\x00 é€😀'"],
  [long, `'${long}'`],
  [new Uint8Array(0), "b''"],
  [Uint8Array.of(0, 10, 13, 255), "b'\\x00\\n\\r\\xff'"],
  [new Uint8Array(500), `b'${"\\x00".repeat(500)}'`],
  [0, "0"],
  [-7, "-7"],
  [2 ** 53 - 1, "9007199254740991"],
  [2n ** 64n, "18446744073709551616"],
  [-(10n ** 30n), String(-(10n ** 30n))],
  [0.5, "0.5"],
  [-0, "-0.0"],
  [1e300, "1e+300"],
  [Infinity, "inf"],
  [[], "[]"],
  [{}, "{}"],
  [record, "{'name': 'Ada é', 'tags': ['x', 'y'], 'active': True, 'score': 2.5, 'none': None}"],
  [new Map<unknown, unknown>([[1, "a"], [tuple(1, 2), "b"]]), "{1: 'a', (1, 2): 'b'}"],
  [[tuple(), tuple(1, "x"), frozenSet([3])], "[(), (1, 'x'), frozenset({3})]"],
  [
    new Date("2020-01-02T03:04:05.678Z"),
    "datetime.datetime(2020, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc)",
  ],
  [
    { b: Uint8Array.of(200), l: Array.from({ length: 300 }, (_, i) => i) },
    `{'b': b'\\xc8', 'l': [${Array.from({ length: 300 }, (_, i) => i).join(", ")}]}`,
  ],
];

/** What the clients write, and what it is here. */
const READ: [string, unknown][] = [
  ["None", null],
  ["'é€😀\\r\\n\\0'", "é€😀\r\n\0"],
  ["''", ""],
  ["'ab' * 1000", "ab".repeat(1000)],
  ["b''", new Uint8Array(0)],
  ["bytes(range(256))", Uint8Array.from({ length: 256 }, (_, byte) => byte)],
  ["b'x' * 1000", new Uint8Array(1000).fill(0x78)],
  ["[0, -1, 2**31, 2**63, -2**70]", [0, -1, 2 ** 31, 2n ** 63n, -(2n ** 70n)]],
  ["5", 5],
  ["-5", -5],
  ["2**53 + 1", 2n ** 53n + 1n],
  ["10**40", 10n ** 40n],
  ["-0.0", -0],
  ["1e-7", 1e-7],
  ["float('-inf')", -Infinity],
  ["[True, False, None, 1.5, 'x', b'y']", [true, false, null, 1.5, "x", Uint8Array.of(0x79)]],
  ["{'a': {'b': []}, '10': 1}", { a: { b: [] }, 10: 1 }],
  ["{1: 'a', (2, 3): {4}}", new Map<unknown, unknown>([[1, "a"], [tuple(2, 3), new Set([4])]])],
  [
    "datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.timezone.utc)",
    new Date("2020-01-02T03:00:00Z"),
  ],
  ["list(range(500))", Array.from({ length: 500 }, (_, index) => index)],
];

interface Case {
  readonly name: string;
  readonly modules: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly transcoder: Transcoder;
  /** What the client has for a boolean alone. */
  readonly booleans?: readonly [string, string];
}

const pickled = (pickle: number) => ({ client: "pymemcache", serde: "pickle", pickle });

const CASES: readonly Case[] = [
  ...([0, 1, 2, 5] as const).map((protocol) => ({
    name: `pymemcache with pickles of protocol ${protocol}`,
    modules: ["pymemcache"],
    options: pickled(protocol),
    transcoder: pymemcacheTranscoder({ pickleProtocol: protocol }),
  })),
  {
    name: "python-memcached",
    modules: ["memcache"],
    options: { client: "memcache", set: { "min_compress_len": 100 } },
    transcoder: pythonMemcachedTranscoder({ minCompressLen: 100 }),
  },
  {
    name: "pylibmc",
    modules: ["pylibmc"],
    options: { client: "pylibmc", set: { "min_compress_len": 100 } },
    transcoder: pylibmcTranscoder({ minCompressLen: 100 }),
    booleans: ["1", "0"],
  },
  {
    name: "python-binary-memcached",
    modules: ["bmemcached"],
    options: { client: "bmemcached" },
    transcoder: bmemcachedTranscoder({ compress: true }),
  },
  {
    name: "Django's PyMemcacheCache",
    modules: ["django", "pymemcache"],
    options: { client: "PyMemcacheCache" },
    transcoder: pymemcacheTranscoder,
  },
  {
    name: "Django's PyLibMCCache",
    modules: ["django", "pylibmc"],
    options: { client: "PyLibMCCache" },
    transcoder: pylibmcTranscoder,
    booleans: ["1", "0"],
  },
];

for (const { name, modules, options, transcoder, booleans = ["True", "False"] } of CASES) {
  const python = program(...modules);
  Deno.test({
    name: `${name} reads what is written here, and what it writes is read here`,
    ignore: isMissing(name, python),
    async fn() {
      const written: [unknown, string][] = [...WRITTEN, [true, booleans[0]], [false, booleans[1]]];
      const read: [string, unknown][] = [...READ, ["True", true], ["False", false]];
      const { texts, values } = await exchange(python, { transcoder, written, read, options });
      assertEquals(texts, written.map(([, text]) => text));
      assertEquals(values, read.map(([, value]) => value));
    },
  });
}

const pymemcache = program("pymemcache");
const ignore = isMissing("pymemcache without pickles", pymemcache);

Deno.test({
  name:
    "pymemcache with the JsonSerde of its documentation reads what is written here, and is read here",
  ignore,
  async fn() {
    const written: [unknown, string][] = [
      ["é\r\n", "'é\\r\\n'"],
      [
        [NaN, Infinity, -Infinity, 2n ** 70n, -0, 1e-7, 5],
        "[nan, inf, -inf, 1180591620717411303424, -0.0, 1e-07, 5]",
      ],
      [record, "{'name': 'Ada é', 'tags': ['x', 'y'], 'active': True, 'score': 2.5, 'none': None}"],
      [null, "None"],
      [true, "True"],
      ["5", "'5'"],
    ];
    const read: [string, unknown][] = [
      ["'é'", "é"],
      ["[float('nan'), float('inf'), 2**64, 'NaN', '\\0', 1e22, {'é': None}]", [
        NaN,
        Infinity,
        2n ** 64n,
        "NaN",
        "\0",
        1e22,
        { é: null },
      ]],
      ["False", false],
      ["12", 12],
    ];
    const { texts, values } = await exchange(pymemcache, {
      transcoder: pymemcacheTranscoder({ json: true }),
      written,
      read,
      options: { client: "pymemcache", serde: "json" },
    });
    assertEquals(texts, written.map(([, text]) => text));
    assertEquals(values, read.map(([, value]) => value));
  },
});

Deno.test({
  name: "pymemcache without a serde reads what is written here, and is read here",
  ignore,
  async fn() {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const written: [unknown, string][] = [
      ["é", "b'\\xc3\\xa9'"],
      [Uint8Array.of(0, 255), "b'\\x00\\xff'"],
      [2n ** 64n, "b'18446744073709551616'"],
      [1e-7, "b'1e-07'"],
      [1e16, "b'1e+16'"],
    ];
    const read: [string, unknown][] = [
      ["'é'", bytes("é")],
      ["2**64", bytes("18446744073709551616")],
      ["1e16", bytes("1e+16")],
      ["b'\\xff'", Uint8Array.of(255)],
    ];
    const { texts, values } = await exchange(pymemcache, {
      transcoder: pymemcacheTranscoder({ encoding: "utf-8" }),
      written,
      read,
      options: { client: "pymemcache", settings: { encoding: "utf-8" } },
    });
    assertEquals(texts, written.map(([, text]) => text));
    assertEquals(values, read.map(([, value]) => value));
  },
});
