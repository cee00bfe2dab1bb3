/** Items whose keys a server has listed: they may be of any bytes, a character for each. @module */

import {
  type Client,
  ClientException,
  type EncodedValue,
  type ItemInfo,
  type MetaReply,
  type MetaVerb,
  rawTranscoder,
  type Transcoder,
} from "../../mod.ts";
import type { Fleet } from "./fleet.ts";
import { isEncodable, isPlain, isSendable } from "./keys_of_bytes.ts";
import { metaLevelOf } from "./snapshot.ts";

/** The flags and bytes of values. */
export const RAW: Transcoder<EncodedValue> = rawTranscoder({ withFlags: true });

/** What a server says of an item, and its value. */
export interface ListedItem {
  readonly info: ItemInfo;
  readonly data: Uint8Array;
}

/**
 * Looks at all of an item. That leaves no mark that it was read, unless the key cannot be sent in base64: it is too long,
 * or the server too old.
 *
 * @param server Where the item is; where the ring looks by default.
 */
export async function lookAtItem(
  fleet: Fleet,
  key: string,
  server?: string,
): Promise<ListedItem | undefined> {
  const reply = await metaGet(fleet, key, ["v", "f", "s", "c", "t", "l", "h", "u"], server);
  if (reply === undefined) return await readItem(fleet, key, server);
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
  const reply = await metaGet(fleet, key, ["v", "f", "t", "u"], server);
  if (reply === undefined) {
    const item = await readItem(fleet, key, server);
    return item && { flags: `${item.info.flags}`, ttl: item.info.ttl ?? NaN, data: item.data };
  }
  const { value, flags } = reply;
  return value && { flags: flags.f ?? "", ttl: Number(flags.t), data: value };
}

/** What a server says of an item; `undefined` where only the classic commands can carry the key. */
async function metaGet(
  fleet: Fleet,
  key: string,
  flags: readonly string[],
  server: string | undefined,
): Promise<MetaReply | undefined> {
  if (isPlain(key)) {
    const client = server === undefined ? fleet.client : fleet.at(server);
    return await client.meta("mg", key, flags);
  }
  if (!isEncodable(key)) return undefined;
  try {
    const reply = await metaInBase64(fleet, { verb: "mg", key, flags, server });
    // A proxy does not look in the same place for a key and for its base64.
    return reply.status === "EN" && isSendable(key) ? undefined : reply;
  } catch (error) {
    if (isSendable(key) && isRefusalOfBase64(error, key)) return undefined;
    throw error;
  }
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
export async function metaInBase64(
  fleet: Fleet,
  { verb, key, flags, value, server }: EncodedRequest,
): Promise<MetaReply> {
  // The ring has to get the key, and not what is sent.
  const client = fleet.encoded.at(server ?? fleet.client.locate(key).server);
  if (verb === "ms") await checkMetaSet(client);
  return await client.meta(verb, btoa(key), ["b", ...flags], value);
}

/** Whether a server knows no keys in base64, as memcached before 1.6.10: it may take other items. */
export function isRefusalOfBase64(error: unknown, key: string): boolean {
  return !isPlain(key) && error instanceof ClientException &&
    /^(ERROR|CLIENT_ERROR)( |$)/.test(String(error.item));
}

/** The clients of servers that know `ms`. */
const withMetaSet = new WeakSet<Client>();

/**
 * Refuses to send `ms` to a server that does not know it: that one would run the value as commands.
 *
 * @param client A client of this server alone.
 * @throws {ClientException} When it does not know it.
 */
export async function checkMetaSet(client: Client): Promise<void> {
  if (withMetaSet.has(client)) return;
  const [[version], isKnown] = await Promise.all([client.version(), knowsMeta(client)]);
  if (!isKnown || metaLevelOf(version) === "draft") {
    const server = client.servers[0]?.name;
    const why = "meta commands need memcached 1.6.10 or later";
    throw new ClientException(`Cannot send ms to ${server}, which is ${version}: ${why}`, "ERROR");
  }
  withMetaSet.add(client);
}

async function knowsMeta(client: Client): Promise<boolean> {
  try {
    await client.meta("mn", "");
    return true;
  } catch (error) {
    if (!(error instanceof ClientException)) throw error;
    // A server that knows the command may have another fault.
    return String(error.item).startsWith("SERVER_ERROR");
  }
}

function infoOf({ flags: { f = "", s, c = "0", t, l, h } }: MetaReply): ItemInfo {
  return {
    // memcached can be built with flags of 64 bits.
    flags: Number.isSafeInteger(Number(f)) ? Number(f) : BigInt(f),
    ...{ size: Number(s), cas: BigInt(c) },
    ...{ ttl: Number(t), lastAccess: Number(l), fetched: h === "1" },
  };
}
