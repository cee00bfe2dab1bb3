/** `web`: the page's server, with servers behind it. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { connect } from "node:net";
import { SERVERS } from "../../support/every_server.ts";
import { until } from "../../support/turns.ts";
import { moecache } from "../fake_terminal.ts";
import { StartedPage } from "./started_page.ts";

/** A key that classic commands take, and one that meta commands take in base64. */
const MARKUP = "<img/src=x/onerror=alert(1)>";
const MARKUP_WITH_SPACES = "<img src=x onerror=alert(1)>\u202e";

const encoder = new TextEncoder();

/** Stores both hostile keys, the second as other clients do. */
async function storeMarkup(client: Client): Promise<void> {
  await client.set(MARKUP, "<script>alert(2)</script>\u202e");
  const bytes = String.fromCharCode(...encoder.encode(MARKUP_WITH_SPACES));
  await client.meta("ms", btoa(bytes), ["b", "T0"], encoder.encode("<b>".repeat(900)));
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`web shows what top shows, and never treats a key as markup, on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address);
    await storeMarkup(client);
    await using page = await StartedPage.start([server.address]);
    const reading = setInterval(() => client.get(MARKUP).catch(() => {}), 5);
    try {
      // While the server is asked again, the time since its last answer counts.
      const sample = await page.event("sample", ({ fleet, servers }) => {
        return fleet.rates?.gets > 0 && servers[0].silent === 0;
      });
      const [{ figures, ...line }] = sample.servers;
      assertEquals(line, {
        ...{ server: server.address, state: "up", silent: 0, evictsMore: false, hitsLess: false },
      });
      assertEquals([figures.items, figures.hitRate, sample.fleet.items], [2, 1, 2]);
      assertEquals(typeof figures.rates.evictions, "number");
      const { hot } = await page.event("keys", ({ hot }) => hot?.keys.length > 0, "keys=1");
      assertEquals([hot.keys[0].key, hot.keys[0].label, hot.keys[0].share], [MARKUP, MARKUP, 1]);
    } finally {
      clearInterval(reading);
    }
    assertEquals((await page.ask("/api/big", { method: "POST", body: {} })).status, 202);
    const big = await page.event("big", ({ state }) => state === "done");
    assertEquals(big.items.map(({ key, label }: Record<string, string>) => [key, label]), [
      [MARKUP_WITH_SPACES, "<img src=x onerror=alert(1)>\\u202e"],
      [MARKUP, MARKUP],
    ]);
    let slabs = { isUp: false, rows: [] as Record<string, unknown>[] };
    // The server may be late with its first answer since its keys are watched.
    await until(async () => {
      slabs = await page.json(`/api/slabs?server=${server.address}`);
      return slabs.isUp;
    });
    const { chunkSize, items } = slabs.rows[0] ?? {};
    assertEquals([typeof chunkSize, typeof items], ["number", "number"]);
    for (const key of [MARKUP, MARKUP_WITH_SPACES]) {
      const reply = await page.ask(`/api/inspect?key=${encodeURIComponent(key)}`);
      assertMatch(reply.headers["content-type"] ?? "", /^application\/json/);
      const { isFound, fields } = JSON.parse(reply.text);
      const { server: where, value } = Object.fromEntries(fields);
      assertEquals([isFound, where], [true, server.address]);
      assertMatch(value, key === MARKUP ? /^<script>.*\\u202e$/ : /^<b><b>.*…$/);
    }
    const none = await page.json("/api/inspect?key=none");
    assertEquals([none.isFound, Object.fromEntries(none.fields).server], [false, server.address]);
  });

  Deno.test(`web changes nothing without --write, and logs what it changes with it, on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address);
    await storeMarkup(client);
    const requests = [
      ["/api/delete", { key: MARKUP }],
      ["/api/touch", { key: MARKUP_WITH_SPACES, ttl: "5m" }],
      ["/api/flush", { server: "all servers", confirm: "all servers" }],
    ] as const;
    {
      await using page = await StartedPage.start([server.address]);
      for (const [path, body] of requests) {
        assertEquals((await page.ask(path, { method: "POST", body })).status, 403, path);
      }
      assertEquals((await page.event("hello")).canWrite, false);
      assertEquals(await client.get(MARKUP), "<script>alert(2)</script>\u202e");
    }
    const page = await StartedPage.start([server.address], "--write");
    const order = (path: string, body: unknown) => page.json(path, { method: "POST", body });
    assertEquals((await page.event("hello")).canWrite, true);
    assertEquals(await order("/api/delete", { key: MARKUP }), { isFound: true });
    assertEquals(await order("/api/delete", { key: MARKUP }), { isFound: false });
    assertEquals(await client.get(MARKUP), undefined);
    const touch = { key: MARKUP_WITH_SPACES, ttl: "5m" };
    assertEquals(await order("/api/touch", touch), { isFound: true });
    const path = `/api/inspect?key=${encodeURIComponent(MARKUP_WITH_SPACES)}`;
    assertMatch(Object.fromEntries((await page.json(path)).fields).ttl, /^(5m|4m5\ds)$/);
    assertEquals(await order("/api/touch", { ...touch, ttl: "60d" }), { isFound: true });
    assertMatch(Object.fromEntries((await page.json(path)).fields).ttl, /^(60d|59d23h)$/);
    for (const body of [{ ...touch, ttl: "soon" }, { ttl: "5m" }, { ...touch, ttl: "" }, []]) {
      const { status } = await page.ask("/api/touch", { method: "POST", body });
      assertEquals(status, 400, JSON.stringify(body));
    }
    for (const confirm of ["", "yes", undefined]) {
      const body = { server: server.address, confirm };
      assertEquals((await page.ask("/api/flush", { method: "POST", body })).status, 400);
    }
    await client.set("kept", 1);
    const flush = { server: server.address, confirm: server.address };
    assertEquals(await order("/api/flush", flush), { isFound: true });
    assertEquals(await client.get("kept"), undefined);
    const { code, messages } = await page.end();
    assertEquals([code, messages.trimEnd().split("\n")], [0, [
      `moecache web: delete ${JSON.stringify(MARKUP)}: done`,
      `moecache web: delete ${JSON.stringify(MARKUP)}: not there`,
      `moecache web: touch "<img src=x onerror=alert(1)>\\u202e" 300: done`,
      `moecache web: touch "<img src=x onerror=alert(1)>\\u202e" 5184000: done`,
      `moecache web: flush ${server.address}: done`,
    ]]);
  });
}

Deno.test("every answer of web forbids markup, frames, guesses at its type and other sites", async () => {
  await using server = await MemcachedServer.listen();
  await using page = await StartedPage.start([server.address]);
  const paths = ["/", "/page.js", "/page.css", "/uplot.js", "/uplot.css", "/icon.svg"];
  const others = ["/nothing", "/api/nothing", "/__proto__", "//evil", "/../../etc/passwd"];
  for (const path of [...paths, ...others]) {
    const { status, headers } = await page.ask(path);
    assertEquals(status, paths.includes(path) ? 200 : 404, path);
    const policy = headers["content-security-policy"] as string;
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
      assertStringIncludes(policy, part, path);
    }
    assert(!policy.includes("unsafe"), path);
    assertEquals(headers["x-content-type-options"], "nosniff");
    assertEquals(headers["cross-origin-resource-policy"], "same-origin");
    assertEquals(headers["access-control-allow-origin"], undefined);
  }
  const empty = await page.json("/api/inspect?key=");
  assertEquals([empty.isFound, empty.fields], [false, [["key", ""], ["found", "false"]]]);
  assertEquals((await page.ask("/", { headers: { host: "evil.example" } })).status, 403);
  assertEquals((await page.ask("/", { method: "PUT", headers: {} })).status, 403);
  const origin = `http://${page.url.host}`;
  assertEquals((await page.ask("/", { method: "PUT", headers: { origin } })).status, 405);
  const foreign = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
  assertEquals((await page.ask("/api/events", { headers: foreign })).status, 403);
  const form = { headers: { "content-type": "text/plain" }, method: "POST", body: {} };
  assertEquals((await page.ask("/api/big", form)).status, 400);
  const long = { method: "POST", body: { key: "x".repeat(5000) } };
  assertEquals((await page.ask("/api/big", long)).status, 400);
});

Deno.test("web asks for its token, and keeps it in a cookie that no script reads", async () => {
  await using server = await MemcachedServer.listen();
  await using page = await StartedPage.start([server.address], "--listen", "0.0.0.0:0");
  const token = page.url.searchParams.get("token") ?? "";
  assertMatch(token, /^[\w-]{43}$/);
  page.url.hostname = "127.0.0.1";
  for (const path of ["/", "/page.js", "/api/events", "/api/slabs", "/?token=wrong"]) {
    assertEquals((await page.ask(path)).status, 401, path);
  }
  assertEquals((await page.ask("/api/big", { method: "POST", body: {} })).status, 401);
  const { status, headers } = await page.ask(`/?token=${token}`);
  assertEquals([status, headers.location], [303, "/"]);
  const [cookie = ""] = headers["set-cookie"] ?? [];
  const name = `moecache-${page.url.port}`;
  assertEquals(cookie, `${name}=${token}; Path=/; HttpOnly; SameSite=Strict`);
  const withCookie = { headers: { cookie: `${name}=${token}` } };
  assertEquals((await page.ask("/", withCookie)).status, 200);
  const bearer = { headers: { authorization: `Bearer ${token}` } };
  assertEquals((await page.ask("/page.js", bearer)).status, 200);
  const { headers: others } = await page.ask("/", { headers: { host: "evil.example" } });
  assertEquals(others["set-cookie"], undefined);
});

Deno.test("many pages share one look at the servers, and without pages nothing is asked", async () => {
  let asked = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => {
      if (line === "stats") asked++;
      return undefined;
    },
  });
  await using page = await StartedPage.start([server.address]);
  assertEquals((await page.ask("/")).status, 200);
  assertEquals(asked, 0);
  await Promise.all(Array.from({ length: 20 }, async () => {
    let samples = 0;
    for await (const { name } of page.events()) {
      if (name === "sample" && ++samples === 5) break;
    }
  }));
  // Pages that asked for themselves would have asked a hundred times. A slow server is not asked at each look.
  assert(asked >= 1 && asked < 60, `asked ${asked} times`);
});

Deno.test("a new page gets the history of the charts", async () => {
  await using server = await MemcachedServer.listen();
  await using page = await StartedPage.start([server.address]);
  let samples = 0;
  for await (const { name } of page.events()) {
    if (name === "sample" && ++samples === 3) break;
  }
  const { history, servers } = await page.event("hello");
  assertEquals(servers, [server.address]);
  assert(history.at.length >= 3);
  assertEquals(Object.keys(history.points), ["", server.address]);
  for (const points of Object.values(history.points) as unknown[][]) {
    assertEquals(points.length, history.at.length);
  }
});

Deno.test("a server that cannot be reached is shown as down, and the others continue", async () => {
  await using stays = await MemcachedServer.listen();
  const goes = await MemcachedServer.listen();
  const page = await StartedPage.start([stays.address, goes.address]);
  let isGone = false;
  for await (const { name, data } of page.events("keys=1")) {
    if (name !== "sample") continue;
    const [first, second] = data.servers;
    if (!isGone && first.state === "up" && second.state === "up") {
      isGone = true;
      await goes.close();
    }
    if (second.state !== "down") continue;
    assertEquals([first.state, first.server, second.server], ["up", stays.address, goes.address]);
    assertStringIncludes(second.message, goes.address);
    assertEquals(second.figures, undefined);
    break;
  }
  const slabs = await page.json(`/api/slabs?server=${goes.address}`);
  assertEquals(slabs, { isUp: false, rows: [] });
  const { code, messages } = await page.end();
  assertEquals([code, messages], [0, ""]);
});

Deno.test("web looks at a key, and changes it, on the server beside which it stands", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  const servers = [first.address, second.address];
  await using both = new Client(servers);
  // Another ring has put it where this one does not look.
  const server = servers.find((address) => address !== both.locate("key").server)!;
  await using client = new Client(server);
  await client.set("key", "value");
  const page = await StartedPage.start(servers, "--write");
  const at = async (query: string) => {
    const { isFound, fields } = await page.json(`/api/inspect?key=key${query}`);
    const { server, value, ring } = Object.fromEntries(fields);
    return [isFound, server, value, ring];
  };
  const [, chosen] = await at("");
  assertEquals(await at(""), [false, both.locate("key").server, undefined, undefined]);
  const [isFound, where, value, ring] = await at(`&server=${server}`);
  assertEquals([isFound, where, value], [true, server, "value"]);
  assertStringIncludes(ring, ` looks on ${chosen}: `);
  assertEquals((await page.ask("/api/inspect?key=key&server=nowhere:1")).status, 400);
  const order = (path: string, body: unknown) => page.json(path, { method: "POST", body });
  assertEquals(await order("/api/touch", { key: "key", server, ttl: "5m" }), { isFound: true });
  assertEquals(await order("/api/delete", { key: "key" }), { isFound: false });
  assertEquals(await order("/api/delete", { key: "key", server }), { isFound: true });
  assertEquals(await client.get("key"), undefined);
  const { messages } = await page.end();
  assertStringIncludes(messages, `delete "key" on ${server}: done`);
});

Deno.test("a key of other bytes is found although another server cannot be reached", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.meta("ms", btoa("\xff"), ["b"], "a key that is no UTF-8");
  const page = await StartedPage.start(["127.0.0.1:1", server.address], "--write");
  const key = "\xff";
  const path = `/api/inspect?key=${encodeURIComponent(key)}`;
  const { isFound, fields } = await page.json(path);
  assertEquals([isFound, Object.fromEntries(fields).server], [true, server.address]);
  const remove = () => page.ask("/api/delete", { method: "POST", body: { key } });
  assertEquals(JSON.parse((await remove()).text), { isFound: true });
  // Now the other one may have it, or not.
  for (const response of [await remove(), await page.ask(path)]) {
    assertEquals(response.status, 502);
    assertStringIncludes(response.text, "Cannot connect to 127.0.0.1:1");
  }
  await page.end();
});

Deno.test("web ends with its pages open, and frees a page that goes in the middle of an event", async () => {
  await using server = await MemcachedServer.listen();
  const page = await StartedPage.start([server.address]);
  const { hostname, port, host } = page.url;
  const socket = connect(Number(port), hostname);
  socket.write(`GET /api/events HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.destroy();
  const events = page.events();
  await events.next();
  const { code } = await page.end();
  const rest = [];
  for await (const { name } of events) rest.push(name);
  assertEquals([code, rest.every((name) => name !== "hello")], [0, true]);
});

Deno.test("web refuses a command line that makes no sense", async () => {
  for (const args of ["--listen nowhere", "--listen :x", "--every 1ms", "--every soon"]) {
    const { code } = await moecache(`web ${args}`);
    assertEquals(code, 2, args);
  }
});
