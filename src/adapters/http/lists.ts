/** Lists in memcached, which many change at the same time. @module */

import { ClientException, type Exptime, type KeyCommands, SocketError } from "../../../mod.ts";

/** How often a list is changed again when others were faster. */
const RETRIES = 50;
/** So many bytes fit into an item, a few kilobytes below memcached's own limit of 1 MiB. */
const MOST_BYTES = 1_000_000;

/** Makes a new list of the present one; `undefined` leaves it. */
export type ChangeList<Element> = (elements: readonly Element[]) => readonly Element[] | undefined;

/** A list before and after a change. */
export interface ChangedList<Element> {
  readonly before: readonly Element[];
  readonly after: readonly Element[];
}

/** What a list consists of. */
export interface ListSettings<Element> {
  /** Whether something that was read is an element; what is none is left out. */
  readonly isElement: (value: unknown) => value is Element;
  /** When a list expires. */
  readonly exptimeOf: (elements: readonly Element[]) => Exptime;
}

interface Waiting<Element> {
  readonly change: ChangeList<Element>;
  readonly resolve: (changed: ChangedList<Element> | undefined) => void;
  readonly reject: (error: unknown) => void;
  /** Whether it leaves the elements as they are, and only stores them again. */
  readonly putsBack?: boolean;
}

/** Lists of one kind, each in an item of its own as JSON. */
export class Lists<Element> {
  readonly #bytes: KeyCommands;
  readonly #settings: ListSettings<Element>;
  /** The changes that are yet to be made, by the list's key. */
  readonly #waiting = new Map<string, Waiting<Element>[]>();
  #mostBytes = MOST_BYTES;

  /** @param bytes Commands whose values are bytes. */
  constructor(bytes: KeyCommands, settings: ListSettings<Element>) {
    this.#bytes = bytes;
    this.#settings = settings;
  }

  /**
   * Reads a list, an empty one where there is none.
   *
   * @param from The commands to read with, whose keys are those of a namespace perhaps.
   * @throws {ClientException} When the item holds something else.
   */
  async read(key: string, from: KeyCommands = this.#bytes): Promise<Element[]> {
    return this.#parse(key, await from.get<Uint8Array>(key));
  }

  /**
   * Changes a list. The changes that come during another one of the same list are made together, in their
   * order, so that a herd needs a few requests only. Of a list that does not fit into an item, the first
   * elements go.
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
    /** What memcached has dropped along with its refusal. */
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
        // What was refused in the company of others is tried again on its own.
        if (isRefused && changed.length > 1) most = 1;
        else giveBack(waiting, changed.length, error, isRefused && lost.length > 0);
      }
    }
    this.#waiting.delete(key);
  }

  /** Makes the changes that wait, one after the other, without storing the list. */
  #attempt(waiting: readonly Waiting<Element>[], before: readonly Element[]): Attempt<Element> {
    const changed: Attempt<Element>["changed"] = [];
    let elements = before;
    for (const { change } of waiting) {
      const after = change(elements) ?? elements;
      // What has no room beside other elements is no reason for those to go.
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

  /** Whether a list that was refused was too long; the next attempt has fewer elements. */
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

/** What comes of changes of a list that wait. */
interface Attempt<Element> {
  readonly before: readonly Element[];
  readonly changed: { list: ChangedList<Element> }[];
  /** The new list. */
  readonly elements: readonly Element[];
  /** What is to be stored; absent when the list stays as it is. */
  readonly bytes?: Uint8Array;
}

/**
 * Rejects the first changes. A single one that memcached has refused is rejected when the list that was dropped
 * along with it has been put back.
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
 * Writes; or finds out that the client drops writes, since it takes a server that it cannot reach for a miss
 * (`failover: "miss"`). Then reading gives a miss where writing fails that depends on what has been read.
 *
 * @param write What is to be done. It may be done twice.
 * @param read Reads from the same server.
 * @returns What writing gives; `undefined` when it has been dropped.
 */
export async function unlessDropped<Result>(
  write: () => Promise<Result>,
  read: () => Promise<unknown>,
): Promise<Result | undefined> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    const isRead = await read().then(() => true, () => false);
    if (!isRead) throw error;
  }
  // It is dropped, or the server is there again.
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    return undefined;
  }
}

/** Whether memcached has refused to store an item; it drops the old one then. */
function isRefusal(error: unknown): error is ClientException {
  return error instanceof ClientException && /^SERVER_ERROR/.test(`${error.item}`);
}

/** As many of a list's last elements as fit into so many bytes of JSON, and one at least. */
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
    // What is no JSON is no list.
    return undefined;
  }
}
