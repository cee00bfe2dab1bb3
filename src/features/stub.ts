/**
 * Stubs: items without a value. A client adds one to claim a key, so that the others see that it is being
 * worked on. A stub expires by itself, so a client that dies frees the others.
 *
 * A stub holds a random text, its nonce. It is read, each time just before it is replaced or removed, and its cas
 * unique counts on the connection that it was read through: it cannot be that of another client's stub.
 *
 * @module
 */

import type { OperationOptions } from "../commands/operation_options.ts";
import { SocketError } from "../errors.ts";
import { isUnsent } from "../protocol/command.ts";
import type { CasOutcome } from "../protocol/commands/storage.ts";
import { LEASE_FLAGS, type StoredItem } from "../transcoding/item_codec.ts";
import { type Clock, lettingProcessEnd } from "../waiting.ts";

/** A cas unique, and the connection that it was read through, unless the client finds that by itself. */
export interface Unique {
  readonly cas: bigint;
  readonly carrier?: number | undefined;
}

/** An item that was read. */
export interface ReadItem extends Unique {
  readonly value: StoredItem;
}

/** An item as it is read for somebody who might compute it again. */
export interface LeasedItem extends StoredItem {
  /** The cas unique. */
  readonly cas: bigint;
  /** Seconds until it expires; -1 for never. */
  readonly ttl: number;
  /** Whether it has been invalidated. */
  readonly isInvalid: boolean;
}

/** The commands that stubs need. */
export interface ItemCommands {
  /** Where their client takes the time from. */
  readonly clock: Clock;
  add(
    key: string,
    item: StoredItem,
    exptime: number,
    options?: OperationOptions,
  ): Promise<boolean>;
  gets(key: string, options?: OperationOptions): Promise<ReadItem | undefined>;
  cas(
    key: string,
    item: StoredItem,
    unique: Unique,
    exptime: number | Date,
    options?: OperationOptions,
  ): Promise<CasOutcome>;
}

/** A stub that was added. */
export interface Stub {
  readonly key: string;
  /** The text that it holds, which occurs nowhere else. */
  readonly nonce: string;
  /** How long it lives, in seconds. */
  readonly lifetime: number;
  /** The cas unique that it must have still, for a stub that must not be marked as stale meanwhile. */
  readonly cas?: bigint;
}

/** What an item is replaced by, and for how long in seconds. */
export interface Replacement extends StoredItem {
  readonly exptime: number;
}

/** Makes an item that expires at once: the way to delete one that has a certain cas unique. */
const PAST = /* @__PURE__ */ new Date(0);
/** How often a cas is tried whose connection is lost, or that others were faster than. */
const MOST_ATTEMPTS = 3;

/** Makes a stub that is not stored yet. */
export function makeStub(key: string, lifetime: number): Stub {
  return { key, nonce: crypto.randomUUID(), lifetime };
}

/**
 * Adds a stub. One that may have been added although this fails is removed later.
 *
 * @param lifetime When it expires, in seconds.
 * @returns The stub, or `undefined` when there is an item.
 */
export async function addStub(
  items: ItemCommands,
  key: string,
  lifetime: number,
): Promise<Stub | undefined> {
  const stub = makeStub(key, lifetime);
  const data = new TextEncoder().encode(stub.nonce);
  try {
    return await items.add(key, { flags: LEASE_FLAGS, data }, lifetime) ? stub : undefined;
  } catch (error) {
    removeAfterFailure(items, stub, error);
    throw error;
  }
}

/** Reads a stub; resolves to `undefined` when it is not there any more. */
export async function findStub(
  items: ItemCommands,
  { key, nonce, cas }: Stub,
  options?: OperationOptions,
): Promise<ReadItem | undefined> {
  const found = await items.gets(key, options);
  if (found === undefined || textOf(found.value) !== nonce) return undefined;
  return cas === undefined || found.cas === cas ? found : undefined;
}

/**
 * Stores what depends on an item being there. Where the connection is lost after that was looked for, it is looked
 * for again.
 *
 * @param find Looks for the item.
 * @param store Stores what depends on it.
 * @returns What came of it; `"not_found"` when the item is not there.
 */
export async function storeIfThere(
  find: () => Promise<ReadItem | undefined>,
  store: (found: ReadItem) => Promise<CasOutcome>,
): Promise<CasOutcome> {
  for (let attempt = 1;; attempt++) {
    const found = await find();
    if (found === undefined) return "not_found";
    const outcome = await store(found);
    if (outcome !== "exists" || attempt === MOST_ATTEMPTS) return outcome;
  }
}

/** Stores an item in the place of a stub; resolves to `"not_found"` when that is not there any more. */
export async function replaceStub(
  items: ItemCommands,
  stub: Stub,
  { exptime, ...item }: Replacement,
): Promise<CasOutcome> {
  return await storeIfThere(
    () => findStub(items, stub),
    (found) => items.cas(stub.key, item, found, exptime),
  );
}

/** Removes a stub; resolves to whether it was still there. */
export async function removeStub(items: ItemCommands, stub: Stub): Promise<boolean> {
  const outcome = await storeIfThere(
    () => findStub(items, stub),
    (found) => items.cas(stub.key, found.value, found, PAST),
  );
  return outcome === "stored";
}

/** Removes a stub, now or, where the server cannot be reached, later; never fails. */
export async function dropStub(items: ItemCommands, stub: Stub): Promise<void> {
  const [outcome] = await Promise.allSettled([removeStub(items, stub)]);
  if (outcome.status === "rejected") removeAfterFailure(items, stub, outcome.reason);
}

/** For how many milliseconds a stub is looked for that nobody has confirmed. */
const LONGEST_SEARCH = 30_000;
const LONGEST_REST = 1000;

/** Removes a stub in the background after a request that may have reached the server though it failed. */
export function removeAfterFailure(items: ItemCommands, stub: Stub, error: unknown): void {
  if (error instanceof SocketError && !isUnsent(error)) void removeLater(items, stub);
}

/** Removes a stub as soon as the server answers, and is found: what was sent before may come there after it. */
export async function removeLater(items: ItemCommands, stub: Stub): Promise<void> {
  const clock = lettingProcessEnd(items.clock);
  const end = clock.now() + Math.min(LONGEST_SEARCH, stub.lifetime * 1000);
  for (let rest = 50; clock.now() < end; rest = Math.min(LONGEST_REST, rest * 2)) {
    const [removed] = await Promise.allSettled([removeStub(items, stub)]);
    if (removed.status === "fulfilled" && removed.value) return;
    await new Promise<void>((resolve) => clock.after(rest * (1 + Math.random()) / 2, resolve));
  }
}

/** The text of an item's bytes. */
export function textOf({ data }: StoredItem): string {
  return new TextDecoder().decode(data);
}
