/** Servers that restart, and number their cas uniques from the start again. @module */

import { type Client, SocketError } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "./memcached.ts";

/** A server that is lost with all it holds, and comes back where it was. */
export interface Restarting extends AsyncDisposable {
  readonly address: string;
  /** @param clients They have noticed by the end. */
  restart(...clients: Client[]): Promise<void>;
}

type Run = AsyncDisposable & { readonly address: string; readonly port: number };

/** The kinds of servers there are here, by name. */
export const RESTARTING: Record<string, () => Promise<Restarting>> = {
  "the embedded server": () => restarting((port) => MemcachedServer.listen({ port })),
  ...memcachedPath() !== undefined &&
    { memcached: () => restarting((port) => MemcachedProcess.start([], port ? { port } : {})) },
};

async function restarting(start: (port: number) => Promise<Run>): Promise<Restarting> {
  let run = await start(0);
  const { address, port } = run;
  return {
    address,
    async restart(...clients) {
      await run[Symbol.asyncDispose]();
      run = await start(port);
      for (const client of clients) await reconnect(client);
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose]() as Promise<void>,
  };
}

/** The first operation may still be sent over the connection that was lost. */
async function reconnect(client: Client): Promise<void> {
  try {
    await client.version();
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    await client.version();
  }
}
