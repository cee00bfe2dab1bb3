/** Authentication in the text protocol, as memcached demands it when it runs with `-Y`. @module */

import { ClientException, SocketError } from "../../errors.ts";

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

/**
 * memcached cares for no key here. A server that demands no authentication stores what it is sent: under
 * a key that nobody else uses, and with an exptime in the past, so that nobody can ever read it.
 */
const REQUEST = "set moecache:authentication 0 -1";
const LONGEST = 250;
const LONGEST_SHOWN = 80;

/** The first request on a connection, and the understanding of its reply. Shows nothing of what it knows. */
export class Authentication {
  readonly #username: string;
  readonly #password: string;

  /**
   * @param credentials What the caller passed.
   * @param refuse Throws a `ValidationException` for this reason.
   */
  constructor(credentials: unknown, refuse: (why: string) => never) {
    const { username, password } = checkCredentials(credentials, refuse);
    this.#username = username;
    this.#password = password;
  }

  /** The bytes of the request. */
  request(): Uint8Array<ArrayBuffer> {
    const token = `${this.#username} ${this.#password}`;
    const { byteLength } = new TextEncoder().encode(token);
    return new TextEncoder().encode(`${REQUEST} ${byteLength}\r\n${token}\r\n`);
  }

  /**
   * Reads the reply, a line without its line end.
   *
   * @throws {ClientException} When the server refuses.
   * @throws {SocketError} When the line is no answer.
   */
  checkAnswer(line: string): void {
    if (line === "STORED") return;
    const shown = this.#withoutSecrets(line);
    if (!/^(ERROR|CLIENT_ERROR .*|SERVER_ERROR .*)$/.test(line)) {
      throw new SocketError(
        `the reply ${JSON.stringify(shown)} does not answer the authentication`,
      );
    }
    throw new ClientException(`the server refused the user name and password: "${shown}"`, shown);
  }

  /** memcached repeats nothing of what it was sent, but a stranger may. */
  #withoutSecrets(line: string): string {
    const repeats = line.includes(this.#password) || line.includes(this.#username);
    return repeats ? `${/^\w*_ERROR |/.exec(line)![0]}…` : line.slice(0, LONGEST_SHOWN);
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
