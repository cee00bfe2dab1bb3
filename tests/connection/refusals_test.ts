import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  type ClientOptions,
  type PartialClientException,
  SocketError,
} from "../../mod.ts";
import { deadBackend, MemcachedServer } from "../../src/testing/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { answering, type Script, ScriptedPeer } from "../support/scripted_peer.ts";
import { until } from "../support/turns.ts";

const REFUSAL = "SERVER_ERROR backend failure";
const TWEMPROXY_REFUSAL = "SERVER_ERROR Connection refused";
/** Longer than a server is asked for one key a request. */
const LATER = 60_000;

/** How a proxy refuses a key of several whose server is dead. */
type Proxy = "memcached's own proxy" | "twemproxy";
const PROXIES: readonly Proxy[] = ["memcached's own proxy", "twemproxy"];

const isDead = (key: string) => key.startsWith("dead");
const isAbsent = (key: string) => key.startsWith("absent");

/** Answers as a proxy does before servers that hold `value of <key>` under every key but some. */
function answerOf(proxy: Proxy, line: string): string | undefined {
  const [verb, ...words] = line.split(" ");
  if (verb === "set") return isDead(words[0]!) ? `${REFUSAL}\r\n` : "STORED\r\n";
  if (verb === "incr") return isDead(words[0]!) ? `${REFUSAL}\r\n` : "5\r\n";
  if (verb === "version") return "VERSION 1\r\n";
  if (verb === "stats") return "STAT name value\r\nEND\r\n";
  // The data block of a set.
  if (!/^g(et|at)s?$/.test(verb!)) return undefined;
  const keys = verb!.startsWith("gat") ? words.slice(1) : words;
  const refusesAll = proxy === "twemproxy" || keys.length === 1;
  if (refusesAll && keys.some(isDead)) return `${REFUSAL}\r\n`;
  return keys.map((key) => {
    if (isDead(key)) return `${REFUSAL}\r\n`;
    const value = `value of ${key}`;
    const cas = verb!.endsWith("s") ? " 7" : "";
    return isAbsent(key) ? "" : `VALUE ${key} 274 ${value.length}${cas}\r\n${value}\r\n`;
  }).join("") + "END\r\n";
}

/** A proxy that remembers the lines it was sent. */
function scriptOf(proxy: Proxy, lines: string[] = []): Script {
  return answering((line) => {
    lines.push(line);
    return answerOf(proxy, line);
  });
}

/** A client on a clock that stands still, whose server would be down with its first failure. */
function clientOf(peer: { readonly address: string }, options: ClientOptions = {}) {
  const clock = new FakeClock();
  const client = new Client(peer.address, { clock, failuresBeforeDead: 1, ...options });
  const faults: string[] = [];
  for (const type of ["down", "error"]) client.addEventListener(type, () => faults.push(type));
  return { client, clock, faults };
}

/** What came of an operation: its result, or the name of its error. */
async function outcomeOf(operation: Promise<unknown>): Promise<unknown> {
  try {
    return await operation;
  } catch (error) {
    if (error instanceof ClientException) return { refused: error.item };
    assertInstanceOf(error, SocketError);
    return "SocketError";
  }
}

const REFUSED = { refused: REFUSAL };

for (const proxy of PROXIES) {
  Deno.test(`Client gives every operation its own answer where ${proxy} refuses a key`, async () => {
    await using peer = new ScriptedPeer(scriptOf(proxy));
    const { client, faults } = clientOf(peer);
    await using _ = client;
    const turn = () =>
      Promise.all([
        client.get("dead"),
        client.get("absent"),
        client.gets("stored"),
        client.stats(),
        client.version(),
        client.get("a"),
        client.get("dead2"),
        client.get("b"),
      ].map(outcomeOf));
    for (let times = 0; times < 3; times++) {
      assertEquals(await turn(), [
        REFUSED,
        undefined,
        { value: "value of stored", cas: 7n },
        [{ name: "value" }],
        ["1"],
        "value of a",
        REFUSED,
        "value of b",
      ]);
    }
    assertEquals(faults, []);
    assertEquals(peer.connectionCount, 2);
  });

  Deno.test(`Client gives an operation that was cut off by a refusal of ${proxy} no other's answer`, async () => {
    const lines: string[] = [];
    await using peer = new ScriptedPeer(scriptOf(proxy, lines));
    const { client, faults } = clientOf(peer);
    await using _ = client;
    const turn = () =>
      Promise.all([
        client.get("dead"),
        client.get("absent"),
        client.set("c", "x"),
        client.incr("counter", 1),
        client.getAndTouch("d", 60),
        client.set("dead", "x"),
        client.get("e"),
      ].map(outcomeOf));
    // Whether these were carried out cannot be known, and nothing that changes something is sent twice.
    const lost = "SocketError";
    assertEquals(await turn(), [REFUSED, undefined, lost, lost, lost, lost, "value of e"]);
    assertEquals(lines.filter((line) => /^(set|incr|gat)/.test(line)).length, 4);
    assertEquals(await turn(), [
      REFUSED,
      undefined,
      undefined,
      5n,
      "value of d",
      REFUSED,
      "value of e",
    ]);
    assertEquals(faults, []);
    assertEquals(peer.connectionCount, 2);
  });

  for (const connections of [1, 3]) {
    Deno.test(`Client answers 900 of 1,000 gets where ${proxy} refuses a tenth (${connections} connections)`, async () => {
      await using peer = new ScriptedPeer(scriptOf(proxy));
      const { client, faults } = clientOf(peer, { connections });
      await using _ = client;
      const keys = Array.from({ length: 1000 }, (_, i) => `${i % 10 === 3 ? "dead" : "live"}${i}`);
      const expected = keys.map((key) => isDead(key) ? REFUSED : `value of ${key}`);
      for (let times = 0; times < 2; times++) {
        const outcomes = await Promise.all(keys.map((key) => outcomeOf(client.get(key))));
        assertEquals(outcomes, expected);
      }
      assertEquals(faults, []);
      assert(peer.connectionCount <= 2 * connections, `${peer.connectionCount} connections`);
    });
  }

  Deno.test(`Client.getMany names the keys that ${proxy} refuses, and no others`, async () => {
    await using peer = new ScriptedPeer(scriptOf(proxy));
    const { client } = clientOf(peer);
    await using _ = client;
    const error = await client.getMany(["a", "dead1", "absent", "b", "dead2"]).catch((e) => e);
    const { failures, results } = error as PartialClientException;
    assertEquals([...failures.keys()].sort(), ["dead1", "dead2"]);
    assertEquals(results, new Map([["a", "value of a"], ["b", "value of b"]]));
    assertInstanceOf(error, ClientException);
  });

  Deno.test(`Client asks ${proxy} for one key a request as long as it refuses some`, async () => {
    const lines: string[] = [];
    await using peer = new ScriptedPeer(scriptOf(proxy, lines));
    const { client, clock } = clientOf(peer);
    await using _ = client;
    const shared = async (...keys: string[]) => {
      lines.length = 0;
      await Promise.all(keys.map((key) => outcomeOf(client.get(key))));
      return lines.some((line) => line.split(" ").length > 2);
    };
    assert(await shared("a", "dead", "b"));
    for (let times = 0; times < 20; times++) {
      clock.tick(3000);
      assert(!await shared("a", "dead", "b"));
    }
    assertEquals(peer.connectionCount, 2);
    clock.tick(3000);
    assert(!await shared("a", "b"));
    clock.tick(LATER);
    assert(await shared("a", "b"));
    assertEquals(peer.connectionCount, 2);
    // What refuses one key is going to refuse it among others.
    await outcomeOf(client.get("dead"));
    assert(!await shared("a", "dead"));
    clock.tick(LATER);
    assert(await shared("a", "dead"));
    assertEquals(peer.connectionCount, 3);
  });
}

for (const proxy of ["memcached", "twemproxy"] as const) {
  Deno.test(`Client rejects no read because of the key of another operation, behind ${proxy}`, async () => {
    const fault = deadBackend(isDead, proxy);
    await using server = await MemcachedServer.listen({ fault });
    const options = proxy === "twemproxy" ? { proxy } : {};
    await using first = new Client(server.address, options);
    await first.set("a", "value of a");
    await first.namespace("n:").set("a", "value of n:a");
    // Nothing is known to it, so the namespace reads its counter.
    const { client, faults } = clientOf(server, options);
    await using _ = client;
    await client.getOrSet("a", () => "never");
    const outcomes = await Promise.all([
      client.get("dead"),
      client.get("a"),
      client.inspect("a").then((item) => item?.size),
      client.getOrSet("a", () => "never"),
      client.getOrSet("dead", () => "never"),
      client.getOrSet("absent", () => "computed"),
      client.incr("counter", 0n),
      client.namespace("n:").get("a"),
    ].map(outcomeOf));
    const refusal = { refused: proxy === "memcached" ? REFUSAL : TWEMPROXY_REFUSAL };
    assertEquals(outcomes, [
      refusal,
      "value of a",
      10,
      "value of a",
      refusal,
      "computed",
      undefined,
      "value of n:a",
    ]);
    assertEquals(faults, []);
  });
}

Deno.test("Client sends what it had not written when a refusal ended the connection", async () => {
  const written: string[] = [];
  const dial = () => {
    const isFirst = written.length === 0;
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const readable = new ReadableStream<Uint8Array>({
      start: (given) => void (controller = given),
    });
    const send = (text: string) => controller.enqueue(new TextEncoder().encode(text));
    const writable = new WritableStream<Uint8Array>({
      async write(chunk) {
        const text = new TextDecoder().decode(chunk);
        written.push(text);
        if (isFirst && text.startsWith("get")) return;
        if (!isFirst) return send(text.startsWith("set") ? "STORED\r\n5\r\n" : "END\r\n".repeat(2));
        // The writing of this one does not end.
        send(`${REFUSAL}\r\nEND\r\n`);
        await new Promise(() => {});
      },
    });
    const close = () => controller.error(new Error("closed"));
    return Promise.resolve({ readable, writable, close });
  };
  await using client = new Client("a:1", { dial });
  const reads = ["a", "b"].map((key) => outcomeOf(client.get(key)));
  await until(() => written.length !== 0);
  const lost = client.set("lost", "x").catch((error) => error.message);
  await until(() => written.length !== 1);
  const waiting = [client.set("c", "x"), client.incr("d", 1)].map(outcomeOf);
  assert((await lost).endsWith('of several keys, under way: set key "lost"'), await lost);
  assertEquals(await Promise.all([...reads, ...waiting]), [undefined, undefined, undefined, 5n]);
});

Deno.test("Client asks only once for a key that is refused itself", async () => {
  const lines: string[] = [];
  await using peer = new ScriptedPeer(scriptOf("twemproxy", lines));
  const { client } = clientOf(peer);
  await using _ = client;
  assertEquals(await outcomeOf(client.get("dead")), REFUSED);
  assertEquals(await outcomeOf(client.getAndTouch("dead", 60)), REFUSED);
  assertEquals(lines, ["get dead", "gat 60 dead"]);
  assertEquals(peer.connectionCount, 1);
});

Deno.test("Client repeats nothing for a connection that is lost, or silent", async () => {
  const lines: string[] = [];
  await using peer = new ScriptedPeer(async (connection, index) => {
    lines.push((await connection.request())!);
    // Half a reply, without a refusal.
    await connection.send("VALUE a 274 1\r\nx\r\n");
    if (index === 0) await connection.close();
  });
  const { client, clock } = clientOf(peer, { timeout: 1000, failuresBeforeDead: 5 });
  await using _ = client;
  const turn = () => Promise.all(["a", "b", "c"].map((key) => outcomeOf(client.get(key))));
  assertEquals(await turn(), ["x", "SocketError", "SocketError"]);
  const silent = turn();
  await until(() => lines.length >= 2);
  clock.tick(1001);
  assertEquals((await silent).slice(1), ["SocketError", "SocketError"]);
  assertEquals(lines, ["get a b c", "get a b c"]);
});

Deno.test("Client rejects operations that are refused and cut off repeatedly", async () => {
  const lines: string[] = [];
  // Never has an item's own refusal, since it has always sent the item before.
  await using peer = new ScriptedPeer(answering((line) => {
    lines.push(line);
    const [, key] = line.split(" ");
    return `VALUE ${key} 274 1\r\nx\r\n${REFUSAL}\r\n`;
  }));
  const { client, faults } = clientOf(peer);
  await using _ = client;
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, i) => outcomeOf(client.get(`key${i}`))),
  );
  assertEquals(outcomes, ["x", "x", "x", "x", ...Array(6).fill("SocketError")]);
  assertEquals(faults, []);
});

Deno.test("Client fails only the operation whose value is above maxValueBytes", async () => {
  await using peer = new ScriptedPeer(answering((line) => {
    return line.split(" ").slice(1).map((key) => {
      const value = "x".repeat(key === "large" ? 1001 : 3);
      return `VALUE ${key} 274 ${value.length}\r\n${value}\r\n`;
    }).join("") + "END\r\n";
  }));
  const { client, faults } = clientOf(peer, { maxValueBytes: 1000 });
  await using _ = client;
  for (let times = 0; times < 3; times++) {
    const large = assertRejects(() => client.get("large"), SocketError, "maxValueBytes");
    const others = ["b", "c"].map((key) => client.get(key));
    assertEquals(await Promise.all(["a", "large"].map((key) => outcomeOf(client.get(key)))), [
      "xxx",
      "SocketError",
    ]);
    await large;
    assertEquals(await Promise.all(others), ["xxx", "xxx"]);
  }
  assertEquals(faults, []);
});

Deno.test("Client.getOrSet fails only itself when its value is above maxValueBytes", async () => {
  await using server = await MemcachedServer.listen();
  const { client, faults } = clientOf(server, { maxValueBytes: 1000 });
  await using _ = client;
  await client.setMany({ a: "xxx", large: "x".repeat(1001) });
  for (let times = 0; times < 3; times++) {
    const read = client.getOrSet("large", () => "never");
    const large = assertRejects(() => read, SocketError, "maxValueBytes");
    assertEquals(await Promise.all([client.get("a"), client.getOrSet("a", () => "never")]), [
      "xxx",
      "xxx",
    ]);
    await large;
  }
  assertEquals(faults, []);
});

Deno.test("Client.meta is sent again if it only reads, and a refusal cut it off", async () => {
  await using server = await MemcachedServer.listen({ fault: deadBackend(isDead) });
  const { client, faults } = clientOf(server);
  await using _ = client;
  await client.set("a", "value of a");
  const outcomes = await Promise.all([
    client.get("dead"),
    client.get("a"),
    client.meta("mg", "a", ["s"]).then(({ flags }) => flags),
    client.meta("mg", "a", ["s", "q"]).then(({ flags }) => flags),
    client.meta("mg", "a", ["s", "T0"]),
    client.meta("mg", "new", ["N0"]),
    client.meta("mg", "a", ["R1"]),
  ].map(outcomeOf));
  const size = { s: "10" };
  const lost = "SocketError";
  assertEquals(outcomes, [REFUSED, "value of a", size, size, lost, lost, lost]);
  assertEquals(faults, []);
});

Deno.test("Client fails neither later gets nor the server when a set is not understood", async () => {
  for (const line of ["ERROR", "CLIENT_ERROR bad data chunk"]) {
    await using peer = new ScriptedPeer(answering((request) => {
      if (request.startsWith("set")) return `${line}\r\n`;
      return request.startsWith("get") ? answerOf("twemproxy", request) : undefined;
    }));
    const { client, faults } = clientOf(peer);
    await using _ = client;
    for (let times = 0; times < 4; times++) {
      const outcomes = await Promise.all([client.set("a", "x"), client.get("b")].map(outcomeOf));
      assertEquals(outcomes, [{ refused: line }, "value of b"]);
    }
    assertEquals(faults, []);
  }
});

Deno.test("Client assigns replies correctly if statistics are refused in their middle", async () => {
  let asked = 0;
  await using peer = new ScriptedPeer(answering((line) => {
    if (line !== "stats") return answerOf("twemproxy", line);
    return ++asked === 1 ? `STAT a 1\r\n${REFUSAL}\r\nEND\r\n` : answerOf("twemproxy", line);
  }));
  const { client, faults } = clientOf(peer);
  await using _ = client;
  const outcomes = await Promise.all(
    [client.stats(), client.get("a"), client.stats(), client.get("absent"), client.set("b", "x")]
      .map(outcomeOf),
  );
  assertEquals(outcomes, [REFUSED, "value of a", [{ name: "value" }], undefined, "SocketError"]);
  assertEquals(faults, []);
});

Deno.test("Client assigns no reply to a quiet meta command if the command after it is refused", async () => {
  // memcached's own proxy, which does not know `mn`.
  await using peer = new ScriptedPeer(answering((line) => {
    if (line === "mn") return "SERVER_ERROR lua failure\r\n";
    return line.startsWith("mg") ? undefined : answerOf("twemproxy", line);
  }));
  const { client, faults } = clientOf(peer);
  await using _ = client;
  const outcomes = await Promise.all(
    [client.meta("mg", "absent", ["q", "v"]), client.get("a"), client.get("b")].map(outcomeOf),
  );
  assertEquals(outcomes, [{ refused: "SERVER_ERROR lua failure" }, "value of a", "value of b"]);
  assertEquals(faults, []);
});
