/**
 * A worker for workerd: the smoke test on the memcached whose address is bound to `ADDRESS`, a client of more
 * servers than a request may have sockets, and a client for each of a number of requests at once, as sockets
 * belong to one request there.
 *
 * @module
 */

import { CHANNELS, Client, type ClientOptions, SocketError } from "../../mod.ts";
import { smoke } from "./smoke.ts";

interface Environment {
  readonly ADDRESS: string;
  /** The addresses of seven servers, with commas between them. */
  readonly ADDRESSES: string;
  readonly SELF: { fetch(url: string): Promise<Response> };
}

const REQUESTS = 20;
/** How many sockets a request of a worker may have at once. */
const SOCKETS = 6;

/** What `workerd test` runs. */
export const test = {
  async test(
    _controller: unknown,
    { ADDRESS, ADDRESSES, SELF }: Environment,
  ): Promise<void> {
    await smoke(ADDRESS);
    const seven = ADDRESSES.split(",");
    await useAtOnce(seven, {});
    await useAtOnce(seven.slice(0, 2), { connections: 4 });
    await useAtOnce(seven, { maxSockets: 1 });
    await failClearly();
    await workUnseen(ADDRESS);
    const answers = await Promise.all(
      Array.from({ length: REQUESTS }, (_, i) => SELF.fetch(`http://worker/${i}`)),
    );
    for (const [i, answer] of answers.entries()) {
      const text = await answer.text();
      if (text !== `/${i}`) throw new Error(`Request ${i} was answered ${text}`);
    }
  },
};

/** What a request is answered with: its path, by way of memcached. */
export default {
  async fetch(request: Request, { ADDRESS }: Environment): Promise<Response> {
    await using client = new Client(ADDRESS, { timeout: 5000 });
    const { pathname } = new URL(request.url);
    await client.set(`request${pathname}`, pathname);
    return new Response(await client.get(`request${pathname}`) as string);
  },
};

/** A client of many sockets keeps to the six that Cloudflare allows a request; workerd itself does not count. */
async function useAtOnce(servers: string[], options: ClientOptions): Promise<void> {
  await using client = new Client(servers, options);
  const keys = Array.from({ length: 100 }, (_, i) => `at-once:${i}`);
  // Every server is used, whichever keys it has.
  const versions = await client.version();
  if (versions.length !== servers.length) throw new Error(`${versions.length} versions came`);
  for (let round = 0; round < 3; round++) {
    await Promise.all(keys.map((key) => client.set(key, `${round}`.repeat(10_000))));
    const found = await Promise.all(keys.map((key) => client.get<string>(key)));
    const open = client.servers.reduce((sum, { connections }) => sum + connections, 0);
    if (open > SOCKETS) throw new Error(`${open} sockets are open`);
    const wrong = found.findIndex((value) => value?.at(-1) !== `${round}`);
    if (wrong !== -1) throw new Error(`${keys[wrong]} is ${found[wrong]?.slice(0, 10)}`);
  }
}

async function failClearly(): Promise<void> {
  await using client = new Client({ path: "/run/memcached.sock" });
  const error = await client.get("key").catch((error) => error);
  if (error instanceof SocketError && error.message.includes("unix sockets")) return;
  throw new Error(`A unix socket is not refused: ${error}`);
}

/** Without `nodejs_compat` there are no channels: even if a program names one, a client counts, and publishes nothing. */
async function workUnseen(address: string): Promise<void> {
  if ("process" in globalThis) throw new Error("There is a process, so there may be channels");
  await using client = new Client(address, { clientName: CHANNELS.command });
  await client.getMany(["unseen:1", "unseen:2"]);
  const { misses } = client.metrics();
  if (misses !== 2) throw new Error(`${misses} misses were counted`);
}
