/**
 * Marks of values, for servers without meta commands: separate items that hold what meta commands would report. So the
 * value's bytes stay readable for every other client.
 *
 * A mark contains the cas unique of its value. Every change of the value changes the cas unique, so an old mark never
 * applies to a new value. A mark is replaced only if it has not changed since it was read.
 *
 * A second item beside the value expires when the value must be computed again. So the server's clock decides, and
 * clients with different clocks agree.
 *
 * @module
 */

import type { OperationOptions } from "../../commands/operation_options.ts";
import { formatMark, type Mark, parseMark } from "../../fleet/mark.ts";
import { reservedKey } from "../../fleet/reserved_key.ts";
import type { Session } from "../../commands/session.ts";
import { add, set } from "../../commands/store.ts";
import type { CasOutcome } from "../../protocol/commands/storage.ts";
import { MARK_FLAGS, type RawItem } from "../../transcoding/item_codec.ts";
import { type FoundItem, textOf } from "../stub.ts";
import { readTied, storeTied } from "../tied_cas.ts";

/** A mark as it was read, or the absence of one. It may be replaced by another mark. */
export interface MarkRead {
  readonly mark: Mark | undefined;
  /** The item that holds the mark. */
  readonly found: FoundItem | undefined;
}

/** The marks of one key, on the server of that key. */
export class Marks {
  readonly #session: Session;
  /** Where the value is, and its key. */
  readonly #values: Session;
  readonly #key: string;
  readonly #markKey: string;
  readonly #freshKey: string;
  readonly #options: OperationOptions | undefined;

  /** @param session The session, whose values are raw items. */
  constructor(session: Session, key: string, options: OperationOptions | undefined) {
    this.#values = session;
    this.#key = key;
    this.#session = session.routedAs(key);
    const { keys } = session.settings;
    this.#markKey = reservedKey(key, "mark", keys);
    this.#freshKey = reservedKey(key, "fresh", keys);
    this.#options = options;
  }

  /** Reads the mark. */
  async read(): Promise<MarkRead> {
    const found = await this.#get(this.#markKey);
    return { mark: found && parseMark(textOf(found.value)), found };
  }

  /**
   * Reads the mark, and then the item. In this order, a mark that was put for a newer item than the one that is read
   * here has changed since it was read, and is not replaced.
   */
  async readWithItem(): Promise<[MarkRead, FoundItem | undefined]> {
    const read = await this.read();
    return [read, await readTied<RawItem>(this.#values, this.#key, this.#options)];
  }

  /** Reads the item that exists while a value is fresh. */
  async readFreshness(): Promise<string | undefined> {
    const found = await this.#get(this.#freshKey);
    return found && textOf(found.value);
  }

  /** Stores a mark if the last one has not changed since it was read; resolves to whether it was stored. */
  async put(mark: Mark, { found }: MarkRead, exptime: number): Promise<boolean> {
    const item = itemOf(formatMark(mark));
    if (found === undefined) {
      return await add(this.#session, this.#markKey, item, exptime, this.#options);
    }
    const stored = { ...item, exptime, cas: found.cas, carrier: found.carrier };
    const outcome: CasOutcome = await storeTied(
      this.#session,
      this.#markKey,
      stored,
      this.#options,
    );
    return outcome === "stored";
  }

  /** Stores the item that exists while a value is fresh. */
  async putFreshness(text: string, exptime: number): Promise<void> {
    await set(this.#session, this.#freshKey, itemOf(text), exptime, this.#options);
  }

  async #get(key: string): Promise<FoundItem | undefined> {
    return await readTied<RawItem>(this.#session, key, this.#options);
  }
}

function itemOf(text: string): RawItem {
  return { flags: MARK_FLAGS, data: new TextEncoder().encode(text) };
}
