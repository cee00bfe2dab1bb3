/** Operations at random. @module */

import type { Abortion, AccountedClient } from "./accounted_client.ts";
import { Due, type Punctuality } from "./punctuality.ts";
import type { Random } from "./random.ts";
import { sleep } from "./sockets.ts";

/** How many callers there are at a time; each waits for all it asked before it goes on. */
const CALLERS = 12;
const BURSTS = [1, 5, 30];
/** How many keys are in use at a time: few, so that operations meet on them. */
const SLOTS = 48;
/** After this many operations, a new key takes the place of a key. All of its history is known. */
const KEY_LIFE = 60;
/** Milliseconds beyond every limit after which an operation is taken never to settle. */
const PATIENCE = 2000;
/** The longest time in milliseconds that a caller waits when nothing of what it asked was answered. */
const REST = 30;

const COMMANDS = { get: 62, set: 30, delete: 7, stats: 0.2 };
const ABORTED = 0.03;
/** Milliseconds after which operations are aborted: most while a reply is on its way. */
const ABORTED_AFTER = [2, 5, 100];

type Timer = ReturnType<typeof setTimeout> | undefined;

/** What a load is made with. */
export interface LoadOptions {
  readonly client: AccountedClient;
  readonly random: Random;
  readonly punctuality: Punctuality;
  /** Milliseconds within which every operation has to settle. */
  readonly limit: number;
  /** Makes a name for a key that no other load has. */
  readonly newKey: () => string;
}

/** Callers that ask a client one thing after the other, each for several things at a time. */
export class Load {
  /** Each operation that was too late. */
  readonly late: string[] = [];
  readonly #options: LoadOptions;
  readonly #slots: { key: string; left: number }[] = [];
  readonly #open = new Set<Due>();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /**
   * Lets callers call until the signal, and waits for all that they asked.
   *
   * @returns How many operations have not settled.
   */
  async run(signal: AbortSignal): Promise<number> {
    const { random, limit } = this.#options;
    const calls = Array.from({ length: CALLERS }, () => this.#call(random.fork(), signal));
    const done = new AbortController();
    const giveUp = async () => {
      await sleep(2 ** 31 - 1, AbortSignal.any([signal, done.signal]));
      await sleep(limit + PATIENCE, done.signal);
    };
    const givingUp = giveUp();
    await Promise.race([Promise.all(calls), givingUp]);
    done.abort();
    await givingUp;
    return this.#open.size;
  }

  /** To be called with the client's `close`: whatever is under way has to settle at once. */
  endNow(): void {
    for (const due of this.#open) due.now();
  }

  async #call(random: Random, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const size = random.between(1, random.pick(BURSTS));
      const answered = await Promise.all(
        Array.from({ length: size }, () => this.#operate(random)),
      );
      // Operations that are refused at once, one after the other, would be most of all there are.
      if (!answered.includes(true)) await sleep(random.between(1, REST));
    }
  }

  /** Resolves to whether the operation was answered. */
  async #operate(random: Random): Promise<boolean> {
    const { client, limit, punctuality } = this.#options;
    const due = new Due(limit);
    this.#open.add(due);
    const [abortion, timer] = this.#planAbortion(random, due);
    const command = random.weighted(COMMANDS);
    const isAnswered = await client[command](this.#pickKey(random), abortion);
    clearTimeout(timer);
    this.#open.delete(due);
    const overrun = punctuality.settled(due);
    if (overrun !== undefined) this.late.push(`${command} settled ${overrun} ms after its limit`);
    return isAnswered;
  }

  /** Chooses whether the operation is aborted: before it is called, in the same turn, or later. */
  #planAbortion(random: Random, due: Due): [abortion: Abortion, timer: Timer] {
    if (!random.chance(ABORTED)) return [{}, undefined];
    const controller = new AbortController();
    const { signal } = controller;
    const abort = () => {
      due.now();
      controller.abort();
    };
    const when = random.pick(["before", "at once", "later", "later"]);
    if (when === "later") {
      return [{ signal }, setTimeout(abort, random.below(random.pick(ABORTED_AFTER)))];
    }
    if (when === "before") abort();
    else queueMicrotask(abort);
    return [{ signal }, undefined];
  }

  #pickKey(random: Random): string {
    const at = random.below(SLOTS);
    let slot = this.#slots[at];
    if (slot === undefined || slot.left === 0) {
      slot = this.#slots[at] = { key: this.#options.newKey(), left: KEY_LIFE };
    }
    slot.left--;
    return slot.key;
  }
}
