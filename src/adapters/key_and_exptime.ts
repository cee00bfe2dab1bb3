/** Turns any string into a key, and milliseconds into an exptime. @module */

import {
  type Client,
  ClientException,
  type Exptime,
  type KeyCommands,
  type KeyFormat,
  PartialClientException,
  ValidationException,
} from "../../mod.ts";
import { clockOf, sessionOf } from "../commands/session.ts";
import { withCallersKeys } from "../features/callers_keys.ts";
import { show } from "../option_checks.ts";
import { isCrawlerBusy } from "../protocol/commands/metadump.ts";
import { LONGEST_RELATIVE } from "../protocol/exptime.ts";
import { MAX_KEY_LENGTH } from "../protocol/key.ts";
import { takesKey } from "../protocol/longest_key.ts";
import { hashOf } from "../views/key_hash.ts";
import { backoff, pause } from "../waiting/timers.ts";

/** The beginning of hashed keys. No escaped key begins so: escaping puts a digit or a letter after each `%`. */
const HASHED = "%#";

/** A key of any length can be stored under its hash where there is this much room. */
export const LEAST_ROOM = 45;

/** Stands for the empty key. No other key is this: escaping puts something after each `%`. */
export const EMPTY = "%";

/**
 * Turns any string into a valid key. Characters that are not printable ASCII, and `%`, are escaped as in a URL. A key
 * that is then too long is replaced by its SHA-256 hash, 45 characters.
 *
 * @param text Any string.
 * @param longest The maximum length of the key, at least 45 characters.
 * @returns The key. Different strings have different keys.
 * @throws {ValidationException} When it is not a string.
 */
export function itemKeyOf(text: string, longest: number): string | Promise<string> {
  const escaped = checkText(text).replace(/[^!-~]|%/gu, escape);
  return escaped.length <= longest ? escaped : hash(escaped);
}

/**
 * Checks a string that becomes a key, or a part of one.
 *
 * @throws {ValidationException} When it is not a string.
 */
export function checkText(text: unknown): string {
  if (typeof text === "string") return text;
  const why = "it must be a string";
  throw new ValidationException(`Cannot use key ${show(text)}: ${why}`, text);
}

/**
 * Runs an operation on the item of a string. Its errors name the string.
 *
 * @param itemKey The item's key.
 */
export async function onItem<Result>(
  text: string,
  itemKey: string | Promise<string>,
  operate: (itemKey: string) => Promise<Result>,
): Promise<Result> {
  const key = await itemKey;
  try {
    return await operate(key);
  } catch (error) {
    throw withCallersKeys(error, new Map([[key, text]]));
  }
}

/** Whether a key is a hash. Then only its item holds the original string. */
export function isHashed(key: string): boolean {
  return key.startsWith(HASHED);
}

/** The original string of a key that is not a hash. */
export function textOfItemKey(key: string): string {
  return key.replace(/%u([\dA-F]{4})|(?:%[\dA-F]{2})+/g, (escaped, unit?: string) => {
    return unit === undefined
      ? decodeURIComponent(escaped)
      : String.fromCharCode(parseInt(unit, 16));
  });
}

function escape(character: string): string {
  // UTF-8 cannot encode half a surrogate pair.
  if (/^[\ud800-\udfff]$/.test(character)) {
    return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
  }
  return encodeURIComponent(character);
}

async function hash(text: string): Promise<string> {
  return HASHED + await hashOf(text);
}

/** How often a list is asked for while memcached makes one for others; the client itself tries for a second or two. */
const MOST_LISTS = 10;
/** For how many milliseconds the client tries. */
const CLIENTS_WAIT = 1550;

/**
 * Lists the keys that begin with a prefix, each once. memcached sends all its keys for this. While it does that for
 * others, this waits: for 20 seconds, and no longer than the client's `timeout`.
 *
 * @throws {ClientException} When the commands do not belong to a `Client`, or its keys are sent as digests.
 */
export async function* keysBehind(
  commands: KeyCommands & Partial<Pick<Client, "items">>,
  prefix: string,
): AsyncGenerator<string, void, undefined> {
  if (commands.items === undefined) {
    throw new ClientException("Cannot list keys: the adapter needs a Client for this");
  }
  checkListed(commands, prefix);
  const clock = clockOf(commands);
  const deadline = clock.now() + (sessionOf(commands)?.settings.timeout ?? Infinity);
  // An old memcached may list an item twice when the item moves between queues.
  const seen = new Set<string>();
  for (let attempt = 1;; attempt++) {
    try {
      for await (const { key, exptime } of commands.items()) {
        const isPast = exptime !== undefined && exptime.getTime() <= Date.now();
        if (isPast || !key.startsWith(prefix) || seen.has(key)) continue;
        seen.add(key);
        yield key;
      }
      return;
    } catch (error) {
      const delay = backoff(attempt);
      const isOver = attempt === MOST_LISTS || clock.now() + delay + CLIENTS_WAIT > deadline;
      if (isOver || !isBusy(error)) throw error;
      await pause(clock, delay);
    }
  }
}

/** The format that a client gives its keys, where it has one. */
export function formatOf(commands: KeyCommands): KeyFormat | undefined {
  return sessionOf(commands)?.settings.keys;
}

/** Checks that what a client's format makes of keys tells which of them begin with the prefix. */
function checkListed(commands: KeyCommands, prefix: string): void {
  const format = formatOf(commands);
  if (format === undefined || format.decode !== undefined) return;
  // A format without `decode` may send short keys as they are, and digests of long ones.
  const key = prefix.padEnd(MAX_KEY_LENGTH, "x");
  if (!takesKey(format, key) || format.encode(key).startsWith(prefix)) return;
  const why = "the client's keys are sent as digests, and memcached has only these";
  throw new ClientException(`Cannot list keys: ${why}`);
}

/** Whether all that has failed is that servers make a list for others. */
function isBusy(error: unknown): boolean {
  if (error instanceof PartialClientException) return [...error.failures.values()].every(isBusy);
  return error instanceof ClientException && isCrawlerBusy(`${error.item}`);
}

/** The last time that fits into memcached's 32 bits, in milliseconds. */
const LATEST = 0x7fffffff * 1000;

/**
 * Turns a lifetime into an exptime that is never too early. memcached's clock ticks once a second, so an item with
 * exptime 1 may expire at once.
 *
 * @param milliseconds The lifetime; `Infinity` means never, 0 or less means that it has expired already.
 * @returns An exptime, up to two seconds later than asked.
 * @throws {ValidationException} When it is not a number.
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
  return new Date(Math.min(Math.max(0, Date.now() + milliseconds + late), LATEST));
}
