import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  BareClient,
  Client,
  type ClientOptions,
  type Locator,
  moecacheTranscoder,
  type Server,
  type ServerAddress,
  type TlsOptions,
  ValidationException,
} from "../mod.ts";
import { authenticationRequest } from "../src/protocol/commands/authentication.ts";
import { resolveOptions } from "../src/client_options.ts";
import { type ResolvedServer, resolveServers } from "../src/server_address.ts";

/** What looks like a certificate and its key. */
const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

/** The options of a client that a careless program might make. */
const INVALID: Record<string, unknown[]> = {
  timeout: [0, -1, NaN, Infinity, "1000", null, 2 ** 31, 1000n],
  connectTimeout: [0, -1, NaN, Infinity, "1000", null, 2 ** 31],
  connections: [0, -1, 1.5, 1025, "2", NaN, null],
  maxPending: [0, -1, 1.5, 2 ** 31, "2", Infinity, null],
  maxValueBytes: [0, -1, 1.5, 2 ** 31, "2", Infinity, null],
  keepAlive: [0, "yes", null],
  noDelay: [1, "no", null],
  locator: [null, "ring", {}],
  transcoder: [null, {}, { encode: () => {} }, { decode: () => {} }, () => {}, {
    encode() {},
    decode() {},
    textFlags: "0 0",
  }, {
    encode() {},
    decode() {},
    textFlags: 0x6d6f6500, // what would be stored under them would read as a miss
  }, {
    encode() {},
    decode() {},
    textFlags: 0x6d6f65ff,
  }, { encode() {}, decode() {}, textFlags: 0, longestText: "long" }],
  dial: [null, "tunnel", {}, true],
  io: ["fast", "", null, true],
  tls: [
    0,
    "yes",
    null,
    { caCerts: PEM },
    { caCerts: [] },
    { caCerts: [KEY] },
    { caCerts: [,] },
    {
      caCerts: ["-----BEGIN CERTIFICATE-----"],
    },
    { cert: PEM },
    { key: KEY },
    { cert: PEM, key: PEM },
    { cert: KEY, key: KEY },
    {
      cert: PEM,
      key: KEY.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"),
    },
    {
      cert: PEM,
      key: KEY.replace("AAAA", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA"),
    },
    { serverName: "" },
    { serverName: "a b" },
    { serverName: "a\r\nb" },
    { serverName: 1 },
  ],
  auth: [
    0,
    "user:password",
    null,
    {},
    { username: "user" },
    { password: "x" },
    {
      username: "",
      password: "x",
    },
    { username: "a b", password: "x" },
    { username: "a", password: "x y" },
    {
      username: "a\r\n",
      password: "x",
    },
    { username: "a", password: "x\0" },
    { username: "a", password: "x\n" },
    {
      username: "a".repeat(251),
      password: "x",
    },
    { username: "a", password: "\ud800" },
    { username: ["a"], password: "x" },
  ],
};

for (const [name, values] of Object.entries(INVALID)) {
  Deno.test("BareClient without options says that the transcoder is missing", () => {
    const Untyped = BareClient as unknown as new (...args: unknown[]) => BareClient;
    for (const options of [[], [{}]]) {
      assertThrows(
        () => new Untyped("127.0.0.1", ...options),
        ValidationException,
        "Cannot use transcoder of type undefined",
      );
    }
  });

  Deno.test(`Client refuses an invalid ${name}`, () => {
    for (const value of values) {
      const options = { [name]: value } as ClientOptions;
      const make = () => new Client("127.0.0.1:11211", options);
      assertThrows(make, ValidationException, `Cannot use ${name}`, Deno.inspect(value));
    }
  });
}

Deno.test("Client refuses options that are no record, and a locator that makes no locator", () => {
  for (const options of [null, 5, "x"]) {
    const make = () => new Client("127.0.0.1", options as ClientOptions);
    assertThrows(make, ValidationException, "Cannot use options");
  }
  const locator = () => ({}) as Locator;
  assertThrows(
    () => new Client("127.0.0.1", { locator }),
    ValidationException,
    "Cannot use locator",
  );
});

Deno.test("Client refuses an index of the locator that is not in the list", async () => {
  for (const index of [-1, 1, 0.5, NaN, "0", "length", undefined]) {
    const locator = () => ({ locate: () => index as number });
    await using client = new Client("127.0.0.1:1", { locator });
    await assertRejects(() => client.get("key"), ValidationException, "Cannot find the server");
  }
});

/** What the locator gets for these servers. */
function serversOf(servers: ConstructorParameters<typeof Client>[0]): Server[] {
  const seen: Server[] = [];
  const locator = (servers: readonly Server[]) => {
    seen.push(...servers.map(({ name, weight }) => ({ name, weight })));
    return { locate: () => 0 };
  };
  new Client(servers, { locator });
  return seen;
}

Deno.test("Client takes a server in every form", () => {
  const forms: [ConstructorParameters<typeof Client>[0], string][] = [
    ["127.0.0.1:11213", "127.0.0.1:11213"],
    ["cache.example.com", "cache.example.com:11211"],
    ["[::1]:11213", "[::1]:11213"],
    ["[::1]", "[::1]:11211"],
    ["::1", "[::1]:11211"],
    [["127.0.0.1", 11213], "127.0.0.1:11213"],
    [["::1", 11213], "[::1]:11213"],
    [["2001:db8:0:0:0:0:0:1", 11211], "[2001:db8::1]:11211"],
    ["[::ffff:a00:1]", "[::ffff:10.0.0.1]:11211"],
    ["memcached://[::ffff:10.0.0.1]:5", "[::ffff:10.0.0.1]:5"],
    [{ hostname: "Cache_A.Internal", port: 1 }, "Cache_A.Internal:1"],
    [{ hostname: "cache.internal." }, "cache.internal.:11211"],
    [{ path: "/run/memcached.sock" }, "/run/memcached.sock"],
    ["memcached://10.0.0.1:11213", "10.0.0.1:11213"],
    ["memcached://cache", "cache:11211"],
    [new URL("memcached://[::1]:11213"), "[::1]:11213"],
    ["memcacheds://cache", "cache:11211"],
    ["memcached://user:pass%20less@cache".replace("%20", "%40"), "cache:11211"],
    ["memcacheds://user:password@[::1]:5", "[::1]:5"],
    [{ hostname: "cache", tls: true }, "cache:11211"],
    [
      { hostname: "cache", tls: { caCerts: [PEM], cert: PEM, key: KEY, serverName: "x" } },
      "cache:11211",
    ],
    [{ hostname: "cache", auth: { username: "user", password: "password" } }, "cache:11211"],
    [{ path: "/run/memcached.sock", tls: false }, "/run/memcached.sock"],
  ];
  for (const [address, name] of forms) assertEquals(serversOf(address), [{ name, weight: 1 }]);
});

Deno.test("Client takes a list of servers, and a pair for one", () => {
  const names = serversOf([["a", 1], "b:2", { hostname: "c", port: 3, weight: 2 }]);
  assertEquals(names, [
    { name: "a:1", weight: 1 },
    { name: "b:2", weight: 1 },
    { name: "c:3", weight: 2 },
  ]);
  assertEquals(serversOf(["a", 1]).length, 1);
  assertEquals(serversOf(["a", "b"]).length, 2);
});

Deno.test("Client refuses servers that make no sense", () => {
  const invalid: unknown[] = [
    [],
    "",
    ":11211",
    "host:",
    "host:port",
    "host:0",
    "host:65536",
    "host:-1",
    "host:11211 other",
    "a b:1",
    "a\r\nb:1",
    "a\0:1",
    ["host", 0],
    ["host", 1.5],
    ["host", NaN],
    ["", 11211],
    [null, 11211],
    [["host", "11211"]],
    { port: 11211 },
    { hostname: "host", port: "11211" },
    { hostname: "host", weight: 0 },
    { hostname: "host", weight: -1 },
    { path: "" },
    { path: "a\0b" },
    "http://host:11211",
    "memcached://host:11211/path",
    "memcached://host?x=1",
    "memcached://",
    "host:11211:5",
    "1:2:3",
    "::1]",
    "[]",
    "[]:5",
    "[host]:5",
    [, "host"],
    { path: "/run/memcached.sock", hostname: "host" },
    { hostname: "host", tls: "yes" },
    { hostname: "host", tls: { cert: PEM } },
    { hostname: "host", auth: { username: "a b", password: "x" } },
    { hostname: "host", auth: "user:password" },
    { path: "/run/memcached.sock", tls: true },
    { path: "/run/memcached.sock", auth: {} },
    "user:password@host:11211",
    "memcached://user@host",
    "memcached://:password@host",
    "memcached://user:a%20b@host",
    "memcached://user:%zz@host",
    "memcached://user:%ff@host",
    "memcacheds://host?caCerts=x",
    null,
    undefined,
    11211,
    [null],
  ];
  for (const servers of invalid) {
    const make = () => new Client(servers as string);
    assertThrows(make, ValidationException, "Cannot use server address", JSON.stringify(servers));
  }
});

Deno.test("Client speaks no TLS over a unix socket, and says so", () => {
  const make = () => new Client({ path: "/run/memcached.sock" }, { tls: true });
  assertThrows(make, ValidationException, "its tls must be false");
  new Client({ path: "/run/memcached.sock", tls: false }, { tls: true });
});

/** The error for this address under these options. */
function resolve(address: ServerAddress, options: ClientOptions = {}): ResolvedServer {
  return resolveServers(
    address,
    resolveOptions({ ...options, transcoder: moecacheTranscoder }),
  )[0]!;
}

Deno.test("resolveServers lets what an address says of TLS go before the options", () => {
  const caCerts = [PEM];
  const own = { serverName: "own" };
  const cases: [ServerAddress, ClientOptions["tls"], TlsOptions | undefined][] = [
    ["a:1", undefined, undefined],
    ["a:1", false, undefined],
    ["a:1", true, {}],
    ["a:1", { caCerts }, { caCerts }],
    ["memcached://a:1", { caCerts }, { caCerts }],
    ["memcacheds://a:1", undefined, {}],
    ["memcacheds://a:1", false, {}],
    ["memcacheds://a:1", { caCerts }, { caCerts }],
    [{ hostname: "a", tls: true }, { caCerts }, { caCerts }],
    [{ hostname: "a", tls: true }, undefined, {}],
    [{ hostname: "a", tls: false }, { caCerts }, undefined],
    [{ hostname: "a", tls: own }, { caCerts }, own],
    [{ hostname: "a", tls: own }, false, own],
  ];
  for (const [address, tls, expected] of cases) {
    const options = tls === undefined ? {} : { tls };
    assertEquals(resolve(address, options).endpoint.tls, expected, Deno.inspect([address, tls]));
  }
});

Deno.test("resolveServers reads user names and passwords, and lets an address's own go first", () => {
  const auth = { username: "user", password: "all" };
  const cases: [ServerAddress, string | undefined][] = [
    ["memcached://us%20er:p@host".replace("%20", "%2F"), "us/er p"],
    ["memcached://user:p%C3%A4ss%40%3A%25@host", "user päss@:%"],
    [new URL("memcacheds://user:own@host"), "user own"],
    [{ hostname: "host", auth: { username: "user", password: "own" } }, "user own"],
    [{ path: "/socket", auth: { username: "user", password: "own" } }, "user own"],
    ["host:1", "user all"],
    [["host", 1], "user all"],
    [{ path: "/socket" }, "user all"],
  ];
  for (const [address, expected] of cases) {
    const request = authenticationRequest(resolve(address, { auth }).credentials!.reveal());
    assertEquals(new TextDecoder().decode(request).split("\r\n")[1], expected);
  }
  assertEquals(resolve("host").credentials, undefined);
});

Deno.test("Client keeps the settings of TLS when the object with them changes", () => {
  const tls = { caCerts: [PEM] };
  const resolved = resolve({ hostname: "a", tls });
  tls.caCerts[0] = "changed";
  assertEquals(resolved.endpoint.tls, { caCerts: [PEM] });
});

const CANARY = "c4n4ry";

Deno.test("Client shows no credentials of an address that it refuses", () => {
  const auth = { username: CANARY, password: CANARY };
  const hidden: unknown[] = [
    `memcached://user:${CANARY}@host:11211/path`,
    `memcached://user:${CANARY}@ho st`,
    `memcached://${CANARY}:${CANARY}@host:99999`,
    `memcached://${CANARY}@host`,
    `memcached://:${CANARY}@host`,
    `memcached://user:${CANARY}%zz@host`,
    `memcached://user:${CANARY}%20@host`,
    `memcached://user:${CANARY}/${CANARY}@host`,
    `memcached://user:${CANARY}#${CANARY}@host`,
    `memcached://user:${CANARY}?@host`,
    `memcached://user:${CANARY}@${CANARY}@`,
    `memcached://user:${CANARY}`,
    `memcached://host?password=${CANARY}`,
    `memcached://host#${CANARY}`,
    `memcacheds://user:${CANARY}@host/path`,
    `http://user:${CANARY}@host`,
    `user:${CANARY}@host:11211`,
    new URL(`memcached://user:${CANARY}@host/path`),
    [`memcached://user:${CANARY}@ho st`],
    ["host", `memcached://user:${CANARY}@ho st`],
    { hostname: "a b", auth },
    { hostname: "host", auth: { username: `${CANARY} `, password: CANARY } },
    { hostname: "host", auth: { username: CANARY, password: `${CANARY} ` } },
    { hostname: "host", auth: CANARY },
    { hostname: "host", tls: { cert: PEM, key: `${CANARY} ${KEY.replace("AAAA", "é")}` } },
    { hostname: "host", port: 0, tls: { cert: PEM, key: KEY.replace("AAAA", CANARY) } },
    [{ hostname: "host", port: 0, auth }, 5],
    { path: "", auth },
    [[{ auth }]],
  ];
  for (const servers of hidden) {
    const error = assertThrows(() => new Client(servers as string), ValidationException);
    for (const text of [error.message, String(error.stack), Deno.inspect(error, { depth: 99 })]) {
      assertEquals(text.includes(CANARY), false, text);
    }
  }
});

Deno.test("Client refuses an option that it does not know, and names the one that was meant", () => {
  const make = (options: object) => () => new Client("host", options);
  assertThrows(make({ tiemout: 5 }), ValidationException, 'did you mean "timeout"?');
  make({ timeout: undefined, transcoder: undefined })();
});

Deno.test("every operation refuses options that it does not know before a byte is sent", async () => {
  let dials = 0;
  await using client = new Client("host", {
    dial: () => {
      dials++;
      return Promise.reject(new Error("dialled"));
    },
  });
  const options = { ttl: 60 } as never;
  const calls: Record<string, () => Promise<unknown>> = {
    get: () => client.get("key", options),
    getMany: () => client.getMany(["key"], options),
    gets: () => client.gets("key", options),
    getAndTouch: () => client.getAndTouch("key", 5, options),
    set: () => client.set("key", "value", 0, options),
    setMany: () => client.setMany({ key: "value" }, 0, options),
    add: () => client.add("key", "value", 0, options),
    append: () => client.append("key", "value", options),
    cas: () => client.cas("key", "value", 1n, 0, options),
    incr: () => client.incr("key", 1, options),
    touch: () => client.touch("key", 5, options),
    delete: () => client.delete("key", options),
    deleteMany: () => client.deleteMany(["key"], options),
    getOrSet: () => client.getOrSet("key", () => 1, options),
    update: () => client.update("key", () => 1, options),
    invalidate: () => client.invalidate("key", options),
    inspect: () => client.inspect("key", options),
    meta: () => client.meta("mg", "key", ["v"], undefined, options),
    stats: () => client.stats(undefined, options),
    version: () => client.version(options),
    flushAll: () => client.flushAll(options),
    verbosity: () => client.verbosity(1, options),
    items: async () => await client.items(options).next(),
    keys: async () => await client.keys(options).next(),
    watch: async () => await client.watch(["fetchers"], options).ready,
    invalidateAll: () => client.namespace("a:").invalidateAll(options),
    "get in a namespace": () => client.namespace("a:").get("key", options),
  };
  for (const [name, call] of Object.entries(calls)) {
    const error = await (async () => await call())().catch((error) => error);
    assertInstanceOf(error, ValidationException, name);
    assertStringIncludes(error.message, 'unknown option "ttl"', name);
  }
  for (const wrong of [10, "60", null]) {
    await assertRejects(() => client.flushAll(wrong as never), ValidationException);
    await assertRejects(() => client.getOrSet("key", () => 1, wrong as never), ValidationException);
  }
  const { signal } = new AbortController();
  await assertRejects(() => client.get("key", signal as never), ValidationException, "{ signal }");
  const noFlags = () => client.meta("mg", "key", null as never);
  await assertRejects(noFlags, ValidationException, "flags must be an array");
  assertEquals(dials, 0);
});

Deno.test("Client takes several servers in one string", async () => {
  await using client = new Client(" a:1, b:2,\nmemcached://c:3 ,");
  assertEquals(client.servers.map(({ name }) => name), ["a:1", "b:2", "c:3"]);
});

Deno.test("Client takes an IPv6 address with a zone", async () => {
  await using client = new Client("[fe80::1%eth0]:11211");
  assertEquals(client.servers[0]?.name, "[fe80::1%eth0]:11211");
});

Deno.test("Client says what is wrong with an address, also where it hides a part of it", () => {
  const refused = (address: unknown, message: string) =>
    assertThrows(() => new Client(address as string), ValidationException, message);
  refused({ host: "a", port: 1 }, 'unknown "host": did you mean "hostname"?');
});
