/** A memcached in a thread of its own, which ends with the thread, as a killed process does. @module */

import { MemcachedServer } from "@moecache/moecache/testing";

/** What TypeScript does not know of a worker, since it takes this for a page's module. */
interface Thread {
  onmessage: (event: MessageEvent<number>) => void;
  postMessage(address: string): void;
}

const thread = self as unknown as Thread;

thread.onmessage = async ({ data: port }) => {
  const server = await MemcachedServer.listen({ port });
  thread.postMessage(server.address);
};
