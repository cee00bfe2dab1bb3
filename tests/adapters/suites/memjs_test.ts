/**
 * memjs and its drop-in: memjs's own tests on the drop-in, and both side by side on one memcached, on Deno, on the oldest
 * and a new Node, and on Bun.
 */

import { Buffer } from "node:buffer";
import { assert, assertEquals, assertThrows } from "@std/assert";
import memjs from "memjs";
import { SocketError, ValidationException } from "@moecache/moecache";
import ours from "@moecache/moecache/memjs";
import { MemcachedProcess } from "../../support/memcached.ts";
import { onEachRuntime } from "./drop_in_runtimes.ts";
import { callAll, OUTCOMES, shown, WAYS } from "./memjs_calls.mjs";
import { findTests } from "./memjs_tests.mjs";
import { type Server, SERVERS } from "./servers.ts";

// deno-lint-ignore no-explicit-any -- two clients whose types differ, called by name
type AnyClient = any;
type Outcome = readonly unknown[];

/** How many tests memjs has of its client. */
const TESTS = 35;
/** What its tests want that the drop-in does not have, and why. */
const DIFFERENT: Readonly<Record<string, readonly Outcome[]>> = {
  // Flags have four bytes.
  GetSuccessful: [["flagshere", "flagshere"]],
  GetSerializer: [["flagshere", "flagshere"]],
  // A connection that fails has the message of moecache.
  SetError: [["This is an expected error."], ["This is an expected error."]],
  SetErrorConcurrent: [["This is an expected error.", "This is an expected error."]],
  // The text protocol has the initial number in a request of its own.
  IncrementSuccessful: [[`${"\0".repeat(7)}\x05${"\0".repeat(7)}\x03${"\0".repeat(4)}`]],
  // Its key is a control character.
  Failover: [[null, 2, 1]],
};

const logger = { log() {} };
const sanitizers = { sanitizeOps: false, sanitizeResources: false }; // memjs leaves timers

// An import of `node:module` would ask for the types of all of Node.
const { process } = globalThis as unknown as {
  process: { getBuiltinModule(name: string): { createRequire(url: string): unknown } };
};
const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
const found: [name: string, run: () => Promise<Outcome>][] = findTests(require, ours.Client);

/** What differs of each test, in their order; two have the same name. */
const expected: [name: string, differing: Outcome][] = found.map(([name], i) => {
  const before = found.slice(0, i).filter(([other]) => other === name).length;
  return [name, DIFFERENT[name]?.[before] ?? []];
});

for (const [i, [name, run]] of found.entries()) {
  Deno.test({ name: `memjs: ${name}`, ...sanitizers }, async () => {
    assertEquals(await run(), expected[i]?.[1]);
  });
}

Deno.test("memjs: all of its tests are found, and those that differ are there", () => {
  assertEquals(found.length, TESTS);
  const differing = expected.map(([, differing]) => differing).filter(({ length }) => length > 0);
  assertEquals(differing, Object.values(DIFFERENT).flat());
});

Deno.test("memjs: its tests pass on Node and Bun, where both have the same outcomes", async (test) => {
  const modules = { MOECACHE: "adapters/memjs.ts" };
  await onEachRuntime(test, "memjs_suite.mjs", modules, async (run) => {
    await using servers = new AsyncDisposableStack();
    const addresses: string[] = [];
    while (addresses.length < 2 * Object.keys(WAYS).length) {
      addresses.push(servers.use(await MemcachedProcess.start()).address);
    }
    const { printed, errors } = await run({ MEMCACHED: addresses.join() });
    const { tests, calls } = Object(printed);
    assertEquals(tests, expected, errors);
    for (const way of Object.keys(WAYS)) compare(calls[way].theirs, calls[way].ours);
  });
});

/** memjs's tests of what its `Server` does with its socket. */
const OF_A_SOCKET = [
  "AuthListMechanisms",
  "ResponseHandler with authentication error",
  "Authenticate",
  "ResponseCallbackOrdering",
];

Deno.test("memjs: its tests of Utils, Header and Server pass on the drop-in's, but for those of a socket", () => {
  const passed: string[] = [];
  const leftOut: string[] = [];
  for (const name of ["header", "utils", "server"]) {
    const path = import.meta.resolve(`./node_modules/memjs/test/${name}_test.js`);
    const equal = (wanted: unknown, found: unknown) => assertEquals(found, wanted);
    const test = (name: string, body: (t: unknown) => void) => {
      if (OF_A_SOCKET.includes(name)) leftOut.push(name);
      else body({ equal, end: () => passed.push(name) });
    };
    const modules: Record<string, unknown> = {
      tap: { test },
      "../": ours,
      "../lib/memjs/header": ours.Header,
      "../lib/memjs/utils": ours.Utils,
    };
    const run = new Function("require", "exports", "Buffer", Deno.readTextFileSync(new URL(path)));
    const exports: Record<string, (t: unknown) => void> = {};
    run((name: string) => modules[name], exports, Buffer);
  }
  assertEquals([passed.length, leftOut], [8, OF_A_SOCKET]);
});

Deno.test("memjs's Utils and the drop-in's give the same", () => {
  const theirs: AnyClient = memjs;
  for (const key of ["", "key", "clé", "a".repeat(300)]) {
    const request = theirs.Utils.makeRequestBuffer(1, key, Buffer.alloc(8, 5), "väl", 2 ** 32 - 1);
    assertEquals(
      ours.Utils.makeRequestBuffer(1, key, Buffer.alloc(8, 5), "väl", 2 ** 32 - 1),
      request,
    );
    assertEquals(ours.Utils.parseMessage(request), theirs.Utils.parseMessage(request));
    assertEquals(
      ours.Utils.parseMessage(request.subarray(1)),
      theirs.Utils.parseMessage(request.subarray(1)),
    );
    assertEquals(ours.Utils.hashCode(key), theirs.Utils.hashCode(key));
  }
  assertEquals(ours.Utils.makeExpiration(60.5), theirs.Utils.makeExpiration(60.5));
  for (const wrong of [-1, 2 ** 32]) {
    assertThrows(() => theirs.Utils.makeExpiration(wrong));
    assertThrows(() => ours.Utils.makeExpiration(wrong), ValidationException);
  }
});

/** What memjs's `Server` has for its own client: its socket, and what waits for it. */
const OF_THE_SOCKET = [
  ...["appendToBuffer", "connectCallbacks", "connected", "error", "errorCallbacks", "listSasl"],
  ...["onConnect", "onError", "onResponse", "requestTimeouts", "respond", "responseBuffer"],
  ...["responseCallbacks", "responseHandler", "saslAuth", "sock", "timeoutSet", "write"],
  ...["writeSASL"],
];

/** The names of what an object has, but for what Node gives every emitter of events. */
function namesOf(object: AnyClient): string[] {
  const all = [
    ...Object.keys(object),
    ...Object.getOwnPropertyNames(Object.getPrototypeOf(object)),
  ];
  return all.filter((name) => !name.startsWith("_") && !["constructor", "domain"].includes(name));
}

Deno.test("memjs's drop-in has every name of memjs, but for the socket of a server", () => {
  const theirs: AnyClient = memjs;
  const client = ours.Client.create("server", { logger });
  const missing = (of: AnyClient, object: AnyClient) =>
    namesOf(of).filter((name) => !(name in object)).toSorted();
  assertEquals(missing(theirs, ours), []);
  assertEquals(missing(theirs.Client.create("server", { logger }), client), []);
  assertEquals(missing(theirs.Utils, ours.Utils), []);
  assertEquals(missing(theirs.Header, ours.Header), []);
  const own = namesOf(new theirs.Server("server")).filter((name) => !/^max|^event/.test(name));
  assertEquals(own.filter((name) => !(name in client.servers[0]!)).toSorted(), OF_THE_SOCKET);
});

Deno.test("memjs's drop-in gives its options and its serializer as memjs does, and hides the password", () => {
  const options = { logger, retries: 5, password: "secret", username: "ada" };
  const theirs: AnyClient = memjs.Client.create("server", { ...options });
  const client: AnyClient = ours.Client.create("server", options);
  for (const name of ["failoverTime", "retries", "retry_delay", "expires", "logger", "username"]) {
    assertEquals(client.options[name], theirs.options[name], name);
  }
  assertEquals(client.options.failoverTime, 60);
  assertThrows(() => client.options.retries = 1, TypeError);
  for (const way of ["serialize", "deserialize"]) {
    const args = [0, "value", "extras"];
    assertEquals(client.serializer[way](...args), theirs.serializer[way](...args));
  }
  const serializer = { ...client.serializer };
  assertEquals(ours.Client.create("server", { serializer }).serializer, serializer);
  assert(!Deno.inspect(client).includes("secret"));
});

Deno.test("memjs's drop-in numbers requests, and refuses those that it cannot send", async () => {
  await using memcached = await MemcachedProcess.start();
  const client = ours.Client.create(memcached.address, { logger });
  client.seq = 2 ** 32 - 1;
  client.incrSeq();
  assertEquals(client.seq, 0);
  const { makeRequestBuffer } = ours.Utils;
  const wrong = [
    makeRequestBuffer(0x00, "key", "", "", 1).subarray(0, 20),
    makeRequestBuffer(0x00, "other", "", "", 1),
    makeRequestBuffer(0x01, "key", "", "value", 1),
    makeRequestBuffer(0x0a, "key", "", "", 1),
    makeRequestBuffer(0x09, "key", "", "", 1),
    makeRequestBuffer(0x00, "key", "", "", 1).fill(1, 16, 24),
  ];
  for (const request of wrong) {
    const [error, response] = await new Promise<Outcome>((resolve) =>
      client.perform("key", request, 1, (...results) => resolve(results))
    );
    assert(error instanceof ValidationException && response === null, `${error}`);
  }
  client.perform("key", makeRequestBuffer(0x01, "key", Buffer.alloc(8), "value", 1), 1);
  assertEquals(`${(await client.get("key")).value}`, "value");
  client.close();
});

Deno.test("memjs's drop-in performs again what has the same effect twice, and nothing else", async () => {
  const { makeRequestBuffer, makeAmountInitialAndExpiration } = ours.Utils;
  const logged: unknown[] = [];
  const client = ours.Client.create("127.0.0.1:1", {
    logger: { log: (text) => logged.push(text) },
    "retry_delay": 0,
  });
  const perform = (opcode: number, extras: string | Uint8Array, retries?: number) =>
    new Promise<unknown>((resolve) => {
      const request = makeRequestBuffer(opcode, "key", extras, "", 1);
      client.perform("key", request, 1, (error) => resolve(error), retries);
    });
  assert(await perform(0x00, "") instanceof SocketError);
  assert(await perform(0x00, "", 5) instanceof SocketError);
  assertEquals(logged.map((text) => /after \(\d\)/.exec(`${text}`)?.[0]), [
    "after (2)",
    "after (5)",
  ]);
  assert(await perform(0x05, makeAmountInitialAndExpiration(1, 0, 0)) instanceof SocketError);
  assertEquals(logged.length, 2);
  client.close();
});

function compare(theirs: Outcome, ours: Outcome): void {
  assertEquals(theirs.length, OUTCOMES);
  assertEquals(ours, theirs);
}

async function callOnServer(
  make: typeof ours | typeof memjs,
  way: string,
  start: () => Promise<Server> = () => MemcachedProcess.start(),
): Promise<Outcome> {
  await using memcached = await start();
  return await callAll(make, way, memcached.address);
}

for (const way of Object.keys(WAYS)) {
  for (const [kind, start] of Object.entries(SERVERS)) {
    Deno.test({
      name: `memjs on memcached and its drop-in on ${kind} have the same outcomes with ${way}`,
      ...sanitizers,
      // memjs speaks the binary protocol, which the embedded server does not.
      fn: async () => compare(await callOnServer(memjs, way), await callOnServer(ours, way, start)),
    });
  }
}

Deno.test(
  { name: "memjs and its drop-in share values, flags and servers", ...sanitizers },
  async () => {
    await using one = await MemcachedProcess.start();
    await using two = await MemcachedProcess.start();
    await using three = await MemcachedProcess.start();
    const servers = [one, two, three].map(({ address }) => address).join();
    const serializer = {
      serialize(_opcode: number, value: unknown, extras: AnyClient) {
        if (extras !== "") extras.writeUInt32BE(7, 0);
        return { value: JSON.stringify(value), extras };
      },
      deserialize: (_opcode: number, value: AnyClient, extras: AnyClient) => ({
        value: [JSON.parse(value.toString()), extras.readUInt32BE(0)],
        extras,
      }),
    };
    for (const options of [{ logger }, { logger, serializer }]) {
      const theirs: AnyClient = memjs.Client.create(servers, { ...options, timeout: 10 });
      const client: AnyClient = ours.Client.create(servers, { ...options, timeout: 10 });
      for (let i = 0; i < 60; i++) {
        const [key, other] = [`key-${i}-${i ** 5}`, `clé-${i}`];
        await theirs.set(key, `theirs ${i}`, {});
        await client.set(other, `ours ${i}`, {});
        assertEquals(shown(await client.get(key)), shown(await theirs.get(key)), key);
        assertEquals(shown(await theirs.get(other)), shown(await client.get(other)), other);
        assert((await theirs.get(other)).value !== null && (await client.get(key)).value !== null);
      }
      theirs.close();
      client.close();
    }
  },
);

Deno.test(
  { name: "memjs and its drop-in use the same names for servers in statistics", ...sanitizers },
  async () => {
    await using memcached = await MemcachedProcess.start();
    const names = async (make: typeof ours | typeof memjs) => {
      const client: AnyClient = make.Client.create(memcached.address, { logger });
      const [error, server, stats] = await new Promise<Outcome>((resolve) =>
        client.stats((...results: Outcome) => resolve(results))
      );
      client.close();
      return [error, server, Object.keys(stats as object).toSorted()];
    };
    assertEquals(await names(ours), await names(memjs));
  },
);
