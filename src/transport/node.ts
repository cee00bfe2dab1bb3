/** The dialer for Bun and Node. @module */

import { builtinModule } from "./runtime.ts";
import type { NodeNet, NodeSocket, NodeTls, OnRead, SocketOptions } from "./node_modules.ts";
import { type Identify, NodeTransport } from "./node_transport.ts";
import { type Expected, tlsFault } from "./tls_fault.ts";
import type { DialOptions, Endpoint, TlsOptions, Transport } from "./transport.ts";

/** Opens a TCP or unix socket with `node:net`, or speaks TLS with `node:tls`. */
export async function dialNode(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  const { signal, keepAlive, noDelay } = options;
  const expected = expectedOf(endpoint);
  const open = await opener(endpoint, expected);
  const identify = expected && await identifier(expected);
  signal.throwIfAborted();
  const transport = begin(open, expected);
  await transport.connected(endpoint.tls === undefined ? "connect" : "secureConnect", signal);
  if (identify !== undefined) await transport.identified(identify);
  transport.configure({ keepAlive, noDelay });
  return transport;
}

/** Begins to connect; a certificate and a key that are of no use together fail at once. */
function begin(open: (onread: OnRead) => NodeSocket, expected?: Expected): NodeTransport {
  try {
    return new NodeTransport(open, expected);
  } catch (error) {
    throw expected === undefined ? error : tlsFault(error, expected);
  }
}

/** What TLS is to find, where it is spoken. */
function expectedOf({ hostname = "localhost", tls }: Endpoint): Expected | undefined {
  // The dot that ends an absolute name is in no certificate.
  return tls && { serverName: tls.serverName ?? hostname.replace(/\.$/, ""), tls };
}

/** Loads what opens a socket to the endpoint. */
async function opener(
  { hostname, port, path }: Endpoint,
  expected: Expected | undefined,
): Promise<(onread: OnRead) => NodeSocket> {
  const address = path === undefined ? { host: hostname!, port: port! } : { path };
  const net = await builtinModule<NodeNet>("node:net");
  // Of a host's several addresses, the next is tried where one refuses; Node's default can be changed.
  const options: SocketOptions = { ...address, autoSelectFamily: true };
  if (expected === undefined) return (onread) => net.connect({ ...options, onread });
  const { connect, checkServerIdentity } = await builtinModule<NodeTls>("node:tls");
  const { serverName: name } = expected;
  const secure = {
    ...credentials(expected.tls),
    rejectUnauthorized: true,
    // The extension that tells the server which name is meant is for names only.
    servername: net.isIP(name) === 0 ? name : "",
    checkServerIdentity: (_: string, certificate: unknown) =>
      checkServerIdentity(name, certificate),
  };
  return (onread) => connect({ ...options, ...secure, onread });
}

/**
 * Loads what says whether a certificate is for whom it should be. The socket asks it as well, but in Bun 1.2
 * only for a name: for an IP address any certificate would do that an authority has signed.
 */
async function identifier({ serverName }: Expected): Promise<Identify> {
  const { checkServerIdentity } = await builtinModule<NodeTls>("node:tls");
  return (certificate) => checkServerIdentity(serverName, certificate);
}

function credentials(
  { caCerts, cert, key }: TlsOptions,
): Pick<SocketOptions, "ca" | "cert" | "key"> {
  return {
    ...(caCerts === undefined ? {} : { ca: [...caCerts] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
