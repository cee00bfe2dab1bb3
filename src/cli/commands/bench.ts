/** Load of a given shape. @module */

import { type Client, ClientException, SocketError } from "../../../mod.ts";
import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { Fleet } from "../fleet.ts";
import { Latencies, percentilesOf } from "../latencies.ts";
import { say } from "../messages.ts";
import type { Row } from "../printer.ts";
import { Countdown } from "../progress.ts";
import { countOf, readCount, readInterval, readSize } from "../quantities.ts";
import { resolvedOrAborted, type Terminal } from "../terminal.ts";
import { EXIT, messageOf, UsageFault } from "../usage.ts";

interface BenchOptions {
  readonly for?: string;
  readonly clients?: string;
  readonly keys?: string;
  readonly size?: string;
  readonly reads?: string;
  readonly zipf?: string;
}

/** What the keys begin with, and after how many seconds the items expire. */
const PREFIX = "moecache-bench:";
const LIFETIME = 600;
/** What a process can hold: sockets, the sums of an uneven choice, and a value. */
const MOST_CLIENTS = 1000;
const MOST_KEYS = 10_000_000;
const LARGEST_VALUE = 256 * 1024 ** 2;

/** Adds `bench`. */
export function addBench(program: Command, runner: Runner): void {
  define<BenchOptions>(program, runner, {
    usage: "bench",
    summary: `Load the servers with reads and writes of keys ${PREFIX}…, and measure them.`,
    options: [
      ["--for <duration>", "how long (5s)"],
      ["--clients <n>", "how many clients, each with one operation at a time (10)"],
      ["--keys <n>", "how many keys (10000)"],
      ["--size <sizes>", "bytes of a value: 100, or any size of 100-10k (100)"],
      ["--reads <share>", "the share of reads, 0 to 1 (0.9)"],
      ["--zipf <exponent>", "how uneven the keys are; 0 for all alike (0)"],
    ],
    examples: [
      "bench --for 200ms",
      "bench --for 200ms --clients 4 --keys 1000 --size 100-2k --reads 0.8 --zipf 1.1",
    ],
    run: bench,
  });
}

async function bench({ options, printer, terminal }: Job<BenchOptions>): Promise<number> {
  const milliseconds = readInterval("--for", options.for ?? "5s");
  const clients = readCount("--clients", options.clients ?? "10", MOST_CLIENTS);
  const keyCount = readCount("--keys", options.keys ?? "10000", MOST_KEYS);
  const measurement = new Measurement(terminal, {
    sizeOf: sizesOf(options.size ?? "100"),
    reads: numberOf("--reads", options.reads ?? "0.9", 1),
    choose: chooser(keyCount, numberOf("--zipf", options.zipf ?? "0", 10)),
  });
  const fleets = await Promise.all(
    Array.from({ length: clients }, () => Fleet.open(options, terminal, [PREFIX])),
  );
  try {
    await measurement.run(fleets, milliseconds);
  } finally {
    await Promise.all(fleets.map((fleet) => fleet.close()));
  }
  await printer.table(measurement.rows());
  const { fault } = measurement;
  if (fault === undefined) return EXIT.done;
  say(terminal, fault);
  return EXIT.server;
}

/** What the servers are loaded with. */
interface Workload {
  /** Chooses the length of a value. */
  readonly sizeOf: () => number;
  /** The share of reads, 0 to 1. */
  readonly reads: number;
  /** Chooses a key, by its number. */
  readonly choose: () => number;
}

/** The operations of all clients together, and how long they take. */
class Measurement {
  readonly #terminal: Terminal;
  readonly #workload: Workload;
  readonly #times = { get: new Latencies(), set: new Latencies() };
  #seconds = 0.001;
  #hits = 0;
  #errors = 0;
  #firstFault = "";

  constructor(terminal: Terminal, workload: Workload) {
    this.#terminal = terminal;
    this.#workload = workload;
  }

  async run(fleets: readonly Fleet[], milliseconds: number): Promise<void> {
    const { interrupted } = this.#terminal;
    const note = (error: unknown) => this.#noteFault(error);
    // Connecting is not what is measured.
    const connected = Promise.all(fleets.map(({ client }) => client.version().catch(note)));
    await resolvedOrAborted(connected, interrupted);
    const started = performance.now();
    const countdown = new Countdown(this.#terminal, "measuring", milliseconds);
    try {
      const end = started + milliseconds;
      const loads = fleets.map(({ client }) => this.#load(client, end));
      await resolvedOrAborted(Promise.all(loads), interrupted);
    } finally {
      countdown.end();
      // Closing is not measured either.
      this.#seconds = Math.max(0.001, (performance.now() - started) / 1000);
    }
  }

  async #load(client: Client, end: number): Promise<void> {
    const { sizeOf, reads, choose } = this.#workload;
    const { interrupted } = this.#terminal;
    while (performance.now() < end && !interrupted.aborted) {
      const key = `${PREFIX}${choose()}`;
      const isRead = Math.random() < reads;
      const at = performance.now();
      try {
        if (!isRead) await client.set(key, "x".repeat(sizeOf()), LIFETIME);
        else if (await client.get(key) !== undefined) this.#hits++;
      } catch (error) {
        this.#noteFault(error);
        if (!interrupted.aborted) this.#errors++;
        continue;
      }
      this.#times[isRead ? "get" : "set"].add(performance.now() - at);
    }
  }

  #noteFault(error: unknown): void {
    if (this.#terminal.interrupted.aborted) return;
    if (!(error instanceof SocketError || error instanceof ClientException)) throw error;
    // What an operation has failed with says more than what connecting has.
    if (this.#errors === 0) this.#firstFault = messageOf(error);
  }

  /** A row for each operation. */
  rows(): Row[] {
    return Object.entries(this.#times).map(([operation, measured]) => ({
      ...{ operation, n: measured.count, perSecond: Math.round(measured.count / this.#seconds) },
      hits: operation === "get" ? this.#hits : undefined,
      ...percentilesOf(measured),
    }));
  }

  /** What has failed; `undefined` when nothing has. */
  get fault(): string | undefined {
    if (this.#firstFault === "") return undefined;
    if (this.#errors === 0) return this.#firstFault;
    return `${countOf(this.#errors, "operation")} failed; the first: ${this.#firstFault}`;
  }
}

function numberOf(name: string, text: string, most: number): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && number <= most) return number;
  throw new UsageFault(`the option ${name} "${text}" is not a number from 0 to ${most}`);
}

/** Chooses sizes of values: one size, or all of a range alike. */
function sizesOf(text: string): () => number {
  const [least = 0, most = least, ...others] = text.split("-").map(readSize);
  if (others.length > 0) throw new UsageFault(`the option --size "${text}" is not a range`);
  if (most < least) throw new UsageFault(`the option --size "${text}" ends before it begins`);
  if (most > LARGEST_VALUE) throw new UsageFault(`the option --size "${text}" is more than 256m`);
  return () => least + Math.floor(Math.random() * (most - least + 1));
}

/** Chooses numbers of keys; the n-th is as likely as 1 / n to the exponent. */
function chooser(count: number, exponent: number): () => number {
  if (exponent === 0) return () => Math.floor(Math.random() * count);
  const sums = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) sums[i] = sum += 1 / (i + 1) ** exponent;
  return () => {
    const wanted = Math.random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) <= wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
