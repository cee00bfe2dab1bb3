/** Operations of every kind through a proxy one of whose servers fails. @module */

import { type Client, ClientException, type PartialFailure, SocketError } from "../../mod.ts";
import { type Lock, lock } from "../../src/patterns/mod.ts";
import { isBackendFailure } from "../../src/protocol/backend_failure.ts";
import { until } from "../support/turns.ts";
import { ABSENT, type History, type Operation } from "./history.ts";
import type { Random } from "./random.ts";
import { Counter } from "./tally.ts";
import { LARGE, valueOf, versionOf } from "./values.ts";

const CALLERS = 8;
const BURSTS = [1, 4, 12];
/** How many keys are in use at a time: few, so that operations meet on them. */
const SLOTS = 30;
/** After this many operations, a new key takes the place of a key. All of its history is known. */
const KEY_LIFE = 40;
const LARGE_EVERY = 15;
/** How many keys there are of each kind that stays. */
const LASTING = 10;

const COMMANDS = {
  ...{ get: 30, gets: 10, getMany: 8, getAndTouch: 8, meta: 8, inNamespace: 8 },
  ...{ set: 14, setMany: 3, add: 4, cas: 6, delete: 5, deleteMany: 2 },
  ...{ incr: 8, getOrSet: 6, lock: 3 },
};

/** What twemproxy does not know. */
const UNKNOWN_TO_TWEMPROXY = ["getAndTouch", "meta"];

type Command = keyof typeof COMMANDS;

/** What a load is made with. */
export interface ProxiedLoadOptions {
  /** Clients that call in turn. */
  readonly clients: readonly Client[];
  readonly history: History;
  readonly random: Random;
  readonly isTwemproxy: boolean;
  /** Whether a server comes back empty at times. */
  readonly loses: boolean;
}

/** A counter, and what is known of it. */
interface Counted {
  begun: number;
  /** The highest number that was answered. */
  highest: number;
  readonly answered: Set<bigint>;
}

/** Callers that ask one thing after the other, each for several things in a turn. */
export class ProxiedLoad {
  /** Answers that cannot be, besides those that the history shows. */
  readonly wrong: string[] = [];
  /** How many operations were answered, by command, and how many failed. */
  readonly answered: Counter = new Counter();
  readonly failed: Counter = new Counter();
  readonly #options: ProxiedLoadOptions;
  readonly #slots: { key: string; left: number }[] = [];
  readonly #counters = new Map<string, Counted>();
  readonly #holders = new Map<string, number>();
  readonly #weights: Readonly<Record<string, number>>;
  #keys = 0;
  #turns = 0;

  constructor(options: ProxiedLoadOptions) {
    this.#options = options;
    this.#weights = Object.fromEntries(
      Object.entries(COMMANDS).filter(([name]) => {
        return !options.isTwemproxy || !UNKNOWN_TO_TWEMPROXY.includes(name);
      }),
    );
  }

  /** Lets callers call until the signal, and waits for all that they asked. */
  async run(signal: AbortSignal): Promise<void> {
    const { random } = this.#options;
    await Promise.all(Array.from({ length: CALLERS }, () => this.#call(random.fork(), signal)));
  }

  /** What is asked. */
  get commands(): readonly string[] {
    return Object.keys(this.#weights);
  }

  /** The keys of all locks. */
  get locks(): readonly string[] {
    return Array.from({ length: LASTING }, (_, i) => `${i}:lock`);
  }

  /** The keys of all values that are computed. */
  get loaded(): readonly string[] {
    return Array.from({ length: LASTING }, (_, i) => `${i}:loaded`);
  }

  async #call(random: Random, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const size = random.between(1, random.pick(BURSTS));
      await Promise.all(Array.from({ length: size }, () => this.#operate(random)));
      // Otherwise refusals would be most of what is answered.
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 4)));
    }
  }

  async #operate(random: Random): Promise<void> {
    const { clients } = this.#options;
    const client = clients[this.#turns++ % clients.length]!;
    const command = random.weighted(this.#weights) as Command;
    try {
      await this[command](client, random);
      this.answered.add(command);
    } catch (error) {
      this.failed.add(command);
      if (!isExplained(error)) this.wrong.push(`${command} failed with ${error}`);
    }
  }

  get(client: Client, random: Random): Promise<unknown> {
    return this.#read(this.#pickKey(random), (key) => client.get(key));
  }

  gets(client: Client, random: Random): Promise<unknown> {
    return this.#read(
      this.#pickKey(random),
      async (key) => (await client.gets(key))?.value,
    );
  }

  getAndTouch(client: Client, random: Random): Promise<unknown> {
    return this.#read(this.#pickKey(random), (key) => client.getAndTouch(key, 600));
  }

  /** Asks for the length of what is stored, which tells whether it exists, in quiet mode at times. */
  async meta(client: Client, random: Random): Promise<void> {
    const key = this.#pickKey(random);
    const flags = random.chance(0.5) ? ["s", "k"] : ["s", "k", "q"];
    const { status, flags: returned } = await client.meta("mg", key, flags);
    if (status !== "EN" && returned.k !== key) this.wrong.push(`mg ${key}: key ${returned.k}`);
  }

  async getMany(client: Client, random: Random): Promise<void> {
    const keys = this.#pickKeys(random);
    const operations = keys.map((key) => this.#options.history.begin("get", key));
    const { results, failures } = await this.#partsOf(client.getMany(keys), keys);
    for (const operation of operations) {
      const { key } = operation;
      if (!failures.has(key)) {
        const value = results.get(key);
        operation.version = value === undefined ? ABSENT : versionOf(key, value);
      }
      this.#options.history.settle(operation, failures.has(key) ? "failed" : "answered");
    }
  }

  /** Reads what was stored once, before everything else, in a namespace. */
  async inNamespace(client: Client, random: Random): Promise<void> {
    const key = `${random.below(LASTING)}:lasting`;
    const value = await client.namespace(NAMESPACE).get(key);
    const isLost = value === undefined && this.#options.loses;
    if (value !== `value of ${key}` && !isLost) {
      this.wrong.push(`get ${key} in a namespace: ${value}`);
    }
  }

  async set(client: Client, random: Random): Promise<void> {
    await this.#store(this.#pickKey(random), async (key, value) => {
      await client.set(key, value);
      return true;
    });
  }

  async setMany(client: Client, random: Random): Promise<void> {
    const keys = this.#pickKeys(random);
    const operations = keys.map((key) => this.#options.history.begin("set", key));
    const values = operations.map(({ key, version }) => [key, valueOf(key, version!)] as const);
    const { failures } = await this.#partsOf(client.setMany(values), keys);
    for (const operation of operations) {
      this.#options.history.settle(operation, failures.has(operation.key) ? "failed" : "answered");
    }
  }

  async add(client: Client, random: Random): Promise<void> {
    await this.#store(this.#pickKey(random), (key, value) => client.add(key, value));
  }

  async cas(client: Client, random: Random): Promise<void> {
    const key = this.#pickKey(random);
    const found = await this.#read(key, async (key) => {
      const item = await client.gets(key);
      return [item?.value, item?.cas] as const;
    }, ([value]) => value);
    const [, cas] = found;
    if (cas === undefined) return;
    await this.#store(key, async (key, value) => await client.cas(key, value, cas) === "stored");
  }

  async delete(client: Client, random: Random): Promise<void> {
    const { history } = this.#options;
    const operation = history.begin("delete", this.#pickKey(random));
    await this.#account(operation, async () => {
      operation.existed = await client.delete(operation.key);
    });
  }

  async deleteMany(client: Client, random: Random): Promise<void> {
    const keys = this.#pickKeys(random);
    const operations = keys.map((key) => this.#options.history.begin("delete", key));
    const { results, failures } = await this.#partsOf(client.deleteMany(keys), keys);
    for (const operation of operations) {
      operation.existed = results.get(operation.key) === true;
      this.#options.history.settle(operation, failures.has(operation.key) ? "failed" : "answered");
    }
  }

  /** Counts; every number is given once, and none goes beyond what was asked for. */
  async incr(client: Client, random: Random): Promise<void> {
    const key = `${random.below(LASTING)}:counter`;
    const counter = this.#counters.get(key) ?? { begun: 0, highest: 0, answered: new Set() };
    this.#counters.set(key, counter);
    counter.begun++;
    const { highest } = counter;
    const counted = await client.incr(key, 1, { initial: 1 }) ?? 0n;
    const isNew = counted > highest && !counter.answered.has(counted) || this.#options.loses;
    if (!isNew || counted > counter.begun) {
      this.wrong.push(`incr ${key}: ${counted} after ${highest} of ${counter.begun}`);
    }
    counter.answered.add(counted);
    counter.highest = Math.max(counter.highest, Number(counted));
  }

  async getOrSet(client: Client, random: Random): Promise<void> {
    const key = random.pick(this.loaded);
    const load = () => `value of ${key}`;
    const value = await client.getOrSet(key, load, { exptime: 600, lockFor: 600, waitFor: 0.5 });
    if (value !== `value of ${key}`) this.wrong.push(`getOrSet ${key}: ${value}`);
  }

  async lock(client: Client, random: Random): Promise<void> {
    const key = random.pick(this.locks);
    let held: Lock;
    try {
      held = await lock(client, key, { ttl: 600, waitFor: 0.2 });
    } catch (error) {
      if (isHeldByOthers(error)) return;
      throw error;
    }
    const others = this.#holders.get(key) ?? 0;
    if (others > 0 && !this.#options.loses) {
      this.wrong.push(`lock ${key}: it is held by ${others} others`);
    }
    this.#holders.set(key, others + 1);
    await new Promise((resolve) => setTimeout(resolve, random.between(0, 20)));
    this.#holders.set(key, this.#holders.get(key)! - 1);
    await held.release();
  }

  /** Reads a key; the value is what was read, or a part of it. */
  async #read<Result>(
    key: string,
    read: (key: string) => Promise<Result>,
    valueOf: (result: Result) => unknown = (result) => result,
  ): Promise<Result> {
    const operation = this.#options.history.begin("get", key);
    return await this.#account(operation, async () => {
      const result = await read(key);
      const value = valueOf(result);
      operation.version = value === undefined ? ABSENT : versionOf(key, value);
      return result;
    });
  }

  /** Stores the next version of a key, if the function does; what it does not store has not been sent. */
  async #store(
    key: string,
    store: (key: string, value: unknown) => Promise<boolean>,
  ): Promise<void> {
    const { history } = this.#options;
    const operation = history.begin("set", key);
    let isStored: boolean;
    try {
      isStored = await store(key, valueOf(key, operation.version!));
    } catch (error) {
      history.settle(operation, "failed");
      throw error;
    }
    history.settle(operation, isStored ? "answered" : "unsent");
  }

  async #account<Result>(operation: Operation, operate: () => Promise<Result>): Promise<Result> {
    const { history } = this.#options;
    try {
      const result = await operate();
      history.settle(operation, "answered");
      return result;
    } catch (error) {
      history.settle(operation, "failed");
      throw error;
    }
  }

  /** What came of each key; where the whole fails, of all of them. */
  async #partsOf(
    operation: Promise<ReadonlyMap<string, unknown> | void>,
    keys: readonly string[],
  ): Promise<Pick<PartialFailure, "failures" | "results">> {
    try {
      return { failures: new Map(), results: await operation ?? new Map() };
    } catch (error) {
      const { failures, results } = error as Partial<PartialFailure>;
      const faults = failures ?? new Map(keys.map((key) => [key, error]));
      for (const [key, fault] of faults) {
        if (!isExplained(fault)) this.wrong.push(`${key} of many failed with ${fault}`);
      }
      return { failures: faults, results: results ?? new Map() };
    }
  }

  #pickKeys(random: Random): string[] {
    const keys = Array.from({ length: random.between(2, 8) }, () => this.#pickKey(random));
    return [...new Set(keys)];
  }

  #pickKey(random: Random): string {
    const at = random.below(SLOTS);
    let slot = this.#slots[at];
    if (slot === undefined || slot.left === 0) {
      const number = ++this.#keys;
      const prefix = number % LARGE_EVERY === 0 ? LARGE : "";
      slot = this.#slots[at] = { key: `${prefix}${number}:key`, left: KEY_LIFE };
    }
    slot.left--;
    return slot.key;
  }
}

/** The namespace with what stays. */
const NAMESPACE = "lasting0:";

/** Stores what stays. */
export async function storeLasting(client: Client): Promise<void> {
  const namespace = client.namespace(NAMESPACE);
  for (let i = 0; i < LASTING; i++) {
    const key = `${i}:lasting`;
    // On a busy machine, the proxy gives up a server that works.
    await until(() =>
      namespace.set(key, `value of ${key}`).then(() => true, (error) => {
        if (!isExplained(error)) throw error;
        return false;
      })
    );
  }
}

/** Whether the failure of a server behind a proxy leads to this error. */
function isExplained(error: unknown): boolean {
  return error instanceof SocketError || isBackendFailure(error);
}

function isHeldByOthers(error: unknown): boolean {
  return error instanceof ClientException && error.message.endsWith("it is held");
}
