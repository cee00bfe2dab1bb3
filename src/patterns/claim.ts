/** Claiming a key: the part that `lock` and `once` share. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import { addStub, type ItemCommands, removeStub, type Stub } from "../features/stub.ts";
import { itemTranscoder } from "../transcoding/item_codec.ts";
import { untilAborted } from "../waiting.ts";

/** Items as they are, by commands that fail where their server does: a claim must not be dropped silently. */
export function strictItems(client: KeyCommands): ItemCommands {
  const items = client.withTranscoder(itemTranscoder);
  const failover = "error";
  return {
    add: (key, item, exptime, options) => items.add(key, item, exptime, { ...options, failover }),
    gets: (key, options) => items.gets(key, { ...options, failover }),
    cas: (key, item, cas, exptime, options) =>
      items.cas(key, item, cas, exptime, { ...options, failover }),
  };
}

/**
 * Adds a stub. If the signal ends the waiting, a stub that is added after all is removed again.
 *
 * @param seconds When it expires.
 * @returns The stub, or `undefined` when the key exists.
 */
export async function claim(
  items: ItemCommands,
  key: string,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<Stub | undefined> {
  signal?.throwIfAborted();
  const added = addStub(items, key, seconds);
  try {
    return await untilAborted(added, signal);
  } catch (error) {
    // Nobody waits for this: a stub that cannot be removed expires by itself.
    if (signal?.aborted) void Promise.allSettled([removeLate(items, added)]);
    throw error;
  }
}

async function removeLate(items: ItemCommands, added: Promise<Stub | undefined>): Promise<void> {
  const stub = await added;
  if (stub !== undefined) await removeStub(items, stub);
}
