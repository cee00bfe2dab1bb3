/** Applications of Next.js 16 and 15, built and started twice on Node: two processes share one memcached. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { MemcachedServer } from "@moecache/moecache/testing";
import { Program } from "../../examples/program.ts";
import { installLocked } from "../../package/npm_folder.ts";
import { MemcachedProcess } from "../../support/memcached.ts";
import { type App, buildApp, NEXT_15_APP, NEXT_APP, type Nodes } from "./built_apps.ts";

/** What both versions share between processes, and what revalidates it. */
const PAGES = {
  "/page": "/revalidate?path=/page",
  "/page?": "/revalidate?tag=page",
  "/data": "/revalidate?tag=data",
  "/old": "/api/again",
};
/** What Next.js 16 shares as well. */
const REMOTE = {
  "/remote?name=a&length=0": "/revalidate?tag=remote:a",
  "/remote?name=b&length=0": "/revalidate?path=/remote",
  "/remote?name=large&length=3000000": "/revalidate?tag=remote:large",
};
const LARGE = "/remote?name=large&length=3000000";

/** The examples that the applications use as they are. */
const EXAMPLES = ["next_cache_handler.mjs", "next_pages_handler.mjs"];

/** What the application of Next.js 15 has of the other. */
const COPIED = [
  "app/data/route.js",
  "app/layout.js",
  "app/revalidate/route.js",
  "pages/api/again.js",
  "pages/old.js",
];

/** It sends no reports. */
const ENVIRONMENT = { NEXT_TELEMETRY_DISABLED: "1" };

const NEXT = "node_modules/next/dist/bin/next";

await copyAll(COPIED, NEXT_APP.folder, NEXT_15_APP.folder);
const next16 = await buildNext(NEXT_APP);
const next15 = await buildNext(NEXT_15_APP);

/** An application, and what runs it. */
interface Built {
  readonly app: App;
  readonly nodes: Nodes;
}

/** Builds an application. No memcached is there meanwhile. */
async function buildNext(app: App): Promise<Built> {
  await installLocked(app.folder);
  const examples = new URL("node_modules/.examples/", app.folder);
  await copyAll(EXAMPLES, new URL("../../../examples/", import.meta.url), examples);
  return { app, nodes: await buildApp(app, ENVIRONMENT) };
}

async function copyAll(paths: readonly string[], from: URL, to: URL): Promise<void> {
  for (const path of paths) {
    const target = new URL(path, to);
    await Deno.mkdir(new URL(".", target), { recursive: true });
    await Deno.copyFile(new URL(path, from), target);
  }
}

/** How long what happens in the background may take, on a busy machine. */
const PATIENCE = 60_000;
const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/;

/** Two processes of the application. */
class Deployment implements AsyncDisposable {
  readonly #programs: readonly Program[];
  readonly #urls: readonly string[];

  constructor(programs: readonly Program[], urls: readonly string[]) {
    this.#programs = programs;
    this.#urls = urls;
  }

  /** Starts them, the second with a newer Node. */
  static async start({ app, nodes }: Built, address: string): Promise<Deployment> {
    const { oldest, usual } = nodes;
    // On a busy machine, memcached may take longer than the examples wait for it.
    const env = { ...ENVIRONMENT, MEMCACHED_SERVERS: address, MEMCACHED_TIMEOUT: `${PATIENCE}` };
    const args = [NEXT, "start", "--hostname", "127.0.0.1", "--port", "0"];
    const programs = [oldest, usual].map((node) => new Program(node, args, env, app.folder));
    const urls = await Promise.all(programs.map((program) => {
      return program.prints(/Local:\s+(http:\S+)/);
    }));
    return new Deployment(programs, urls);
  }

  /** Asks a process; resolves to what it answered, and how Next found it. */
  async ask(process: 0 | 1, path: string): Promise<{ text: string; cache: string | null }> {
    const response = await fetch(this.#urls[process] + path);
    const text = await response.text();
    assertEquals(response.status, 200, `${path}: ${text}`);
    return { text, cache: response.headers.get("x-nextjs-cache") };
  }

  /** What a process made or found: the number that no other has made. */
  async made(process: 0 | 1, path: string): Promise<string> {
    const { text } = await this.ask(process, path);
    const [uuid] = UUID.exec(text) ?? [];
    assert(uuid !== undefined, text);
    return uuid;
  }

  /** Waits until both processes answer the same again and again, and something else than before. */
  async agree(path: string, before?: string): Promise<string> {
    const deadline = Date.now() + PATIENCE;
    while (Date.now() < deadline) {
      const made = [];
      for (const process of [0, 1, 0, 1] as const) made.push(await this.made(process, path));
      const [one] = made;
      if (one !== undefined && one !== before && new Set(made).size === 1) return one;
      // What a process has made is stored after it has answered.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`They do not agree on ${path}, which was ${before}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program[Symbol.asyncDispose]()));
  }
}

/**
 * @param revalidations What is shared, and what revalidates it.
 * @param processes Those that revalidate, one after the other.
 */
async function shareAndRevalidate(
  next: Deployment,
  revalidations: Readonly<Record<string, string>>,
  processes: readonly (0 | 1)[],
): Promise<void> {
  for (const [path, revalidation] of Object.entries(revalidations)) {
    let before = await next.agree(path);
    for (const process of processes) {
      await next.ask(process, revalidation);
      before = await next.agree(path, before);
    }
  }
}

/** Tests a deployment without memcached, and then with it again. */
async function loseMemcached(built: Built, paths: readonly string[]): Promise<void> {
  const memcached = await MemcachedProcess.start();
  const { address, port } = memcached;
  await using next = await Deployment.start(built, address);
  const before = new Map<string, string>();
  for (const path of paths) before.set(path, await next.agree(path));
  await memcached.kill();
  for (const path of paths) {
    const made = [await next.made(0, path), await next.made(1, path), await next.made(0, path)];
    assertEquals(new Set([...made, before.get(path)]).size, 4, path);
  }
  // Next reports that it cannot, and goes on.
  await next.ask(0, "/revalidate?tag=page");
  await using _back = await MemcachedProcess.start([], { port });
  for (const path of paths) assertNotEquals(await next.agree(path), before.get(path));
}

Deno.test("Next.js: two processes share entries and pages on memcached, and revalidate them", async () => {
  await using memcached = await MemcachedProcess.start();
  await using next = await Deployment.start(next16, memcached.address);
  await shareAndRevalidate(next, { ...REMOTE, ...PAGES }, [0, 1]);
  const { text } = await next.ask(0, LARGE);
  assertEquals(text.length, 3_000_036);
  assert(text === (await next.ask(1, LARGE)).text);
});

Deno.test("Next.js: two processes share entries and pages on the embedded server", async () => {
  await using server = await MemcachedServer.listen();
  await using next = await Deployment.start(next16, server.address);
  await shareAndRevalidate(next, { ...REMOTE, ...PAGES }, [1]);
});

Deno.test("Next.js: a stale page is served by both processes, until one has rendered it again", async () => {
  await using memcached = await MemcachedProcess.start();
  await using next = await Deployment.start(next16, memcached.address);
  const before = await next.agree("/page");
  await next.ask(0, "/revalidate?tag=page&expire=3600");
  const { text, cache } = await next.ask(1, "/page");
  // Next may have answered before it had revalidated.
  if (cache === "STALE") assert(text.includes(before));
  else assertEquals([cache, UUID.exec(text)?.[0]], ["HIT", before]);
  await next.agree("/page", before);
});

Deno.test("Next.js: pages are rendered while memcached is down, and shared when it is back", async () => {
  await loseMemcached(next16, ["/remote?name=a&length=0", "/page", "/data", "/old"]);
});

Deno.test("Next.js 15: two processes share pages and data on memcached, and revalidate them", async () => {
  await using memcached = await MemcachedProcess.start();
  await using next = await Deployment.start(next15, memcached.address);
  await shareAndRevalidate(next, PAGES, [0, 1]);
});

Deno.test("Next.js 15: pages are rendered while memcached is down, and shared when it is back", async () => {
  await loseMemcached(next15, ["/page", "/data", "/old"]);
});
