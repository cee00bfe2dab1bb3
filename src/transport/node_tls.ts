/** The dialer for TLS on Bun, Deno and Node. @module */

import { SocketError } from "../errors.ts";
import { lazily } from "../waiting.ts";
import { connectNode, isAddress } from "./node.ts";
import type { NodeSocket, PeerCertificate, SocketOptions, TlsManner } from "./node_socket.ts";
import type { NodeTransport } from "./node_transport.ts";
import { builtinModule } from "./runtime_features.ts";
import {
  certificateDatesFault,
  closedUnheard,
  type Expected,
  knownFault,
  tlsFault,
} from "./tls_fault.ts";
import type { DialOptions, Endpoint, TlsOptions, Transport } from "./transport.ts";

/** What a TLS socket is opened with. */
interface SecureOptions extends SocketOptions {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly servername: string;
  readonly rejectUnauthorized: boolean;
  readonly checkServerIdentity: (
    hostname: string,
    certificate: PeerCertificate,
  ) => Error | undefined;
}

/** As much of `node:tls` as is used here. */
interface NodeTls {
  connect(options: SecureOptions): NodeSocket;
  checkServerIdentity(name: string, certificate: PeerCertificate): Error | undefined;
}

/** As much of `node:crypto` as is used here. */
interface NodeCrypto {
  readonly X509Certificate: new (pem: string) => { checkPrivateKey(key: unknown): boolean };
  createPrivateKey(pem: string): unknown;
}

/** What a dial is about. */
interface Dialling {
  readonly node: NodeTls;
  readonly endpoint: Endpoint;
  readonly options: DialOptions;
  readonly expected: Expected;
}

/**
 * Connects with `node:tls` and shakes hands, on Deno as well: `Deno.TlsConn` finishes its handshake and its
 * writes before it closes, and so would keep a connection to a server that hangs.
 *
 * @throws {SocketError} When the server's certificate is not what it should be, or it refuses the client's.
 * @throws What the runtime throws when it cannot connect.
 */
export async function dialTls(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  const node = await builtinModule<NodeTls>("node:tls");
  const dialling: Dialling = { node, endpoint, options, expected: expectedOf(endpoint) };
  try {
    return await openSecured(dialling);
  } catch (error) {
    throw options.signal.aborted ? options.signal.reason : await faultOf(error, dialling);
  }
}

function expectedOf({ hostname, tls }: Endpoint): Expected {
  // Neither the dot that ends an absolute name nor the interface of an address is in a certificate.
  return { serverName: tls!.serverName ?? hostname!.replace(/\.$|%.*$/, ""), tls: tls! };
}

async function openSecured(dialling: Dialling): Promise<NodeTransport> {
  const { node, options, expected } = dialling;
  const transport = await shakeHands(dialling, true);
  try {
    const certificate = transport.certificate();
    // The socket has asked as well, but in Bun 1.2 only for a name: for an IP address any certificate
    // would do that an authority has signed.
    const error = node.checkServerIdentity(expected.serverName, certificate);
    if (error !== undefined) throw error;
    await checkOnDeno(certificate, expected.tls);
    options.signal.throwIfAborted();
    transport.configure(options);
    return transport;
  } catch (error) {
    await transport.close();
    throw error;
  }
}

const loadChecks = /* @__PURE__ */ lazily(() => import("./deno_certificates.ts"));

async function checkOnDeno(certificate: PeerCertificate, { caCerts }: TlsOptions): Promise<void> {
  if (globalThis.Deno === undefined || caCerts === undefined) return;
  const { checkCertificates } = await loadChecks();
  await checkCertificates(certificate, caCerts);
}

/** Shakes hands; who does not care for the certificate may not use the connection. */
async function shakeHands(
  { node, endpoint, options, expected }: Dialling,
  rejectUnauthorized: boolean,
): Promise<NodeTransport> {
  const { serverName: name, tls } = expected;
  const secure = {
    ...(rejectUnauthorized ? credentials(tls) : {}),
    // Whatever the environment's NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized,
    // The extension that tells the server which name is meant is for names only.
    servername: isAddress(name) ? "" : name,
    checkServerIdentity: (_: string, shown: PeerCertificate) =>
      node.checkServerIdentity(name, shown),
  };
  const manner: TlsManner = {
    canPause: globalThis.Deno === undefined,
    explain: (error) => tlsFault(error, expected),
    closedUnheard: (cause) => closedUnheard(expected, cause),
  };
  const open = (socket: SocketOptions) => node.connect({ ...socket, ...secure });
  const transport = await connectNode(endpoint, options, open, manner);
  await transport.secured(options.signal);
  return transport;
}

function credentials(
  { caCerts, cert, key }: TlsOptions,
): Pick<SecureOptions, "ca" | "cert" | "key"> {
  return {
    ...(caCerts === undefined ? {} : { ca: [...caCerts] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Says what is wrong, where the runtime's own error does not as well. */
async function faultOf(error: unknown, dialling: Dialling): Promise<unknown> {
  const { expected } = dialling;
  const cause = error instanceof SocketError ? error.cause ?? error : error;
  const { code, syscall } = cause as { code?: string; syscall?: string };
  const known = knownFault(cause, expected);
  // Deno says the same of certificates that have expired and of those that nobody vouches for.
  if (globalThis.Deno !== undefined && code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE") {
    return await datesFault(dialling) ?? known;
  }
  const isClear = known !== undefined || syscall !== undefined || await isKeyOf(expected.tls);
  if (isClear) return known ?? tlsFault(error, expected);
  return new SocketError("tls.key is not the key of tls.cert", { cause });
}

/** Looks at the dates of the server's certificate, over a connection that is used for nothing else. */
async function datesFault(dialling: Dialling): Promise<SocketError | undefined> {
  try {
    const transport = await shakeHands(dialling, false);
    const certificate = transport.certificate();
    await transport.close();
    return certificateDatesFault(certificate);
  } catch {
    // What is known already has to do.
    return undefined;
  }
}

/** Whether the client's key and certificate belong together: some runtimes do not say. */
async function isKeyOf({ cert, key }: TlsOptions): Promise<boolean> {
  if (cert === undefined) return true;
  const { X509Certificate, createPrivateKey } = await builtinModule<NodeCrypto>("node:crypto");
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key!));
  } catch {
    // One of them is of a kind that is not known here.
    return false;
  }
}
