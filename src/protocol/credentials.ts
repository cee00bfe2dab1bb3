/** User names and passwords. @module */

import { checkKnown, isVisible } from "../option_checks.ts";

/**
 * A user name and password, for servers with authentication. memcached compares them as UTF-8. In memcached's file for
 * `-Y`, a user name ends at the first colon.
 *
 * @example A server with authentication
 * ```ts
 * import { Client, ClientException, type Credentials } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const auth: Credentials = { username: "ada", password: "engine" };
 * await using server = await MemcachedServer.listen({ auth });
 *
 * await using client = new Client(server.address, { auth });
 * await client.set("key", "value");
 * assertEquals(await client.get("key"), "value");
 *
 * await using stranger = new Client(server.address);
 * await assertRejects(() => stranger.get("key"), ClientException, "requires a user name");
 * ```
 */
export interface Credentials {
  /** 1 to 250 characters, without whitespace and control characters. */
  readonly username: string;
  /** 1 to 250 characters, without whitespace and control characters. */
  readonly password: string;
  /**
   * How they are sent: `"memcached"`, the default, as memcached with `-Y` reads them; `"memcachier"` as MemCachier
   * does, where the user name is the key of a `set` and the password its value. A server that is neither would store
   * the password under that key, so use `"memcachier"` with MemCachier alone. The user name has no characters but `!`
   * to `~` then.
   */
  readonly dialect?: "memcached" | "memcachier" | undefined;
}

const LONGEST = 250;

/** Checked credentials. Printing this object does not show them. */
export class CheckedCredentials {
  readonly #credentials: Credentials;

  /**
   * @param credentials The caller's credentials.
   * @param refuse Throws a `ValidationException` with this reason.
   */
  constructor(credentials: unknown, refuse: (why: string) => never) {
    this.#credentials = checkCredentials(credentials, refuse);
  }

  /** Returns the credentials, for a request. */
  reveal(): Credentials {
    return this.#credentials;
  }
}

function checkCredentials(credentials: unknown, refuse: (why: string) => never): Credentials {
  if (typeof credentials !== "object" || credentials === null) {
    refuse("auth must be an object with username and password");
  }
  const { username, password, dialect, ...rest } = credentials as Record<string, unknown>;
  checkKnown(rest, [], (name) => refuse(`auth has an unknown "${name}"`));
  if (!isWord(username)) refuse(`auth.username ${RULE}`);
  if (!isWord(password)) refuse(`auth.password ${RULE}`);
  if (dialect === undefined || dialect === "memcached") return { username, password };
  if (dialect !== "memcachier") refuse(`auth.dialect must be "memcached" or "memcachier"`);
  if (!/^[!-~]+$/.test(username)) refuse("auth.username must be a key for MemCachier");
  return { username, password, dialect };
}

const RULE = `must be 1 to ${LONGEST} characters, without whitespace and control characters`;

/** Whether memcached reads a text as one word: it splits the credentials at spaces. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST && isVisible(value);
}
