/** Keys of any text and lifetimes in milliseconds, as memcached takes them. @module */

import {
  type Client,
  ClientException,
  type Exptime,
  type KeyCommands,
  Namespace,
  ValidationException,
} from "../../mod.ts";

/** What hashed keys begin with. Escaping makes no such text: behind a `%` it puts a digit or a letter. */
const HASHED = "%#";

/**
 * Makes a key that memcached takes out of any string. What is not printable ASCII, and `%`, is escaped as
 * in a URL; what is then longer than there is room for becomes its SHA-256, 45 characters.
 *
 * @param text Any string.
 * @param longest How long the key may be, 45 characters at least.
 * @returns The key, which no other string has.
 * @throws {ValidationException} When it is no string.
 */
export function itemKeyOf(text: string, longest: number): string | Promise<string> {
  if (typeof text !== "string") {
    const why = "it must be a string";
    throw new ValidationException(`Cannot use key of type ${typeof text}: ${why}`, text);
  }
  const escaped = text.replace(/[^!-~]|%/gu, escape);
  return escaped.length <= longest ? escaped : hash(escaped);
}

/** Whether a key is hashed: the string it stands for can be had from its item only. */
export function isHashed(key: string): boolean {
  return key.startsWith(HASHED);
}

/** The string that a key stands for which is not hashed. */
export function textOfItemKey(key: string): string {
  return key.replace(/%u([\dA-F]{4})|(?:%[\dA-F]{2})+/g, (escaped, unit?: string) => {
    return unit === undefined
      ? decodeURIComponent(escaped)
      : String.fromCharCode(parseInt(unit, 16));
  });
}

function escape(character: string): string {
  // Half of a surrogate pair has no UTF-8.
  if (/^[\ud800-\udfff]$/.test(character)) {
    return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
  }
  return encodeURIComponent(character);
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const base64 = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return HASHED + base64.replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}

/** The longest key of memcached. */
const LONGEST_KEY = 250;
/** The digits of a generation and the colon behind them. */
const GENERATION_LENGTH = 21;

/** How long keys may be that begin with a prefix and a generation. */
export function roomBehind(commands: KeyCommands, prefix: string): number {
  const outer = commands instanceof Namespace ? commands.prefix.length + GENERATION_LENGTH : 0;
  return LONGEST_KEY - outer - prefix.length - GENERATION_LENGTH;
}

/**
 * Lists the keys in memcached that begin with a prefix, each once. memcached lists all keys that it has.
 *
 * @throws {ClientException} When the commands are not those of a client.
 */
export async function* keysBehind(
  commands: KeyCommands & Partial<Pick<Client, "items">>,
  prefix: string,
): AsyncGenerator<string, void, undefined> {
  if (commands.items === undefined) {
    throw new ClientException("Cannot list keys: only a Client can, and the adapter has another");
  }
  const seen = new Set<string>();
  for await (const { key, exptime } of commands.items()) {
    const isPast = exptime !== undefined && exptime.getTime() <= Date.now();
    if (isPast || !key.startsWith(prefix) || seen.has(key)) continue;
    // An old memcached may list an item twice that moves between its queues.
    seen.add(key);
    yield key;
  }
}

/** memcached takes more seconds than 30 days have for an absolute time. */
const LONGEST_RELATIVE = 60 * 60 * 24 * 30;
/** The last time that memcached's 32 bits hold, in milliseconds. */
const LATEST = 0x7fffffff * 1000;

/**
 * Turns a lifetime into an exptime that is never too early: memcached counts the ticks of a clock that
 * ticks once a second, so that an item of one second may be gone at once.
 *
 * @param milliseconds The lifetime; `Infinity` for never, 0 and less for gone already.
 * @returns An exptime that is up to two seconds late.
 * @throws {ValidationException} When it is no number.
 */
export function exptimeOf(milliseconds: number): Exptime {
  if (typeof milliseconds !== "number" || Number.isNaN(milliseconds)) {
    const why = "it must be a number";
    throw new ValidationException(`Cannot use lifetime ${milliseconds}: ${why}`, milliseconds);
  }
  if (milliseconds === Infinity) return 0;
  const seconds = Math.ceil(milliseconds / 1000) + 1;
  if (milliseconds > 0 && seconds <= LONGEST_RELATIVE) return seconds;
  const late = milliseconds > 0 ? 1000 : 0;
  return new Date(Math.min(Date.now() + milliseconds + late, LATEST));
}
