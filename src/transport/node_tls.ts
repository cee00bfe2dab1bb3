/** The dialer for TLS on Bun, Deno and Node. @module */

import "../loaded_already.ts";
import { SocketError } from "../errors.ts";
import { lazily } from "../waiting.ts";
import { connectNode, type ConnectSocket, isAddress, openReading } from "./node.ts";
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

/** The options for opening a TLS socket. */
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

/** The part of `node:tls` that is used here. */
interface NodeTls {
  readonly connect: ConnectSocket<SecureOptions>;
  checkServerIdentity(name: string, certificate: PeerCertificate): Error | undefined;
}

/** The part of `node:crypto` that is used here. */
interface NodeCrypto {
  readonly X509Certificate: new (pem: string) => { readonly raw: NodeBuffer };
  createPrivateKey(pem: string): object;
  /** Makes the public key of a private key. */
  createPublicKey(key: object): { export(options: { type: "spki"; format: "der" }): NodeBuffer };
}

/** The part of a `Buffer` that is used here. */
interface NodeBuffer {
  includes(bytes: NodeBuffer): boolean;
}

/** What is inside of Deno's TLS sockets. */
interface DenoHandle {
  /** The socket below TLS. */
  readonly _parent?: { close?(): void };
  /** Sets the object that is kept alive. */
  setHandle?(handle: object): void;
}

/** One attempt to connect. */
interface Dialling {
  readonly node: NodeTls;
  readonly endpoint: Endpoint;
  readonly options: DialOptions;
  readonly expected: Expected;
}

/**
 * Connects with `node:tls` and does the handshake, on Deno as well. `Deno.TlsConn` closes only after its handshake and
 * its writes have ended, so a connection to a hanging server would stay open.
 *
 * @throws {SocketError} When the server's certificate is not accepted, or the server does not accept the client's
 *   certificate.
 * @throws The runtime's error when it cannot connect.
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

function expectedOf({ hostname = "", tls = {} }: Endpoint): Expected {
  // Certificates contain neither the dot at the end of an absolute name nor the interface of an address.
  return { serverName: (tls.serverName ?? hostname).replace(/\.$|%.*$/, ""), tls };
}

async function openSecured(dialling: Dialling): Promise<NodeTransport> {
  const { node, options, expected } = dialling;
  const transport = await shakeHands(dialling, true);
  try {
    const certificate = transport.certificate();
    // The socket has checked the name as well, but Bun 1.2 does not check IP addresses: it would accept any certificate
    // that an authority has signed.
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

/** Does the handshake. A connection with `rejectUnauthorized: false` must not be used. */
async function shakeHands(
  { node, endpoint, options, expected }: Dialling,
  rejectUnauthorized: boolean,
): Promise<NodeTransport> {
  const { serverName: name, tls } = expected;
  const secure = {
    ...(rejectUnauthorized ? credentials(tls) : {}),
    // This overrides the environment variable NODE_TLS_REJECT_UNAUTHORIZED.
    rejectUnauthorized,
    // SNI, the extension that sends the server's name, supports names only, not addresses.
    servername: isAddress(name) ? "" : name,
    checkServerIdentity: (_: string, shown: PeerCertificate) =>
      node.checkServerIdentity(name, shown),
  };
  const manner: TlsManner = {
    canPause: globalThis.Deno === undefined,
    explain: (error) => tlsFault(error, expected),
    closedUnheard: (cause) => closedUnheard(expected, cause),
  };
  const open = (socket: SocketOptions) => {
    const opened = openReading(node.connect, { ...socket, ...secure });
    if (globalThis.Deno !== undefined) freeOnDeno(opened);
    return opened;
  };
  const transport = await connectNode(endpoint, options, open, manner);
  await transport.secured(options.signal);
  return transport;
}

/**
 * Deno 2.9 never frees a TLS socket that could not connect, with its buffer, nor closes one whose certificate or key it
 * cannot use. Only its own handle can do that.
 */
function freeOnDeno(socket: NodeSocket & { readonly _handle?: DenoHandle | null }): void {
  const { _handle: handle } = socket;
  let isSecured = false;
  socket.on("secureConnect", () => isSecured = true).on("close", () => {
    if (isSecured) return;
    try {
      handle?._parent?.close?.();
      handle?.setHandle?.({});
    } catch {
      // Thrown here, it would end the program. A later Deno that is different inside frees less.
    }
  });
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

/** Finds the fault, if the runtime's own error does not tell it. */
async function faultOf(error: unknown, dialling: Dialling): Promise<unknown> {
  const { expected } = dialling;
  const cause = error instanceof SocketError ? error.cause ?? error : error;
  const { code, syscall } = cause as { code?: string; syscall?: string };
  const known = knownFault(cause, expected);
  // Deno's error is the same for an expired certificate and for an unknown authority.
  if (globalThis.Deno !== undefined && code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE") {
    return await datesFault(dialling) ?? known;
  }
  const isClear = known !== undefined || syscall !== undefined || await isKeyOf(expected.tls);
  if (isClear) return known ?? tlsFault(error, expected);
  return new SocketError("tls.key is not the key of tls.cert", { cause });
}

/** Checks the dates of the server's certificate, over a second connection that is used only for this. */
async function datesFault(dialling: Dialling): Promise<SocketError | undefined> {
  try {
    const transport = await shakeHands(dialling, false);
    const certificate = transport.certificate();
    await transport.close();
    return certificateDatesFault(certificate);
  } catch {
    // Then the first error has to be enough.
    return undefined;
  }
}

/**
 * Checks whether the client's key belongs to its certificate, which contains its public key: some runtimes do not report
 * it. Bun 1.2 crashes some time after a call of `checkPrivateKey`, when it collects the key.
 */
async function isKeyOf({ cert, key }: TlsOptions): Promise<boolean> {
  if (cert === undefined) return true;
  const node = await builtinModule<NodeCrypto>("node:crypto");
  try {
    // Of a text, Deno's createPublicKey reads only the first block, which may be EC PARAMETERS.
    const publicKey = node.createPublicKey(node.createPrivateKey(key!));
    const bytes = publicKey.export({ type: "spki", format: "der" });
    return new node.X509Certificate(cert).raw.includes(bytes);
  } catch {
    // The key or certificate is of a type that this runtime does not support.
    return false;
  }
}
