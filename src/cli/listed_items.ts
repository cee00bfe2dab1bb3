/** Items whose keys a server has listed: they may be of any bytes, a character for each. @module */

import {
  type EncodedValue,
  type ItemInfo,
  type MetaReply,
  type MetaVerb,
  rawTranscoder,
  type Transcoder,
} from "../../mod.ts";
import type { Fleet } from "./fleet.ts";
import { isEncodable, isPlain, isSendable } from "./keys_of_bytes.ts";

/** The flags and bytes of values. */
export const RAW: Transcoder<EncodedValue> = rawTranscoder({ withFlags: true });

/** What a server says of an item, and its value. */
export interface ListedItem {
  readonly info: ItemInfo;
  readonly data: Uint8Array;
}

/**
 * Looks at all of an item. That leaves no mark that it was read, unless the key is too long for base64.
 *
 * @param server Where the item is; where the ring looks by default.
 */
export async function lookAtItem(
  fleet: Fleet,
  key: string,
  server?: string,
): Promise<ListedItem | undefined> {
  if (isTooLong(key)) return await readItem(fleet, key, server);
  const reply = await metaGet(fleet, key, ["v", "f", "s", "c", "t", "l", "h", "u"], server);
  return reply.value && { info: infoOf(reply), data: reply.value };
}

/** What a copy has in common with its original. */
export interface Copied {
  readonly flags: string;
  /** The seconds it has left, -1 for ever. */
  readonly ttl: number;
  readonly data: Uint8Array;
}

/** As {@linkcode lookAtItem}, in less time. */
export async function lookAtCopy(
  fleet: Fleet,
  key: string,
  server?: string,
): Promise<Copied | undefined> {
  if (isTooLong(key)) {
    const item = await readItem(fleet, key, server);
    return item && { flags: `${item.info.flags}`, ttl: item.info.ttl ?? NaN, data: item.data };
  }
  const { value, flags } = await metaGet(fleet, key, ["v", "f", "t", "u"], server);
  return value && { flags: flags.f ?? "", ttl: Number(flags.t), data: value };
}

function isTooLong(key: string): boolean {
  return !isPlain(key) && !isEncodable(key);
}

function metaGet(
  fleet: Fleet,
  key: string,
  flags: readonly string[],
  server: string | undefined,
): Promise<MetaReply> {
  if (!isPlain(key)) return metaInBase64(fleet, { verb: "mg", key, flags, server });
  const client = server === undefined ? fleet.client : fleet.at(server);
  return client.meta("mg", key, flags);
}

/** Reads an item whose key only the classic commands can carry. */
async function readItem(
  fleet: Fleet,
  key: string,
  server: string | undefined,
): Promise<ListedItem | undefined> {
  const client = server === undefined ? fleet.client : fleet.at(server);
  const reading = client.withTranscoder(RAW).get<EncodedValue>(key);
  const [info, item] = await Promise.all([client.inspect(key), reading]);
  return info && item && { info, data: item.data };
}

/** Deletes an item; resolves to whether it was there. */
export async function removeItem(fleet: Fleet, key: string, server: string): Promise<boolean> {
  if (isSendable(key)) return await fleet.at(server).delete(key);
  const { status } = await metaInBase64(fleet, { verb: "md", key, flags: [], server });
  return status === "HD";
}

/** Changes when an item expires; resolves to whether it was there. */
export async function touchItem(
  fleet: Fleet,
  key: string,
  exptime: number,
  server: string,
): Promise<boolean> {
  if (isSendable(key)) return await fleet.at(server).touch(key, exptime);
  const { status } = await metaInBase64(fleet, { verb: "mg", key, flags: [`T${exptime}`], server });
  return status === "HD";
}

/** A meta command for a key that is sent in base64. */
export interface EncodedRequest {
  readonly verb: MetaVerb;
  readonly key: string;
  readonly flags: readonly string[];
  readonly value?: Uint8Array;
  /** The server; where the ring looks by default. */
  readonly server?: string | undefined;
}

/** Sends a meta command with the key in base64. */
export function metaInBase64(
  fleet: Fleet,
  { verb, key, flags, value, server }: EncodedRequest,
): Promise<MetaReply> {
  // The ring has to get the key, and not what is sent.
  const name = server ?? fleet.client.locate(key).server;
  return fleet.encoded.at(name).meta(verb, btoa(key), ["b", ...flags], value);
}

function infoOf({ flags: { f = "", s, c = "0", t, l, h } }: MetaReply): ItemInfo {
  return {
    // memcached can be built with flags of 64 bits.
    flags: Number.isSafeInteger(Number(f)) ? Number(f) : BigInt(f),
    ...{ size: Number(s), cas: BigInt(c) },
    ...{ ttl: Number(t), lastAccess: Number(l), fetched: h === "1" },
  };
}
