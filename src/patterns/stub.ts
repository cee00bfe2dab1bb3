/** Stubs: items without a value that say that somebody is at it. @module */

import type { Client } from "../client.ts";
import { LEASE_FLAGS } from "../transcoding/marks.ts";

/**
 * Adds a stub.
 *
 * @param ttl Seconds until it expires.
 * @returns Its cas unique, or `undefined` when the key exists.
 */
export async function addStub(
  client: Client,
  key: string,
  ttl: number,
): Promise<bigint | undefined> {
  const reply = await client.meta("ms", key, ["ME", `F${LEASE_FLAGS}`, `T${ttl}`, "c"], "");
  return reply.status === "HD" ? BigInt(reply.flags.c ?? 0) : undefined;
}

/** Removes a stub if it is still that one; resolves to whether it was. */
export async function removeStub(client: Client, key: string, cas: bigint): Promise<boolean> {
  const { status } = await client.meta("md", key, [`C${cas}`]);
  return status === "HD";
}

/** Whether a stub is still there. */
export async function hasStub(client: Client, key: string, cas: bigint): Promise<boolean> {
  const { flags } = await client.meta("mg", key, ["c"]);
  return flags.c === `${cas}`;
}
