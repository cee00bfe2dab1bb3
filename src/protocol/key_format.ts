/** How a client changes keys before they are sent: the option `keys`. @module */

import { quote, ValidationException } from "../errors.ts";
import { checkKey } from "./key.ts";

/**
 * How a client changes the caller's keys before they are sent, as another client of the deployment does. The
 * entry `@moecache/moecache/keys` has those of some clients.
 *
 * Results, errors and events have the caller's keys. Two keys that become the same one share an item.
 *
 * @example Keys in lower case
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, {
 *   keys: { encode: (key) => key.toLowerCase() },
 * });
 *
 * await client.set("User:1", "Ada");
 * assertEquals(await client.get("USER:1"), "Ada");
 * ```
 */
export interface KeyFormat {
  /**
   * Makes the key that is sent. It is called several times for a key, and must always return the same.
   *
   * @param key The caller's key, 1 character or more.
   * @returns 1 to 250 characters from `!` to `~`, or from U+0080 to U+00FF. Each is sent as one byte.
   * @throws {ValidationException} When the key has no such form.
   */
  encode(key: string): string;
  /**
   * Makes the text that the locator gets, for a client that hashes something else than the key that it sends;
   * what {@linkcode encode} returns by default.
   */
  route?(key: string): string;
  /**
   * Turns a key that memcached lists back into the caller's key, or returns `undefined` for one that `encode` does not
   * make: `items` leaves that out. By default `items` lists keys as memcached has them.
   */
  decode?(sent: string): string | undefined;
}

/** What is sent: each character is a byte. */
const SENT = /^[!-~\x80-\xff]{1,250}$/;

/**
 * Checks a key that a format changes before it is sent.
 *
 * @throws {ValidationException} When it is not a text, or there is no such key.
 */
export function checkFormattedKey(
  key: unknown,
  action: string,
  format: KeyFormat,
): asserts key is string {
  if (typeof key !== "string" || key === "") return checkKey(key, action);
  const sent: unknown = format.encode(key);
  if (typeof sent === "string" && SENT.test(sent)) return;
  throw new ValidationException(
    `Cannot ${action} key ${
      quote(key)
    }: the key sent must be 1 to 250 bytes, without whitespace and control characters`,
    key,
  );
}
