// @ts-check
/**
 * The first thing that a process does: import a client, connect, and get an item. Nothing else is loaded before
 * but what reads files. Its arguments are what to start, the module to import, a server, and
 * whether to `"get"` the item or to `"set"` it, which is not measured.
 *
 * @module
 */

/** @import { Start } from "./cold_start.ts" */

/**
 * @typedef {{
 *   get(key: string): Promise<unknown>,
 *   set(key: string, value: string): Promise<unknown>,
 *   close(): unknown,
 * }} Started
 */

const VALUE = "The value of an item.".repeat(5);
const TIMEOUT = { timeout: 1000 };

/** @type {Record<Start, (module: any, server: string) => Started>} */
const STARTS = {
  "memjs": ({ default: memjs }, server) => {
    const client = memjs.Client.create(server);
    return {
      get: async (key) => (await client.get(key)).value?.toString(),
      set: (key, value) => client.set(key, value, {}),
      close: () => client.close(),
    };
  },
  "Client": ({ Client }, server) => new Client(server),
  "Client, timeout": ({ Client }, server) => new Client(server, TIMEOUT),
  "BareClient, JSON, timeout": ({ BareClient, jsonTranscoder }, server) =>
    new BareClient(server, { ...TIMEOUT, transcoder: jsonTranscoder() }),
};

/** @type {any} */
const runtime = globalThis;
// On Deno, `process` loads 85 of Node's modules, which memjs needs and would find loaded.
const { Deno } = runtime;
const [what, specifier, server, action] = Deno?.args ?? runtime.process.argv.slice(2);
const key = `start:${what.replaceAll(/\W/g, "")}`;

/** Reads a file; Deno does it without a module of Node's, which memjs would find loaded. */
const readFile = Deno?.readTextFileSync ?? (await import("node:fs")).readFileSync;

/** Milliseconds that the main thread has been running; Linux counts them. */
function busy() {
  try {
    return Number(`${readFile("/proc/self/schedstat")}`.split(" ")[0]) / 1e6;
  } catch {
    return NaN;
  }
}

const startedBusy = busy();
const started = performance.now();
const client = STARTS[/** @type {Start} */ (what)](await import(specifier), server);
const value = await client.get(key);
const sample = { milliseconds: performance.now() - started, busy: busy() - startedBusy };

if (action === "set") await client.set(key, VALUE);
else if (value !== VALUE) throw new Error(`Cannot start ${what}: it got ${value}`);
await client.close();
// deno-lint-ignore no-console -- the program that starts it reads it
console.log(JSON.stringify(sample));
