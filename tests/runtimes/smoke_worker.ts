/**
 * A worker for workerd: the smoke test on the memcached whose address is bound to `ADDRESS`, and a client
 * for each of a number of requests at once, as sockets belong to one request there.
 *
 * @module
 */

import { Client, SocketError } from "../../mod.ts";
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
