/** Who the client is. @module */

/**
 * Who the client is, for servers that ask. memcached compares user name and password as UTF-8; in the file
 * that it is given with `-Y` a user name ends at the first colon.
 *
 * @example A server that demands authentication
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
 * await assertRejects(() => stranger.get("key"), ClientException, "wants a user name");
 * ```
 */
export interface Credentials {
  /** 1 to 250 characters, none of them whitespace or a control character. */
  readonly username: string;
  /** As the user name. */
  readonly password: string;
}

const LONGEST = 250;

/** Credentials that have been checked. Printing it does not show them. */
export class CheckedCredentials {
  readonly #credentials: Credentials;

  /**
   * @param credentials What the caller passed.
   * @param refuse Throws a `ValidationException` for this reason.
   */
  constructor(credentials: unknown, refuse: (why: string) => never) {
    this.#credentials = checkCredentials(credentials, refuse);
  }

  /** Gives them away, for a request. */
  reveal(): Credentials {
    return this.#credentials;
  }
}

function checkCredentials(credentials: unknown, refuse: (why: string) => never): Credentials {
  if (typeof credentials !== "object" || credentials === null) {
    refuse("auth must be an object with username and password");
  }
  const { username, password } = credentials as Record<string, unknown>;
  if (!isWord(username)) refuse(`auth.username ${RULE}`);
  if (!isWord(password)) refuse(`auth.password ${RULE}`);
  return { username, password };
}

const RULE = `must be 1 to ${LONGEST} characters, without whitespace and control characters`;

/** Whether memcached, which splits what it is sent at spaces, takes it for one word. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST && /^[^\s\p{C}]+$/u.test(value);
}
