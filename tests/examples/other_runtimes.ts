/** The examples for Bun, Node and workerd, on real memcached; the lane for the examples runs them. */

import { assertEquals, assertMatch } from "@std/assert";
import { MemcachedProcess } from "../support/memcached.ts";
import { exec } from "../package/exec.ts";
import {
  install,
  installEsbuild,
  NEWEST_BUN,
  type Tool,
  USUAL_NODE,
  WORKERD,
} from "../package/tool.ts";
import { PACKAGES } from "./packages.ts";
import { Program } from "./program.ts";

const LISTENING = /Listening on (\S+)\n/;

/** Puts an example where it finds its packages. */
async function copy(example: string): Promise<string> {
  const name = `program.${example}`;
  await Deno.copyFile(
    new URL(`../../examples/${example}`, import.meta.url),
    new URL(name, PACKAGES),
  );
  return name;
}

Deno.test("bun_serve.ts renders a page once, and also without memcached", async () => {
  await using memcached = await MemcachedProcess.start();
  const env = { MEMCACHED: memcached.address, PORT: "0" };
  await using program = new Program(
    await install(NEWEST_BUN),
    [await copy("bun_serve.ts")],
    env,
    PACKAGES,
  );
  const url = await program.prints(LISTENING);
  const ask = async (path: string) => await (await fetch(`${url}${path}`)).text();
  const first = await ask("about");
  assertMatch(first, /^<h1>\/about<\/h1>/);
  assertEquals(await ask("about"), first);
  assertMatch(await ask("home"), /^<h1>\/home<\/h1>/);
  await memcached.kill();
  assertMatch(await ask("about"), /^<h1>\/about<\/h1>/);
});

Deno.test("migrate_from_memjs.mjs reads what memjs wrote", async () => {
  await using first = await MemcachedProcess.start();
  await using second = await MemcachedProcess.start();
  const env = { MEMCACHED: `${first.address},${second.address}` };
  await using program = new Program(
    await install(USUAL_NODE),
    [await copy("migrate_from_memjs.mjs")],
    env,
    PACKAGES,
  );
  assertEquals(await program.ends(), {
    code: 0,
    output: "Hello from memjs\n{ name: 'Ada', born: 1815 }\n",
  });
});

/** Starts an example; each has a port of its own. */
async function start(tool: Tool, example: string, memcached: string): Promise<Program> {
  const own = { SESSION_SECRET: "a secret of 32 characters or more", WINDOW_MS: "86400000" };
  const servers = { MEMCACHED: memcached, MEMCACHIER_SERVERS: memcached };
  const env = { ...servers, PORT: "0", ...own };
  return new Program(await install(tool), [await copy(example)], env, PACKAGES);
}

/** An example that runs as two servers, beside one memcached. */
class TwoServers implements AsyncDisposable {
  readonly memcached: MemcachedProcess;
  /** The addresses of the servers. */
  readonly first: string;
  readonly second: string;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    memcached: MemcachedProcess,
    [first, second]: readonly [string, string],
    parts: AsyncDisposableStack,
  ) {
    this.memcached = memcached;
    this.first = first;
    this.second = second;
    this.#parts = parts;
  }

  static async start(example: string, tool: Tool = USUAL_NODE): Promise<TwoServers> {
    await using parts = new AsyncDisposableStack();
    const memcached = parts.use(await MemcachedProcess.start());
    const one = parts.use(await start(tool, example, memcached.address));
    const two = parts.use(await start(tool, example, memcached.address));
    const addresses = [await one.prints(LISTENING), await two.prints(LISTENING)] as const;
    return new TwoServers(memcached, addresses, parts.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

const SESSIONS = [
  ["express_sessions.mjs", USUAL_NODE],
  ["react_router_sessions.mjs", USUAL_NODE],
  ["hono_sessions.mjs", NEWEST_BUN],
] as const;

for (const [example, tool] of SESSIONS) {
  Deno.test(`${example} keeps sessions on two servers, and asks to try again without memcached`, async () => {
    await keepSessions(example, tool);
  });
}

async function keepSessions(example: string, tool: Tool): Promise<void> {
  await using servers = await TwoServers.start(example, tool);
  const { memcached, first, second } = servers;
  let cookie = "";
  const ask = async (url: string): Promise<[status: number, text: string]> => {
    const response = await fetch(url, { headers: { Cookie: cookie } });
    // The last one counts: hono-sessions may set a cookie twice.
    const given = response.headers.getSetCookie().at(-1);
    if (given !== undefined) cookie = given.split(";", 1)[0] ?? "";
    return [response.status, await response.text()];
  };
  assertEquals(await ask(first), [200, "You have been here 1 times\n"]);
  assertEquals(await ask(second), [200, "You have been here 2 times\n"]);
  assertEquals(await ask(`${first}logout`), [200, "Goodbye\n"]);
  assertEquals(await ask(second), [200, "You have been here 1 times\n"]);
  await memcached.kill();
  assertEquals(await ask(first), [503, "Please try again\n"]);
}

Deno.test("unstorage.mjs keeps notes for two servers, and asks to try again without memcached", async () => {
  await using servers = await TwoServers.start("unstorage.mjs");
  const { memcached, first, second } = servers;
  const ask = async (url: string, init?: RequestInit) => {
    const response = await fetch(url, init);
    return [response.status, await response.text()];
  };
  const put = (body: string) => ({ method: "PUT", body });
  assertEquals(await ask(`${first}shopping`, put("Buy tea")), [201, "Noted\n"]);
  assertEquals(await ask(`${second}shopping`), [200, "Buy tea\n"]);
  assertEquals(await ask(`${first}json`, put('{"tea":1}')), [201, "Noted\n"]);
  assertEquals(await ask(`${second}json`), [200, '{"tea":1}\n']);
  assertEquals(await ask(`${second}garden`), [404, "There is no such note\n"]);
  await memcached.kill();
  assertEquals(await ask(`${first}shopping`), [503, "Please try again\n"]);
  assertEquals(await ask(`${second}garden`, put("Water it")), [503, "Please try again\n"]);
});

for (const [example, tool] of [["keyv.mjs", USUAL_NODE], ["hono_cache.mjs", NEWEST_BUN]] as const) {
  Deno.test(`${example} renders a page once on two servers, and each time without memcached`, async () => {
    await renderOnce(example, tool);
  });
}

async function renderOnce(example: string, tool: Tool): Promise<void> {
  await using servers = await TwoServers.start(example, tool);
  const { memcached, first, second } = servers;
  using client = Deno.createHttpClient({ allowHost: true });
  // Hono keeps a page for each host, and two servers behind one address have the same.
  const init = { headers: { Host: "www.example.com" }, client };
  const ask = async (url: string) => await (await fetch(url, init)).text();
  const page = await ask(`${first}about`);
  assertMatch(page, /^\/about rendered at /);
  assertEquals([await ask(`${second}about`), await ask(`${first}about`)], [page, page]);
  await memcached.kill();
  const made = [page, await ask(`${first}about`), await ask(`${first}about`)];
  assertEquals(new Set(made).size, 3);
}

Deno.test("memjs_drop_in.mjs counts visits to two servers, and continues without memcached", async () => {
  await using servers = await TwoServers.start("memjs_drop_in.mjs");
  const { memcached, first, second } = servers;
  const ask = async (url: string) => await (await fetch(url)).text();
  assertEquals(await ask(`${first}tea`), "Visit 1; the last was to /tea\n");
  assertEquals(await ask(`${second}tea`), "Visit 2; the last was to /tea\n");
  assertEquals(await ask(`${second}coffee`), "Visit 1; the last was to /coffee\n");
  await memcached.kill();
  assertEquals(await ask(`${first}tea`), "Visits are not counted now\n");
});

Deno.test("memcached_drop_in.mjs renders a page once on two servers, and each time without memcached", async () => {
  await using servers = await TwoServers.start("memcached_drop_in.mjs");
  const { memcached, first, second } = servers;
  const ask = async (url: string) => await (await fetch(url)).text();
  const page = await ask(`${first}about`);
  assertEquals(JSON.parse(page).path, "/about");
  // A page is stored after it has been served: meanwhile the other server may render it, too.
  let shared;
  do shared = await ask(`${first}about`); while (
    await ask(`${second}about`) !== shared || await ask(`${first}about`) !== shared
  );
  await memcached.kill();
  const made = [page, await ask(`${first}about`), await ask(`${first}about`)];
  assertEquals(new Set(made).size, 3);
});

for (const example of ["express_rate_limit.mjs", "fastify_rate_limit.mjs"]) {
  Deno.test(`${example} turns the sixth request away on two servers, and none without memcached`, async () => {
    await limitRate(example);
  });
}

async function limitRate(example: string): Promise<void> {
  await using servers = await TwoServers.start(example);
  const { memcached, first, second } = servers;
  const ask = async (url: string) => {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status;
  };
  const statuses = [];
  for (const url of [first, second, first, second, first, second, first]) {
    statuses.push(await ask(url));
  }
  assertEquals(statuses, [200, 200, 200, 200, 200, 429, 429]);
  await memcached.kill();
  assertEquals([await ask(first), await ask(second)], [200, 200]);
}

Deno.test("bentocache.mjs renders a page once on two servers, and on each without memcached", async () => {
  await using servers = await TwoServers.start("bentocache.mjs");
  const { memcached, first, second } = servers;
  const ask = async (url: string) => await (await fetch(url)).text();
  const page = await ask(`${first}about`);
  assertMatch(page, /^\/about rendered at /);
  assertEquals([await ask(`${second}about`), await ask(`${first}about`)], [page, page]);
  await memcached.kill();
  assertEquals(await ask(`${first}about`), page);
  const home = await ask(`${second}home`);
  assertMatch(home, /^\/home rendered at /);
  assertEquals(await ask(`${second}home`), home);
});

Deno.test("workers_hono.mjs computes a result once, and also without memcached, on workerd", async () => {
  await using memcached = await MemcachedProcess.start();
  await bundleWorker(await copy("workers_hono.mjs"));
  await Deno.writeTextFile(new URL("program.capnp", PACKAGES), config(memcached.address));
  const args = ["serve", "program.capnp", "--control-fd=1"];
  await using program = new Program(await install(WORKERD), args, {}, PACKAGES);
  const port = await program.prints(/"event":"listen","socket":"http","port":(\d+)/);
  const ask = async () => await (await fetch(`http://127.0.0.1:${port}/primes/1000`)).json();
  const first = await ask();
  assertEquals([first.limit, first.primes], [1000, 168]);
  assertEquals(await ask(), first);
  const missing = await fetch(`http://127.0.0.1:${port}/primes/none`);
  assertEquals([missing.status, await missing.text()], [404, "404 Not Found"]);
  await memcached.kill();
  assertEquals((await ask()).primes, 168);
});

async function bundleWorker(name: string): Promise<void> {
  const args = [name, "--bundle", "--format=esm", "--outfile=program.worker.js"];
  await exec(await installEsbuild(), args, { cwd: PACKAGES });
}

function config(memcached: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = (
      modules = [(name = "worker", esModule = embed "program.worker.js")],
      compatibilityDate = "2026-04-01",
      bindings = [(name = "MEMCACHED", text = ${JSON.stringify(memcached)})],
    )),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
`;
}
