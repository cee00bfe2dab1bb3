import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BareClient,
  Client,
  jsonTranscoder,
  type KeyCommands,
  moecacheRing,
  moecacheTranscoder,
  rawTranscoder,
  ValidationException,
} from "../mod.ts";
import { RateLimitStore } from "../src/adapters/rate_limit.ts";
import { dns, elastiCache } from "../src/discovery/mod.ts";
import { prometheus } from "../src/observing/prometheus.ts";
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkNames,
  checkOptions,
} from "../src/option_checks.ts";
import { lock, memoize, once, rateLimit } from "../src/patterns/mod.ts";
import { enyimKeys } from "../src/keys/mod.ts";
import {
  ketama,
  migrate,
  modula,
  npmMemcacheModula,
  spymemcachedKetama,
  spymemcachedModulo,
  twemproxyModula,
} from "../src/routing/mod.ts";
import { php } from "../src/stacks/mod.ts";
import { deadBackend, MemcachedServer } from "../src/testing/mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  spread,
  tagged,
  typed,
} from "../src/views/mod.ts";

Deno.test("checkInteger takes what lies between its bounds, and names what does not", () => {
  assertEquals([checkInteger("count", 1, 1, 3), checkInteger("count", 3, 1, 3)], [1, 3]);
  for (const value of [0, 4, 1.5, NaN, Infinity, "1", 1n, null, undefined]) {
    const error = assertThrows(() => checkInteger("count", value, 1, 3), ValidationException);
    assertEquals(error.message.startsWith("Cannot use count "), true);
    assertEquals(error.message.endsWith(": it must be an integer from 1 to 3"), true);
  }
});

Deno.test("checkChoice and checkBoolean name what can be chosen", () => {
  checkChoice("io", "direct", ["direct", "streams"]);
  checkBoolean("keepAlive", false);
  const choose = () => checkChoice("io", "Direct", ["direct", "streams"]);
  assertThrows(choose, ValidationException, 'one of "direct", "streams"');
  assertThrows(() => checkBoolean("keepAlive", 1), ValidationException, "must be a boolean");
});

Deno.test("what calls back refuses what is not a function, and sends nothing", async () => {
  // Nothing listens there: whatever is sent fails with another error.
  await using client = new Client("127.0.0.1:1");
  const names = client.namespace("names:");
  for (const nothing of [undefined, null, "load", {}, 1] as unknown as (() => string)[]) {
    const calls: Record<string, () => Promise<unknown>> = {
      load: () => client.getOrSet("key", nothing),
      change: () => client.update("key", nothing),
      action: () => once(client, "key", nothing),
      "load ": () => names.getOrSet("key", nothing),
      "change ": () => names.update("key", nothing),
    };
    for (const [name, call] of Object.entries(calls)) {
      await assertRejects(call, ValidationException, `Cannot use ${name.trim()} `);
    }
    assertThrows(() => memoize(client, nothing, { key: () => "key" }), ValidationException, "fn");
    assertThrows(() => memoize(client, () => 1, { key: nothing }), ValidationException, "key");
  }
});

const TYPES = { signal: "signal", timeout: "number", flag: "boolean", load: "function" } as const;

Deno.test("checkOptions accepts known options, and treats undefined as left out", () => {
  checkOptions<Partial<Record<keyof typeof TYPES, unknown>>>(undefined, TYPES);
  checkOptions({}, TYPES);
  const { signal } = new AbortController();
  checkOptions({ signal, timeout: 5, flag: undefined, load: () => 1 }, TYPES);
  const misspelt = { timeout: 5, tiemout: undefined };
  checkOptions(misspelt as { timeout: number }, TYPES as never);
  checkNames(misspelt, ["timeout"]);
});

Deno.test("what is undefined counts as left out, whatever its name is and wherever it stands", async () => {
  const and = <Options extends object>(options: Options): Options => {
    return { ...options, nonsense: undefined };
  };
  const auth = and({ username: "name", password: "word" });
  const place = { hostname: "127.0.0.1", port: 1, host: undefined };
  const address = and({ ...place, tls: and({}), auth });
  await using client = new Client(address, { tls: and({}), auth, failover: { gutter: address } });
  assertEquals(client.servers.map(({ name }) => name), ["127.0.0.1:1"]);
  await using server = await MemcachedServer.listen({ auth });
  const [hostname = "", port] = server.address.split(":");
  await using known = new Client(and({ hostname, port: Number(port), auth }));
  assertEquals(await known.get("key"), undefined);
  for (const transcoder of [jsonTranscoder(and({})), rawTranscoder(and({ withFlags: true }))]) {
    await using _ = new BareClient(address, { transcoder });
  }
  assertEquals(moecacheRing([{ name: "a:1", weight: 1 }], and({})).locate("key"), 0);
});

Deno.test("checkOptions refuses what is no object of options, and says what to pass", () => {
  const others = [
    [],
    [1],
    new Map(),
    new Set(),
    new Date(),
    /x/,
    Promise.resolve(),
    new Error("x"),
  ];
  for (const options of [5, "60", null, true, 60n, () => 1, ...others]) {
    const check = () => checkOptions(options as unknown as { timeout: number }, TYPES as never);
    assertThrows(check, ValidationException, "it must be a plain object");
  }
  const { signal } = new AbortController();
  const check = () => checkOptions(signal as unknown as { timeout: number }, TYPES as never);
  assertThrows(check, ValidationException, "{ signal }");
});

Deno.test("checkOptions takes an instance of a class, with its getters and their types", async () => {
  const given = (flag: unknown) =>
    new (class {
      timeout = 5;
      get flag() {
        return flag;
      }
    })() as unknown as { timeout: number };
  checkOptions(given(true), TYPES as never);
  const check = () => checkOptions(given("yes"), TYPES as never);
  assertThrows(check, ValidationException, 'flag "yes": it must be a boolean');
  const own = new (class {
    readonly #timeout = 0;
    get timeout() {
      return this.#timeout;
    }
  })();
  assertThrows(() => new Client("a:1", own), ValidationException, "timeout 0");
  for (const options of [[], new Map(), AbortSignal.abort()] as unknown as undefined[]) {
    assertThrows(() => new Client("a:1", options), ValidationException, "such as { timeout }");
  }
  await using client = new Client("127.0.0.1:1");
  assertThrows(
    () => memoize(client, () => 1, null as never),
    ValidationException,
    "a plain object",
  );
});

Deno.test("checkOptions names the option that was meant, or all there are", () => {
  const check = (options: object) => () => checkOptions(options as never, TYPES as never);
  const meant = { tiemout: "timeout", Timeout: "timeout", signl: "signal", flags: "flag" };
  for (const [name, other] of Object.entries(meant)) {
    assertThrows(check({ [name]: 5 }), ValidationException, `"${name}": did you mean "${other}"?`);
  }
  const known = `unknown option "ttl": known are signal, timeout, flag, load`;
  assertThrows(check({ ttl: 60 }), ValidationException, known);
  assertThrows(check({ toString: 1 }), ValidationException, "unknown option");
});

Deno.test("checkOptions refuses a value of another type", () => {
  const check = (options: object) => () => checkOptions(options as never, TYPES as never);
  assertThrows(check({ timeout: "5" }), ValidationException, 'timeout "5": it must be a number');
  assertThrows(check({ timeout: NaN }), ValidationException, "it must be a number");
  assertThrows(check({ flag: null }), ValidationException, "it must be a boolean");
  assertThrows(check({ signal: {} }), ValidationException, "it must be an AbortSignal");
});

Deno.test("what options hold is checked when it is given, not when it is first used", async () => {
  await using client = new Client("127.0.0.1:1");
  const options = (given: object) => () => void new Client("127.0.0.1:1", given as never);
  const refused: [make: () => unknown, message: string][] = [
    [options({ maxSockets: null }), "Cannot use maxSockets"],
    ...[null, 5, "memcached://user:secret@host", {}].map((discovery): [() => unknown, string] => [
      options({ discovery }),
      "Cannot use discovery: it must be an object with name and lookUp",
    ]),
    ...[null, 5, "all", [], {}].map((failover): [() => unknown, string] => [
      options({ failover }),
      'it must be "error", "remove", "miss" or { gutter }',
    ]),
    [options({ failover: { guter: "127.0.0.1:2" } }), 'did you mean "gutter"?'],
    [() => typed(client, null as never), "schema of type null"],
    [options({ tls: { cacerts: ["x"] } }), 'tls has an unknown "cacerts"'],
    [options({ tls: [] }), "tls must be a boolean or an object"],
    [options({ tls: new Map() }), "tls must be a boolean or an object"],
    [options({ auth: { username: "a", password: "b", dialct: "c" } }), 'unknown "dialct"'],
    [options({ keys: { encode: String, decode: 5 } }), "keys.decode"],
    [options({ keys: { encode: String, route: null } }), "keys.route"],
    [() => replicas([client, client], { clock: {} as never }), "clock.now"],
    [() => replicas([client], { zones: "a" as never, zone: "a" }), "Cannot use zones"],
    [() => replicas([client], { zones: null as never, zone: "a" }), "Cannot use zones"],
    [() => nearCache(client, { maxBytes: 1024, ttl: 1, clock: 5 as never }), "clock.now"],
    [() => nearCache(client, { maxByts: 1024, ttl: 1 } as never), 'did you mean "maxBytes"?'],
    ...[null, 5, "a:1", {}].map((wrong): [() => unknown, string] => [
      () => tagged(wrong as never),
      "a client, a namespace or a view",
    ]),
    [() => replicas([client, {} as never]), "one of the clients"],
    [() => migrate(null as never, moecacheRing), "a plain object"],
    [() => migrate(moecacheRing, { locater: moecacheRing } as never), 'did you mean "locator"?'],
    [() => migrate({ servers: "a" as never }, moecacheRing), "a list of names"],
    [() => migrate({ locator: {} as never }, moecacheRing), "Cannot use locator"],
    [() => twemproxyModula([], { hash: null as never }), "Cannot use hash"],
    [() => spymemcachedModulo([], { hash: null as never }), "Cannot use hash"],
    [() => modula([], { hash: null as never }), "Cannot use hash"],
    [() => npmMemcacheModula([], { hash: null as never }), "Cannot use hash"],
    [() => ketama([], { keyHash: null as never }), "Cannot use keyHash"],
    [() => spymemcachedKetama([], { addresses: null as never }), "IP addresses by host name"],
    [() => enyimKeys(undefined as never), "{ transformer }"],
    [options({ tls: new Date() }), "tls must be a boolean or an object"],
    [options({ tls: Promise.resolve({}) }), "tls must be a boolean or an object"],
    [() => php({ hash: "nonsense" as never }), "Cannot use hash"],
    [() => dns("a.b", { interval: "5" as never }), "Cannot use interval"],
    [() => elastiCache("a.b", { interval: NaN }), "Cannot use interval"],
    [() => moecacheTranscoder({ classes: [] as never }), "Cannot use classes"],
    [() => deadBackend(5 as never), "Cannot use keys 5"],
    [() => new RateLimitStore({ client }).init(null as never), "a plain object with windowMs"],
  ];
  for (const [make, message] of refused) assertThrows(make, ValidationException, message);
  const text = () => prometheus([client, {} as never]);
  await assertRejects(text, ValidationException, "Cannot use client of type object");
  const located = async () => await hashedKeys(client).locate(null as never);
  await assertRejects(located, ValidationException, "key of type null");
  const invalidated = () => tagged(client).invalidateTag("tag", 5 as never);
  await assertRejects(invalidated, ValidationException, "a plain object");
});

Deno.test("what needs options says so when there are none", async () => {
  await using client = new Client("127.0.0.1:1");
  const none = undefined as never;
  await assertRejects(() => lock(client, "key", none), ValidationException, "{ ttl }");
  await assertRejects(
    () => rateLimit(client, "key", none),
    ValidationException,
    "{ limit, window }",
  );
  assertThrows(() => new BareClient("host", none), ValidationException, "encode and decode");
});

Deno.test("patterns refuse what is no client when they are called, and show no password", async () => {
  const none = [undefined, null, 5, {}, "user:secret@host", new Map()] as unknown as Client[];
  for (const client of none) {
    const calls = [
      () => lock(client, "key", { ttl: 1 }),
      () => once(client, "key", () => 1),
      () => rateLimit(client, "key", { limit: 1, window: 1 }),
      async () => await memoize(client, () => 1, { key: () => "key" }),
    ];
    for (const call of calls) {
      const error = await assertRejects(call, ValidationException, "Cannot use client ");
      assertEquals(Deno.inspect(error).includes("secret"), false);
    }
  }
});

Deno.test("rateLimit refuses a now that does not return a time", async () => {
  await using client = new Client("127.0.0.1:1");
  for (const time of [NaN, "60", Symbol("now"), 5n, {}, undefined]) {
    const options = { limit: 1, window: 1, now: () => time as number };
    await assertRejects(
      () => rateLimit(client, "key", options),
      ValidationException,
      "which is not a time",
    );
  }
});

Deno.test("touch and getAndTouch need an exptime: without one an item would live for ever", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const places: Record<string, KeyCommands> = {
    client,
    namespace: client.namespace("names:"),
    hashedKeys: hashedKeys(client),
    largeValues: largeValues(client),
    nearCache: nearCache(client, { maxBytes: 10_000, ttl: 1 }),
    replicas: replicas([client, client]),
    spread: spread(client, { keys: ["key"] }),
    tagged: tagged(client),
  };
  for (const [name, place] of Object.entries(places)) {
    for (const none of [undefined, null, NaN, "60"] as never[]) {
      // Not "of type null" or "NaN" where nothing was given.
      const what = none === undefined ? "exptime of type undefined" : "exptime";
      const wanted = [ValidationException, `Cannot use ${what}`, name] as const;
      await assertRejects(() => place.touch("key", none), ...wanted);
      await assertRejects(() => place.getAndTouch("key", none), ...wanted);
    }
  }
});

Deno.test("what is inherited is an option too, also through views", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const inherited = Object.create({ nonsense: 1 });
  for (const place of [client, hashedKeys(client), tagged(client), replicas([client])]) {
    await assertRejects(() => place.get("key", inherited), ValidationException, "nonsense");
    const set = () => place.set("key", "value", 0, inherited);
    await assertRejects(set, ValidationException, "nonsense");
  }
  const options = Object.create({ nonsense: 1, key: () => "key" });
  await assertRejects(() => memoize(client, () => 1, options)(), ValidationException, "nonsense");
});

Deno.test("what a program has given all objects is no option", async () => {
  await using server = await MemcachedServer.listen();
  const [hostname = "", port] = server.address.split(":");
  // Without `enumerable: false`, every `for … in` of the program sees it.
  Object.assign(Object.prototype, { extraThing: 1 });
  try {
    const tls = { serverName: "localhost" };
    const auth = { username: "name", password: "word" };
    await using _ = new Client({ hostname, port: 1, tls, auth }, { timeout: 1000 });
    await using client = new Client({ hostname, port: Number(port) }, { timeout: 1000 });
    // The default transcoder is made like these while the module loads.
    for (const make of [moecacheTranscoder, jsonTranscoder, rawTranscoder]) make({});
    assertEquals(await hashedKeys(client, {}).get("other", {}), undefined);
    const own = { extraThing: 2 } as never;
    await assertRejects(() => client.get("key", own), ValidationException, "extraThing");
  } finally {
    Reflect.deleteProperty(Object.prototype, "extraThing");
  }
});

Deno.test("setMany refuses what holds no entries, such as a promise of them", async () => {
  await using client = new Client("127.0.0.1:1");
  const others = [Promise.resolve({ a: 1 }), new Date(), new URL("a:b"), AbortSignal.abort()];
  for (const place of [client, client.namespace("names:"), hashedKeys(client)]) {
    for (const entries of others as never[]) {
      await assertRejects(() => place.setMany(entries), ValidationException, "Cannot set entries");
    }
  }
});

Deno.test("a number too large to be exact is refused as one to count by, and the error says what to pass", async () => {
  await using client = new Client("127.0.0.1:1");
  for (const call of [client.incr("key", 2 ** 53), client.decr("key", 1, { initial: 2 ** 53 })]) {
    await assertRejects(() => call, ValidationException, "a safe integer or a bigint from 0");
  }
});

Deno.test("a counter's exptime is checked, also where it has no effect", async () => {
  await using client = new Client("127.0.0.1:1");
  for (const exptime of [null, "60", NaN, -1, 1.5] as never[]) {
    const count = () => client.incr("key", 1, { exptime });
    await assertRejects(count, ValidationException, "Cannot use exptime");
  }
});

Deno.test("nearCache checks the options of a hit too", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const near = nearCache(client, { maxBytes: 10_000, ttl: 60, admit: "all" });
  assertEquals(await near.getOrSet("key", () => 1), 1);
  const misspelt = () => near.getOrSet("key", () => 2, { exptiem: 5 } as never);
  await assertRejects(misspelt, ValidationException, 'did you mean "exptime"?');
  assertEquals(await near.getOrSet("key", () => 2, { exptime: 5 }), 1);
});

Deno.test("a key format may be an instance of a class", async () => {
  class Prefixed {
    readonly #prefix = "p:";
    encode(key: string) {
      return this.#prefix + key;
    }
  }
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { keys: new Prefixed() });
  await client.set("key", "value");
  assertEquals(await client.get("key"), "value");
});
