/**
 * Reads and replaces items by cas uniques that are valid on one connection. memcached's cas uniques begin at 1 again
 * after a restart, and another server has different ones. So a cas unique may later belong to another item.
 *
 * @module
 */

import type { OperationOptions } from "../commands/operation_options.ts";
import type { Session } from "../commands/session.ts";
import { noCasError } from "../commands/read.ts";
import {
  CAS_ANSWERS,
  type CasOutcome,
  StorageCommand,
  type StoredItem,
} from "../protocol/commands/storage.ts";
import { StepRetrieval } from "./step_retrieval.ts";

/** A value, its cas unique, and the number of the connection that they were read through. */
export interface TiedValue<Value> {
  readonly value: Value;
  /** A copy of what was read, if it was asked for. */
  readonly copy?: { readonly flags: number; readonly data: Uint8Array } | undefined;
  readonly cas: bigint;
  readonly carrier: number;
}

/**
 * Reads an item; the value of an item without one, such as a lease, is `undefined`.
 *
 * @param copied `"copied"` if the item itself is copied as well.
 */
export function readTied<Value>(
  session: Session,
  key: string,
  options: OperationOptions | undefined,
  copied?: "copied",
): Promise<TiedValue<Value> | undefined> {
  const readItem = async (
    flags: number,
    data: Uint8Array,
    cas: bigint | undefined,
    _key: string,
    carrier: number,
  ) => {
    if (cas === undefined) throw noCasError();
    const copy = copied ? { flags, data: data.slice() } : undefined;
    return { value: await session.readItem(flags, data, cas, key), copy, cas, carrier };
  };
  return session.ask(key, () => new StepRetrieval("gets", key, readItem), options) as Promise<
    TiedValue<Value> | undefined
  >;
}

/** Stores an item if the read item has not changed; `"exists"` if this cannot be known. */
export function storeTied(
  session: Session,
  key: string,
  item: StoredItem,
  options: OperationOptions | undefined,
): Promise<CasOutcome> {
  return session.askChange(key, () => new StorageCommand("cas", key, item, CAS_ANSWERS), options);
}
