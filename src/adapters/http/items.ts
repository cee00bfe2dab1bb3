/** Bytes in memcached as they are, whatever the client's transcoder makes of values. @module */

import { type Client, ClientException, type Exptime } from "../../../mod.ts";

/** The client flags of all that a cache stores: "moec". */
const FLAGS = "1836016995";

/** Bytes, and what tells whether they have been changed since. */
export interface StoredBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly cas: string;
}

/** Reads the bytes of a key, or `undefined` when it does not exist. */
export async function readBytes(client: Client, key: string): Promise<StoredBytes | undefined> {
  const { status, flags, value } = await client.meta("mg", key, ["v", "f", "c"]);
  if (status === "EN") return undefined;
  if (flags.f !== FLAGS || value === undefined) {
    throw new ClientException(`Cannot read key "${key}": it is not an item of a cache`, flags.f);
  }
  return { bytes: value as Uint8Array<ArrayBuffer>, cas: flags.c! };
}

/** The length of the bytes of a key, which counts as a use of them; `undefined` when it does not exist. */
export async function byteLengthOf(client: Client, key: string): Promise<number | undefined> {
  const { status, flags } = await client.meta("mg", key, ["s"]);
  return status === "EN" ? undefined : Number(flags.s);
}

/** Stores bytes under a key. */
export async function writeBytes(
  client: Client,
  key: string,
  bytes: Uint8Array,
  exptime: Exptime,
): Promise<void> {
  const { status } = await client.meta("ms", key, [`F${FLAGS}`, expiring(exptime)], bytes);
  if (status !== "HD") {
    throw new ClientException(`Cannot set key "${key}": the server answered ${status}`, status);
  }
}

/** Stores text under a key that has not been changed since; resolves to whether it was. */
export async function replaceText(
  client: Client,
  key: string,
  text: string,
  exptime: Exptime,
  old: StoredBytes | undefined,
): Promise<boolean> {
  const condition = old === undefined ? "ME" : `C${old.cas}`;
  const flags = [`F${FLAGS}`, expiring(exptime), condition];
  return (await client.meta("ms", key, flags, text)).status === "HD";
}

function expiring(exptime: Exptime): string {
  return `T${exptime instanceof Date ? Math.ceil(exptime.getTime() / 1000) : exptime}`;
}
