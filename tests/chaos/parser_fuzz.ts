/** Recorded replies, with a few bytes changed, read by the client and by a plain reader. @module */

import { Client, ClientException, SocketError } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import type { Clock } from "../../src/waiting.ts";
import { FakeClock } from "../support/fake_clock.ts";
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
/** Milliseconds, longer than a server that has refused something is asked for one key a request. */
const LATER = 60_000;
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
  /** Cases in which something was asked again, since a refusal may have been another's. */
  readonly repeated: number;
  /** How many bytes the heap has grown by. */
  readonly growth: number;
}

/** Called with how many cases are over; says whether there is time for another. */
export type GoesOn = (done: number) => boolean;

/**
 * Plays cases one after the other.
 *
 * @param random Where they come from.
 * @param cases How many at most.
 * @param goesOn Asked before each.
 * @throws {Error} When the client makes anything else of a case than the plain reader, or hangs.
 */
export async function fuzzParser(
  random: Random,
  cases: number,
  goesOn: GoesOn = () => true,
): Promise<FuzzReport> {
  const recordings = await record(random);
  const player = new Player(random, recordings);
  using watch = new Watch(() => player.played);
  return await Promise.race([player.play(cases, goesOn), watch.hung]);
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
  readonly #clock = new FakeClock();
  /** What the server sends on the connections that are still to come, and the others. */
  #streams: Uint8Array[] = [];
  #connections: ReplayedConnection[] = [];
  #answered = 0;
  #repeated = 0;

  constructor(random: Random, recordings: readonly Recording[]) {
    this.#random = random;
    this.#recordings = recordings;
  }

  async play(most: number, goesOn: GoesOn): Promise<FuzzReport> {
    using _network = new ScriptedNetwork(() => this.#connect());
    await using client = makeClient(this.#clock);
    let heap: number | undefined;
    for (; this.played < most && goesOn(this.played); this.played++) {
      if (this.played === Math.floor(most / 10)) heap = heapUsed();
      await this.#playNext(client);
    }
    const cases = this.played;
    const growth = heap === undefined ? 0 : heapUsed() - heap;
    // Without a collection first, the heap holds what is only waiting for one.
    if (canCollect() && growth > GROWTH) throw new Error(`The heap has grown by ${growth} bytes`);
    const [answered, repeated] = [this.#answered, this.#repeated];
    return { cases, answered, dead: cases - answered, repeated, growth };
  }

  #connect(): ReplayedConnection {
    const stream = this.#streams.shift();
    if (stream === undefined) throw new Error("nothing is to be asked again");
    const connection = new ReplayedConnection(this.#cut(stream));
    this.#connections.push(connection);
    return connection;
  }

  async #playNext(client: Client): Promise<void> {
    const { steps, replies } = this.#random.pick(this.#recordings);
    const another = () => this.#random.pick(this.#recordings).replies;
    const streams: Uint8Array[] = [];
    const expected = expectedOutcomes(steps, (open) => {
      const sent = streams.length === 0 ? replies : this.#answer(open);
      streams.push(mutate(sent, this.#random, another));
      return streams.at(-1)!;
    });
    this.#streams = [...streams];
    this.#connections = [];
    // Whatever was refused before: the keys are asked for in one request.
    this.#clock.tick(LATER);
    const outcomes = await Promise.all(steps.map((step) => outcomeOf(client, step)));
    await Promise.all(this.#connections.map(({ closed }) => closed));
    if (!outcomes.includes(DEAD)) this.#answered++;
    if (streams.length > 1) this.#repeated++;
    const isRight = outcomes.every((outcome, i) => outcome === expected[i]);
    if (isRight && this.#streams.length === 0) return;
    const asked = steps.map(({ command, key }) => `${command} ${key}`).join(", ");
    throw new Error(
      `Case ${this.played}, ${asked} answered by ${streams.map(quote).join(" and ")}: ` +
        `expected ${JSON.stringify(expected)}, but got ${JSON.stringify(outcomes)} ` +
        `with ${this.#streams.length} connections left`,
    );
  }

  /** Answers each of some steps on its own. */
  #answer(steps: readonly Step[]): Uint8Array {
    return new TextEncoder().encode(
      steps.map(({ command, key }) => {
        if (command === "stats") return "STAT name value\r\nEND\r\n";
        const hit = `VALUE ${key} 7 3\r\na\r\n\r\nEND\r\n`;
        return this.#random.pick(["END\r\n", hit, hit, "SERVER_ERROR backend failure\r\n"]);
      }).join(""),
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

/** Makes the embedded server answer random operations, and keeps the bytes. */
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
  await using client = makeClient(new FakeClock());
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

function makeClient(clock: Clock): Client {
  return new Client("127.0.0.1:11211", {
    clock,
    // A probe would answer for a step.
    failuresBeforeDead: 1000,
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
/** The collector, which `--v8-flags=--expose-gc` shows. */
const { gc: collect } = globalThis as { gc?: () => void };

function canCollect(): boolean {
  return collect !== undefined;
}

function heapUsed(): number {
  collect?.();
  return Deno.memoryUsage().heapUsed;
}

function quote(bytes: Uint8Array): string {
  return JSON.stringify(new TextDecoder("latin1").decode(bytes));
}
