/** Counts and publishes the requests on one connection. @module */

import type { BatchContext, ConnectContext } from "../channel_contexts.ts";
import {
  begin,
  CHANNEL_NAMES,
  type Counters,
  finish,
  finishWith,
  isListenedTo,
  type RequestCounters,
} from "../observation.ts";
import type { Exchange } from "../protocol/command.ts";
import { Fifo } from "./fifo.ts";

/** Requests of one kind that leave next to each other in one write; one that asks for several keys is one by itself. */
interface Batch {
  readonly kind: string;
  readonly counters: RequestCounters;
  /** How many of its requests have no reply yet. */
  open: number;
  /** The number of its operations. */
  size: number;
  byteLength: number;
  /** When it was written, by the clock. */
  written: number;
  /** What is published of it. */
  context: BatchContext | undefined;
}

/** The upper bounds of the histograms, in seconds. */
const BOUNDS = /* @__PURE__ */ Object.freeze(
  [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
);

/** Counts a batch whose replies were complete after this many seconds. */
function countTime(counters: RequestCounters, seconds: number): void {
  let at = 0;
  while (at < BOUNDS.length && seconds > BOUNDS[at]!) at++;
  counters.counts[at]!++;
  counters.sum += seconds;
}

/** The batches on one connection. */
export class Batches {
  readonly #counters: Counters;
  readonly #server: ConnectContext | undefined;
  /** Those without a complete reply, the oldest first. */
  readonly #open = new Fifo<Batch>();
  /** Those that have not been written: a queue, because emptying an array takes as long as counting the batch. */
  readonly #gathered = new Fifo<Batch>();
  /** The last one of them. */
  #last: Batch | undefined;

  /** @param server What is published of the connection; nothing is without it. */
  constructor(counters: Counters, server: ConnectContext | undefined) {
    this.#counters = counters;
    this.#server = server;
  }

  /** Adds a request that is about to be written. */
  add(exchange: Exchange, byteLength: number): void {
    const { kind, size } = exchange;
    const last = this.#last;
    const isNeighbour = last?.kind === kind && size === 1 && last.size === last.open;
    const batch = isNeighbour ? last : this.#begin(kind);
    batch.open++;
    batch.size += size;
    batch.byteLength += byteLength;
  }

  /** Takes note that what was added is written now. */
  written(now: number): void {
    const server = isListenedTo(CHANNEL_NAMES.batch) ? this.#server : undefined;
    this.#last = undefined;
    for (let batch; (batch = this.#gathered.shift());) {
      batch.written = now;
      this.#counters.bytesOut += batch.byteLength;
      if (server !== undefined) publishStart(batch, server);
    }
  }

  /** Takes note that the reply to the oldest request is complete. */
  answered(exchange: Exchange, now: number): void {
    const batch = this.#open.peek();
    if (batch === undefined) return;
    const counters = this.#counters;
    exchange.countItems?.(counters);
    if (exchange.size > 1) counters.coalescedKeys += exchange.size;
    if (--batch.open > 0) return;
    this.#open.shift();
    batch.counters.operations += batch.size;
    countTime(batch.counters, (now - batch.written) / 1000);
    if (batch.context !== undefined) finish(CHANNEL_NAMES.batch, batch.context);
  }

  /** Takes note that no more replies come. */
  end(reason: unknown): void {
    for (const { context } of this.#open.drain()) {
      if (context !== undefined) finishWith(CHANNEL_NAMES.batch, context, reason);
    }
  }

  #requestCounters(kind: string): RequestCounters {
    const { requests } = this.#counters;
    let counters = requests.get(kind);
    if (counters === undefined) {
      const counts = new Array(BOUNDS.length + 1).fill(0);
      requests.set(kind, counters = { operations: 0, bounds: BOUNDS, counts, sum: 0 });
    }
    return counters;
  }

  #begin(kind: string): Batch {
    const counters = this.#requestCounters(kind);
    const batch: Batch = this.#last = {
      kind,
      counters,
      open: 0,
      size: 0,
      byteLength: 0,
      written: 0,
      context: undefined,
    };
    this.#gathered.push(batch);
    this.#open.push(batch);
    return batch;
  }
}

function publishStart(batch: Batch, { tls: _, ...server }: ConnectContext): void {
  const context: BatchContext = batch.context = {
    command: batch.kind,
    batchMode: batch.open === 1 && batch.kind.startsWith("get") ? "COALESCED" : "PIPELINE",
    batchSize: batch.size,
    bytes: batch.byteLength,
    ...server,
  };
  begin(CHANNEL_NAMES.batch, context, () => {});
}
