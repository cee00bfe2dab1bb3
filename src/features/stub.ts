/**
 * Stubs: items without a value. A client adds one to claim a key, so that the others see that it is being
 * worked on. A stub expires by itself, so a client that dies frees the others.
 *
 * A stub holds a random text, its nonce. memcached numbers its cas uniques from the start again when it
 * restarts, so that a cas unique alone may be that of another client's stub by then: it is read together with
 * the nonce, each time, just before it is used.
 *
 * @module
 */

import type { BareKeyCommands } from "../commands/bare_key_commands.ts";
import type { OperationOptions } from "../commands/operation_options.ts";
import type { CasOutcome } from "../protocol/commands/storage.ts";
import { LEASE_FLAGS, type StoredItem } from "../transcoding/item_codec.ts";

/** The commands that stubs need, of a view that reads and writes {@linkcode StoredItem}s. */
export type ItemCommands = Pick<BareKeyCommands, "add" | "gets" | "cas">;

/** A stub that was added. */
export interface Stub {
  readonly key: string;
  /** The text that it holds, which occurs nowhere else. */
  readonly nonce: string;
  /** The cas unique that it must have still, for a stub that must not be marked as stale meanwhile. */
  readonly cas?: bigint;
}

/** What an item is replaced by, and for how long in seconds. */
export interface Replacement extends StoredItem {
  readonly exptime: number;
}

/** An item that was read, and its cas unique. */
export interface ReadItem {
  readonly value: StoredItem;
  readonly cas: bigint;
}

/** Makes an item that expires at once: the way to delete one that has a certain cas unique. */
const PAST = /* @__PURE__ */ new Date(0);

/** Makes a stub that is not stored yet. */
export function makeStub(key: string): Stub {
  return { key, nonce: crypto.randomUUID() };
}

/**
 * Adds a stub.
 *
 * @param seconds When it expires.
 * @returns The stub, or `undefined` when there is an item.
 */
export async function addStub(
  items: ItemCommands,
  key: string,
  seconds: number,
): Promise<Stub | undefined> {
  const stub = makeStub(key);
  const data = new TextEncoder().encode(stub.nonce);
  return await items.add(key, { flags: LEASE_FLAGS, data }, seconds) ? stub : undefined;
}

/** Reads a stub; resolves to `undefined` when it is not there any more. */
export async function findStub(
  items: ItemCommands,
  { key, nonce, cas }: Stub,
  options?: OperationOptions,
): Promise<ReadItem | undefined> {
  const found = await items.gets<StoredItem>(key, options);
  if (found === undefined || textOf(found.value) !== nonce) return undefined;
  return cas === undefined || found.cas === cas ? found : undefined;
}

/** Stores an item in the place of a stub; resolves to `"not_found"` when that is not there any more. */
export async function replaceStub(
  items: ItemCommands,
  stub: Stub,
  { exptime, ...item }: Replacement,
): Promise<CasOutcome> {
  const found = await findStub(items, stub);
  return found === undefined ? "not_found" : await items.cas(stub.key, item, found.cas, exptime);
}

/** Removes a stub; resolves to whether it was still there. */
export async function removeStub(items: ItemCommands, stub: Stub): Promise<boolean> {
  const found = await findStub(items, stub);
  if (found === undefined) return false;
  return await items.cas(stub.key, found.value, found.cas, PAST) === "stored";
}

/** The text of an item's bytes. */
export function textOf({ data }: StoredItem): string {
  return new TextDecoder().decode(data);
}
