/** Counters of hits in windows that begin with the first hit of a key, and can be made longer. @module */

import { ClientException, jsonTranscoder, type KeyCommands, Namespace } from "../../../mod.ts";
import { ItemRoom } from "../item_room.ts";
import { exptimeOf, onItem } from "../key_and_exptime.ts";
import { checkWindow, type Hits } from "./hit_counters.ts";

/** The window of a key, in milliseconds since 1970. */
interface Window {
  /** When it began. This tells its counter from those of earlier windows. */
  readonly start: number;
  readonly end: number;
}

/** A window, and the cas unique of its item; none where it has just begun. */
interface FoundWindow extends Window {
  readonly cas?: bigint;
}

/** The item of a key's window: a window, anything else, or nothing. */
interface WindowItem {
  readonly window?: FoundWindow;
  readonly cas?: bigint;
}

/** A key, and the beginning of the keys of its items. */
interface Named {
  readonly key: string;
  readonly name: string;
}

/** How many milliseconds a window lasts from a hit on, by the number of the hit; `undefined` to leave it as it is. */
export type Extension = (count: number) => number | undefined;

/** The length of the longest end of an item's key. */
const SUFFIX_LENGTH = 17;
/** How often what other processes overtake is tried, as `update` does. */
const MOST_ATTEMPTS = 26;
/** A counter that cannot be reached must not count as 0. */
const STRICT = { failover: "error" } as const;

/**
 * Counters of hits. A key has an item that says when its window begins and ends, and a counter for each window. So
 * hits that come together count without waiting for each other.
 */
export class OwnWindows {
  readonly #namespace: Namespace;
  readonly #room: ItemRoom;

  constructor(client: KeyCommands, prefix: string) {
    this.#namespace = new Namespace(client, prefix).withTranscoder(jsonTranscoder);
    this.#room = new ItemRoom(this.#namespace, client, SUFFIX_LENGTH);
  }

  /**
   * Counts a hit.
   *
   * @param length How many milliseconds a window has that this hit begins.
   */
  async add(key: string, length: number, extension: Extension): Promise<Hits> {
    checkWindow(length);
    const named = { key, name: await this.#room.keyOf(key) };
    const window = await this.#windowOf(named, length);
    const count = await this.#count(named, window);
    const longer = extension(count);
    if (longer === undefined) return { count, end: window.end };
    const end = Math.min(Date.now() + longer, Number.MAX_SAFE_INTEGER);
    return { count, end: await this.#extend(named, window, end) };
  }

  /** Reads the hits; `undefined` when there is no window. */
  async get(key: string, length: number): Promise<Hits | undefined> {
    checkWindow(length);
    const named = { key, name: await this.#room.keyOf(key) };
    const { window } = await this.#read(named);
    if (!isOpen(window)) return undefined;
    const count = await onItem(key, counterKey(named, window), (counter) => {
      return this.#namespace.incr(counter, 0n, STRICT);
    });
    return { count: Number(count ?? 0n), end: window.end };
  }

  /** The window of a key, which begins now if there is none. */
  async #windowOf(named: Named, length: number): Promise<FoundWindow> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const { window, cas } = await this.#read(named);
      if (isOpen(window)) return window;
      const start = Date.now();
      const begun: Window = { start, end: start + length };
      if (await this.#write(named, begun, cas)) return begun;
      // Another process has begun one.
    }
    const why = `it changed during each of ${MOST_ATTEMPTS} attempts`;
    throw new ClientException(`Cannot count key ${JSON.stringify(named.key)}: ${why}`, named.key);
  }

  async #count(named: Named, window: Window): Promise<number> {
    const exptime = exptimeOf(window.end - Date.now());
    const count = await onItem(named.key, counterKey(named, window), (counter) => {
      return this.#namespace.incr(counter, 1n, { initial: 1n, exptime, ...STRICT });
    });
    return Number(count);
  }

  /** Lets a window end later, unless it does so already. Resolves to when it ends. */
  async #extend(named: Named, window: FoundWindow, end: number): Promise<number> {
    const lives = onItem(named.key, counterKey(named, window), (counter) => {
      return this.#namespace.touch(counter, exptimeOf(end - Date.now()), STRICT);
    });
    const [written] = await Promise.all([this.#writeEnd(named, window, end), lives]);
    return written;
  }

  async #writeEnd(named: Named, begun: FoundWindow, end: number): Promise<number> {
    const { start } = begun;
    let window: FoundWindow | undefined = begun;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      // Where it is gone, or another one has begun, this hit has been counted in time.
      if (window?.start !== start || window.end >= end) break;
      const { cas } = window;
      if (cas !== undefined && await this.#write(named, { start, end }, cas)) return end;
      ({ window } = await this.#read(named));
    }
    return window?.start === start ? window.end : end;
  }

  async #read({ key, name }: Named): Promise<WindowItem> {
    const found = await onItem(key, windowKey(name), (item) => {
      return this.#namespace.gets(item, STRICT);
    });
    if (found === undefined) return {};
    const { value, cas } = found;
    return isWindow(value) ? { window: { ...value, cas }, cas } : { cas };
  }

  /** Stores a window; tells whether nothing else has been stored since the cas unique was read. */
  async #write({ key, name }: Named, window: Window, cas: bigint | undefined): Promise<boolean> {
    const exptime = exptimeOf(window.end - Date.now());
    return await onItem(key, windowKey(name), async (item) => {
      return cas === undefined
        ? await this.#namespace.add(item, window, exptime, STRICT)
        : await this.#namespace.cas(item, window, cas, exptime, STRICT) === "stored";
    });
  }
}

function windowKey(name: string): string {
  return `${name}:window`;
}

function counterKey({ name }: Named, { start }: Window): string {
  return `${name}:at${start}`;
}

function isOpen(window: Window | undefined): window is Window {
  return window !== undefined && window.end > Date.now();
}

function isWindow(value: unknown): value is Window {
  const { start, end } = Object(value);
  return Number.isSafeInteger(start) && Number.isSafeInteger(end);
}
