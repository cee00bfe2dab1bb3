import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  BareClient,
  Client,
  type ClientMetrics,
  jsonTranscoder,
  ValidationException,
} from "../../mod.ts";
import { prometheus } from "../../src/observing/prometheus.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

/** The value of a sample. */
function valueOf(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

Deno.test("prometheus writes all that a client counts, and adds up clients of one name", async () => {
  await using server = await MemcachedServer.listen();
  await using first = new Client(server.address);
  await using second = new Client(server.address);
  await first.set("a", 1);
  await Promise.all([first.get("a"), first.get("b")]);
  await second.get("a");
  const text = await prometheus([first, second]);
  assertEquals(valueOf(text, 'moecache_hits_total{client="moecache"}'), 2);
  assertEquals(valueOf(text, 'moecache_misses_total{client="moecache"}'), 1);
  assertEquals(valueOf(text, 'moecache_operations_total{client="moecache",command="get"}'), 3);
  const labels = 'client="moecache",command="get"';
  const name = "moecache_request_duration_seconds";
  assertEquals(valueOf(text, `${name}_count{${labels}}`), 2);
  assertEquals(valueOf(text, `${name}_bucket{${labels},le="+Inf"}`), 2);
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.replace(/ \S+$/, ""));
  assertEquals(new Set(samples).size, samples.length);
  const names: Readonly<Record<keyof ClientMetrics, string>> = {
    client: 'client="moecache"',
    operations: "operations_total{",
    hits: "hits_total{",
    misses: "misses_total{",
    errors: "errors_total{",
    timeouts: "timeouts_total{",
    reconnects: "reconnects_total{",
    failovers: "failovers_total{",
    coalescedKeys: "coalesced_keys_total{",
    bytesIn: "received_bytes_total{",
    bytesOut: "sent_bytes_total{",
    pending: "pending_operations{",
    latency: "request_duration_seconds_sum{",
  };
  await first.set("text", "text");
  await assertRejects(() => first.incr("text"));
  const later = await prometheus(first);
  assertEquals(Object.keys(first.metrics()).toSorted(), Object.keys(names).toSorted());
  assertEquals(Object.values(names).filter((name) => !later.includes(name)), []);
});

Deno.test("prometheus counts errors by their names", async () => {
  await using client = new Client("127.0.0.1:1", { clientName: "lost" });
  await assertRejects(() => client.get("key"));
  const text = await prometheus(client);
  assertEquals(valueOf(text, 'moecache_errors_total{client="lost",error="SocketError"}'), 1);
});

Deno.test("prometheus asks the servers, and says which has not answered", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client([server.address, "127.0.0.1:1"]);
  const text = await prometheus(client, { servers: true });
  const labels = `client="moecache",server="${server.address}"`;
  assertEquals(valueOf(text, `moecache_server_up{${labels}}`), 1);
  assertEquals(valueOf(text, 'moecache_server_up{client="moecache",server="127.0.0.1:1"}'), 0);
  assertEquals(valueOf(text, `moecache_server_items{${labels}}`), 0);
  assert(!text.includes('moecache_server_items{client="moecache",server="127.0.0.1:1"}'));
  assertMatch(text, /^# TYPE moecache_server_get_hits_total counter$/m);
  await using lost = new Client("127.0.0.1:1");
  const none = await prometheus(lost, { servers: true });
  assertEquals(valueOf(none, 'moecache_server_up{client="moecache",server="127.0.0.1:1"}'), 0);
});

Deno.test("prometheus does not treat a spare server as one that has not answered", async () => {
  await using gutter = await MemcachedServer.listen();
  await using client = new Client(["127.0.0.1:1", "127.0.0.1:2"], {
    failover: { gutter: gutter.address },
    failuresBeforeDead: 1,
  });
  await client.set("key", 1);
  const text = await prometheus(client, { servers: true });
  const up = text.split("\n").filter((line) => line.startsWith("moecache_server_up"));
  assertEquals(up, [
    'moecache_server_up{client="moecache",server="127.0.0.1:1"} 0',
    'moecache_server_up{client="moecache",server="127.0.0.1:2"} 0',
  ]);
});

Deno.test("prometheus rejects what is not a fault of a server", async () => {
  const lookUp = () => Promise.reject(new Error("no list"));
  await using client = new Client([], { discovery: { name: "test", lookUp } });
  await assertRejects(() => prometheus(client, { servers: true }), Error, "no list");
});

Deno.test("prometheus takes a prefix, and escapes labels", async () => {
  const client = new Client("127.0.0.1:1", { clientName: 'a"b\\c' });
  const text = await prometheus([client], { prefix: "app_" });
  assertEquals(valueOf(text, String.raw`app_hits_total{client="a\"b\\c"}`), 0);
  assertEquals(await prometheus([]), "");
  await client.close();
});

Deno.test("prometheus checks its options", async () => {
  await using client = new Client("127.0.0.1:1");
  for (const options of [{ prefix: "1" }, { prefix: "a b" }, { server: true }, { servers: 1 }]) {
    await assertRejects(() => prometheus(client, options as object), ValidationException);
  }
  await using bare = new BareClient("127.0.0.1:1", { transcoder: jsonTranscoder() });
  assertMatch(await prometheus(bare), /moecache_hits_total/);
  await assertRejects(() => prometheus(bare, { servers: true }), ValidationException);
});
