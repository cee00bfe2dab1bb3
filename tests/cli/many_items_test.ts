/** Many items, through real processes. `deno task test:all` takes 200,000 of them. */

import { Client, rawTranscoder } from "@moecache/moecache";
import { assert, assertEquals } from "@std/assert";
import { extent } from "../support/extent.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";

const ITEMS = extent(4000, 200_000);
/** How many items are stored, or read, together. */
const BATCH = 1000;
const PROGRAM = new URL("../../src/cli/mod.ts", import.meta.url).pathname;
const MOECACHE = `"${Deno.execPath()}" run --no-check -A "${PROGRAM}"`;
const RAW = rawTranscoder({ withFlags: true });
const ignore = memcachedPath() === undefined;

/** Runs a line of a shell, in which `moecache` is the program. */
async function shell(line: string) {
  const script = `set -o pipefail; moecache() { ${MOECACHE} "$@"; }; ${line}`;
  const { code, stdout, stderr } = await new Deno.Command("bash", { args: ["-c", script] })
    .output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, output: decode(stdout), messages: decode(stderr) };
}

/** Items of several sizes, flags and lifetimes, and some whose keys are any bytes. */
async function fill(client: Client): Promise<string[]> {
  const keys = Array.from({ length: ITEMS }, (_, i) => `item:${i}`);
  const raw = client.withTranscoder(RAW);
  for (let at = 0; at < ITEMS; at += BATCH) {
    await Promise.all(
      keys.slice(at, at + BATCH).map((key, j) => {
        const i = at + j;
        const size = i % 5000 === 0 ? 100_000 : i % 200;
        const data = Uint8Array.from({ length: size }, (_, at) => i * 31 + at * 7);
        return raw.set(key, { flags: i % 3 === 0 ? 0 : i, data }, i % 4 === 0 ? 0 : 600 + i % 1000);
      }),
    );
  }
  for (let i = 0; i < 100; i++) {
    await client.meta("ms", btoa(`\xff\n${i}`), ["b", `F${i}`, "T900"], `value ${i}`);
  }
  return keys;
}

Deno.test({
  name: `moecache keys lists ${ITEMS} of ${ITEMS} keys while others read and store`,
  ignore,
  fn: async () => {
    await using memcached = await MemcachedProcess.start(["-m", "512"]);
    await using client = new Client(memcached.address, { timeout: 60_000 });
    const keys = Array.from({ length: ITEMS }, (_, i) => `item:${i}`);
    for (let at = 0; at < ITEMS; at += BATCH) {
      await client.setMany(keys.slice(at, at + BATCH).map((key) => [key, 1] as const));
    }
    let isListing = true;
    const load = (async () => {
      for (let at = 0; isListing; at = (at + 7 * BATCH) % ITEMS) {
        const some = keys.slice(at, at + BATCH);
        await client.getMany(some);
        await client.setMany(some.slice(0, 50).map((key) => [key, 2] as const));
      }
    })();
    const { code, output, messages } = await shell(`moecache keys -s ${memcached.address}`);
    isListing = false;
    await load;
    assertEquals([code, messages], [0, ""]);
    const listed = new Set(output.trimEnd().split("\n"));
    assertEquals(keys.filter((key) => !listed.has(key)), []);
  },
});

Deno.test({
  name: `moecache dump --values | load brings ${ITEMS} items to another server`,
  ignore,
  fn: async () => {
    await using source = await MemcachedProcess.start(["-m", "512"]);
    await using target = await MemcachedProcess.start(["-m", "512"]);
    await using from = new Client(source.address, { timeout: 60_000 });
    await using to = new Client(target.address, { timeout: 60_000 });
    const keys = await fill(from);
    const { code, output, messages } = await shell(
      `moecache dump --values -s ${source.address} | moecache load --json -s ${target.address}`,
    );
    assertEquals([code, messages], [0, ""]);
    assertEquals(JSON.parse(output), { loaded: ITEMS + 100, skipped: 0, expired: 0 });
    for (let at = 0; at < ITEMS; at += BATCH) {
      const some = keys.slice(at, at + BATCH);
      const [before, after] = await Promise.all(
        [from, to].map((client) => client.withTranscoder(RAW).getMany(some)),
      );
      assertEquals(before?.size, some.length);
      assertEquals(after, before);
    }
    for (let i = 0; i < 100; i++) {
      const { value, flags } = await to.meta("mg", btoa(`\xff\n${i}`), ["b", "v", "f"]);
      assertEquals([new TextDecoder().decode(value), flags.f], [`value ${i}`, `${i}`]);
    }
    const [before, after] = [await exptimes(from), await exptimes(to)];
    assertEquals(before.size, ITEMS + 100);
    assertEquals(after.size, before.size);
    for (const [key, exptime] of before) {
      assert(isNear(exptime, after.get(key)), `${key}: ${exptime} ${after.get(key)}`);
    }
  },
});

/** When each item expires, in milliseconds. */
async function exptimes(client: Client): Promise<Map<string, number | undefined>> {
  const found = new Map<string, number | undefined>();
  for await (const { key, exptime } of client.items()) found.set(key, exptime?.getTime());
  return found;
}

function isNear(one: number | undefined, other: number | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Math.abs(one - other) <= 1000;
}
