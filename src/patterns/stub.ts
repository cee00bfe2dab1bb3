/** Stubs: items without a value that say that somebody is at it. @module */

import type { Client } from "../client.ts";
import type { OperationOptions } from "../client_options.ts";
import { LEASE_FLAGS } from "../transcoding/item_codec.ts";
import { untilAborted } from "../waiting.ts";

/** A stub that was added. */
export interface Stub {
  readonly key: string;
  /** The cas unique, as memcached writes it. */
  readonly cas: string;
  /** The text, which occurs nowhere else: memcached counts cas uniques from the start again when it restarts. */
  readonly nonce: string;
}

/**
 * Adds a stub. One whose reply comes after the signal has ended the waiting is removed again.
 *
 * @param ttl Seconds until it expires.
 * @returns The stub, or `undefined` when the key exists.
 */
export async function addStub(
  client: Client,
  key: string,
  ttl: number,
  signal: AbortSignal | undefined,
): Promise<Stub | undefined> {
  signal?.throwIfAborted();
  const added = sendStub(client, key, ttl);
  try {
    return await untilAborted(added, signal);
  } catch (error) {
    // Nobody waits for this: a stub that cannot be removed expires by itself.
    if (signal?.aborted) void Promise.allSettled([removeLate(client, added)]);
    throw error;
  }
}

async function sendStub(client: Client, key: string, ttl: number): Promise<Stub | undefined> {
  const nonce = crypto.randomUUID();
  const reply = await client.meta("ms", key, ["ME", `F${LEASE_FLAGS}`, `T${ttl}`, "c"], nonce);
  return reply.status === "HD" ? { key, cas: reply.flags.c ?? "", nonce } : undefined;
}

async function removeLate(client: Client, added: Promise<Stub | undefined>): Promise<void> {
  const stub = await added;
  if (stub !== undefined) await removeStub(client, stub);
}

/** Removes a stub if it is still there; resolves to whether it was. */
export async function removeStub(client: Client, stub: Stub): Promise<boolean> {
  if (!await hasStub(client, stub)) return false;
  const { status } = await client.meta("md", stub.key, [`C${stub.cas}`]);
  return status === "HD";
}

/** Whether a stub is still there. */
export async function hasStub(
  client: Client,
  { key, cas, nonce }: Stub,
  options?: OperationOptions,
): Promise<boolean> {
  const { flags, value } = await client.meta("mg", key, ["c", "v"], undefined, options);
  return flags.c === cas && new TextDecoder().decode(value) === nonce;
}

/** Puts a mark in a stub's place, or where nothing is any more. */
export async function replaceStub(
  client: Client,
  stub: Stub,
  mark: number,
  text: string,
  exptime: number,
): Promise<void> {
  const condition = await hasStub(client, stub) ? `C${stub.cas}` : "ME";
  await client.meta("ms", stub.key, [condition, `F${mark}`, `T${exptime}`], text);
}

/** What a key holds: the flags, and the text. */
export async function readMark(
  client: Client,
  key: string,
  options?: OperationOptions,
): Promise<{ flags: number; text: string } | undefined> {
  const { flags, value } = await client.meta("mg", key, ["f", "v"], undefined, options);
  if (value === undefined) return undefined;
  return { flags: Number(flags.f), text: new TextDecoder().decode(value) };
}
