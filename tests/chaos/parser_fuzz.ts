/** Recorded replies, with a few bytes changed, read by the client and by a plain reader. @module */

import { Client, ClientException, SocketError } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { join } from "./framing.ts";
import { mutate } from "./mutation.ts";
import type { Random } from "./random.ts";
import {
  DEAD,
  expectedOutcomes,
  foundText,
  MAX_VALUE_BYTES,
  type Outcome,
  REFUSED,
  type Step,
} from "./reference_reader.ts";
import { ReplayedConnection, ScriptedNetwork } from "./scripted_network.ts";

const KEYS = ["a", "bb", "long".repeat(60)];
const SIZES = [0, 1, 2, 10, 100, 300];
const COMMANDS = { get: 12, set: 4, delete: 2, stats: 0.2 };
const RECORDINGS = 200;
/** Milliseconds after which a case is taken to hang. */
const PATIENCE = 10_000;
/** How many bytes the heap may be larger at the end than after the first tenth. */
const GROWTH = 32 << 20;

/** Operations of one turn, and what memcached answered to them. */
interface Recording {
  readonly steps: readonly Step[];
  readonly replies: Uint8Array;
}

/** Counts of what came of the cases. */
export interface FuzzReport {
  readonly cases: number;
  /** Cases in which every operation was answered. */
  readonly answered: number;
  /** Cases in which the connection ended before. */
  readonly dead: number;
  /** How many bytes the heap has grown by. */
  readonly growth: number;
}

/**
 * Plays cases one after the other.
 *
 * @throws {Error} When the client makes anything else of a case than the plain reader, or hangs.
 */
export async function fuzzParser(random: Random, cases: number): Promise<FuzzReport> {
  const recordings = await record(random);
  const player = new Player(random, recordings);
  using watch = new Watch(() => player.played);
  return await Promise.race([player.play(cases), watch.hung]);
}

/** Fails when a count stands still. */
class Watch implements Disposable {
  readonly hung: Promise<never>;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(count: () => number) {
    const { promise, reject } = Promise.withResolvers<never>();
    let last = -1;
    this.hung = promise;
    this.#timer = setInterval(() => {
      if (count() === last) reject(new Error(`Case ${last} does not come to an end`));
      last = count();
    }, PATIENCE);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

class Player {
  /** How many cases are over. */
  played = 0;
  readonly #random: Random;
  readonly #recordings: readonly Recording[];
  #connection = new ReplayedConnection([]);
  #answered = 0;

  constructor(random: Random, recordings: readonly Recording[]) {
    this.#random = random;
    this.#recordings = recordings;
  }

  async play(cases: number): Promise<FuzzReport> {
    using _network = new ScriptedNetwork(() => this.#connection);
    await using client = makeClient();
    let heap = 0;
    for (; this.played < cases; this.played++) {
      if (this.played === Math.floor(cases / 10)) heap = heapUsed();
      await this.#playNext(client);
    }
    const growth = heapUsed() - heap;
    if (growth > GROWTH) throw new Error(`The heap has grown by ${growth} bytes`);
    return { cases, answered: this.#answered, dead: cases - this.#answered, growth };
  }

  async #playNext(client: Client): Promise<void> {
    const { steps, replies } = this.#random.pick(this.#recordings);
    const mutated = mutate(
      replies,
      this.#random,
      () => this.#random.pick(this.#recordings).replies,
    );
    this.#connection = new ReplayedConnection(this.#cut(mutated));
    const outcomes = await Promise.all(steps.map((step) => outcomeOf(client, step)));
    await this.#connection.closed;
    const expected = expectedOutcomes(steps, mutated);
    if (!outcomes.includes(DEAD)) this.#answered++;
    if (outcomes.every((outcome, i) => outcome === expected[i])) return;
    const asked = steps.map(({ command, key }) => `${command} ${key}`).join(", ");
    throw new Error(
      `Case ${this.played}, ${asked} answered by ${quote(mutated)}: ` +
        `expected ${JSON.stringify(expected)}, but got ${JSON.stringify(outcomes)}`,
    );
  }

  /** Cuts bytes into chunks of random size, none of them empty. */
  *#cut(bytes: Uint8Array): Generator<Uint8Array> {
    const largest = this.#random.pick([1, 10, 100, 10_000]);
    for (let at = 0; at < bytes.length;) {
      const size = this.#random.between(1, largest);
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
}

/** Has memcached's like answer random operations, and keeps the bytes. */
async function record(random: Random): Promise<Recording[]> {
  await using server = await MemcachedServer.listen();
  const recordings: Recording[] = [];
  let received: Uint8Array[] = [];
  const connect = Deno.connect;
  const [hostname, port] = server.address.split(":") as [string, string];
  using _network = new ScriptedNetwork(async () => {
    const socket = await connect({ hostname, port: Number(port) });
    return {
      read: async (into) => {
        const count = await socket.read(into);
        if (count !== null) received.push(into.slice(0, count));
        return count;
      },
      write: (bytes) => socket.write(bytes),
      close: () => socket.close(),
    };
  });
  await using client = makeClient();
  while (recordings.length < RECORDINGS) {
    const steps = Array.from({ length: random.between(1, 6) }, () => ({
      command: random.weighted(COMMANDS),
      key: random.pick(KEYS),
    }));
    await Promise.all(steps.map((step) => perform(client, step, random.pick(SIZES))));
    recordings.push({ steps, replies: join(received) });
    received = [];
  }
  return recordings;
}

function makeClient(): Client {
  return new Client("127.0.0.1:11211", {
    maxValueBytes: MAX_VALUE_BYTES,
    transcoder: {
      encode: (value) => ({ flags: 7, data: value as Uint8Array }),
      decode: ({ flags, data }) => foundText(flags, data),
    },
  });
}

/** Does what a step says; resolves to the answer. */
async function perform(client: Client, { command, key }: Step, size = 0): Promise<Outcome> {
  switch (command) {
    case "get":
      return await client.get<string>(key) ?? "miss";
    case "set":
      await client.set(
        key,
        new TextEncoder().encode("\r\nEND\r\nVALUE a 0 1".repeat(20)).subarray(0, size),
      );
      return "STORED";
    case "delete":
      return await client.delete(key) ? "DELETED" : "NOT_FOUND";
    case "stats":
      await client.stats();
      return "stats";
  }
}

async function outcomeOf(client: Client, step: Step): Promise<Outcome> {
  try {
    return await perform(client, step);
  } catch (error) {
    if (error instanceof SocketError) return DEAD;
    if (error instanceof ClientException) return REFUSED;
    throw error;
  }
}

/** Bytes of the heap in use, without garbage where it can be collected (`--expose-gc`). */
function heapUsed(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().heapUsed;
}

function quote(bytes: Uint8Array): string {
  return JSON.stringify(new TextDecoder("latin1").decode(bytes));
}
