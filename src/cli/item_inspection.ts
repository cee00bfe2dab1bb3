/** All that can be known of one item. @module */

import {
  type Client,
  ClientException,
  type EncodedValue,
  type ItemInfo,
  rawTranscoder,
  SocketError,
} from "../../mod.ts";
import { type DetectedFormat, detectFormat } from "../transcoding/formats/detect.ts";
import type { Fleet } from "./fleet.ts";
import { ttlField } from "./item_filter.ts";
import { decodedKey } from "./keys_of_bytes.ts";
import { allTranscoders } from "./known_formats.ts";
import { lookAtItem } from "./listed_items.ts";
import type { Row } from "./printer.ts";
import { showDuration, showSize } from "./quantities.ts";
import { messageOf } from "./usage.ts";
import { fieldOf, textOf } from "./value_text.ts";

/** How many characters of a value are shown to people. */
const LONGEST_VALUE = 2000;

/** What is known of an item: for programs, and for people. */
export interface Inspection {
  readonly isFound: boolean;
  readonly row: Row;
  readonly shown: Row;
}

/**
 * Looks at an item without marking it as read, where the server can do that.
 *
 * @param asked The server; where the ring looks by default.
 */
export async function inspectItem(
  fleet: Fleet,
  key: string,
  asked?: string,
): Promise<Inspection> {
  const { client } = fleet;
  const holder = asked === undefined ? client : fleet.at(asked);
  const info = await holder.inspect(key);
  const { key: _, server: chosen, index: __, ...ring } = client.explain(key);
  const server = asked ?? chosen;
  if (info === undefined) return absent({ key, server, found: false });
  const item = await readItem(holder, key);
  const { point, ...where } = ring;
  const { row, shown } = await describe({ key, server }, info, item);
  return {
    isFound: true,
    row: { ...row, ring: { ...where, ...(point === undefined ? {} : { point }) } },
    shown: {
      ...shown,
      ring: `${ring.algorithm}${server === chosen ? "" : ` looks on ${chosen}`}: ${ring.why}`,
      ...(point === undefined
        ? {}
        : { point: `${point.label}, ${point.hash}, ${point.position} of ${point.of}` }),
    },
  };
}

/**
 * Looks on one server for an item whose key the client cannot place, because it is of other bytes than printable ASCII.
 *
 * @param key The key, a character for each byte.
 */
export async function inspectItemOfBytes(
  fleet: Fleet,
  server: string,
  key: string,
): Promise<Inspection | undefined> {
  const found = await lookAtItem(fleet, key, server);
  if (found === undefined) return undefined;
  const { info, data } = found;
  const item = { flags: Number(info.flags), data };
  const { row, shown } = await describe({ key: decodedKey(key), server }, info, item);
  return { isFound: true, row, shown };
}

function absent(row: Row): Inspection {
  return { isFound: false, row, shown: row };
}

/** The lifetime and the use of an item; nothing if its server cannot tell them: an empty field of CSV is for ever. */
export function timesOf({ ttl, lastAccess, fetched }: ItemInfo): Row {
  return ttl === undefined ? {} : { ttl: ttlField(ttl), lastAccess, fetched };
}

/** What is known of an item, wherever the ring would put it. */
async function describe(
  where: { readonly key: string; readonly server: string },
  info: ItemInfo,
  item: EncodedValue | undefined,
) {
  const formats = item === undefined ? [] : await formatsOf(item);
  const best = formats.find(({ error }) => error === undefined);
  const row: Row = {
    ...{ ...where, size: info.size, ...timesOf(info), cas: info.cas, flags: info.flags },
    formats: formats.map(({ client, holds, confidence }) => ({ client, holds, confidence })),
    ...(best === undefined ? {} : fieldOf(best.value)),
  };
  const { ttl, lastAccess } = info;
  const shown: Row = {
    ...row,
    size: showSize(info.size),
    ttl: ttl === undefined ? undefined : ttl < 0 ? "never" : showDuration(ttl),
    lastAccess: lastAccess === undefined ? undefined : `${showDuration(lastAccess)} ago`,
    formats: formats.map(({ client, holds, confidence, error }) =>
      `${client} (${confidence}): ${error === undefined ? holds : messageOf(error)}`
    ).join("; "),
    base64: undefined,
    ...(best === undefined ? {} : { value: shortened(textOf(best.value)) }),
  };
  return { row, shown };
}

/** Reads an item without marking it as read, where the server can do that. */
async function readItem(client: Client, key: string): Promise<EncodedValue | undefined> {
  try {
    const { value, flags } = await client.meta("mg", key, ["v", "f", "u"]);
    return value === undefined ? undefined : { flags: Number(flags.f), data: value };
  } catch (error) {
    // An older server knows no meta commands; what cannot be reached is a fault all the same.
    if (!(error instanceof ClientException) || error instanceof SocketError) throw error;
    const view = client.withTranscoder(rawTranscoder({ withFlags: true }));
    return await view.get<EncodedValue>(key);
  }
}

async function formatsOf({ flags, data }: EncodedValue): Promise<DetectedFormat[]> {
  // No known client writes flags of 64 bits.
  if (!(flags >= 0 && flags <= 0xffff_ffff)) return [];
  return await detectFormat(flags, data, await allTranscoders());
}

function shortened(text: string): string {
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}
