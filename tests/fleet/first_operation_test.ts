/** What a client does before the code is loaded that serves its operations, and while it is being loaded. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, type ClientOptions, SocketError, ValidationException } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

/** With failover, something is loaded by the first operation of each client, also of the second in a process. */
const KINDS: Readonly<Record<string, ClientOptions>> = {
  plain: {},
  "with retries": { retries: 1 },
};

for (const [kind, options] of Object.entries(KINDS)) {
  Deno.test(`Client (${kind}) executes the operations of its first turn in order`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address, options);
    const [, , gone, , kept] = await Promise.all([
      client.set("key", "before"),
      client.flushAll(),
      client.get("key"),
      client.set("key", "after"),
      client.get("key"),
    ]);
    assertEquals([gone, kept], [undefined, "after"]);
  });

  Deno.test(`Client (${kind}) changes its servers for the later operations of its first turn`, async () => {
    await using old = await MemcachedServer.listen();
    await using next = await MemcachedServer.listen();
    await using client = new Client(old.address, options);
    const stored = client.set("key", "old");
    const changed = client.setServers(next.address);
    assertEquals(await client.get("key"), undefined);
    await Promise.all([stored, changed]);
    assertEquals(client.servers.map(({ name }) => name), [next.address]);
    await client.setServers(old.address);
    assertEquals(await client.get("key"), "old");
  });

  Deno.test(`Client (${kind}) shows its new servers at once`, async () => {
    await using old = await MemcachedServer.listen();
    await using next = await MemcachedServer.listen();
    await using client = new Client(old.address, options);
    const found = client.get("key");
    const changed = client.setServers(next.address);
    assertEquals(client.servers.map(({ name }) => name), [next.address]);
    assertEquals(client.locate("key").server, next.address);
    assertThrows(() => client.items({ server: old.address }), ValidationException);
    const listed = await Array.fromAsync(client.items({ server: next.address }));
    assertEquals([await found, await changed, listed], [undefined, undefined, []]);
  });

  Deno.test(`Client (${kind}) that is closed or aborted in its first turn counts what has failed`, async () => {
    const client = new Client("127.0.0.1:1", { ...options, clientName: "own" });
    const ending = new AbortController();
    const { signal } = ending;
    const aborted = [client.get("key", { signal }), client.stats(undefined, { signal })];
    const lost = client.get("key");
    ending.abort(new RangeError("enough"));
    for (const each of aborted) await assertRejects(() => each, RangeError, "enough");
    const [error] = await Promise.all([assertRejects(() => lost, SocketError), client.close()]);
    assertEquals(error.client, "own");
    const { RangeError: ofCaller, SocketError: ofClient } = client.metrics().errors;
    assertEquals([(ofCaller ?? 0) > 0, (ofClient ?? 0) > 0], [true, true]);
  });

  Deno.test(`Client (${kind}) never asks servers that were replaced before its first operation`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(["127.0.0.1:1", "127.0.0.1:2"], options);
    await assertRejects(() => client.setServers("not an address:"), ValidationException);
    assertEquals(client.servers.length, 2);
    await client.setServers(server.address);
    assertEquals(client.servers.map(({ name, state }) => [name, state]), [[
      server.address,
      "idle",
    ]]);
    assertEquals(client.locate("key").server, server.address);
    assertEquals(await client.get("key"), undefined);
  });

  Deno.test(`Client (${kind}) that is closed in its first turn rejects everything`, async () => {
    const client = new Client("127.0.0.1:1", options);
    const pending = [client.get("key"), client.stats()];
    const rejected = pending.map((each) => {
      return assertRejects(() => each, SocketError, "the client is closed");
    });
    await Promise.all([client.close(), client.close(), ...rejected]);
    await assertRejects(() => client.get("key"), SocketError, "the client is closed");
    await assertRejects(() => client.stats(), SocketError, "the client is closed");
    await assertRejects(
      () => client.setServers("127.0.0.1:2"),
      SocketError,
      "the client is closed",
    );
  });

  Deno.test(`Client (${kind}) sends nothing of an operation that is aborted in its first turn`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address, options);
    const ending = new AbortController();
    const aborted = client.set("key", "value", 0, { signal: ending.signal });
    const rejected = assertRejects(() => aborted, Error, "enough");
    ending.abort(new Error("enough"));
    assertEquals(await client.get("key"), undefined);
    await rejected;
  });
}

Deno.test("Client counts the operations that wait for what is being loaded", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { retries: 1 });
  const waiting = [client.get("a"), client.get("b"), client.stats(), client.version()];
  const ending = new AbortController();
  const aborted = assertRejects(() => client.version({ signal: ending.signal }));
  assertEquals(client.metrics().pending, 5);
  ending.abort();
  assertEquals(client.metrics().pending, 4);
  await Promise.all([...waiting, aborted]);
  assertEquals(client.metrics().pending, 0);
});

Deno.test("Client that was never used closes at once, and then accepts no operation", async () => {
  const client = new Client("127.0.0.1:1");
  await client.close();
  await assertRejects(() => client.get("key"), SocketError, "the client is closed");
  assertEquals(client.servers.map(({ state }) => state), ["idle"]);
});

Deno.test("Client refuses an invalid locator and an unknown server before anything is loaded", () => {
  // deno-lint-ignore no-explicit-any -- the caller's mistake
  assertThrows(() => new Client("127.0.0.1:1", { locator: (() => 0) as any }), ValidationException);
  const client = new Client("127.0.0.1:1", { retries: 1 });
  assertThrows(() => client.items({ server: "other:1" }), ValidationException, "no name or index");
});
