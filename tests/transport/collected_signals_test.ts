/** Nothing but the client may hold what ends an operation: a garbage collection must not take it away. */

import { assertRejects } from "@std/assert";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Client, type ClientOptions, rawTranscoder } from "../../mod.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";
import { turns } from "../support/turns.ts";

/** Long enough for the operations to wait when garbage is collected. */
const LIMIT = 1000;

/** Frees what nothing refers to. */
function collect(): void {
  const { Bun } = globalThis as unknown as { Bun?: { gc(isForced: boolean): void } };
  if (Bun !== undefined) return Bun.gc(true);
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

type Operation = (client: Client, options: { signal: AbortSignal }) => Promise<unknown>;

const never = () => new Promise<never>(() => {});

/** What waits for a signal in ways of its own. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  get: (client, options) => client.get("key", options),
  getMany: (client, options) => client.getMany(["a", "b"], options),
  "set, while the value is encoded": (client, options) => {
    return client.withTranscoder({ ...rawTranscoder, encode: never }).set("key", 1, 0, options);
  },
  getOrSet: (client, options) => client.getOrSet("computed", () => 1, options),
  update: (client, options) => client.update("updated", () => 1, options),
  "a namespace": (client, options) => client.namespace("names:").get("key", options),
  "getOrSet of a namespace": (client, options) => {
    return client.namespace("names:").getOrSet("key", () => 1, options);
  },
  stats: (client, options) => client.stats(undefined, options),
  items: async (client, options) => {
    for await (const _ of client.items(options));
  },
  watch: async (client, options) => {
    for await (const _ of client.watch(["fetchers"], options));
  },
};

/** The client's own limits. */
const LIMITS: Readonly<Record<string, ClientOptions>> = {
  timeout: { timeout: LIMIT },
  stallTimeout: { stallTimeout: LIMIT },
  connectTimeout: { connectTimeout: LIMIT, dial: never },
  "connectTimeout, for a list of servers": {
    connectTimeout: LIMIT,
    discovery: { name: "list", lookUp: never },
  },
  "timeout with failover": { timeout: LIMIT, failover: "remove" },
};

/** Answers what a namespace asks first, and nothing else. */
function tellGeneration(line: string): string | undefined {
  return line.startsWith("incr ") ? "1796050928000\r\n" : undefined;
}

/** Begins operations, and keeps nothing of them but how they end. */
function begin(address: string, clients: Client[]): Promise<unknown>[] {
  const connect = (options: ClientOptions = {}) => {
    const client = new Client(options.discovery === undefined ? address : [], options);
    clients.push(client);
    return client;
  };
  return [
    ...Object.entries(OPERATIONS).map(([name, operation]) => {
      const ended = operation(connect(), { signal: AbortSignal.timeout(LIMIT) });
      return assertRejects(() => ended, Error, "", name);
    }),
    ...Object.entries(LIMITS).map(([name, options]) => {
      return assertRejects(() => connect(options).get("key"), Error, "", name);
    }),
  ];
}

Deno.test({
  name: "operations end by their signals and limits although garbage is collected meanwhile",
  // There is nothing that collects.
  ignore: process.versions.v8 === undefined && !("Bun" in globalThis),
  async fn() {
    await using peer = new ScriptedPeer(answering(tellGeneration));
    const clients: Client[] = [];
    const endings = Promise.all(begin(peer.address, clients));
    for (let i = 0; i < 5; i++) {
      await turns(5);
      collect();
    }
    await endings;
    await Promise.all(clients.map((client) => client.close()));
  },
});
