/** `exporter`. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { SERVERS } from "../support/every_server.ts";
import { type Ended, moecache } from "./fake_terminal.ts";

/** Starts `exporter` for a server, until it is ended. */
async function serve(server: string): Promise<{ address: string; end: () => Promise<Ended> }> {
  const interruption = new AbortController();
  const { promise, resolve } = Promise.withResolvers<string>();
  const serving = moecache("exporter --listen 127.0.0.1:0 --json", {
    env: { MEMCACHED_SERVERS: server },
    interrupted: interruption.signal,
    onOutput: (text) => resolve(JSON.parse(text).address),
  });
  const end = () => {
    interruption.abort();
    return serving;
  };
  return { address: await promise, end };
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`exporter serves the statistics to Prometheus, on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address);
    await client.set("key", "value");
    await client.get("key");
    await client.get("missing");
    const exporter = await serve(server.address);
    const at = async (path: string) => {
      const response = await fetch(`http://${exporter.address}${path}`);
      return { status: response.status, text: await response.text() };
    };
    const { status, text } = await at("/metrics");
    assertEquals(status, 200);
    for (
      const line of [
        "# TYPE memcached_up gauge",
        "memcached_up 1",
        "# TYPE memcached_commands_total counter",
        'memcached_commands_total{command="get",status="hit"} 1',
        'memcached_commands_total{command="get",status="miss"} 1',
        'memcached_commands_total{command="set",status="hit"} 1',
        "# TYPE memcached_current_items gauge",
        "memcached_current_items 1",
        "# TYPE memcached_max_connections gauge",
        'memcached_slab_current_items{slab="1"} 1',
      ]
    ) assertEquals(text.split("\n").includes(line), true, line);
    const names = text.split("\n").filter((line) => line.startsWith("# TYPE"));
    assertEquals(new Set(names).size, names.length);
    assertStringIncludes((await at(`/scrape?target=${server.address}`)).text, "memcached_up 1\n");
    assertStringIncludes((await at("/scrape?target=127.0.0.1:1")).text, "memcached_up 0\n");
    assertEquals((await at("/scrape")).status, 400);
    // The figures of one of them would be read as those of the other.
    assertEquals((await at(`/scrape?target=${server.address},127.0.0.1:1`)).status, 400);
    assertEquals((await at("/nothing")).status, 404);
    const { code, messages } = await exporter.end();
    assertEquals([code, messages.trimEnd().split("\n").length], [0, 1]);
  });
}

Deno.test("exporter says once what a server lacks, and again when that changes", async () => {
  let isWell = true;
  await using server = await MemcachedServer.listen({
    fault: ({ line }) =>
      isWell || line !== "stats items" ? undefined : { reply: "SERVER_ERROR not here" },
  });
  const exporter = await serve(server.address);
  const scrapes = async (times: number) => {
    for (let i = 0; i < times; i++) {
      for (const path of ["metrics", "scrape?target=127.0.0.1:1"]) {
        await (await fetch(`http://${exporter.address}/${path}`)).text();
      }
    }
  };
  await scrapes(2);
  for (const now of [false, true, false]) {
    isWell = now;
    await scrapes(2);
  }
  const { messages } = await exporter.end();
  const lines = messages.trimEnd().split("\n");
  assertEquals(lines.filter((line) => line.includes("127.0.0.1:1:")).length, 1, messages);
  assertEquals(lines.filter((line) => line.includes("stats items")).length, 2, messages);
  assertEquals(lines.length, 3, messages);
});

Deno.test("exporter says again that a server is away, also of one that always lacks something", async () => {
  let isAway = false;
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => {
      if (isAway) return { reply: "SERVER_ERROR away" };
      return line === "stats items" ? { reply: "SERVER_ERROR not here" } : undefined;
    },
  });
  const exporter = await serve(server.address);
  for (const now of [false, true, true, false, true, true]) {
    isAway = now;
    await (await fetch(`http://${exporter.address}/metrics`)).text();
  }
  const { messages } = await exporter.end();
  const said = messages.trimEnd().split("\n").map((line) => /SERVER_ERROR (.*)"/.exec(line)?.[1]);
  assertEquals(said, ["not here", "away", "away"], messages);
});

Deno.test("exporter answers a request that names no path, and continues", async () => {
  await using server = await MemcachedServer.listen();
  const exporter = await serve(server.address);
  const [hostname = "", port = ""] = exporter.address.split(":");
  const statusOf = async (path: string) => {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const request = `GET ${path} HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const reply = await new Response(connection.readable).text();
    return reply.slice(0, 12);
  };
  try {
    for (const path of ["//", "/\\", "//[", "http://", "*", "///metrics", "/%"]) {
      assertEquals(await statusOf(path), "HTTP/1.1 404", path);
    }
    assertEquals(await statusOf("/scrape?target=%00"), "HTTP/1.1 400");
    assertEquals(await statusOf("/metrics"), "HTTP/1.1 200");
  } finally {
    assertEquals((await exporter.end()).code, 0);
  }
});
