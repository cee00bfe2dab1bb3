/** Through proxies, as they are and as the embedded server imitates them, one of whose servers is dead. @module */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  Client,
  ClientException,
  PartialClientException,
  SocketError,
  ValidationException,
} from "../../mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import { deadBackend, MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess, programPath } from "../support/memcached.ts";
import { turn, until } from "../support/turns.ts";

/** A port of 127.0.0.1 that nothing listens on. */
function deadPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function refusalOf(operation: Promise<unknown>): Promise<unknown> {
  try {
    return { resolved: await operation };
  } catch (error) {
    if (error instanceof ClientException) return String(error.item).split(" ", 1)[0];
    throw error;
  }
}

/** Waits until a proxy that has just begun to listen has reached its server. */
async function reaches(client: Client, key: string): Promise<void> {
  await until(async () => await refusalOf(client.get(key)) !== "SERVER_ERROR");
}

/** Asks for dead and living keys in one turn, again and again. */
async function expectOwnAnswers(client: Client, live: string[], dead: string): Promise<void> {
  const [a, b, absent] = live as [string, string, string];
  await client.set(a, "value of a");
  await client.set(b, "value of b");
  for (let times = 0; times < 20; times++) {
    const outcomes = await Promise.all([
      refusalOf(client.get(dead)),
      client.get(absent),
      client.gets(a).then((item) => item?.value),
      client.get(a),
      refusalOf(client.gets(dead)),
      client.get(b),
    ]);
    assertEquals(outcomes, [
      "SERVER_ERROR",
      undefined,
      "value of a",
      "value of a",
      "SERVER_ERROR",
      "value of b",
    ]);
  }
  const error = await client.getMany([...live, dead]).catch((error) => error);
  assert(error instanceof PartialClientException, `${error}`);
  assertEquals([...error.failures.keys()], [dead]);
  assertEquals(error.results, new Map([[a, "value of a"], [b, "value of b"]]));
}

/** Asks as {@linkcode expectOwnAnswers} does; that brings one new connection, and no failure. */
async function expectPeace(address: string, live: string[], dead: string): Promise<void> {
  await using client = new Client(address, { failuresBeforeDead: 1 });
  const faults: string[] = [];
  client.addEventListener("error", ({ error }) => faults.push(String(error)));
  const connections = async () => Number((await client.stats())[0]!.total_connections);
  await reaches(client, live[0]!);
  const before = await connections();
  await expectOwnAnswers(client, live, dead);
  assertEquals(await connections(), before + 1);
  assertEquals(faults, []);
}

for (const proxy of ["memcached", "twemproxy"] as const) {
  Deno.test(`Client gives every operation its own answer behind an embedded server that refuses like ${proxy}`, async () => {
    const fault = deadBackend((key) => key.startsWith("dead"), proxy);
    await using server = await MemcachedServer.listen({ fault });
    await expectPeace(server.address, ["live:a", "live:b", "live:absent"], "dead:a");
  });
}

/** Keys that begin with `dead` live on a server that is. A route is written differently from 1.6.23 on. */
const routes = (live: number, dead: number) => `
function mcp_config_pools()
  local live = mcp.backend("live", "127.0.0.1", "${live}")
  local dead = mcp.backend("dead", "127.0.0.1", "${dead}")
  return { live = mcp.pool({ live }), dead = mcp.pool({ dead }) }
end
function mcp_config_routes(pools)
  local isDead = function(request) return string.sub(request:key(), 1, 4) == "dead" end
  if mcp.funcgen_new == nil then
    mcp.attach(mcp.CMD_ANY_STORAGE, function(request)
      return isDead(request) and pools.dead(request) or pools.live(request)
    end)
    return
  end
  local generator = mcp.funcgen_new()
  local live = generator:new_handle(pools.live)
  local dead = generator:new_handle(pools.dead)
  generator:ready({ n = "route", f = function(context)
    return function(request)
      return context:enqueue_and_wait(request, isDead(request) and dead or live)
    end
  end })
  mcp.attach(mcp.CMD_ANY_STORAGE, generator)
end
`;

function hasProxy(): boolean {
  const path = memcachedPath();
  if (path === undefined) return false;
  const { stdout } = new Deno.Command(path, { args: ["-h"] }).outputSync();
  return new TextDecoder().decode(stdout).includes("proxy_config");
}

const lacksProxy = hasProxy() ? "" : ": skipped, this memcached is built without --enable-proxy";

Deno.test({
  name: `Client gives every operation its own answer through memcached's proxy${lacksProxy}`,
  ignore: lacksProxy !== "",
  fn: async () => {
    await using live = await MemcachedProcess.start();
    const config = await Deno.makeTempFile({ suffix: ".lua" });
    try {
      await Deno.writeTextFile(config, routes(live.port, deadPort()));
      await using proxy = await MemcachedProcess.start(["-o", `proxy_config=${config}`]);
      await expectPeace(proxy.address, ["live:a", "live:b", "live:absent"], "dead:a");
    } finally {
      await Deno.remove(config);
    }
  },
});

const nutcracker = programPath("nutcracker");
const lacksTwemproxy = nutcracker === undefined ? ": skipped, nutcracker is not on the PATH" : "";

Deno.test({
  name: `Client gives every operation its own answer through twemproxy${lacksTwemproxy}`,
  ignore: nutcracker === undefined || memcachedPath() === undefined,
  fn: async () => {
    await using live = await MemcachedProcess.start();
    const config = await Deno.makeTempFile({ suffix: ".yml" });
    try {
      const port = deadPort();
      await Deno.writeTextFile(config, twemproxyConfig(port, [live.port, deadPort()]));
      await using _proxy = start(nutcracker!, ["-c", config, "-s", `${deadPort()}`]);
      await using client = new Client(`127.0.0.1:${port}`);
      const { live: keys, dead } = await sortKeys(client);
      await expectOwnAnswers(client, keys, dead);
    } finally {
      await Deno.remove(config);
    }
  },
});

const twemproxyConfig = (port: number, servers: number[]) => `
pool:
  listen: 127.0.0.1:${port}
  hash: fnv1a_64
  distribution: ketama
  timeout: 2000
  auto_eject_hosts: false
  servers:
${servers.map((port) => `   - 127.0.0.1:${port}:1`).join("\n")}
`;

function start(program: string, args: string[]): AsyncDisposable {
  const child = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
    },
  };
}

/** Finds out which keys live on a server that is dead. */
async function sortKeys(client: Client): Promise<{ live: string[]; dead: string }> {
  const live: string[] = [];
  const dead: string[] = [];
  for (let i = 0; live.length < 3 || dead.length === 0; i++) {
    const refusal = await refusalOf(client.get(`key${i}`)).catch(() => undefined);
    if (refusal === "SERVER_ERROR") dead.push(`key${i}`);
    else if (refusal !== undefined) live.push(`key${i}`);
    // It does not listen yet.
    else await turn();
  }
  return { live, dead: dead[0]! };
}

/** A twemproxy before a memcached, where both are installed; else the embedded server that is like one. */
async function withTwemproxy(body: (address: string) => Promise<void>): Promise<void> {
  await using embedded = await MemcachedServer.listen({ imitate: "twemproxy 0.5" });
  await body(embedded.address);
  if (nutcracker === undefined || memcachedPath() === undefined) return;
  await using live = await MemcachedProcess.start();
  const config = await Deno.makeTempFile({ suffix: ".yml" });
  try {
    const port = deadPort();
    await Deno.writeTextFile(config, twemproxyConfig(port, [live.port]));
    await using _proxy = start(nutcracker, ["-c", config, "-s", `${deadPort()}`]);
    await using client = new Client(`127.0.0.1:${port}`);
    await until(async () => await client.get("key").catch(() => "refused") !== "refused");
    await body(`127.0.0.1:${port}`);
  } finally {
    await Deno.remove(config);
  }
}

Deno.test('proxy: "twemproxy" does without what twemproxy does not know', () =>
  withTwemproxy(async (address) => {
    await using client = new Client(address, { proxy: "twemproxy", failuresBeforeDead: 1 });
    await using other = new Client(address, { proxy: "twemproxy" });
    const faults: string[] = [];
    client.addEventListener("error", ({ error }) => faults.push(String(error)));
    const options = { exptime: 60, staleFor: 30 };
    const values = await Promise.all(
      [client, other].flatMap((each) => [1, 2].map(() => each.getOrSet("a", () => 1, options))),
    );
    assertEquals(values, [1, 1, 1, 1]);
    assertEquals(await client.invalidate("a"), true);
    assertEquals(await other.getOrSet("a", () => 2, options), 2);
    assertEquals((await client.inspect("a"))?.size, 5);
    await (await lock(client, "lock", { ttl: 5 })).release();
    assertEquals(await once(client, "once", () => 1), 1);
    assertEquals(await client.namespace("n:").getOrSet("key", () => 1), 1);
    assertEquals(await client.update("a", () => 3), 3);
    const unknown: Record<string, () => unknown> = {
      'gat key "a"': () => client.getAndTouch("a", 60),
      'mg key "a"': () => client.meta("mg", "a", ["v"]),
      "a command to all servers": () => client.stats(),
      "a command to all servers ": () => client.flushAll(),
      " a command to all servers": async () => (await client.items().next()).value,
    };
    for (const [name, ask] of Object.entries(unknown)) {
      const message = `Cannot send ${name.trim()}: twemproxy does not know it`;
      await assertRejects(async () => void await ask(), ValidationException, message);
    }
    assertEquals([await client.get("a"), faults], [3, []]);
  }));

Deno.test("an operation that makes twemproxy close the connection is named, and not sent again", () =>
  withTwemproxy(async (address) => {
    await using client = new Client(address, { retries: 3 });
    const known: Record<string, () => Promise<unknown>> = {
      'mg key "a"': () => client.meta("mg", "a", ["v"]),
      'mg key "b"': () => client.getOrSet("b", () => 1),
      "request stats of": () => client.stats(),
      "send flush_all to": () => client.flushAll(),
    };
    for (const [name, ask] of Object.entries(known)) {
      const error = await assertRejects(ask, SocketError, `Cannot ${name}`);
      assertStringIncludes(error.message, "a proxy may do so for a command that it does not know");
      // The client goes on over another connection.
      assertEquals(await client.get("a"), undefined);
    }
  }));

Deno.test("proxy is one that there is", () => {
  const make = () => new Client("h", { proxy: "nginx" as "twemproxy" });
  assertThrows(make, ValidationException, 'Cannot use proxy "nginx"');
});
