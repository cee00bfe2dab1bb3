/** Authentication in the text protocol, as memcached demands it when it runs with `-Y`. @module */

import { ClientException, SocketError } from "../../errors.ts";
import type { Credentials } from "../credentials.ts";

/**
 * The key does not matter to memcached. A server that demands no authentication stores what it is sent: under
 * a key that nobody else uses, and with an exptime in the past, so that nobody can ever read it.
 */
const REQUEST = "set moecache:authentication 0 -1";
const LONGEST_SHOWN = 80;

/** Makes the request that has to be the first on a connection. */
export function authenticationRequest(
  { username, password }: Credentials,
): Uint8Array<ArrayBuffer> {
  const token = `${username} ${password}`;
  const { byteLength } = new TextEncoder().encode(token);
  return new TextEncoder().encode(`${REQUEST} ${byteLength}\r\n${token}\r\n`);
}

/**
 * Reads the reply, a line without its line end.
 *
 * @throws {ClientException} When the server refuses.
 * @throws {SocketError} When the line is no answer.
 */
export function checkAuthenticationAnswer(line: string, credentials: Credentials): void {
  if (line === "STORED") return;
  const shown = withoutSecrets(line, credentials);
  if (!/^(ERROR|(CLIENT|SERVER)_ERROR( .*)?)$/.test(line)) {
    throw new SocketError(`the reply ${JSON.stringify(shown)} does not answer the authentication`);
  }
  throw new ClientException(`the server refused the user name and password: "${shown}"`, shown);
}

/** memcached repeats nothing of what it was sent, but another server may. */
function withoutSecrets(line: string, { username, password }: Credentials): string {
  const repeats = line.includes(password) || line.includes(username);
  return repeats ? `${/^\w*_ERROR |/.exec(line)![0]}…` : line.slice(0, LONGEST_SHOWN);
}
