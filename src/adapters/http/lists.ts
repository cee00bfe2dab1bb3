/** Lists in memcached that many clients may change at the same time. @module */

import { ClientException, type Exptime, type KeyCommands } from "../../../mod.ts";
import { isBackendFailure, isUnreachable } from "../../protocol/backend_failure.ts";

/** How often a change is tried again after other clients changed the list first. */
const RETRIES = 50;
/** How many bytes fit into an item: a few kilobytes less than memcached's limit of 1 MiB. */
const MOST_BYTES = 1_000_000;

/** Makes a new list from the current one; `undefined` leaves it unchanged. */
export type ChangeList<Element> = (elements: readonly Element[]) => readonly Element[] | undefined;

/** A list before and after a change. */
export interface ChangedList<Element> {
  readonly before: readonly Element[];
  readonly after: readonly Element[];
}

/** The settings of lists. */
export interface ListSettings<Element> {
  /** Whether a value from memcached is an element; others are left out. */
  readonly isElement: (value: unknown) => value is Element;
  /** When a list expires. */
  readonly exptimeOf: (elements: readonly Element[]) => Exptime;
}

interface Waiting<Element> {
  readonly change: ChangeList<Element>;
  readonly resolve: (changed: ChangedList<Element> | undefined) => void;
  readonly reject: (error: unknown) => void;
  /** Whether the change keeps the elements, and only stores them again. */
  readonly putsBack?: boolean;
}

/** Lists of one kind; each is one item of JSON. */
export class Lists<Element> {
  readonly #bytes: KeyCommands;
  readonly #settings: ListSettings<Element>;
  /** The changes that have not been made yet, by the list's key. */
  readonly #waiting = new Map<string, Waiting<Element>[]>();
  #mostBytes = MOST_BYTES;

  /** @param bytes Commands whose values are bytes. */
  constructor(bytes: KeyCommands, settings: ListSettings<Element>) {
    this.#bytes = bytes;
    this.#settings = settings;
  }

  /**
   * Reads a list. A list that does not exist is empty.
   *
   * @param from The commands to read with, for example those of a namespace.
   * @throws {ClientException} When the item holds something else.
   */
  async read(key: string, from: KeyCommands = this.#bytes): Promise<Element[]> {
    return this.#parse(key, await from.get<Uint8Array>(key));
  }

  /**
   * Changes a list. Changes that are asked for while another change of the same list is under way are made together, in
   * order, so that many callers need only a few requests. If a list does not fit into an item, its first elements are
   * removed.
   *
   * @returns The list before and after; `undefined` when the change has been dropped.
   */
  change(key: string, change: ChangeList<Element>): Promise<ChangedList<Element> | undefined> {
    return new Promise((resolve, reject) => {
      const one: Waiting<Element> = { change, resolve, reject };
      const present = this.#waiting.get(key);
      if (present !== undefined) return void present.push(one);
      const waiting = [one];
      this.#waiting.set(key, waiting);
      void this.#makeChanges(key, waiting);
    });
  }

  async #makeChanges(key: string, waiting: Waiting<Element>[]): Promise<void> {
    /** The list that memcached deleted when it refused the new one. */
    let lost: readonly Element[] = [];
    let most = Infinity;
    while (waiting.length > 0) {
      let attempt: Attempt<Element> | undefined;
      const exptime = () => this.#settings.exptimeOf(attempt?.elements ?? []);
      const update = async () => {
        await this.#bytes.update<Uint8Array>(key, (stored) => {
          const elements = stored === undefined ? lost : this.#parse(key, stored);
          attempt = this.#attempt(waiting.slice(0, most), elements);
          return attempt.bytes;
        }, { retries: RETRIES, exptime });
        return attempt?.changed;
      };
      try {
        const changed = await unlessDropped(update, () => this.#bytes.get(key));
        lost = [];
        const settled = waiting.splice(0, changed?.length ?? waiting.length);
        settled.forEach(({ resolve }, i) => resolve(changed?.[i]?.list));
      } catch (error) {
        const { before = [], changed = waiting, bytes } = attempt ?? {};
        const isRefused = bytes !== undefined && isRefusal(error);
        if (isRefused) lost = before;
        if (isRefused && this.#mayFitNext(error, attempt)) continue;
        // Several changes were refused together: each is tried again alone.
        if (isRefused && changed.length > 1) most = 1;
        else giveBack(waiting, changed.length, error, isRefused && lost.length > 0);
      }
    }
    this.#waiting.delete(key);
  }

  /** Applies the waiting changes one after another, without storing the list. */
  #attempt(waiting: readonly Waiting<Element>[], before: readonly Element[]): Attempt<Element> {
    const changed: Attempt<Element>["changed"] = [];
    let elements = before;
    for (const { change } of waiting) {
      const after = change(elements) ?? elements;
      // An element that does not fit beside the others must not push them out.
      const isAlone = this.#addsTooLong(after, elements);
      if (isAlone && changed.length > 0) break;
      changed.push({ list: { before: elements, after } });
      elements = after;
      if (isAlone) break;
    }
    const last = changed.at(-1);
    if (elements === before || last === undefined) return { before, changed, elements };
    const { fitting, bytes } = fit(elements, this.#mostBytes);
    last.list = { before: last.list.before, after: fitting };
    return { before, changed, elements: fitting, bytes };
  }

  #addsTooLong(after: readonly Element[], before: readonly Element[]): boolean {
    if (after === before) return false;
    const present = new Set(before);
    return after.some((element) => {
      return !present.has(element) && byteLengthOf(JSON.stringify(element)) > this.#mostBytes;
    });
  }

  /** Whether the refused list may have been too long. The next attempt has fewer elements then. */
  #mayFitNext({ item: line }: ClientException, attempt: Attempt<Element> | undefined): boolean {
    const { elements = [], bytes } = attempt ?? {};
    if (!/too large/.test(`${line}`) || bytes === undefined || elements.length < 2) return false;
    this.#mostBytes = Math.floor(bytes.byteLength * 3 / 4);
    return true;
  }

  #parse(key: string, stored: Uint8Array | undefined): Element[] {
    if (stored === undefined) return [];
    const elements = parseJson(stored);
    if (Array.isArray(elements)) return elements.filter(this.#settings.isElement);
    throw new ClientException(`Cannot read key "${key}": it is not an item of a cache`, stored);
  }
}

/** The result of applying the waiting changes. */
interface Attempt<Element> {
  readonly before: readonly Element[];
  readonly changed: { list: ChangedList<Element> }[];
  /** The new list. */
  readonly elements: readonly Element[];
  /** What to store; absent when the list does not change. */
  readonly bytes?: Uint8Array;
}

/**
 * Rejects the first changes. If memcached deleted the list when it refused a single change, the list is restored first.
 */
function giveBack<Element>(
  waiting: Waiting<Element>[],
  count: number,
  error: unknown,
  hasLost: boolean,
): void {
  const failed = waiting.splice(0, count);
  const [first] = failed;
  if (!hasLost || first === undefined || first.putsBack) {
    for (const { reject } of failed) reject(error);
    return;
  }
  const reject = () => first.reject(error);
  waiting.unshift({ change: (elements) => [...elements], resolve: reject, reject, putsBack: true });
}

/**
 * Writes, and finds out whether the client dropped the write. A client with `failover: "miss"` treats an unreachable
 * server as a miss: reads give a miss, and writes that depend on a read fail.
 *
 * @param write The write. It may be called twice.
 * @param read Reads from the same server.
 * @returns The result of the write; `undefined` when it was dropped.
 */
export async function unlessDropped<Result>(
  write: () => Promise<Result>,
  read: () => Promise<unknown>,
): Promise<Result | undefined> {
  try {
    return await write();
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    const isRead = await read().then(() => true, () => false);
    if (!isRead) throw error;
  }
  // The write was dropped, or the server can be reached again.
  try {
    return await write();
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return undefined;
  }
}

/** Whether memcached refused to store an item. It deletes the old item then. */
function isRefusal(error: unknown): error is ClientException {
  return error instanceof ClientException && /^SERVER_ERROR/.test(`${error.item}`) &&
    !isBackendFailure(error);
}

/** The last elements of a list that fit into `mostBytes` of JSON; at least one. */
function fit<Element>(
  elements: readonly Element[],
  mostBytes: number,
): { readonly fitting: readonly Element[]; readonly bytes: Uint8Array } {
  const texts = elements.map((element) => JSON.stringify(element));
  const byteLengths = texts.map((text) => byteLengthOf(text) + ",".length);
  let byteLength = byteLengths.reduce((sum, length) => sum + length, "[".length);
  const from = byteLengths.findIndex((length, i) => {
    const fits = byteLength <= mostBytes || i === texts.length - 1;
    byteLength -= length;
    return fits;
  });
  const bytes = new TextEncoder().encode(`[${texts.slice(from)}]`);
  return { fitting: elements.slice(from), bytes };
}

function byteLengthOf(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // An item that is not JSON is not a list.
    return undefined;
  }
}
