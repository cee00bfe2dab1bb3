/** What becomes of operations whose server fails, for each `failover`. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  Client,
  ClientException,
  type ClientOptions,
  type LocatorFactory,
  moecacheRing,
  type ServerEvent,
  SocketError,
  TimeoutError,
  ValidationException,
} from "../../mod.ts";
import { enyimKetama } from "../../src/routing/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { dial } from "../../src/transport/dial.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import { SwitchedFleet, type SwitchedServer } from "../support/switched_fleet.ts";
import enyim from "../vectors/enyim_ring.json" with { type: "json" };
import { until } from "../support/turns.ts";

/** No probe goes out as long as a test takes. */
const NEVER_PROBED = { probeDelay: 2 ** 31 - 1, maxProbeDelay: 2 ** 31 - 1 };
const TIMEOUT = 60;
const FOUR = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211", "10.0.0.4:11211"];

function connect(fleet: SwitchedFleet, options: ClientOptions = {}): Client {
  // One failure is enough, and probes do not come in between, unless a test says otherwise.
  const defaults = { failuresBeforeDead: 1, ...NEVER_PROBED };
  return new Client(fleet.names, { dial: fleet.dial, ...defaults, ...options });
}

/** A fleet of one server, and that server. */
async function one(): Promise<{ fleet: SwitchedFleet; server: SwitchedServer }> {
  const fleet = await SwitchedFleet.start(["10.0.0.1:11211"]);
  return { fleet, server: fleet.servers[0]! };
}

function record(client: Client): string[] {
  const seen: string[] = [];
  for (const type of ["error", "down", "up", "reconnect"] as const) {
    client.addEventListener(type, () => seen.push(type));
  }
  return seen;
}

function next(client: Client, type: "error" | "down" | "up" | "reconnect"): Promise<ServerEvent> {
  return new Promise((resolve) => client.addEventListener(type, resolve, { once: true }));
}

/** A key that lives on this server. */
function keyOn(client: Client, server: string): string {
  for (let i = 0;; i++) if (client.explain(`key:${i}`).server === server) return `key:${i}`;
}

/** The first line of what was written, of those that begin so. */
function lineOf({ written }: SwitchedServer, beginning: string): string | undefined {
  return written.split("\r\n").find((line) => line.startsWith(beginning));
}

/** Waits until a line that begins so has been written. */
async function written(server: SwitchedServer, beginning: string): Promise<void> {
  await until(() => lineOf(server, beginning) !== undefined);
}

// "error"

Deno.test('failover "error" succeeds with the first operation after a server that refused is back', async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  await using client = connect(fleet);
  await server.become("refusing");
  await assertRejects(() => client.get("key"), SocketError, "Cannot connect to 10.0.0.1:11211");
  assertEquals(client.servers[0]?.state, "down");
  await assertRejects(() => client.get("key"), SocketError, "refused");
  assertEquals(server.dialled, 2);
  await server.become("up");
  assertEquals(await client.get("key"), undefined);
  assertEquals(client.servers[0]?.state, "up");
});

Deno.test('failover "error" fails at once on a server that hangs, once it is down', async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  await using client = connect(fleet, { timeout: TIMEOUT, failuresBeforeDead: 2 });
  await server.become("hanging");
  for (let i = 0; i < 2; i++) await assertRejects(() => client.get("key"), TimeoutError);
  const dialled = server.dialled;
  const error = await assertRejects(() => client.get("key"), SocketError, "it is down after 2");
  assert(!(error instanceof TimeoutError));
  assertInstanceOf(error.cause, TimeoutError);
  await assertRejects(() => client.stats(), SocketError, "it is down");
  assertEquals(server.dialled, dialled);
});

Deno.test('failover "error" uses a server that hung again when it has answered a probe', async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  const probing = { probeDelay: 5, maxProbeDelay: 20 };
  await using client = connect(fleet, { timeout: TIMEOUT, ...probing });
  const seen = record(client);
  await client.set("key", "value");
  await server.become("hanging");
  await assertRejects(() => client.get("key"), TimeoutError);
  assertEquals(seen, ["error", "down"]);
  const up = next(client, "up");
  await server.become("up");
  assertEquals((await up).server, "10.0.0.1:11211");
  // On a busy machine, an operation may need longer than its timeout.
  await until(() => client.get("key").then((value) => value === "value", () => false));
  assertEquals([client.servers[0]?.state, client.servers[0]?.failures], ["up", 0]);
});

Deno.test("Client's events come as error, down, reconnect, up, before the operation is rejected", async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  await using client = connect(fleet, { failuresBeforeDead: 2 });
  const seen = record(client);
  await client.get("key");
  assertEquals(seen, []);
  await server.become("refusing");
  const failed = client.get("key").catch((error) => seen.push(error.constructor.name));
  await failed;
  assertEquals(seen, ["error", "SocketError"]);
  await client.get("key").catch((error) => seen.push(error.constructor.name));
  assertEquals(seen.slice(2), ["error", "down", "SocketError"]);
  await server.become("up");
  await client.get("key");
  assertEquals(seen.slice(5), ["reconnect", "up"]);
});

Deno.test("Client reports nothing when a server closes an idle connection", async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  await using client = connect(fleet);
  const seen = record(client);
  await client.get("key");
  await server.cut();
  await client.get("key");
  assertEquals(seen, ["reconnect"]);
  assertEquals(client.servers[0]?.failures, 0);
});

Deno.test("Client.servers has the state of each server", async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  await using client = connect(fleet, { failuresBeforeDead: 2, connections: 2 });
  const status = () => client.servers[0]!;
  const idle = {
    ...{ name: "10.0.0.1:11211", weight: 1, state: "idle", connections: 0, pending: 0 },
    ...{ failures: 0, error: undefined, missed: 0, isGutter: false },
  };
  assertEquals<unknown>(status(), idle);
  const got = Promise.all([client.get("key"), client.get("key")]);
  assertEquals([status().state, status().pending, status().connections], ["connecting", 2, 0]);
  await got;
  assertEquals([status().state, status().pending, status().connections], ["up", 0, 2]);
  await server.become("refusing");
  await assertRejects(() => client.get("key"));
  assertEquals([status().state, status().failures], ["idle", 1]);
  assertInstanceOf(status().error, SocketError);
  await assertRejects(() => client.get("key"));
  assertEquals([status().state, status().failures], ["down", 2]);
});

Deno.test("a connection that still answers shows that its server is not down", async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  await using client = connect(fleet, { connections: 2, failuresBeforeDead: 2 });
  await client.get("key");
  // The second connection is refused, again and again; the first one goes on.
  assertEquals(server.dialled, 1);
  for (let i = 0; i < 4; i++) {
    const dial = server.dial;
    server.dial = () => Promise.reject(new Error("refused"));
    const [first, second] = await Promise.allSettled([client.get("key"), client.get("key")]);
    server.dial = dial;
    assertEquals([first.status, second.status], ["fulfilled", "rejected"]);
    assertEquals(await client.get("key"), undefined);
    assertEquals([client.servers[0]?.state, client.servers[0]?.failures], ["up", 0]);
  }
});

Deno.test("a server that refuses the client's password has answered, and is not down", async () => {
  await using memcached = await MemcachedServer.listen({
    auth: { username: "client", password: "secret" },
  });
  let isLate = true;
  const auth = { username: "somebody", password: "else" };
  const probing = { failuresBeforeDead: 1, probeDelay: 5, maxProbeDelay: 20 };
  await using client = new Client(memcached.address, {
    ...{ auth, ...probing },
    dial: ({ hostname, port }) =>
      isLate
        ? Promise.reject(new TimeoutError("late", { server: memcached.address }))
        : Deno.connect({ hostname: hostname!, port: port! }),
  });
  await assertRejects(() => client.get("key"), TimeoutError);
  assertEquals(client.servers[0]?.state, "down");
  await assertRejects(() => client.get("key"), SocketError, "it is down");
  const up = next(client, "up");
  isLate = false;
  await up;
  await assertRejects(() => client.get("key"), ClientException, "authentication");
  assertEquals(client.servers[0]?.failures, 0);
});

Deno.test("Client can be closed by a listener of its events", async () => {
  for (const type of ["error", "down", "reconnect", "up"] as const) {
    const { fleet, server } = await one();
    await using _ = fleet;
    const client = connect(fleet);
    let closed: Promise<void> | undefined;
    client.addEventListener(type, () => closed ??= client.close());
    await client.get("key");
    await server.become("refusing");
    await assertRejects(() => client.get("key"), SocketError);
    await server.become("up");
    await client.get("key").catch((error) => assertInstanceOf(error, SocketError));
    assertNotEquals(closed, undefined);
    await closed;
    await assertRejects(() => client.get("key"), SocketError, "the client is closed");
    assertEquals(server.sockets, 0);
  }
});

Deno.test("Client closes a socket once when a listener of its events closes the client", async () => {
  const { fleet } = await one();
  await using _ = fleet;
  let closes = 0;
  const client = connect(fleet, {
    dial: async (endpoint, settings) => {
      const transport = await fleet.dial(endpoint, settings);
      return {
        ...transport,
        close: () => {
          closes++;
          return transport.close();
        },
      };
    },
  });
  await client.get("key");
  await fleet.servers[0]!.cut();
  let closed: Promise<void> | undefined;
  client.addEventListener("reconnect", () => closed = client.close());
  await assertRejects(() => client.get("key"), SocketError, "the client is closed");
  await closed;
  assertEquals(closes, 2);
});

// "remove"

const RINGS: Record<string, LocatorFactory> = {
  DefaultNodeLocator: moecacheRing,
  KetamaNodeLocator: enyimKetama,
};

for (const { list, algo, dead, serverOfKey } of enyim.withDeadServers) {
  Deno.test(`failover "remove" rebalances as ${algo} does: ${list} without ${dead}`, async () => {
    const names = enyim.rings.find(({ name }) => name === list)!.labels;
    await using fleet = await SwitchedFleet.start(names);
    await using client = connect(fleet, { failover: "remove", locator: RINGS[algo]! });
    const whole = enyim.keys.map((key) => client.explain(key).index);
    for (const index of dead) await fleet.servers[index]!.become("refusing");
    await assertRejects(() => client.version(), SocketError);
    assertEquals(
      client.servers.map(({ state }) => state === "down"),
      names.map((_, index) => dead.includes(index)),
    );
    const found = await Promise.all(enyim.keys.map(async (key) => {
      try {
        const { index } = client.explain(key);
        await client.set(key, key);
        assertStringIncludes(fleet.servers[index]!.written, `set ${key} `);
        return index;
      } catch (error) {
        assertInstanceOf(error, SocketError);
        assertStringIncludes(error.message, "are down");
        await assertRejects(() => client.set(key, key), SocketError, "are down");
        return -1;
      }
    }));
    assertEquals(found, serverOfKey);

    for (const index of dead) await fleet.servers[index]!.become("up");
    // No probe is due: what asks all servers is refused as well. A change of servers leaves them down.
    await assertRejects(() => client.version(), SocketError, "it is down");
    assertEquals(whole.length, enyim.keys.length);
  });
}

Deno.test('failover "remove" puts a server back when it has answered a probe', async () => {
  for (const locator of [moecacheRing, enyimKetama]) {
    await using fleet = await SwitchedFleet.start(FOUR);
    const probing = { probeDelay: 5, maxProbeDelay: 20 };
    await using client = connect(fleet, { failover: "remove", locator, ...probing });
    const before = enyim.keys.map((key) => client.explain(key).index);
    await fleet.servers[1]!.become("refusing");
    await assertRejects(() => client.version(), SocketError);
    assert(enyim.keys.every((key) => client.explain(key).index !== 1));
    const up = next(client, "up");
    await fleet.servers[1]!.become("up");
    await up;
    assertEquals(enyim.keys.map((key) => client.explain(key).index), before);
    await client.version();
  }
});

Deno.test('failover "remove" rejects when all servers are down, and says so', async () => {
  await using fleet = await SwitchedFleet.start(FOUR);
  await using client = connect(fleet, { failover: "remove" });
  for (const server of fleet.servers) await server.become("refusing");
  await assertRejects(() => client.version(), SocketError);
  const error = await assertRejects(
    () => client.get("key"),
    SocketError,
    "any server: all are down",
  );
  assertInstanceOf(error.cause, SocketError);
  assertInstanceOf(await client.set("key", 1).catch((error) => error), SocketError);
});

Deno.test('failover "remove" lets what is not sent go on elsewhere, and what is sent not', async () => {
  await using fleet = await SwitchedFleet.start(FOUR);
  await using client = connect(fleet, { failover: "remove" });
  const key = keyOn(client, FOUR[2]!);
  await fleet.servers[2]!.become("refusing");
  // Dialling fails with both of them unsent.
  await client.set(key, "value");
  assertEquals(await client.get(key), "value");
  await fleet.servers[2]!.become("up");

  await using other = connect(fleet, { failover: "remove" });
  await other.get(key);
  await fleet.servers[2]!.become("hanging");
  const stored = assertRejects(() => other.set(key, "sent"), SocketError, "ended: ");
  const read = other.get(key);
  await written(fleet.servers[2]!, `set ${key} `);
  await fleet.servers[2]!.become("refusing");
  await stored;
  assertEquals(await read, "value", "a read may go on");
});

Deno.test('failover "remove" survives a locator that throws when it is made anew', async () => {
  await using fleet = await SwitchedFleet.start(FOUR);
  const locator: LocatorFactory = (servers) => {
    if (servers.length < 4) throw new RangeError("four or nothing");
    return moecacheRing(servers);
  };
  await using client = connect(fleet, { failover: "remove", locator });
  await client.version();
  const key = keyOn(client, FOUR[0]!);
  await fleet.servers[0]!.become("hanging");
  const under = Promise.allSettled([client.set(key, 1), client.get(key), client.delete(key)]);
  await written(fleet.servers[0]!, `delete ${key}`);
  await fleet.servers[0]!.become("refusing");
  const outcomes = await under;
  assertEquals(outcomes.map(({ status }) => status), outcomes.map(() => "rejected"));
  const message = `Cannot get key "${key}": four or nothing`;
  const { cause } = await assertRejects(() => client.get(key), ValidationException, message);
  assert(cause instanceof RangeError);
  await client.close();
});

// "miss"

Deno.test('failover "miss" finds nothing and drops what is written, and counts it', async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  const probing = { probeDelay: 5, maxProbeDelay: 20 };
  await using client = connect(fleet, { failover: "miss", ...probing });
  await client.set("key", "value");
  const read = await client.gets("key");
  await server.become("refusing");
  assertEquals(await client.get("key"), undefined);
  assertEquals(await client.set("key", "other"), undefined);
  assertEquals(await client.add("key", "other"), false);
  assertEquals(await client.delete("key"), false);
  assertEquals(await client.touch("key", 60), false);
  assertEquals(await client.incr("key"), undefined);
  assertEquals(await client.cas("key", "other", read!.cas), "not_found");
  assertEquals([...await client.getMany(["a", "b"])], []);
  assertEquals(client.servers[0]?.missed, 9);
  const up = next(client, "up");
  await server.become("up");
  await up;
  assertEquals(await client.get("key"), "value");
  assertEquals(client.servers[0]?.missed, 9);
});

Deno.test('failover "miss" makes a miss of what times out', async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  const clock = new FakeClock();
  await using client = connect(fleet, { failover: "miss", timeout: TIMEOUT, clock });
  await client.set("key", "value");
  await server.become("hanging");
  const first = client.get("key");
  await clock.tickSlowly(TIMEOUT);
  assertEquals(await first, undefined);
  // The server is down now. If one of these waited, it would do so for ever.
  for (let i = 0; i < 100; i++) assertEquals(await client.get("key"), undefined);
  assertEquals(client.servers[0]?.missed, 101);
});

Deno.test('failover "miss" rejects with a reason that was given, a refusal, and for the closed client', async () => {
  const { fleet, server } = await one();
  await using _ = fleet;
  await using client = connect(fleet, { failover: "miss", timeout: 10_000 });
  await client.set("key", "value");
  await assertRejects(() => client.incr("key"), ClientException, "non-numeric");
  await assertRejects(() => client.get("a b"), ValidationException);
  await server.become("hanging");
  const abort = new AbortController();
  const read = client.get("key", { signal: abort.signal });
  abort.abort(new RangeError("no more"));
  await assertRejects(() => read, RangeError, "no more");
  const waiting = assertRejects(() => client.get("key"), SocketError, "the client is closed");
  await client.close();
  await waiting;
  await assertRejects(() => client.get("key"), SocketError, "the client is closed");
  assertEquals(client.servers[0]?.missed, 0);
});

Deno.test("an operation beyond maxPending fails for its caller only, with any failover", async () => {
  const names = ["10.0.0.1:11211"];
  const gutter = { gutter: ["10.0.0.9:11211"] };
  for (const failover of ["error", "remove", "miss", gutter] as const) {
    await using fleet = await SwitchedFleet.start([...names, "10.0.0.9:11211"]);
    await using client = new Client(names, {
      ...{ dial: fleet.dial, failover, maxPending: 1, failuresBeforeDead: 1, retries: 3 },
      ...NEVER_PROBED,
    });
    const stored = client.set("key", "value");
    await assertRejects(() => client.set("key", "other"), SocketError, "maxPending allows");
    await stored;
    assertEquals([client.servers[0]?.missed, fleet.servers[1]!.written], [0, ""]);
    assertEquals(await client.get("key"), "value");
  }
});

// A gutter

async function gutterFleet(options: ClientOptions = {}, maxExptime = 10) {
  const fleet = await SwitchedFleet.start(["10.0.0.1:11211", "10.0.0.9:11211"]);
  const [main, spare] = fleet.servers as [SwitchedServer, SwitchedServer];
  const client = new Client(main.name, {
    ...{ dial: fleet.dial, failuresBeforeDead: 1, ...NEVER_PROBED },
    ...{ failover: { gutter: spare.name, maxExptime } },
    ...options,
  });
  return { fleet, main, spare, client };
}

Deno.test("a gutter replaces a server only while it is down", async () => {
  const { fleet, main, spare, client } = await gutterFleet();
  await using _ = fleet;
  await using __ = client;
  await client.set("key", "main");
  assertEquals(spare.dialled, 0);
  await main.become("refusing");
  assertEquals(await client.get("key"), undefined);
  await client.set("key", "spare");
  assertEquals(await client.get("key"), "spare");
  assertEquals(client.servers.map(({ name, isGutter }) => [name, isGutter]), [
    ["10.0.0.1:11211", false],
    ["10.0.0.9:11211", true],
  ]);
});

Deno.test("a gutter caps lifetimes in every command", async () => {
  const { fleet, main, spare, client } = await gutterFleet();
  await using _ = fleet;
  await using __ = client;
  await main.become("refusing");
  const now = Math.floor(Date.now() / 1000);
  await client.set("never", "v");
  await client.set("long", "v", 3600);
  await client.set("short", "v", 5);
  await client.set("far", "v", new Date((now + 3600) * 1000));
  await client.set("near", "v", new Date((now + 5) * 1000));
  await client.add("added", "v", 3600);
  await client.replace("added", "v");
  await client.touch("never", 3600);
  await client.getAndTouch("never", 0);
  await client.meta("ms", "meta", ["T3600"], "v");
  await client.meta("ms", "endless", [], "v");
  await client.meta("mg", "made", ["v", "N3600"]);
  await client.meta("mg", "meta", ["T3600"]);
  await client.meta("ma", "count", ["N0", "J1"]);
  const lines = [
    ["set never ", "set never 274 10 1"],
    ["set long ", "set long 274 10 1"],
    ["set short ", "set short 274 5 1"],
    ["set far ", "set far 274 10 1"],
    ["set near ", `set near 274 ${now + 5} 1`],
    ["add added ", "add added 274 10 1"],
    ["replace added ", "replace added 274 10 1"],
    ["touch never ", "touch never 10"],
    ["gat ", "gat 10 never"],
    ["ms meta ", "ms meta 1 T10"],
    ["ms endless ", "ms endless 1 T10"],
    ["mg made ", "mg made v N10"],
    ["mg meta ", "mg meta T10"],
    ["ma count ", "ma count N10 J1"],
  ];
  for (const [beginning, line] of lines) assertEquals(lineOf(spare, beginning!), line);
});

Deno.test("a gutter's cap ends when the operation moves to a server that has been added", async () => {
  const fleet = await SwitchedFleet.start([...FOUR.slice(0, 2), "10.0.0.9:11211"]);
  const [main, next, spare] = fleet.servers as [SwitchedServer, SwitchedServer, SwitchedServer];
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  await using _ = fleet;
  await using client = new Client(main.name, {
    ...{ failuresBeforeDead: 1, ...NEVER_PROBED },
    ...{ failover: { gutter: spare.name, maxExptime: 10 } },
    dial: async (endpoint, settings) => {
      if (`${endpoint.hostname}:${endpoint.port}` === spare.name) {
        asked.resolve();
        await answer.promise;
      }
      return await fleet.dial(endpoint, settings);
    },
  });
  await main.become("refusing");
  await spare.become("refusing");
  const operations = [
    client.set("key", "v", 3600),
    client.touch("key", 3600),
    client.getAndTouch("key", 3600),
    client.meta("ms", "endless", [], "v"),
    client.meta("mg", "key", ["T3600"]),
  ];
  await asked.promise;
  await client.setServers(next.name);
  answer.resolve();
  await Promise.all(operations);
  const lines = next.written.split("\r\n").filter((line) => line !== "v");
  assertEquals(lines, [
    "set key 274 3600 1",
    "touch key 3600",
    "gat 3600 key",
    "ms endless 1",
    "mg key T3600",
    "",
  ]);
});

Deno.test("a gutter that is down as well leaves its error", async () => {
  const { fleet, main, spare, client } = await gutterFleet({ retries: 1 });
  await using _ = fleet;
  await using __ = client;
  await main.become("refusing");
  await spare.become("refusing");
  for (const operation of [() => client.set("key", "value"), () => client.get("key")]) {
    const error = await assertRejects(operation, SocketError);
    assertStringIncludes(error.message, "Cannot");
  }
  assertEquals(client.servers.map(({ state }) => state), ["down", "down"]);
});

// retries

/** Closes the first connections with their request unanswered, then answers. */
function losing(times: number, requests: string[]): ScriptedPeer {
  return new ScriptedPeer(async (connection, index) => {
    for (let line; (line = await connection.request()) !== undefined;) {
      requests.push(line);
      if (index < times) return connection.close();
      await connection.send(
        line.startsWith("get") ? "VALUE key 274 1\r\nv\r\nEND\r\n" : "STORED\r\n",
      );
    }
  });
}

Deno.test("retries sends a get again as often as it says, and not more often", async () => {
  for (const lost of [1, 2, 3]) {
    const requests: string[] = [];
    await using peer = losing(lost, requests);
    await using client = new Client(peer.address, { retries: 2, failuresBeforeDead: 100 });
    const read = client.get("key");
    if (lost > 2) await assertRejects(() => read, SocketError);
    else assertEquals(await read, "v");
    assertEquals(requests, Array(Math.min(lost + 1, 3)).fill("get key"));
  }
});

Deno.test("the error of a get that cannot be sent again does not say that it was never sent", async () => {
  const requests: string[] = [];
  await using peer = losing(1, requests);
  let dials = 0;
  await using client = new Client(peer.address, {
    retries: 1,
    dial: (endpoint, options) =>
      dials++ === 0 ? dial(endpoint, options) : Promise.reject(new Error("refused")),
  });
  const { message } = await assertRejects(() => client.get("key"), SocketError, "refused");
  assert(message.endsWith('under way: get key "key"'), message);
  assertEquals(requests, ["get key"]);
});

Deno.test("retries sends only gets again", async () => {
  const operations: ((client: Client) => Promise<unknown>)[] = [
    (client) => client.set("key", "v"),
    (client) => client.add("key", "v"),
    (client) => client.delete("key"),
    (client) => client.incr("key"),
    (client) => client.touch("key", 1),
    (client) => client.getAndTouch("key", 1),
    (client) => client.meta("mg", "key", ["v"]),
    (client) => client.version(),
  ];
  for (const operation of operations) {
    const requests: string[] = [];
    await using peer = losing(1, requests);
    await using client = new Client(peer.address, { retries: 5, failuresBeforeDead: 100 });
    await assertRejects(() => operation(client), SocketError);
    assertEquals(requests.length, 1);
    assertEquals(await client.get("key"), "v");
  }
});

Deno.test("retries sends no get again whose time is up", async () => {
  const requests: string[] = [];
  await using peer = new ScriptedPeer(async (connection) => {
    const line = await connection.request();
    if (line !== undefined) requests.push(line);
  });
  await using client = new Client(peer.address, { retries: 5, timeout: TIMEOUT });
  await assertRejects(() => client.get("key"), TimeoutError);
  assertEquals(requests, ["get key"]);
});

Deno.test("a gutter takes nothing of a server that is not down, whose value would be an old one", async () => {
  await using spare = await MemcachedServer.listen();
  await using client = new Client("127.0.0.1:1", {
    failover: { gutter: spare.address },
    failuresBeforeDead: 2,
  });
  await assertRejects(() => client.set("key", "new"), SocketError);
  await client.set("key", "newer"); // the second failure: it is down
  await using gutter = new Client(spare.address);
  assertEquals(await gutter.get("key"), "newer");
});

Deno.test("an operation is retried as often as the option says", async () => {
  let dials = 0;
  await using client = new Client("127.0.0.1:1", {
    retries: 40,
    failuresBeforeDead: 1000,
    dial: () => Promise.reject(new Error(`dial ${++dials}`)),
  });
  await assertRejects(() => client.get("key"), SocketError);
  assertEquals(dials, 41);
});
