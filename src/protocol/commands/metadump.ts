/** `lru_crawler metadump`. @module */

import type { ClientException } from "../../errors.ts";
import { unescapeKey } from "../key.ts";
import { refusalError, refusalOf } from "../refusal.ts";

/** What memcached tells of an item when it lists all of them. */
export interface ItemMetadata {
  /**
   * The key. Other clients may use keys of any bytes; each byte is a character here, `\u0000` to `\u00ff`,
   * so that `btoa(key)` is the base64 form that {@linkcode Client.meta} takes with flag `b`.
   */
  readonly key: string;
  /** When it expires, by the server's clock and to the second; `undefined` for never. */
  readonly exptime: Date | undefined;
  /** When it was last read or written, by the server's clock and to the minute or so. */
  readonly lastAccess: Date;
  /** The cas unique. */
  readonly cas: bigint;
  /** Whether it has been read since it was written. */
  readonly fetched: boolean;
  /** The slab class that it lives in. */
  readonly slabClass: number;
  /** What it takes up in bytes: its key, its value and memcached's own header. */
  readonly size: number;
  /** The name of the server that holds it, `host:port`. */
  readonly server: string;
}

/**
 * Asks for all items, by walking the hash table: memcached 1.6.9 and later. It has to be alone in its packet:
 * memcached hands the socket to its crawler.
 */
export const HASH_METADUMP_REQUEST = "lru_crawler metadump hash\r\n";

/** As above, by walking the queues of the items, which move meanwhile: what is read often may be left out. */
export const METADUMP_REQUEST = "lru_crawler metadump all\r\n";

/** Whether the server does not know what it was asked to list. */
export function isUnknownMetadump(line: string): boolean {
  return line.startsWith("BADCLASS ");
}

/** Whether the reply begins with this line and goes on: memcached 1.6.43 and later send it. */
export function isMetadumpStart(line: string): boolean {
  return line === "OK";
}

/** Whether the reply ends with this line. */
export function isMetadumpEnd(line: string): boolean {
  return line === "END" || line.startsWith("NOTSTARTED ");
}

/** Whether another dump, of this or another client, is under way: there is one crawler only. */
export function isCrawlerBusy(line: string): boolean {
  return line.startsWith("BUSY ");
}

/** Newer servers append what they like. */
const ITEM = /^key=(\S+) exp=(-?\d+) la=(\d+) cas=(\d+) fetch=(yes|no) cls=(\d+) size=(\d+)(?: |$)/;

/**
 * Reads an item's line, without its line end.
 *
 * @param server The name of the server that sent it.
 * @throws {ClientException} When it is a refusal.
 * @throws {SocketError} When it is anything else.
 */
export function readItemMetadata(line: string, server: string): ItemMetadata {
  const match = ITEM.exec(line);
  if (match === null) throw notAnItem(line, server);
  const [, key, exptime, lastAccess, cas, fetched, slabClass, size] = match;
  return {
    key: unescapeKey(key!),
    exptime: exptime === "-1" ? undefined : dateOf(exptime!),
    lastAccess: dateOf(lastAccess!),
    cas: BigInt(cas!),
    fetched: fetched === "yes",
    slabClass: Number(slabClass),
    size: Number(size),
    server,
  };
}

/** An item's line of a memcached before 1.5.4, which ends its lists with nothing. */
const OLD_ITEM = /^key=\S+ exp=-?\d+ la=\d+ cas=\d+ fetch=(?:yes|no)$/;

function notAnItem(line: string, server: string): ClientException {
  const action = `list the items of ${server}`;
  const isOld = line === "ERROR" || OLD_ITEM.test(line);
  return isOld
    ? refusalError(action, line, "it takes memcached 1.5.4 or later")
    : refusalOf(line, { action, server });
}

function dateOf(unixTime: string): Date {
  return new Date(Number(unixTime) * 1000);
}
