/** Third act: a server is killed, and comes back. @module */

import { Client, type Failover, SocketError } from "@moecache/moecache";
import { column, count, isTerminal, paint, print, printOver, type Style } from "./screen.ts";
import type { DemoServer } from "./server.ts";

const KEYS = 300;
const SLOTS = 48;
const SLOT = 80;
const KILLED = 12;
const BACK = 32;
/** How often each client reads, and how many keys. */
const TICK = 20;
const READS = 30;
const NAME_WIDTH = 12;

/** What became of the reads of one slot of time. */
interface Slot {
  found: number;
  missed: number;
  failed: number;
}

/** Kills one of the servers under readers that fail over in different ways, and draws what they get. */
export async function showFailover(servers: readonly DemoServer[]): Promise<void> {
  await using readers = new AsyncDisposableStack();
  const modes = ["error", "miss", "remove"] as const;
  const all = modes.map((mode) => readers.use(new Reader(mode, servers)));
  await Promise.all(all.map((reader) => reader.fill()));

  const title = "readers store what they miss; one of three servers is killed";
  print("", `${paint("bold", "3 Failover")}  ${title}`);
  if (isTerminal) print(...draw(all));
  const end = performance.now() + SLOTS * SLOT;
  let [isKilled, isBack] = [false, false];
  while (performance.now() < end) {
    const slot = SLOTS - Math.ceil((end - performance.now()) / SLOT);
    if (slot >= KILLED && !isKilled) {
      isKilled = true;
      servers[1]?.kill();
    }
    if (slot >= BACK && !isBack) {
      isBack = true;
      await servers[1]?.restart();
    }
    for (const reader of all) reader.read(slot);
    if (isTerminal) printOver(...draw(all));
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
  await Promise.all(all.map((reader) => reader.settled()));
  if (isTerminal) printOver(...draw(all));
  else print(...draw(all));
}

/** A program that reads through a cache, with one way to fail over. */
class Reader implements AsyncDisposable {
  readonly slots: readonly Slot[] = Array.from(
    { length: SLOTS },
    () => ({ found: 0, missed: 0, failed: 0 }),
  );
  readonly mode: string;
  readonly #client: Client;
  readonly #pending = new Set<Promise<void>>();

  constructor(mode: Failover & string, servers: readonly DemoServer[]) {
    this.mode = mode;
    this.#client = new Client(servers.map(({ address }) => address), {
      failover: mode,
      timeout: 1000,
      connectTimeout: 1000,
      failuresBeforeDead: 1,
      probeDelay: 50,
      maxProbeDelay: 200,
    });
  }

  /** Stores everything that will be read. */
  async fill(): Promise<void> {
    await Promise.all(Array.from({ length: KEYS }, (_, i) => this.#client.set(this.#key(i), i)));
  }

  /** Starts to read some keys. */
  read(slot: number): void {
    const counts = this.slots[slot];
    if (counts === undefined) return;
    for (let i = 0; i < READS; i++) {
      const reading = this.#readOne(Math.floor(Math.random() * KEYS), counts);
      this.#pending.add(reading);
      reading.finally(() => this.#pending.delete(reading));
    }
  }

  /** Waits until everything that was started has come to its end. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #readOne(i: number, counts: Slot): Promise<void> {
    try {
      const value = await this.#client.get(this.#key(i));
      counts[value === undefined ? "missed" : "found"]++;
      if (value === undefined) await this.#client.set(this.#key(i), i);
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      counts.failed++;
    }
  }

  /** Every reader has keys of its own. Keys that differ at the end only are close together on this ring. */
  #key(i: number): string {
    return `${i}:${this.mode}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

function draw(readers: readonly Reader[]): string[] {
  const mark = (at: number, text: string) => ({ at, text });
  const marks = [mark(KILLED, "↑ killed"), mark(BACK, "↑ back, empty")];
  const foot = marks.reduce(
    (line, { at, text }) => line.padEnd(NAME_WIDTH + at) + text,
    "",
  );
  return [
    ...readers.map(({ mode, slots }) => {
      const name = `  "${mode}"`.padEnd(NAME_WIDTH);
      return `${name}${slots.map(drawSlot).join("")}  ${sumUp(slots)}`;
    }),
    paint("dim", foot),
  ];
}

/** As high as there were values among the reads. */
function drawSlot({ found, missed, failed }: Slot): string {
  const all = found + missed + failed;
  if (all === 0) return " ";
  const style: Style = failed > 0 ? "red" : missed > 0 ? "yellow" : "green";
  return column(found / all, style);
}

function sumUp(slots: readonly Slot[]): string {
  const sum = (outcome: keyof Slot) => slots.reduce((sum, slot) => sum + slot[outcome], 0);
  if (sum("failed") > 0) return paint("red", `${count(sum("failed"))} errors`);
  if (sum("missed") > 0) return paint("yellow", `${count(sum("missed"))} misses`);
  return paint("green", "all found");
}
