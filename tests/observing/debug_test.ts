import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Client } from "../../mod.ts";
import * as lines from "../../src/observing/debug/lines.ts";
import { subscribeLines } from "../../src/observing/debug/subscribe_lines.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { testChannels, testWithoutChannels } from "./listener.ts";

const SERVER = { serverAddress: "10.0.0.1", serverPort: 11211, client: "moecache" };

Deno.test("commandLine says what was done, what came of it, and how long it took", () => {
  const many = { ...SERVER, command: "get", args: [], keys: 40, hits: 38, misses: 2 };
  const line = lines.commandLine(many, 0.42);
  assertEquals(line, "moecache 10.0.0.1:11211 get ×40 → 38 hits, 0.4 ms");
  const one = { ...SERVER, command: "get", args: ["key"], keys: 1, hits: 0, misses: 1 };
  assertEquals(lines.commandLine(one, 120.4), "moecache 10.0.0.1:11211 get key → miss, 120 ms");
  const error = new Error("no\nluck\x1b[31m");
  const failed = lines.commandLine({ ...one, args: ["a\nb"], attempts: 2, error }, 1);
  assertEquals(
    failed,
    'moecache 10.0.0.1:11211 get "a\\nb" → Error: no luck?[31m, 2 attempts, 1.0 ms',
  );
});

Deno.test("the lines of other channels", () => {
  const batch = { ...SERVER, command: "get", batchMode: "COALESCED", batchSize: 40, bytes: 412 };
  assertEquals(
    lines.batchLine({ ...batch, batchMode: "COALESCED", connectionEpoch: 1 }, 0.3),
    "moecache 10.0.0.1:11211 request: get ×40, 412 bytes → 0.3 ms",
  );
  const connection = { ...SERVER, tls: true, connectionEpoch: 7 };
  assertEquals(
    lines.connectLine(connection, 2),
    "moecache 10.0.0.1:11211 connection 7 opened, TLS, 2.0 ms",
  );
  const error = new Error("gone");
  assertEquals(
    lines.closedLine({ ...connection, reason: error, isFailure: true }),
    "moecache 10.0.0.1:11211 connection 7 lost: Error: gone",
  );
  const { client } = SERVER;
  assertEquals(
    lines.serverLine({ server: "a:1", state: "down", error, client }),
    "moecache a:1 down: Error: gone",
  );
  assertEquals(
    lines.failoverLine({ from: "a:1", to: "b:1", why: "gutter", error, client }),
    "moecache a:1 failover to b:1 (gutter): Error: gone",
  );
  assertEquals(
    lines.discoveryLine({ added: ["a:1"], removed: ["b:1"], client }),
    "moecache discovery: added a:1, removed b:1",
  );
  assertEquals(
    lines.leaseLine({ key: "key", outcome: "timed out", client }),
    "moecache getOrSet key: timed out",
  );
});

testChannels(
  "subscribeLines prints a line for all that happens, until it is disposed of",
  async () => {
    const printed: string[] = [];
    await using server = await MemcachedServer.listen();
    {
      using _ = subscribeLines((line) => printed.push(line));
      await using client = new Client(server.address);
      await client.set("key", "secret value");
      await client.getMany(["key", "none", "other"]);
      await assertRejects(() => client.get("not a key"));
    }
    await using client = new Client(server.address);
    await client.get("key");
    const text = printed.join("\n");
    assertEquals(printed.length, 7);
    assertMatch(text, /^moecache \S+:\d+ connection \d+ opened, [\d.]+ ms$/m);
    assertMatch(text, /^moecache \S+:\d+ request: set, \d+ bytes → [\d.]+ ms$/m);
    assertMatch(text, /^moecache \S+:\d+ set key → \d+ bytes, [\d.]+ ms$/m);
    assertMatch(text, /^moecache \S+:\d+ getMany ×3 → 1 hit, \d+ bytes, [\d.]+ ms$/m);
    assertMatch(text, /^moecache get "not a key" → ValidationException: .*, [\d.]+ ms$/m);
    assertMatch(text, /^moecache \S+:\d+ connection \d+ closed: /m);
    assert(!text.includes("secret"));
  },
);

testWithoutChannels("subscribeLines says that there is nothing to subscribe to", () => {
  const printed: string[] = [];
  using _ = subscribeLines((line) => printed.push(line));
  assertEquals(printed.length, 1);
  assertMatch(printed[0] ?? "", /no node:diagnostics_channel/);
  return Promise.resolve();
});
