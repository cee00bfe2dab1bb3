import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  type LocatorFactory,
  SocketError,
  TimeoutError,
  ValidationException,
} from "../../mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { onEveryServer } from "../support/every_server.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";
import { RESTARTING } from "../support/restarting.ts";
import { SwitchedFleet } from "../support/switched_fleet.ts";
import { until } from "../support/turns.ts";

onEveryServer("lock", (test) => {
  test("gives the lock to one holder at a time, with growing tokens", async (first, second) => {
    let inside = 0;
    const tokens: bigint[] = [];
    const work = async (client: Client) => {
      await using held = await lock(client, "key", { ttl: 3600 });
      assertEquals(++inside, 1);
      tokens.push(held.token);
      assertEquals(await held.isHeld(), true);
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => work(i % 2 === 0 ? first : second)));
    assertEquals(tokens.length, 10);
    assert(tokens.every((token, i) => i === 0 || token > tokens[i - 1]!), `${tokens}`);
    assertEquals(await first.get("key"), undefined);
  });

  test("waits no longer than waitFor, or its signal", async (first, second) => {
    await using _held = await lock(first, "key", { ttl: 3600 });
    for (const waitFor of [0, 0.02]) {
      const again = () => lock(second, "key", { ttl: 3600, waitFor });
      await assertRejects(again, ClientException, `Cannot lock key "key": it is held`);
    }
    const signal = AbortSignal.timeout(20);
    const reason = await lock(second, "key", { ttl: 3600, signal }).catch((error) => error);
    assertEquals(reason.name, "TimeoutError");
    assertEquals(reason, signal.reason);
  });

  test("releases only its own lock", async (first, second) => {
    const lost = await lock(first, "key", { ttl: 3600 });
    await second.delete("key");
    assertEquals(await lost.isHeld(), false);
    await using held = await lock(second, "key", { ttl: 3600 });
    assert(held.token > lost.token);
    assertEquals(await lost.release(), false);
    assertEquals(await held.isHeld(), true);
    assertEquals(await held.release(), true);
    assertEquals(await held.release(), false);
  });

  test("draws larger tokens when the counter is lost", async (client) => {
    const before = await lock(client, "key", { ttl: 3600 });
    await before.release();
    await client.delete("key~moecache-token");
    await using after = await lock(client, "key", { ttl: 3600 });
    assert(after.token > before.token);
  });

  test("gives the key back when the token cannot be drawn", async (first, second) => {
    await first.set("key~moecache-token", "no number");
    await assertRejects(() => lock(first, "key", { ttl: 3600 }), ClientException);
    await second.delete("key~moecache-token");
    await using held = await lock(second, "key", { ttl: 3600, waitFor: 600 });
    assertEquals(await held.isHeld(), true);
  });

  test("refuses what makes no sense", async (client) => {
    for (const ttl of [0, 1.5, -1, undefined, 2_592_001]) {
      const invalid = () => lock(client, "key", { ttl: ttl as number });
      await assertRejects(invalid, ValidationException, "Cannot use ttl");
    }
    await assertRejects(() => lock(client, "a b", { ttl: 1 }), ValidationException);
    await assertRejects(() => lock(client, "k".repeat(251), { ttl: 1 }), ValidationException);
  });
});

Deno.test("lock frees the others after ttl", async () => {
  let time = 1_700_000_000_000;
  await using server = await MemcachedServer.listen({ now: () => time });
  await using client = new Client(server.address);
  const dead = await lock(client, "key", { ttl: 10 });
  time += 9_000;
  await assertRejects(() => lock(client, "key", { ttl: 10, waitFor: 0 }), ClientException);
  time += 1_000;
  await using held = await lock(client, "key", { ttl: 10, waitFor: 0 });
  assert(held.token > dead.token);
  assertEquals(await dead.release(), false);
  assertEquals(await held.isHeld(), true);
});

const isNonce = (line: string): boolean => /^[0-9a-f-]{36}$/.test(line);

for (const verb of ["add", "incr", "gets"]) {
  Deno.test(`lock ends with its signal when the server does not answer ${verb}`, async () => {
    const asked = Promise.withResolvers<void>();
    await using peer = new ScriptedPeer(answering((line) => {
      if (line.startsWith(`${verb} `)) return void asked.resolve();
      if (line.startsWith("gets ")) return "END\r\n";
      if (line.startsWith("incr ")) return `${2n ** 60n}\r\n`;
      return isNonce(line) ? "STORED\r\n" : undefined;
    }));
    await using client = new Client(peer.address);
    const stop = new AbortController();
    const acquired = lock(client, "key", { ttl: 3600, signal: stop.signal });
    await asked.promise;
    stop.abort("enough");
    assertEquals(await acquired.catch((reason) => reason), "enough");
  });
}

Deno.test("lock draws larger tokens when the server of the counter leaves and comes back", async () => {
  await using fleet = await SwitchedFleet.start(["a:1", "b:1"]);
  const locator: LocatorFactory = ({ length }) => ({
    locate: (key) => key.endsWith("~moecache-token") ? 0 : length - 1,
  });
  await using first = new Client(fleet.names, { dial: fleet.dial, locator });
  await using second = new Client(fleet.names, { dial: fleet.dial, locator });
  const tokens: bigint[] = [];
  const draw = async (client: Client) => {
    // No more than one a millisecond: they would be ahead of the time else.
    while (BigInt(Date.now()) <= (tokens.at(-1) ?? 0n)) await client.get("other");
    await using held = await lock(client, "key", { ttl: 3600 });
    tokens.push(held.token);
  };
  await draw(second);
  for (let round = 0; round < 5; round++) {
    await first.setServers(["b:1"]);
    for (let i = 0; i < 5; i++) await draw(first);
    await first.setServers(fleet.names);
    // It knows nothing of the other counter.
    await draw(second);
    await draw(first);
  }
  assert(tokens.every((token, i) => i === 0 || token > tokens[i - 1]!), `${tokens}`);
});

for (const failover of ["remove", { gutter: ["c:1"] }] as const) {
  const name = typeof failover === "string" ? failover : "gutter";
  Deno.test(`claims that end while their server is replaced are removed when it is back, with failover: ${name}`, async () => {
    await using fleet = await SwitchedFleet.start(["a:1", "b:1", "c:1"]);
    const { dial } = fleet;
    const servers = ["a:1", "b:1"];
    const options = { dial, failover, failuresBeforeDead: 1, probeDelay: 10, maxProbeDelay: 10 };
    await using client = new Client(servers, options);
    await using other = new Client(servers, { dial });
    const server = fleet.servers.find(({ name }) => name === client.locate("lock").server)!;
    const held = await lock(client, "lock", { ttl: 600 });
    const load = async () => {
      await server.become("refusing");
      await client.get("lock");
      return "value";
    };
    const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
    const key = keys.find((key) => client.locate(key).server === server.name)!;
    assertEquals(await client.getOrSet(key, load, { lockFor: 600 }), "value");
    assertEquals(await held.release(), false);
    await server.become("up");
    await using again = await lock(other, "lock", { ttl: 600, waitFor: 60 });
    assertEquals(await again.isHeld(), true);
    await until(async () => (await other.meta("mg", key)).status === "EN");
  });
}

Deno.test("lock removes a stub that was added after its signal", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const removed = Promise.withResolvers<string>();
  let nonce: string | undefined;
  await using peer = new ScriptedPeer(async (connection) => {
    for (let line; (line = await connection.request()) !== undefined;) {
      if (line.startsWith("add ")) {
        nonce = line.split("\r\n")[1] ?? await connection.request();
        asked.resolve();
        await answer.promise;
        await connection.send("STORED\r\n");
      }
      if (line.startsWith("gets ")) {
        await connection.send(`VALUE key 1836017004 36 7\r\n${nonce}\r\nEND\r\n`);
      }
      if (line.startsWith("cas ")) removed.resolve(line.split("\r\n")[0]!);
    }
  });
  await using client = new Client(peer.address);
  const stop = new AbortController();
  const acquired = lock(client, "key", { ttl: 3600, signal: stop.signal });
  await asked.promise;
  stop.abort("enough");
  assertEquals(await acquired.catch((reason) => reason), "enough");
  answer.resolve();
  // Replaced, if it is still the same, by an item that expires at once.
  assertEquals(await removed.promise, "cas key 1836017004 1000000000 36 7");
});

Deno.test("lock and once remove a claim that the server did not answer in time", async () => {
  await using fleet = await SwitchedFleet.start(["a:1"]);
  const [server] = fleet.servers;
  const { dial } = fleet;
  const options = { dial, timeout: 50, failuresBeforeDead: 1000 };
  await using first = new Client(fleet.names, options);
  await using second = new Client(fleet.names, { dial, timeout: 10_000 });
  await server!.become("hanging");
  const claims = [
    lock(first, "lock", { ttl: 600 }),
    once(first, "once", () => "never", { lockFor: 600 }),
  ];
  for (const claim of claims) await assertRejects(() => claim, TimeoutError);
  await server!.become("up");
  await using held = await lock(second, "lock", { ttl: 600, waitFor: 60 });
  assertEquals(await held.isHeld(), true);
  assertEquals(await once(second, "once", () => "done", { waitFor: 60 }), "done");
});

for (const condition of ["hanging", "refusing"] as const) {
  Deno.test(`a lock that cannot be released, since the server is ${condition}, is released later`, async () => {
    await using fleet = await SwitchedFleet.start(["a:1"]);
    const [server] = fleet.servers;
    const { dial } = fleet;
    await using first = new Client(fleet.names, { dial, timeout: 300, failuresBeforeDead: 1000 });
    await using second = new Client(fleet.names, { dial, timeout: 10_000 });
    const held = await lock(first, "key", { ttl: 600 });
    await server!.become(condition);
    await assertRejects(() => held.release(), SocketError);
    await server!.become("up");
    await using next = await lock(second, "key", { ttl: 600, waitFor: 60 });
    assertEquals(await next.isHeld(), true);
  });
}

for (const [kind, start] of Object.entries(RESTARTING)) {
  Deno.test(`lock keeps another's lock of the same cas unique after a restart of ${kind}`, async () => {
    await using server = await start();
    await using first = new Client(server.address, { timeout: 10_000 });
    await using second = new Client(server.address, { timeout: 10_000 });
    const lost = await lock(first, "key", { ttl: 3600 });
    const cas = (await first.inspect("key"))!.cas;
    await server.restart(first, second);
    await using held = await lock(second, "key", { ttl: 3600 });
    assertEquals((await second.inspect("key"))?.cas, cas);
    assertEquals(await lost.isHeld(), false);
    assertEquals(await lost.release(), false);
    assertEquals(await held.isHeld(), true);
  });
}
