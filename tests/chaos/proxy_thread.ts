/** Proxies that run in a thread of their own. @module */

import type { Journal } from "./journal.ts";
import type { ProxyOptions } from "./proxy.ts";
import type { FromProxies, ToProxies } from "./proxy_worker.ts";

/** A thread with one proxy for each memcached. */
export class ProxyThread implements Disposable {
  /** Where the proxies listen, `host:port`. */
  readonly addresses: readonly string[];
  readonly #worker: Worker;

  constructor(worker: Worker, ports: readonly number[]) {
    this.#worker = worker;
    this.addresses = ports.map((port) => `127.0.0.1:${port}`);
  }

  /** Starts the thread and its proxies. */
  static async start(proxies: readonly ProxyOptions[]): Promise<ProxyThread> {
    const worker = new Worker(new URL("./proxy_worker.ts", import.meta.url), { type: "module" });
    const { ports } = await ask<{ ports: number[] }>(worker, { open: proxies });
    return new ProxyThread(worker, ports);
  }

  /** Ends the proxies and gives their accounts. */
  async close(): Promise<readonly Journal[]> {
    return (await ask<{ journals: Journal[] }>(this.#worker, { close: true })).journals;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

function ask<Answer extends FromProxies>(worker: Worker, question: ToProxies): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`The proxies failed: ${message}`));
    worker.postMessage(question);
  });
}
