import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  type ClientOptions,
  type Locator,
  type Server,
  ValidationException,
} from "../mod.ts";

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
  }, { encode() {}, decode() {}, textFlags: 0, longestText: "long" }],
  io: ["fast", "", null, true],
};

for (const [name, values] of Object.entries(INVALID)) {
  Deno.test(`Client refuses an invalid ${name}`, () => {
    for (const value of values) {
      const options = { [name]: value } as ClientOptions;
      const make = () => new Client("127.0.0.1:11211", options);
      assertThrows(make, ValidationException, `Cannot use ${name}`, String(value));
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

Deno.test("Client refuses an index of the locator that is none of the list", async () => {
  for (const index of [-1, 1, 0.5, NaN, "0", "length", undefined]) {
    const locator = () => ({ locate: () => index as number });
    await using client = new Client("127.0.0.1:1", { locator });
    await assertRejects(() => client.get("key"), ValidationException, "Cannot find the server");
  }
});

/** What the locator is told of these servers. */
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
    [{ hostname: "Cache_A.Internal", port: 1 }, "Cache_A.Internal:1"],
    [{ hostname: "cache.internal." }, "cache.internal.:11211"],
    [{ path: "/run/memcached.sock" }, "/run/memcached.sock"],
    ["memcached://10.0.0.1:11213", "10.0.0.1:11213"],
    ["memcached://cache", "cache:11211"],
    [new URL("memcached://[::1]:11213"), "[::1]:11213"],
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
    { hostname: "host", tls: true },
    "memcacheds://host",
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

Deno.test("Client shows no credentials of a URL that it refuses", () => {
  for (const url of ["memcached://user:secret@host:11211", "memcached://user:secret@ho st"]) {
    const error = assertThrows(() => new Client(url), ValidationException);
    assertEquals(error.message.includes("secret"), false, error.message);
    assertEquals(String(error.stack).includes("secret"), false);
  }
});
