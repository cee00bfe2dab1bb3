/**
 * memjs and its drop-in, side by side on one memcached: what memjs's own tests call, and more. Those tests themselves
 * put objects in the place of its sockets, and read its binary requests; the drop-in has neither.
 */

import { assert, assertEquals } from "@std/assert";
import memjs from "memjs";
import ours from "@moecache/moecache/memjs";
import { MemcachedProcess } from "../../support/memcached.ts";

// deno-lint-ignore no-explicit-any -- two clients whose types differ, called by name
type AnyClient = any;
type Outcome = readonly unknown[];

const logger = { log() {} };
const text = (value: unknown) => value instanceof Uint8Array ? `Buffer ${value}` : value;

/** What can be compared: bytes and errors as text. */
function shown(value: unknown): unknown {
  if (value instanceof Error) return `Error: ${value.message}`;
  if (value instanceof Uint8Array || Object(value) !== value) return text(value);
  return Object.fromEntries(
    Object.entries(value as object).map(([key, inner]) => [key, shown(inner)]),
  );
}

async function promised(client: AnyClient, name: string, args: Outcome): Promise<Outcome> {
  try {
    return ["resolves", shown(await client[name](...args))];
  } catch (error) {
    return ["rejects", shown(error)];
  }
}

function calledBack(client: AnyClient, name: string, args: Outcome): Promise<Outcome> {
  return new Promise((resolve) => {
    client[name](...args, (...results: Outcome) => resolve(trimmed(results.map(shown))));
  });
}

/** memjs calls back with more `null`s after some errors than after others. */
function trimmed(results: Outcome): Outcome {
  return results.slice(0, results.findLastIndex((result) => result !== null) + 1);
}

type Call = readonly [name: string, ...args: unknown[]];

const SCRIPT: readonly Call[] = [
  ["get", "hello"],
  ["set", "hello", "world", {}],
  ["get", "hello"],
  ["set", "hello", "éééoào", { expires: 600 }],
  ["get", "hello"],
  ["set", "bytes", new Uint8Array([0, 13, 10, 255]), {}],
  ["get", "bytes"],
  ["set", "empty", "", {}],
  ["get", "empty"],
  ["set", "ключ", "unicode key", {}],
  ["get", "ключ"],
  ["add", "hello", "again", {}],
  ["add", "new", "value", {}],
  ["replace", "new", "other", {}],
  ["replace", "nothing", "other", {}],
  ["get", "new"],
  ["append", "new", "-end"],
  ["get", "new"],
  ["increment", "number", 5, {}],
  ["increment", "number", 5, {}],
  ["increment", "third", 5, { initial: 3 }],
  ["increment", "third", 5, { initial: 3, expires: 600 }],
  ["decrement", "third", 3, {}],
  ["decrement", "third", 100, {}],
  ["get", "third"],
  ["increment", "hello", 1, {}],
  ["decrement", "hello", 1, {}],
  ["set", "large", "x".repeat(2 ** 20 + 1), {}],
  ["touch", "hello", 1024],
  ["touch", "nothing", 1024],
  ["delete", "hello"],
  ["delete", "hello"],
  ["get", "hello"],
];

type Way = (client: AnyClient, name: string, args: Outcome) => Promise<Outcome>;

async function run(make: typeof ours | typeof memjs, way: Way): Promise<Outcome[]> {
  await using memcached = await MemcachedProcess.start();
  const client: AnyClient = make.Client.create(memcached.address, { logger, timeout: 10 });
  const outcomes: Outcome[] = [];
  for (const [name, ...args] of SCRIPT) outcomes.push([name, ...await way(client, name, args)]);
  outcomes.push(shown(await client.flush()) as Outcome);
  const port = `${memcached.port}`;
  client.close();
  return JSON.parse(JSON.stringify(outcomes).replaceAll(port, "PORT"));
}

const sanitizers = { sanitizeOps: false, sanitizeResources: false }; // memjs leaves timers

for (const [name, way] of [["promises", promised], ["callbacks", calledBack]] as const) {
  Deno.test(
    { name: `memjs and its drop-in have the same outcomes with ${name}`, ...sanitizers },
    async () => {
      const [expected, actual] = [await run(memjs, way), await run(ours, way)];
      assertEquals(expected.length, SCRIPT.length + 1);
      assertEquals(actual, expected);
    },
  );
}

Deno.test(
  { name: "memjs and its drop-in share values, flags and servers", ...sanitizers },
  async () => {
    await using one = await MemcachedProcess.start();
    await using two = await MemcachedProcess.start();
    await using three = await MemcachedProcess.start();
    const servers = [one, two, three].map(({ address }) => address).join();
    const serializer = {
      serialize(_opcode: number, value: unknown, extras: AnyClient) {
        if (extras !== "") extras.writeUInt32BE(7, 0);
        return { value: JSON.stringify(value), extras };
      },
      deserialize: (_opcode: number, value: AnyClient, extras: AnyClient) => ({
        value: [JSON.parse(value.toString()), extras.readUInt32BE(0)],
        extras,
      }),
    };
    for (const options of [{ logger }, { logger, serializer }]) {
      const theirs: AnyClient = memjs.Client.create(servers, { ...options, timeout: 10 });
      const client: AnyClient = ours.Client.create(servers, { ...options, timeout: 10 });
      for (let i = 0; i < 60; i++) {
        const [key, other] = [`key-${i}-${i ** 5}`, `clé-${i}`];
        await theirs.set(key, `theirs ${i}`, {});
        await client.set(other, `ours ${i}`, {});
        assertEquals(shown(await client.get(key)), shown(await theirs.get(key)), key);
        assertEquals(shown(await theirs.get(other)), shown(await client.get(other)), other);
        assert((await theirs.get(other)).value !== null && (await client.get(key)).value !== null);
      }
      theirs.close();
      client.close();
    }
  },
);

Deno.test(
  { name: "memjs and its drop-in use the same names for servers in statistics", ...sanitizers },
  async () => {
    await using memcached = await MemcachedProcess.start();
    const names = async (make: typeof ours | typeof memjs) => {
      const client: AnyClient = make.Client.create(memcached.address, { logger });
      const [error, server, stats] = await new Promise<Outcome>((resolve) =>
        client.stats((...results: Outcome) => resolve(results))
      );
      client.close();
      return [error, server, Object.keys(stats as object).toSorted()];
    };
    assertEquals(await names(ours), await names(memjs));
  },
);
