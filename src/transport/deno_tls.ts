/** TLS on Deno. @module */

import { SocketError } from "../errors.ts";
import { type Address, openMutualTls } from "./mutual_tls.ts";
import { type Expected, tlsFault } from "./tls_fault.ts";
import { type TlsSocket, TlsTransport } from "./tls_transport.ts";
import type { DialOptions, TlsOptions, Transport } from "./transport.ts";

/** Opens a TCP connection to the address. */
type OpenTcp = () => Promise<Deno.TcpConn>;

/** Connects and shakes hands. */
export async function dialTls(
  { hostname, port, tls }: Address & { readonly tls: TlsOptions },
  options: DialOptions,
  openTcp: OpenTcp,
): Promise<Transport> {
  // The dot that ends an absolute name is in no certificate.
  const expected = { serverName: tls.serverName ?? hostname.replace(/\.$/, ""), tls };
  const socket = await openSecured({ hostname, port }, expected, options, openTcp);
  return new TlsTransport(socket, expected);
}

/** `Deno.startTls` has no client certificates, and `Deno.connectTls` cannot be given up. */
async function openSecured(
  address: Address,
  expected: Expected,
  options: DialOptions,
  openTcp: OpenTcp,
): Promise<TlsSocket> {
  if (expected.tls.cert === undefined) return await openTls(expected, options, openTcp);
  try {
    return await openMutualTls(address, expected, options);
  } catch (error) {
    if (options.signal.aborted || !(error instanceof SocketError)) throw error;
    // Of an expired certificate `node:tls` says no more here than that it could not be verified. Deno's
    // own TLS tells exactly what is wrong with it, before it comes to the client's.
    closeOnce(await openTls(expected, options, openTcp));
    throw error;
  }
}

/** Connects and shakes hands: what is wrong with the server's certificate shows here. */
async function openTls(
  expected: Expected,
  { signal }: DialOptions,
  openTcp: OpenTcp,
): Promise<Deno.TlsConn> {
  let connection: Deno.Conn = await openTcp();
  const giveUp = () => closeOnce(connection);
  signal.addEventListener("abort", giveUp);
  try {
    const secured = await startTls(connection as Deno.TcpConn, expected);
    connection = secured;
    signal.throwIfAborted();
    await secured.handshake();
    return secured;
  } catch (error) {
    closeOnce(connection);
    throw signal.aborted ? signal.reason : tlsFault(error, expected);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

function startTls(connection: Deno.TcpConn, expected: Expected): Promise<Deno.TlsConn> {
  const { serverName, tls } = expected;
  return Deno.startTls(connection, { hostname: serverName, caCerts: [...tls.caCerts ?? []] });
}

/** Closes a connection, whether or not it is closed already. */
function closeOnce(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
