/** Claims a key: the common part of `lock` and `once`. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import { clockOf, type Session, sessionOf } from "../commands/session.ts";
import { beforeClosing } from "../features/farewell.ts";
import {
  addStub,
  dropStub,
  type FoundItem,
  type ItemCommands,
  makeStub,
  onItsServer,
  removeAfterFailure,
  type Stub,
} from "../features/stub.ts";
import { withAction } from "../protocol/command.ts";
import { checkKey, type KeyChecks } from "../protocol/key.ts";
import { itemTranscoder, LEASE_FLAGS } from "../transcoding/item_codec.ts";
import { untilAborted } from "../waiting.ts";

/**
 * Checks a key as the client does: its option `keys` may take others than memcached. A view, which may take others as
 * well, checks keys itself.
 *
 * @throws {ValidationException} When the key is invalid.
 */
export function checkClientKey(client: object, key: unknown, action: string): void {
  const session: KeyChecks | undefined = sessionOf(client);
  if (session !== undefined) session.checkKey(key, action);
  else if (typeof key !== "string") checkKey(key, action);
}

/** Commands on raw items that fail when their server fails: a claim must not be dropped silently. */
export function strictItems(client: KeyCommands): ItemCommands {
  const items = client.withTranscoder(itemTranscoder);
  const failover = "error";
  return {
    add: (key, item, exptime, options) => items.add(key, item, exptime, { ...options, failover }),
    gets: (key, options) => items.gets(key, { ...options, failover }),
    // The client itself checks that the cas unique was read through the same connection.
    cas: (key, item, { cas }, exptime, options) =>
      items.cas(key, item, cas, exptime, { ...options, failover }),
    clock: clockOf(client),
    session: sessionOf(client),
  };
}

/**
 * Adds a stub. If the signal is aborted or the client is closed, and the stub is stored nevertheless, it is removed
 * again.
 *
 * @param lifetime When it expires, in seconds.
 * @param hidden What is there and counts as absent, in a view. It is replaced unless it has changed.
 * @returns The stub, or `undefined` when the key exists.
 */
export async function claim(
  items: ItemCommands,
  key: string,
  lifetime: number,
  signal: AbortSignal | undefined,
  hidden?: FoundItem,
): Promise<Stub | undefined> {
  signal?.throwIfAborted();
  const { session } = items;
  return await beforeClosing(session, async () => {
    const added = hidden === undefined
      ? addStub(items, key, lifetime)
      : putStub(items, key, lifetime, hidden);
    try {
      const stub = await untilAborted(added, signal);
      return stub && await keepWhileOpen(items, stub);
    } catch (error) {
      if (signal?.aborted) void beforeClosing(session, () => dropLate(items, added));
      throw error;
    }
  });
}

/** As {@linkcode addStub}, in place of an item. */
async function putStub(
  items: ItemCommands,
  key: string,
  lifetime: number,
  present: FoundItem,
): Promise<Stub | undefined> {
  const stub = makeStub(key, lifetime);
  const item = { flags: LEASE_FLAGS, data: new TextEncoder().encode(stub.nonce) };
  try {
    const outcome = await items.cas(key, item, present, lifetime);
    return outcome === "stored" ? onItsServer(stub, items.session) : undefined;
  } catch (error) {
    removeAfterFailure(items, stub, error);
    throw error;
  }
}

/**
 * Removes a stub if the client has been closed.
 *
 * @throws {SocketError} When it has been.
 */
async function keepWhileOpen(items: ItemCommands, stub: Stub): Promise<Stub> {
  const { session } = items;
  if (session?.ending.aborted) await dropStub(items, stub);
  checkOpen(session, `claim key "${stub.key}"`);
  return stub;
}

/**
 * Checks that a client is not closed.
 *
 * @param session The session of the client; absent for other implementations.
 * @param action The operation, for the message.
 * @throws {SocketError} When it is.
 */
export function checkOpen(session: Session | undefined, action: string): void {
  if (session?.ending.aborted) throw withAction(session.ending.reason, action);
}

/** Removes a stub whose caller has stopped waiting. */
async function dropLate(items: ItemCommands, added: Promise<Stub | undefined>): Promise<void> {
  // The caller that adds the stub handles its errors.
  const [outcome] = await Promise.allSettled([added]);
  const stub = outcome.status === "fulfilled" ? outcome.value : undefined;
  if (stub !== undefined) await dropStub(items, stub);
}
