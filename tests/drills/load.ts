/** Operations at a steady rate, and what became of each. @module */

import { type Client, SocketError } from "../../mod.ts";

/** One operation. Times are as `performance.now()` counts. */
export interface Operation {
  readonly issued: number;
  ended: number;
  outcome: "open" | "hit" | "miss" | "stored" | "error";
  /** What it was rejected with. */
  error?: unknown;
}

const KEYS = 400;
/** One operation of these stores, the others read. */
const STORES = 10;
const TICK = 4;

/**
 * Stores and reads keys of its own, however long the answers take, and stores what was missing, as users of
 * a cache do. It holds each answer against what it has stored: a value tells its key and how often that has
 * been stored.
 */
export class Load {
  readonly client: Client;
  readonly operations: Operation[] = [];
  /** Answers that were another key's, or of no key. */
  readonly wrong: string[] = [];
  /** What rejected, if it was not a `SocketError`. */
  readonly strange: unknown[] = [];
  /** Answers older than what had been stored for good when they were asked for. */
  stale = 0;
  readonly #name: string;
  readonly #rate: number;
  readonly #stored = new Int32Array(KEYS);
  readonly #acknowledged = new Int32Array(KEYS).fill(-1);
  /** Keys with a store that failed, where it is not known whether it was carried out. */
  readonly #unsure = new Set<number>();
  readonly #open = new Set<Promise<void>>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param name What its keys begin with.
   * @param rate Operations per second.
   */
  constructor(client: Client, name: string, rate: number) {
    this.client = client;
    this.#name = name;
    this.#rate = rate;
  }

  /** Stores every key once and begins. */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: KEYS }, (_, key) => this.#store(key)));
    const start = performance.now();
    let issued = 0;
    this.#timer = setInterval(() => {
      const due = (performance.now() - start) * this.#rate / 1000;
      for (; issued < due; issued++) this.#issue(issued);
    }, TICK);
  }

  /** Ends; resolves when every operation has. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }

  #issue(count: number): void {
    const key = Math.floor(Math.random() * KEYS);
    const operation: Operation = { issued: performance.now(), ended: Infinity, outcome: "open" };
    this.operations.push(operation);
    const act = count % STORES === 0 ? this.#store(key) : this.#read(key);
    const ended = act.then((outcome) => operation.outcome = outcome, (error) => {
      operation.outcome = "error";
      operation.error = error;
      if (!(error instanceof SocketError)) this.strange.push(error);
    }).then(() => {
      operation.ended = performance.now();
      this.#open.delete(ended);
    });
    this.#open.add(ended);
  }

  async #store(key: number): Promise<"stored"> {
    const version = this.#stored[key]!++;
    try {
      await this.client.set(this.#keyOf(key), `${this.#keyOf(key)} ${version}`);
    } catch (error) {
      this.#unsure.add(key);
      throw error;
    }
    this.#acknowledged[key] = Math.max(this.#acknowledged[key]!, version);
    return "stored";
  }

  async #read(key: number): Promise<"hit" | "miss"> {
    const least = this.#acknowledged[key]!;
    const value = await this.client.get(this.#keyOf(key));
    if (value === undefined) {
      await this.#store(key);
      return "miss";
    }
    const [name, version] = String(value).split(" ");
    if (name !== this.#keyOf(key) || !(Number(version) < this.#stored[key]!)) {
      this.wrong.push(`${this.#keyOf(key)}: ${value}`);
    } else if (Number(version) < least && !this.#unsure.has(key)) this.stale++;
    return "hit";
  }

  #keyOf(key: number): string {
    return `${this.#name}:${key}`;
  }
}
