/**
 * Reading and replacing items by cas uniques that count on one connection: memcached numbers them from the start
 * again when it restarts, and so does another server when a key moves. Then a cas unique may be another item's.
 *
 * @module
 */

import type { OperationOptions } from "../commands/operation_options.ts";
import type { Session } from "../commands/session.ts";
import { SocketError } from "../errors.ts";
import { RetrievalCommand } from "../protocol/commands/retrieval.ts";
import {
  CAS_ANSWERS,
  type CasOutcome,
  StorageCommand,
  type StoredItem,
} from "../protocol/commands/storage.ts";

/** A value, its cas unique, and the number of the connection that they were read through. */
export interface TiedValue<Value> {
  readonly value: Value;
  readonly cas: bigint;
  readonly carrier: number;
}

/** Reads an item; an item that holds no value, as a lease, has the value `undefined`. */
export function readTied<Value>(
  session: Session,
  key: string,
  options: OperationOptions | undefined,
): Promise<TiedValue<Value> | undefined> {
  const readItem = async (
    flags: number,
    data: Uint8Array,
    cas: bigint | undefined,
    _key: string,
    carrier: number,
  ) => {
    if (cas === undefined) throw new SocketError("Cannot get cas unique: the server sent none");
    return { value: await session.readItem(flags, data, cas, key), cas, carrier };
  };
  return session.ask(key, () => new RetrievalCommand("gets", key, readItem), options) as Promise<
    TiedValue<Value> | undefined
  >;
}

/** Stores an item if that which was read is still there: `"exists"` where nobody can know. */
export function storeTied(
  session: Session,
  key: string,
  item: StoredItem,
  options: OperationOptions | undefined,
): Promise<CasOutcome> {
  return session.askChange(key, () => new StorageCommand("cas", key, item, CAS_ANSWERS), options);
}
