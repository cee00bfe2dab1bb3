import { assert, assertEquals } from "@std/assert";
import { Client } from "../../mod.ts";
import type { Task } from "./get_or_set_process.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { OldMemcached } from "../support/old_memcached.ts";

const SCRIPT = new URL("get_or_set_process.ts", import.meta.url).href;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const PROCESSES = 8;
const CALLERS = 50;
const ignore = memcachedPath() === undefined;

/** Runs the processes, and kills the first that loads if its load hangs; resolves to all they printed. */
async function runAll(task: Task): Promise<string[]> {
  let isKilled = !task.firstHangs;
  const outputs = Array.from({ length: PROCESSES }, async () => {
    const process = start(task);
    let output = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (isKilled || !output.startsWith("loading\n")) continue;
      isKilled = true;
      process.kill("SIGKILL");
    }
    await process.status;
    return output.split("\n").slice(0, -1);
  });
  return (await Promise.all(outputs)).flat();
}

function start(task: Task): Deno.ChildProcess {
  const args = ["run", "-A", "--no-check", "--config", CONFIG, SCRIPT, JSON.stringify(task)];
  return new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped" }).spawn();
}

type Start = () => Promise<AsyncDisposable & { readonly address: string }>;

async function countLoads(
  start: Start,
  task: Omit<Task, "address" | "key" | "callers">,
  prepare?: (client: Client) => Promise<unknown>,
): Promise<{ loads: unknown; counts: Record<string, number> }> {
  await using memcached = await start();
  await using client = new Client(memcached.address);
  await prepare?.(client);
  const { address } = memcached;
  const lines = await runAll({ ...task, address, key: "key", callers: CALLERS });
  const counts: Record<string, number> = {};
  for (const line of lines) counts[line] = (counts[line] ?? 0) + 1;
  return { loads: await client.get("loads"), counts };
}

const KINDS: Readonly<Record<string, Start>> = {
  "": () => MemcachedProcess.start(),
  ", on a server without meta commands": () => OldMemcached.start(),
};

for (const [where, start] of Object.entries(KINDS)) {
  Deno.test({
    name: `getOrSet loads once for 8 processes of 50 callers each${where}`,
    ignore,
    fn: async () => {
      const task = { lockFor: 30, waitFor: 30, loadTime: 500, firstHangs: false };
      const { loads, counts } = await countLoads(start, task);
      assertEquals(loads, "1");
      assertEquals(counts, { loading: 1, "got load 1": PROCESSES * CALLERS });
    },
  });

  Deno.test({
    name: `getOrSet loads twice for 8 processes when the one that loads is killed${where}`,
    ignore,
    fn: async () => {
      const task = { lockFor: 3, waitFor: 30, loadTime: 500, firstHangs: true };
      const { loads, counts } = await countLoads(start, task);
      assertEquals(loads, "2");
      assertEquals(counts, { loading: 2, "got load 2": (PROCESSES - 1) * CALLERS });
    },
  });

  Deno.test({
    name: `getOrSet serves the stale value when the process that refreshes it is killed${where}`,
    ignore,
    fn: async () => {
      const task = { lockFor: 30, waitFor: 30, loadTime: 0, firstHangs: true };
      const { loads, counts } = await countLoads(start, task, async (client) => {
        await client.set("key", "stale");
        await client.invalidate("key");
      });
      assertEquals(loads, "1");
      assertEquals(counts, { loading: 1, "got stale": (PROCESSES - 1) * CALLERS });
    },
  });

  Deno.test({
    name:
      `getOrSet serves the stale value and then loads once more when the one that refreshes is killed${where}`,
    ignore,
    fn: async () => {
      const rounds = 10;
      const task = { lockFor: 3, waitFor: 0, loadTime: 100, firstHangs: true, rounds };
      const { loads, counts } = await countLoads(start, task, async (client) => {
        await client.set("key", "stale");
        await client.invalidate("key");
      });
      assertEquals(loads, "2");
      const { loading, "got stale": stale = 0, "got load 2": fresh = 0, ...others } = counts;
      assertEquals([loading, others], [2, {}]);
      assertEquals(stale + fresh, (PROCESSES - 1) * CALLERS * rounds);
      // Each asks for longer than the lease of the dead lasts; and some begin before it has ended.
      const isServed = stale >= CALLERS && fresh >= (PROCESSES - 1) * CALLERS;
      assert(isServed, `${stale} stale, ${fresh} fresh`);
    },
  });
}
