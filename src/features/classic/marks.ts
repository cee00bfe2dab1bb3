/**
 * Marks: what meta commands let a server tell of a value, kept in items of their own beside it, so that the value's
 * own bytes stay what every other client reads.
 *
 * A mark names the cas unique of the value that it is about. Whatever changes the value gives it another cas unique,
 * and so ends the mark: a mark that comes late, or is left behind, says nothing of another value. A mark is replaced
 * only if it is still the one that was read beside the value.
 *
 * When a value is to be computed again, another item beside it tells by expiring. So the time is the server's, and
 * clients whose clocks differ agree on it.
 *
 * @module
 */

import type { OperationOptions } from "../../commands/operation_options.ts";
import { formatMark, type Mark, parseMark } from "../../fleet/mark.ts";
import { reservedKey } from "../../fleet/reserved_key.ts";
import type { Session } from "../../commands/session.ts";
import { add, set } from "../../commands/store.ts";
import type { CasOutcome } from "../../protocol/commands/storage.ts";
import { MARK_FLAGS, type StoredItem } from "../../transcoding/item_codec.ts";
import { type ReadItem, textOf } from "../stub.ts";
import { readTied, storeTied } from "../tied_cas.ts";

/** A mark as it was read, or that there is none: what may be replaced by another. */
export interface MarkRead {
  readonly mark: Mark | undefined;
  /** The item that holds it. */
  readonly found: ReadItem | undefined;
}

/** The marks of one key, on the server of that key. */
export class Marks {
  readonly #session: Session;
  readonly #markKey: string;
  readonly #freshKey: string;
  readonly #options: OperationOptions | undefined;

  /** @param session Whose values are items as they are. */
  constructor(session: Session, key: string, options: OperationOptions | undefined) {
    this.#session = session.routedAs(key);
    this.#markKey = reservedKey(key, "mark");
    this.#freshKey = reservedKey(key, "fresh");
    this.#options = options;
  }

  /** Reads the mark. */
  async read(): Promise<MarkRead> {
    const found = await this.#get(this.#markKey);
    return { mark: found && parseMark(textOf(found.value)), found };
  }

  /** Reads the text that is there as long as a value is fresh. */
  async readFreshness(): Promise<string | undefined> {
    const found = await this.#get(this.#freshKey);
    return found && textOf(found.value);
  }

  /** Puts a mark where there is still the one that was read; resolves to whether it did. */
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

  /** Leaves a text for as long as a value is fresh. */
  async putFreshness(text: string, exptime: number): Promise<void> {
    await set(this.#session, this.#freshKey, itemOf(text), exptime, this.#options);
  }

  async #get(key: string): Promise<ReadItem | undefined> {
    return await readTied<StoredItem>(this.#session, key, this.#options);
  }
}

function itemOf(text: string): StoredItem {
  return { flags: MARK_FLAGS, data: new TextEncoder().encode(text) };
}
