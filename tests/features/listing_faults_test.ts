/** What becomes of `items` and `watch` when the other end misbehaves. */

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { Client, ClientException, SocketError, TimeoutError, type WatchEvent } from "../../mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { answering, type Script, ScriptedPeer } from "../support/scripted_peer.ts";
import { standstill, until } from "../support/turns.ts";

const BUSY = "BUSY currently processing crawler request\r\n";
const EVENT = "ts=1.5 gid=1 type=item_get key=a status=found clsid=1 cfd=9 size=1\n";

function itemLine(key: string): string {
  return `key=${key} exp=-1 la=1795388585 cas=5 fetch=no cls=1 size=65\n`;
}

/** A script that answers the first request with this text, and then closes the connection. */
function answeringOnce(reply: string): Script {
  return async (connection) => {
    await connection.request();
    await connection.send(reply);
    connection.close();
  };
}

/** A script that answers the first request, goes on for ever, and counts how often. */
function endless(reply: string, portion: string, sent: () => void): Script {
  return async (connection) => {
    await connection.request();
    await connection.send(reply);
    while (await connection.send(portion).then(() => true, () => false)) sent();
  };
}

async function keysOf(client: Client): Promise<string[]> {
  return await Array.fromAsync(client.items(), ({ key }) => key);
}

Deno.test("items sends one packet, and reads replies of older and newer servers", async () => {
  const requests: string[] = [];
  const replies = ["", "OK\r\n"].map((start) => `${start}${itemLine("a")}END\r\n`);
  for (
    const reply of [...replies, "END\r\n", "OK\r\nEND\r\n", "NOTSTARTED no items to crawl\r\n"]
  ) {
    await using peer = new ScriptedPeer(answering((line) => {
      requests.push(line);
      return reply;
    }));
    await using client = new Client(peer.address);
    assertEquals(await keysOf(client), reply.includes("key=") ? ["a"] : []);
    assertEquals(requests.splice(0), ["lru_crawler metadump hash"]);
  }
});

Deno.test("items asks servers before 1.6.9 as they know it", async () => {
  const requests: string[] = [];
  let busy = 1;
  await using peer = new ScriptedPeer(answering((line) => {
    requests.push(line);
    if (line.endsWith("hash")) return "BADCLASS invalid class id\r\n";
    return busy-- > 0 ? BUSY : `${itemLine("a")}END\r\n`;
  }));
  await using client = new Client(peer.address);
  assertEquals(await keysOf(client), ["a"]);
  const all = "lru_crawler metadump all";
  assertEquals(requests, ["lru_crawler metadump hash", all, all]);
});

Deno.test("items says which memcached it needs", async () => {
  // Before 1.5.4, lines have no class and no size, and lists have no end; before 1.4.31, there are none.
  for (const reply of ["key=a exp=-1 la=1795388585 cas=5 fetch=no\n", "ERROR\r\n"]) {
    await using peer = new ScriptedPeer(answering((line) => {
      return reply.startsWith("key=") && line.endsWith("hash")
        ? "BADCLASS invalid class id\r\n"
        : reply;
    }));
    await using client = new Client(peer.address);
    await assertRejects(() => keysOf(client), ClientException, "items needs memcached 1.5.4");
  }
});

Deno.test("items waits for a busy crawler", async () => {
  let busy = 3;
  const answer = () => busy-- > 0 ? BUSY : `${itemLine("a")}END\r\n`;
  await using peer = new ScriptedPeer(answering(answer));
  await using client = new Client(peer.address, { timeout: 1000 });
  assertEquals(await keysOf(client), ["a"]);
  assertEquals(peer.connectionCount, 1);
});

Deno.test("items waits for a hash table that grows", async () => {
  // memcached 1.6.43 and later begin every list with OK.
  for (const start of ["OK\r\n", ""]) {
    let growing = 3;
    const answer = () =>
      `${start}${growing-- > 0 ? "ERROR locked try again later\r\n" : `${itemLine("a")}END\r\n`}`;
    await using peer = new ScriptedPeer(answering(answer));
    await using client = new Client(peer.address, { timeout: 1000 });
    assertEquals(await keysOf(client), ["a"]);
    assertEquals(peer.connectionCount, 1);
  }
});

Deno.test("items rejects with a ClientException when the crawler stays busy", async () => {
  let requests = 0;
  await using peer = new ScriptedPeer(answering(() => {
    requests++;
    return BUSY;
  }));
  await using client = new Client(peer.address);
  const error = await assertRejects(() => keysOf(client), ClientException, peer.address);
  assertEquals(error.item, BUSY.trimEnd());
  assertEquals(requests, 6);
});

Deno.test("items leaves no timer when the client is closed while the crawler is busy", async () => {
  await using peer = new ScriptedPeer(answering(() => BUSY));
  const client = new Client(peer.address);
  const item = client.items().next();
  await until(() => peer.connectionCount !== 0);
  await Promise.all([assertRejects(() => item, SocketError, "closed"), client.close()]);
});

Deno.test("items rejects with a SocketError when the server is lost midway", async () => {
  const reply = `${itemLine("a")}${itemLine("b")}END\r\n`;
  for (let at = 0; at < reply.length; at += 7) {
    await using peer = new ScriptedPeer(answeringOnce(reply.slice(0, at)));
    await using client = new Client(peer.address);
    const keys: string[] = [];
    const error = await assertRejects(async () => {
      for await (const { key } of client.items()) keys.push(key);
    }, SocketError);
    assertEquals(error.server, peer.address);
    assertEquals(keys, ["a", "b"].slice(0, reply.slice(0, at).split("\n").length - 1));
  }
});

Deno.test("items rejects with a SocketError when the reply makes no sense", async () => {
  for (const reply of ["hello\r\n", `${itemLine("a")}${EVENT}`]) {
    await using peer = new ScriptedPeer(answering(() => reply));
    await using client = new Client(peer.address);
    const error = await assertRejects(() => keysOf(client), SocketError, "unexpected reply");
    assertEquals(error.server, peer.address);
  }
});

Deno.test("keys rejects as items does, after what has arrived", async () => {
  const whole = `${itemLine("a")}${itemLine("b")}END\r\n`;
  const cut = Array.from({ length: whole.length }, (_, at) => whole.slice(0, at));
  for (const reply of [...cut.filter((_, at) => at % 7 === 0), `${itemLine("a")}key=b exp\n`]) {
    await using peer = new ScriptedPeer(answeringOnce(reply));
    await using client = new Client(peer.address);
    const keys: string[] = [];
    const error = await assertRejects(async () => {
      for await (const portion of client.keys()) keys.push(...portion);
    }, SocketError);
    assertEquals(error.server, peer.address);
    assertEquals(keys, ["a", "b"].slice(0, reply.split("size=65\n").length - 1));
  }
  await using peer = new ScriptedPeer(answering(() => "CLIENT_ERROR lru crawler disabled\r\n"));
  await using client = new Client(peer.address);
  await assertRejects(() => client.keys().next(), ClientException, "disabled");
});

Deno.test("items and watch reject when the server does not answer in time, or cannot be reached", async () => {
  await using peer = new ScriptedPeer(() => {});
  await using client = new Client(peer.address, { timeout: 20 });
  await assertRejects(() => client.items().next(), TimeoutError);
  await assertRejects(() => client.watch(["fetchers"]).ready, TimeoutError);
  await using nowhere = new Client("127.0.0.1:1");
  await assertRejects(() => nowhere.items().next(), SocketError, "Cannot connect");
  await assertRejects(() => nowhere.watch(["fetchers"]).getReader().read(), SocketError);
});

Deno.test("the errors of items and watch have the name of the client", async () => {
  await using nowhere = new Client("127.0.0.1:1", { clientName: "mine" });
  const listed = await assertRejects(() => nowhere.items().next(), SocketError);
  const watched = await assertRejects(() => nowhere.watch(["fetchers"]).ready, SocketError);
  assertEquals([listed.client, watched.client], ["mine", "mine"]);
});

Deno.test("items rejects when a server falls silent, and watch continues", async () => {
  await using peer = new ScriptedPeer(async (connection) => {
    const line = await connection.request();
    await connection.send(line!.startsWith("watch") ? "OK\r\n" : itemLine("a"));
  });
  const clock = new FakeClock();
  await using client = new Client(peer.address, { clock });
  const items = client.items();
  assertEquals((await items.next()).value?.key, "a");
  const next = assertRejects(() => items.next(), TimeoutError, "it has sent nothing");
  const events = client.watch(["fetchers"]);
  await events.ready;
  clock.tick(15_000);
  await next;
  clock.tick(1e9);
  const ended = assertRejects(() => events.getReader().read(), SocketError, "closed");
  await client.close();
  await ended;
});

Deno.test("items makes a server wait whose items are not asked for", async () => {
  let sent = 0;
  const portion = itemLine("a").repeat(10_000);
  await using peer = new ScriptedPeer(endless("", portion, () => sent++));
  await using client = new Client(peer.address);
  for await (const _ of client.items()) {
    // The client reads 32 MiB ahead; the buffers of both sockets hold up to as much again on Bun.
    assertLess(await standstill(() => sent) * portion.length, 128 << 20);
    break;
  }
});

Deno.test("watch makes a server wait whose events are not asked for", async () => {
  let sent = 0;
  const portion = EVENT.repeat(10_000);
  await using peer = new ScriptedPeer(endless("OK\r\n", portion, () => sent++));
  await using client = new Client(peer.address);
  const events = client.watch(["fetchers"]);
  await events.ready;
  assertLess(await standstill(() => sent) * portion.length, 64 << 20);
  const before = sent;
  let seen = 0;
  for await (const _ of events) if (++seen > (before + 2) * 10_000) break;
});

Deno.test("watch sends one packet", async () => {
  const requests: string[] = [];
  await using peer = new ScriptedPeer(answering((line) => {
    requests.push(line);
    return "OK\r\n";
  }));
  await using client = new Client(peer.address);
  const events = client.watch(["fetchers", "deletions"]);
  await events.ready;
  assertEquals(requests, ["watch fetchers deletions"]);
  await events.cancel();
});

Deno.test("watch shows what came before the server was lost, and fails with a SocketError", async () => {
  await using peer = new ScriptedPeer(answeringOnce(`OK\r\n${EVENT}skipped=7\n${EVENT}`));
  await using client = new Client(peer.address);
  const types: WatchEvent["type"][] = [];
  const error = await assertRejects(async () => {
    for await (const { type } of client.watch(["fetchers"])) types.push(type);
  }, SocketError);
  assertEquals(error.server, peer.address);
  assertEquals(types, ["item_get", "skipped", "item_get"]);
});

Deno.test("watch ends with the first server that is lost, and leaves the others", async () => {
  let othersLeft = false;
  await using steady = new ScriptedPeer(async (connection) => {
    await connection.request();
    await connection.send("OK\r\n");
    othersLeft = await connection.request() === undefined;
  });
  await using lost = new ScriptedPeer(answeringOnce("OK\r\n"));
  await using client = new Client([steady.address, lost.address]);
  const events = client.watch(["fetchers"]);
  const error = await assertRejects(() => events.getReader().read(), SocketError);
  assertEquals(error.server, lost.address);
  await until(() => othersLeft);
});

Deno.test("watch may be cancelled, and the client closed, before the server has answered", async () => {
  await using peer = new ScriptedPeer(() => {});
  const client = new Client(peer.address);
  const cancelled = client.watch(["fetchers"]);
  await cancelled.cancel();
  const open = client.watch(["fetchers"]);
  await client.close();
  await assertRejects(() => open.ready, SocketError, "the client is closed");
  await assertRejects(() => cancelled.ready);
  assert((await cancelled.getReader().read()).done);
});
