/** The examples for Bun, Node and workerd, on real memcached; the lane for the examples runs them. */

import { assertEquals, assertMatch } from "@std/assert";
import { MemcachedProcess } from "../support/memcached.ts";
import { exec } from "../package/exec.ts";
import { install, installEsbuild, NEWEST_BUN, USUAL_NODE, WORKERD } from "../package/tool.ts";
import { PACKAGES } from "./packages.ts";
import { Program } from "./program.ts";

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
  const url = await program.prints(/Listening on (\S+)\n/);
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
