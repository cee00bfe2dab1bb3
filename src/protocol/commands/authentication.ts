/** Authentication in the text protocol, for memcached with `-Y`. @module */

import { ClientException, SocketError } from "../../errors.ts";
import type { Credentials } from "../credentials.ts";

/**
 * memcached ignores the key. A server without authentication stores the item. So the key is one that no program uses,
 * and the exptime is in the past, so that the item can never be read.
 */
const REQUEST = "set moecache:authentication 0 -1";
const LONGEST_SHOWN = 80;

/** Makes the request that must be the first on a connection. */
export function authenticationRequest(
  { username, password, dialect }: Credentials,
): Uint8Array<ArrayBuffer> {
  const [request, token] = dialect === "memcachier"
    ? [`set ${username} 0 0`, password]
    : [REQUEST, `${username} ${password}`];
  const { byteLength } = new TextEncoder().encode(token);
  return new TextEncoder().encode(`${request} ${byteLength}\r\n${token}\r\n`);
}

/**
 * Reads the reply, a line without its line end.
 *
 * @throws {ClientException} When the server refuses.
 * @throws {SocketError} When the line is not a reply to it.
 */
export function checkAuthenticationAnswer(line: string, credentials: Credentials): void {
  if (line === "STORED") return;
  const shown = withoutSecrets(line, credentials);
  if (!/^(ERROR|(CLIENT|SERVER)_ERROR( .*)?)$/.test(line)) {
    throw new SocketError(`the reply ${JSON.stringify(shown)} does not answer the authentication`);
  }
  throw new ClientException(`the server refused the user name and password: "${shown}"`, shown);
}

/** memcached's reply never contains the credentials, but another server's may. */
function withoutSecrets(line: string, { username, password }: Credentials): string {
  const repeats = line.includes(password) || line.includes(username);
  return repeats ? `${/^\w*_ERROR |/.exec(line)![0]}…` : line.slice(0, LONGEST_SHOWN);
}
