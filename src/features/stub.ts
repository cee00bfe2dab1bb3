/**
 * Stubs: items without a value. A client adds a stub to claim a key, so that others see that it is working on it. A
 * stub expires, so if its client crashes, others can continue.
 *
 * A stub holds a random text. It is read just before it is replaced or removed. Its cas unique is used only on the
 * connection that it was read through, so it cannot belong to another client's stub.
 *
 * @module
 */

import type { OperationOptions } from "../commands/operation_options.ts";
import type { Session } from "../commands/session.ts";
import type { ServerHandle } from "../connection/server_handle.ts";
import { messageOf } from "../errors.ts";
import { nodeOf } from "../fleet/route.ts";
import { isUnreachable } from "../protocol/backend_failure.ts";
import { isUnsent } from "../protocol/command.ts";
import type { CasOutcome } from "../protocol/commands/storage.ts";
import { LEASE_FLAGS, type RawItem } from "../transcoding/item_codec.ts";
import type { Clock } from "../waiting.ts";
import { lettingProcessEnd } from "../waiting/timers.ts";
import { beforeClosing } from "./farewell.ts";

/** A cas unique, and the connection that it was read through; absent if the client itself remembers that. */
export interface Unique {
  readonly cas: bigint;
  readonly carrier?: number | undefined;
}

/** An item that was found, and what is needed to replace it. */
export interface FoundItem extends Unique {
  readonly value: RawItem;
}

/** An item, as it is read by a caller that may compute it again. */
export interface LeasedItem extends RawItem {
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
  /** The session of their client; absent for other implementations. */
  readonly session?: Session | undefined;
  add(
    key: string,
    item: RawItem,
    exptime: number,
    options?: OperationOptions,
  ): Promise<boolean>;
  gets(key: string, options?: OperationOptions): Promise<FoundItem | undefined>;
  cas(
    key: string,
    item: RawItem,
    unique: Unique,
    exptime: number | Date,
    options?: OperationOptions,
  ): Promise<CasOutcome>;
}

/** A stub that has been added. */
export interface Stub {
  readonly key: string;
  /** Its random text, which is unique. */
  readonly nonce: string;
  /** Its lifetime in seconds. */
  readonly lifetime: number;
  /** The cas unique that it must have, for a stub that must not have been marked as stale. */
  readonly cas?: bigint;
  /** The server that it was added to, if known. */
  readonly server?: ServerHandle | undefined;
}

/** The replacement of an item, and its lifetime in seconds. */
export interface Replacement extends RawItem {
  readonly exptime: number;
}

/** Makes an item expire at once. This is how an item with a certain cas unique is deleted. */
const PAST = /* @__PURE__ */ new Date(0);
/** How often a cas is tried when the connection is lost, or when other clients are faster. */
const MOST_ATTEMPTS = 3;

/** Makes a stub, without storing it. */
export function makeStub(key: string, lifetime: number): Stub {
  return { key, nonce: crypto.randomUUID(), lifetime };
}

/**
 * Adds to a stub which server it is on.
 *
 * @param session The session of the client that has stored it; absent for other implementations.
 * @param routingKey The key whose server has got it.
 */
export function onItsServer(
  stub: Stub,
  session: Session | undefined,
  routingKey: string = stub.key,
): Stub {
  return { ...stub, server: session && nodeOf(session.route, routingKey) };
}

/**
 * Adds a stub. If this fails but the stub may have been added, it is removed later.
 *
 * @param lifetime When it expires, in seconds.
 * @returns The stub, or `undefined` when the key exists.
 */
export async function addStub(
  items: ItemCommands,
  key: string,
  lifetime: number,
): Promise<Stub | undefined> {
  const stub = makeStub(key, lifetime);
  const data = new TextEncoder().encode(stub.nonce);
  try {
    const isAdded = await items.add(key, { flags: LEASE_FLAGS, data }, lifetime);
    return isAdded ? onItsServer(stub, items.session) : undefined;
  } catch (error) {
    removeAfterFailure(items, stub, error);
    throw error;
  }
}

/** Reads a stub; resolves to `undefined` when it does not exist any more. */
export async function findStub(
  items: ItemCommands,
  { key, nonce, cas }: Stub,
  options?: OperationOptions,
): Promise<FoundItem | undefined> {
  const found = await items.gets(key, options);
  if (found === undefined || textOf(found.value) !== nonce) return undefined;
  return cas === undefined || found.cas === cas ? found : undefined;
}

/**
 * Finds an item and stores its replacement. If the connection is lost in between, the item is searched again.
 *
 * @param find Finds the item.
 * @param store Stores its replacement.
 * @returns The result; `"not_found"` when the item does not exist.
 */
export async function storeIfThere(
  find: () => Promise<FoundItem | undefined>,
  store: (found: FoundItem) => Promise<CasOutcome>,
): Promise<CasOutcome> {
  for (let attempt = 1;; attempt++) {
    const found = await find();
    if (found === undefined) return "not_found";
    const outcome = await store(found);
    if (outcome !== "exists" || attempt === MOST_ATTEMPTS) return outcome;
  }
}

/** Replaces a stub by an item; resolves to `"not_found"` when the stub does not exist any more. */
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

/**
 * Removes a stub; resolves to whether it still existed. If its server is down and another one is asked instead, it is
 * removed later: it would block the others when its server is back.
 */
export async function removeStub(items: ItemCommands, stub: Stub): Promise<boolean> {
  const isRemoved = await removeFound(items, stub);
  if (!isRemoved && stub.server?.isDown) void removeLater(items, stub);
  return isRemoved;
}

async function removeFound(items: ItemCommands, stub: Stub): Promise<boolean> {
  const outcome = await storeIfThere(
    () => findStub(items, stub),
    (found) => items.cas(stub.key, found.value, found, PAST),
  );
  return outcome === "stored";
}

/** Removes a stub: now, or later if the server cannot be reached. It never fails. */
export async function dropStub(items: ItemCommands, stub: Stub): Promise<void> {
  const remove = () => removeStub(items, stub);
  const [outcome] = await Promise.allSettled([beforeClosing(items.session, remove)]);
  const isOpen = outcome.status === "rejected" && isUnreachable(outcome.reason);
  if (isOpen) void removeLater(items, stub);
}

/** For how many milliseconds an unconfirmed stub is searched. */
const LONGEST_SEARCH = 30_000;
const LONGEST_REST = 1000;

/** Removes a stub in the background, after adding it has failed although the request may have reached the server. */
export function removeAfterFailure(items: ItemCommands, stub: Stub, error: unknown): void {
  if (isUnreachable(error) && !isUnsent(error)) void removeLater(items, stub);
}

/** Removes a stub as soon as the server replies and the stub exists: an earlier request may reach the server later. */
export async function removeLater(items: ItemCommands, stub: Stub): Promise<void> {
  const clock = lettingProcessEnd(items.clock);
  const end = clock.now() + Math.min(LONGEST_SEARCH, stub.lifetime * 1000);
  const isClosed = () => items.session?.ending.aborted === true;
  for (let rest = 50; clock.now() < end && !isClosed(); rest = Math.min(LONGEST_REST, rest * 2)) {
    const [removed] = await Promise.allSettled([removeFound(items, stub)]);
    if (removed.status === "fulfilled" && removed.value) return;
    await new Promise<void>((resolve) => clock.after(rest * (1 + Math.random()) / 2, resolve));
  }
}

/** Whether the client drops a write that has failed with this error. */
export function isDropped(
  { settings }: Session,
  options: OperationOptions | undefined,
  error: unknown,
): boolean {
  return settings.failover === "miss" && options?.failover !== "error" && isUnreachable(error);
}

/** The length of an error's message that is kept, in characters. */
const LONGEST_MESSAGE = 1000;

/** The message of an error, as it is stored in place of a value. */
export function keptMessageOf(error: unknown): string {
  return messageOf(error).slice(0, LONGEST_MESSAGE);
}

/** The text of an item's bytes. */
export function textOf({ data }: RawItem): string {
  return new TextDecoder().decode(data);
}
