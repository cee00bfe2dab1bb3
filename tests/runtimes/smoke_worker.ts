/**
 * A worker for workerd: the smoke test on the memcached whose address is bound to `ADDRESS`, and a client
 * for each of a number of requests at once, as sockets belong to one request there.
 *
 * @module
 */

import { CHANNELS, Client, SocketError } from "../../mod.ts";
import { smoke } from "./smoke.ts";

interface Environment {
  readonly ADDRESS: string;
  readonly SELF: { fetch(url: string): Promise<Response> };
}

const REQUESTS = 20;

/** What `workerd test` runs. */
export const test = {
  async test(_controller: unknown, { ADDRESS, SELF }: Environment): Promise<void> {
    await smoke(ADDRESS);
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
