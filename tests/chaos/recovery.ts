/** What becomes of a client when memcached is killed under load, and comes back. @module */

import { Client, type ClientOptions, SocketError } from "../../mod.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Due, Punctuality } from "./punctuality.ts";
import type { Random } from "./random.ts";
import { sleep } from "./sockets.ts";

const TIMEOUT = 200;
/** How many operations are under way when memcached is killed. */
const LOAD = 200;
const OPTIONS: readonly ClientOptions[] = [
  { timeout: TIMEOUT, io: "direct" },
  { timeout: TIMEOUT, io: "streams", connections: 3 },
];

/** What a process holds. */
export interface Holdings {
  /** Open file descriptors, where the system tells (Linux). */
  readonly handles: number;
  /** Bytes of the heap in use, without garbage where it can be collected (`--expose-gc`). */
  readonly heap: number;
}

/** What came of a number of cycles. */
export interface RecoveryReport {
  readonly cycles: number;
  /** How many operations were under way at the kills. */
  readonly rejected: number;
  /** The longest that one of them took beyond its timeout, in milliseconds. */
  readonly worstOverrun: number;
  readonly first: Holdings;
  readonly last: Holdings;
}

/**
 * Kills memcached under load and starts it again, over and over, with the same clients.
 *
 * @throws {Error} When an operation is late, is not rejected, or fails after the restart.
 */
export async function recover(
  random: Random,
  cycles: number,
  goesOn: (done: number) => boolean = () => true,
): Promise<RecoveryReport> {
  using heartbeat = new Heartbeat();
  const punctuality = new Punctuality(heartbeat);
  let memcached = await MemcachedProcess.start();
  const { address, port } = memcached;
  const survivors = OPTIONS.map((options, i) =>
    new Survivor(new Client(address, options), `key${i}`, punctuality)
  );
  let rejected = 0;
  const holdings: Holdings[] = [];
  try {
    while (holdings.length < cycles && goesOn(holdings.length)) {
      await Promise.all(survivors.map((survivor) => survivor.start()));
      const loads = survivors.map((survivor) => survivor.loadUntilLost());
      await sleep(random.below(20));
      await memcached.kill("SIGKILL");
      for (const count of await Promise.all(loads)) rejected += count;
      memcached = await MemcachedProcess.start([], { port });
      holdings.push(measure());
    }
    await Promise.all(survivors.map((survivor) => survivor.start()));
  } finally {
    await Promise.all(survivors.map(({ client }) => client.close()));
    await memcached.kill("SIGKILL");
  }
  const [first = measure()] = holdings;
  return {
    cycles: holdings.length,
    rejected,
    worstOverrun: punctuality.worst,
    first,
    last: holdings.at(-1) ?? first,
  };
}

/** A client with a key of its own. */
class Survivor {
  readonly client: Client;
  readonly #key: string;
  readonly #punctuality: Punctuality;

  constructor(client: Client, key: string, punctuality: Punctuality) {
    this.client = client;
    this.#key = key;
    this.#punctuality = punctuality;
  }

  /** The first operations after a start succeed, on a server that has nothing yet. */
  async start(): Promise<void> {
    const value = await this.client.get(this.#key);
    if (value !== undefined) throw new Error(`A server that was killed has kept ${value}`);
    await this.client.set(this.#key, "value");
  }

  /** Keeps operations under way until each has been rejected once; resolves to how many were. */
  async loadUntilLost(): Promise<number> {
    const calls = Array.from({ length: LOAD }, (_, i) => this.#callUntilLost(i % 2 === 0));
    return (await Promise.all(calls)).length;
  }

  async #callUntilLost(reads: boolean): Promise<void> {
    while (await this.#isAnswered(() => this.#call(reads)));
  }

  async #call(reads: boolean): Promise<void> {
    if (reads) await this.client.get(this.#key);
    else await this.client.set(this.#key, "value");
  }

  /** Whether an operation was answered, and not rejected because of its server; in time either way. */
  async #isAnswered(call: () => Promise<void>): Promise<boolean> {
    const due = new Due(TIMEOUT);
    const isAnswered = await call().then(() => true, (error) => {
      if (error instanceof SocketError) return false;
      throw error;
    });
    const overrun = this.#punctuality.settled(due);
    if (overrun !== undefined) throw new Error(`An operation settled ${overrun} ms too late`);
    return isAnswered;
  }
}

function measure(): Holdings {
  (globalThis as { gc?: () => void }).gc?.();
  return { handles: countHandles(), heap: Deno.memoryUsage().heapUsed };
}

function countHandles(): number {
  if (Deno.build.os !== "linux") return 0;
  return Array.from(Deno.readDirSync("/proc/self/fd")).length;
}
