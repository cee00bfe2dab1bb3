/** `lru_crawler metadump`. @module */

import type { ClientException } from "../../errors.ts";
import { unescapeKey } from "../key.ts";
import { refusalError, refusalOf } from "../refusal.ts";

/** memcached's data about an item in a list of all items. */
export interface ItemMetadata {
  /**
   * The key. Other clients may use keys of any bytes. Each byte is one character here, `\u0000` to `\u00ff`, so that
   * `btoa(key)` is the base64 form that {@linkcode Client.meta} takes with flag `b`.
   */
  readonly key: string;
  /** When it expires, by the server's clock, to the second; `undefined` if never. */
  readonly exptime: Date | undefined;
  /** When it was last read or written, by the server's clock, to about a minute. */
  readonly lastAccess: Date;
  /** The cas unique. */
  readonly cas: bigint;
  /** Whether it has been read since it was written. */
  readonly fetched: boolean;
  /** The number of its slab class. */
  readonly slabClass: number;
  /** Its size in bytes: key, value and memcached's header. */
  readonly size: number;
  /** The name of its server, `host:port`. */
  readonly server: string;
}

/**
 * Lists all items from the hash table: memcached 1.6.9 and later. It must be sent alone, because memcached hands the
 * socket over to its crawler.
 */
export const HASH_METADUMP_REQUEST = "lru_crawler metadump hash\r\n";

/**
 * Lists all items from the LRU queues. Items move between queues meanwhile, so items that are often read may be
 * missing.
 */
export const METADUMP_REQUEST = "lru_crawler metadump all\r\n";

/** Whether the server does not know the argument. */
export function isUnknownMetadump(line: string): boolean {
  return line.startsWith("BADCLASS ");
}

/** Whether the line is the first line of the reply, which memcached 1.6.43 and later send. */
export function isMetadumpStart(line: string): boolean {
  return line === "OK";
}

/** Whether the line is the last line of the reply. */
export function isMetadumpEnd(line: string): boolean {
  return line === "END" || line.startsWith("NOTSTARTED ");
}

/** Whether another dump is under way, of this or another client: a server has only one crawler. */
export function isCrawlerBusy(line: string): boolean {
  return line.startsWith("BUSY ");
}

/** Newer servers may append more fields. */
const ITEM = /^key=(\S+) exp=(-?\d+) la=(\d+) cas=(\d+) fetch=(yes|no) cls=(\d+) size=(\d+)(?: |$)/;

/**
 * Reads an item's line, without its line end.
 *
 * @param server The name of the server that sent it.
 * @throws {ClientException} When it is a refusal.
 * @throws {SocketError} When it is malformed.
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

/** The error for the list of a memcached before 1.5.4, which has no last line. */
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
