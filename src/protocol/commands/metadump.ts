/** `lru_crawler metadump`. @module */

import type { ClientException } from "../../errors.ts";
import { readText } from "../bytes.ts";
import { refusalError } from "../refusal.ts";
import { refusalOf } from "./list_refusal.ts";

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

/**
 * Whether another dump is under way, of this or another client, since a server has only one crawler; or whether the
 * hash table is growing, which memcached from 2024 on says in place of the first item.
 */
export function isCrawlerBusy(line: string): boolean {
  return line.startsWith("BUSY ") || line.startsWith("ERROR locked try again later");
}

/** Lines of a list: what stands at their beginning, and the first line that is not an item. */
export interface ListedLines<Entry> {
  /** The items or their keys, in the order of the lines. */
  readonly entries: Entry[];
  /** The first line that is not an item, without its line end; `undefined` if all of them are. Nothing behind is read. */
  readonly other: string | undefined;
}

/**
 * Reads lines of a list.
 *
 * @param lines Whole lines, with their line ends. Newer servers may append fields to an item.
 * @param server The name of the server that sent them.
 */
export function readItems(lines: Uint8Array, server: string): ListedLines<ItemMetadata> {
  const items: Mutable<ItemMetadata>[] = [];
  const { entries: keys, other } = readLines(lines, (cursor) => {
    const item = cursor.item(server);
    if (item !== undefined) items.push(item);
    return item !== undefined;
  });
  for (let i = 0; i < items.length; i++) items[i]!.key = keys[i]!;
  return { entries: items, other };
}

/** Reads only the keys of lines of a list, in half of the time. */
export function readKeys(lines: Uint8Array): ListedLines<string> {
  return readLines(lines, (cursor) => cursor.keyAlone());
}

/**
 * Reads lines of a list, and returns their keys.
 *
 * @param read Reads a line, and tells whether it is an item.
 */
function readLines(
  lines: Uint8Array,
  read: (cursor: ItemCursor) => boolean,
): ListedLines<string> {
  const cursor = new ItemCursor(lines);
  const keyEnds: number[] = [];
  let other: string | undefined;
  while (other === undefined && cursor.at < lines.length) {
    const start = cursor.at;
    if (read(cursor)) keyEnds.push(cursor.keysLength);
    else other = readText(lines, start, lines.indexOf(LINE_FEED, start)).replace(/\r$/, "");
  }
  // All keys are decoded together, because each decoding has a cost of its own.
  const text = cursor.keys(keyEnds.at(-1) ?? 0);
  let keyStart = 0;
  const entries = keyEnds.map((keyEnd) => text.slice(keyStart, keyStart = keyEnd));
  return { entries, other };
}

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

const [LINE_FEED, CARRIAGE_RETURN, SPACE, PERCENT, MINUS] = [0x0a, 0x0d, 0x20, 0x25, 0x2d];
/** How many digits a safe integer always has room for. */
const SAFE_DIGITS = 15;
/** How many characters `String.fromCharCode` takes at once on every runtime. */
const MOST_CHARACTERS = 1 << 13;

/** Reads one item after another. This is done byte by byte, because a list has millions of lines. */
class ItemCursor {
  /** Where the next line begins. */
  at = 0;
  /** How many bytes the keys that have been read have together. */
  keysLength = 0;
  readonly #bytes: Uint8Array;
  /** The bytes of the keys, one key after another. */
  readonly #keys: Uint8Array;
  /** All bits that any byte of a key has. */
  #keyBits = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#keys = new Uint8Array(bytes.length);
  }

  /** Reads an item, except its key; `undefined` when the line is not an item. */
  item(server: string): Mutable<ItemMetadata> | undefined {
    if (!this.#skip("key=") || !this.#key() || !this.#skip(" exp=")) return undefined;
    const isNegative = this.#bytes[this.at] === MINUS;
    if (isNegative) this.at++;
    const exptime = this.#number();
    if (!this.#skip(" la=")) return undefined;
    const lastAccess = this.#number();
    if (!this.#skip(" cas=")) return undefined;
    const cas = this.#bigint();
    if (!this.#skip(" fetch=")) return undefined;
    const fetched = this.#skip("yes");
    if (!fetched && !this.#skip("no") || !this.#skip(" cls=")) return undefined;
    const slabClass = this.#number();
    if (!this.#skip(" size=")) return undefined;
    const size = this.#number();
    // A number without digits is not a number.
    if (Number.isNaN(exptime + lastAccess + slabClass + size) || cas === undefined) {
      return undefined;
    }
    if (!this.#skipRest()) return undefined;
    return {
      key: "",
      exptime: isNegative && exptime === 1 ? undefined : dateOf(isNegative ? -exptime : exptime),
      lastAccess: dateOf(lastAccess),
      cas,
      fetched,
      slabClass,
      size,
      server,
    };
  }

  /** Reads only the key of an item; tells whether the line is an item, as far as that can be seen there. */
  keyAlone(): boolean {
    if (!this.#skip("key=") || !this.#key() || !this.#skip(" exp=")) return false;
    this.at = this.#bytes.indexOf(LINE_FEED, this.at) + 1;
    return true;
  }

  /** The first keys together, a character per byte. */
  keys(length: number): string {
    const bytes = this.#keys.subarray(0, length);
    if (this.#keyBits < 0x80) return readText(bytes, 0, length);
    let text = "";
    for (let at = 0; at < length; at += MOST_CHARACTERS) {
      text += String.fromCharCode(...bytes.subarray(at, at + MOST_CHARACTERS));
    }
    return text;
  }

  /** Skips this text, if it comes next. */
  #skip(text: string): boolean {
    const { length } = text;
    for (let i = 0; i < length; i++) {
      if (this.#bytes[this.at + i] !== text.charCodeAt(i)) return false;
    }
    this.at += length;
    return true;
  }

  /** Skips the end of the line, and what newer servers write before it. */
  #skipRest(): boolean {
    const next = this.#bytes[this.at];
    if (next === LINE_FEED) {
      this.at++;
      return true;
    }
    const isEnd = next === CARRIAGE_RETURN && this.#bytes[this.at + 1] === LINE_FEED;
    if (next !== SPACE && !isEnd) return false;
    this.at = this.#bytes.indexOf(LINE_FEED, this.at) + 1;
    return true;
  }

  /** Reads a key, where it is escaped as in a URL; tells whether it has a character. */
  #key(): boolean {
    const bytes = this.#bytes;
    const keys = this.#keys;
    const start = this.at;
    let { at, keysLength } = this;
    for (let byte; (byte = bytes[at]) !== undefined && byte > SPACE; at++) {
      if (byte === PERCENT) {
        const escaped = hexDigit(bytes[at + 1]) << 4 | hexDigit(bytes[at + 2]);
        if (escaped >= 0) {
          byte = escaped;
          at += 2;
        }
      }
      this.#keyBits |= byte;
      keys[keysLength++] = byte;
    }
    this.at = at;
    this.keysLength = keysLength;
    return at > start;
  }

  /** Reads a decimal number; `NaN` if there is none. */
  #number(): number {
    const start = this.at;
    let value = 0;
    for (let digit; (digit = this.#bytes[this.at]! - 0x30) >= 0 && digit <= 9; this.at++) {
      value = value * 10 + digit;
    }
    return this.at === start ? NaN : value;
  }

  /** Reads a decimal number of any size; `undefined` if there is none. */
  #bigint(): bigint | undefined {
    const start = this.at;
    const value = this.#number();
    if (this.at - start > SAFE_DIGITS) return BigInt(readText(this.#bytes, start, this.at));
    return Number.isNaN(value) ? undefined : BigInt(value);
  }
}

/** The value of a hexadecimal digit; negative if it is none, also after a shift. */
function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/**
 * Makes the error for a line of a list that is neither an item nor its end.
 *
 * @returns A refusal.
 * @throws {SocketError} When it is malformed.
 */
export function notAnItem(line: string, server: string): ClientException {
  const action = `list the items of ${server}`;
  const isOld = line === "ERROR" || OLD_ITEM.test(line);
  return isOld
    ? refusalError({ action }, line, "items needs memcached 1.5.4 or later")
    : refusalOf(line, { action, server });
}

/** A line of a memcached before 1.5.4, whose lists have no last line. */
const OLD_ITEM = /^key=\S+ exp=-?\d+ la=\d+ cas=\d+ fetch=(?:yes|no)$/;

function dateOf(unixTime: number): Date {
  return new Date(unixTime * 1000);
}
