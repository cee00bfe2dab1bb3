/** Stubs: items without a value that say that somebody is at it. @module */

import type { Client } from "../client.ts";
import type { OperationOptions } from "../client_options.ts";
import { LEASE_FLAGS, UNDEFINED_FLAGS } from "../transcoding/marks.ts";
import { untilAborted } from "../waiting.ts";

/**
 * Adds a stub. One whose reply comes after the signal has ended the waiting is removed again.
 *
 * @param ttl Seconds until it expires.
 * @returns Its cas unique, or `undefined` when the key exists.
 */
export async function addStub(
  client: Client,
  key: string,
  ttl: number,
  signal: AbortSignal | undefined,
): Promise<bigint | undefined> {
  signal?.throwIfAborted();
  const added = sendStub(client, key, ttl);
  try {
    return await untilAborted(added, signal);
  } catch (error) {
    // Nobody waits for this: a stub that cannot be removed expires by itself.
    if (signal?.aborted) void Promise.allSettled([removeLate(client, key, added)]);
    throw error;
  }
}

async function sendStub(client: Client, key: string, ttl: number): Promise<bigint | undefined> {
  const reply = await client.meta("ms", key, ["ME", `F${LEASE_FLAGS}`, `T${ttl}`, "c"], "");
  return reply.status === "HD" ? BigInt(reply.flags.c ?? 0) : undefined;
}

async function removeLate(
  client: Client,
  key: string,
  added: Promise<bigint | undefined>,
): Promise<void> {
  const cas = await added;
  if (cas !== undefined) await removeStub(client, key, cas);
}

/** Removes a stub if it is still that one; resolves to whether it was. */
export async function removeStub(client: Client, key: string, cas: bigint): Promise<boolean> {
  const { status } = await client.meta("md", key, [`C${cas}`]);
  return status === "HD";
}

/** Whether a stub is still there. */
export async function hasStub(
  client: Client,
  key: string,
  cas: bigint,
  options?: OperationOptions,
): Promise<boolean> {
  const { flags } = await client.meta("mg", key, ["c"], undefined, options);
  return flags.c === `${cas}`;
}

/** Stores in a stub's place, if it is still that one, that the result was `undefined`. */
export async function storeUndefined(
  client: Client,
  key: string,
  cas: bigint,
  exptime: number,
): Promise<void> {
  await client.meta("ms", key, [`C${cas}`, `F${UNDEFINED_FLAGS}`, `T${exptime}`], "");
}

/** Whether what is there says that the result was `undefined`. */
export async function hasResultOfUndefined(
  client: Client,
  key: string,
  options?: OperationOptions,
): Promise<boolean> {
  const { flags } = await client.meta("mg", key, ["f"], undefined, options);
  return flags.f === `${UNDEFINED_FLAGS}`;
}
