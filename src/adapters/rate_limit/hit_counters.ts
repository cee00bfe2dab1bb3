/** Counters of hits in windows of time. @module */

import { type KeyCommands, Namespace } from "../../../mod.ts";
import { checkInteger } from "../../option_checks.ts";
import { ItemRoom } from "../item_room.ts";
import { exptimeOf, onItem } from "../key_and_exptime.ts";

/** The hits of a key in the current window. */
export interface Hits {
  readonly count: number;
  /** When the window ends, in milliseconds since 1970. */
  readonly end: number;
}

/** The length of the largest window number, with the colon before it. */
const NUMBER_LENGTH = 17;
const LONGEST_WINDOW = 2 ** 31 - 1;
/** A counter that cannot be reached must not count as 0. */
const STRICT = { failover: "error" } as const;

/**
 * Checks the length of a window.
 *
 * @throws {ValidationException} When it is no integer from 1 to 2^31 - 1.
 */
export function checkWindow(window: number): void {
  checkInteger("window", window, 1, LONGEST_WINDOW);
}

/** Counters of hits, one for each key and window. */
export class HitCounters {
  readonly #namespace: Namespace;
  readonly #room: ItemRoom;

  constructor(client: KeyCommands, prefix: string) {
    this.#namespace = new Namespace(client, prefix);
    this.#room = new ItemRoom(this.#namespace, client, NUMBER_LENGTH);
  }

  /** Counts a hit. */
  async add(key: string, window: number): Promise<Hits> {
    const { counter, end } = await this.#windowOf(key, window);
    const exptime = exptimeOf(end - Date.now());
    const count = await onItem(key, counter, (counter) => {
      return this.#namespace.incr(counter, 1n, { initial: 1n, exptime, ...STRICT });
    });
    return { count: Number(count), end };
  }

  /** Takes a hit back. */
  async remove(key: string, window: number): Promise<void> {
    const { counter } = await this.#windowOf(key, window);
    await onItem(key, counter, (counter) => this.#namespace.decr(counter, 1n, STRICT));
  }

  /** Reads the hits; `undefined` when there are none. */
  async get(key: string, window: number): Promise<Hits | undefined> {
    const { counter, end } = await this.#windowOf(key, window);
    const count = await onItem(key, counter, (counter) => {
      return this.#namespace.incr(counter, 0n, STRICT);
    });
    return count === undefined ? undefined : { count: Number(count), end };
  }

  /** Forgets the hits of a key. */
  async reset(key: string, window: number): Promise<void> {
    const { counter } = await this.#windowOf(key, window);
    await onItem(key, counter, (counter) => this.#namespace.delete(counter, STRICT));
  }

  /** Forgets all hits. */
  async resetAll(): Promise<void> {
    await this.#namespace.invalidateAll();
  }

  async #windowOf(key: string, window: number): Promise<{ counter: string; end: number }> {
    checkWindow(window);
    const number = Math.floor(Date.now() / window);
    return {
      counter: `${await this.#room.keyOf(key)}:${number}`,
      end: (number + 1) * window,
    };
  }
}
