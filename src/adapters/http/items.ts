/** Bytes in memcached as they are, whatever the client's transcoder makes of values. @module */

import { type Client, ClientException, type Exptime } from "../../../mod.ts";

/** The client flags of all that a cache stores: "moec". */
const FLAGS = "1836016995";

/** How often a change is tried again when others were faster. */
const MOST_RETRIES = 50;

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

/** Makes the new text of a key of its present bytes; `undefined` leaves them. */
export type ChangeText = (bytes: Uint8Array | undefined) => ChangedText | undefined;

/** A new text, and when it expires. */
export interface ChangedText {
  readonly text: string;
  readonly exptime: Exptime;
}

/** Reads bytes, changes them and stores them, again where others have changed them meanwhile. */
export async function updateText(client: Client, key: string, change: ChangeText): Promise<void> {
  for (let attempt = 0; attempt <= MOST_RETRIES; attempt++) {
    const old = await readBytes(client, key);
    const changed = change(old?.bytes);
    if (changed === undefined) return;
    const condition = old === undefined ? "ME" : `C${old.cas}`;
    const flags = [`F${FLAGS}`, expiring(changed.exptime), condition];
    if ((await client.meta("ms", key, flags, changed.text)).status === "HD") return;
    const delay = Math.min(500, 10 * 1.5 ** attempt) * (1 + Math.random()) / 2;
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
  const why = `others changed it during each of ${MOST_RETRIES + 1} attempts`;
  throw new ClientException(`Cannot change key "${key}": ${why}`, key);
}

function expiring(exptime: Exptime): string {
  return `T${exptime instanceof Date ? Math.ceil(exptime.getTime() / 1000) : exptime}`;
}
