/** Claiming a key: the part that `lock` and `once` share. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import { clockOf } from "../commands/session.ts";
import { addStub, dropStub, type ItemCommands, type Stub } from "../features/stub.ts";
import { itemTranscoder } from "../transcoding/item_codec.ts";
import { untilAborted } from "../waiting.ts";

/** Items as they are, by commands that fail where their server does: a claim must not be dropped silently. */
export function strictItems(client: KeyCommands): ItemCommands {
  const items = client.withTranscoder(itemTranscoder);
  const failover = "error";
  return {
    add: (key, item, exptime, options) => items.add(key, item, exptime, { ...options, failover }),
    gets: (key, options) => items.gets(key, { ...options, failover }),
    // Which connection the cas unique was read through, the client knows by itself.
    cas: (key, item, { cas }, exptime, options) =>
      items.cas(key, item, cas, exptime, { ...options, failover }),
    clock: clockOf(client),
  };
}

/**
 * Adds a stub. If the signal ends the waiting, a stub that is added after all is removed again.
 *
 * @param lifetime When it expires, in seconds.
 * @returns The stub, or `undefined` when the key exists.
 */
export async function claim(
  items: ItemCommands,
  key: string,
  lifetime: number,
  signal: AbortSignal | undefined,
): Promise<Stub | undefined> {
  signal?.throwIfAborted();
  const added = addStub(items, key, lifetime);
  try {
    return await untilAborted(added, signal);
  } catch (error) {
    if (signal?.aborted) void dropLate(items, added);
    throw error;
  }
}

/** Removes a stub that nobody waits for any more. */
async function dropLate(items: ItemCommands, added: Promise<Stub | undefined>): Promise<void> {
  // What comes of one that cannot be added is seen to where it is added.
  const [outcome] = await Promise.allSettled([added]);
  const stub = outcome.status === "fulfilled" ? outcome.value : undefined;
  if (stub !== undefined) await dropStub(items, stub);
}
