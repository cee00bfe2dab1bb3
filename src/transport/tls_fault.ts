/** Saying what is wrong with a TLS connection, in words that do not depend on the runtime. @module */

import { SocketError } from "../errors.ts";
import type { PeerCertificate } from "./node_socket.ts";
import type { TlsOptions } from "./transport.ts";

/** What a fault is about, and what runtimes call it: rustls in its messages, OpenSSL by its codes. */
type Fault = readonly [form: RegExp, says: (expected: Expected) => string];

/** What the client had in mind. */
export interface Expected {
  /** The name that the server's certificate must be for. */
  readonly serverName: string;
  /** How TLS is spoken. */
  readonly tls: TlsOptions;
}

const FAULTS: readonly Fault[] = [
  [
    /certificate not valid for name|NotValidForName|ERR_TLS_CERT_ALTNAME_INVALID/,
    ({ serverName }) => `its certificate is not for "${serverName}"`,
  ],
  [/certificate expired|CERT_HAS_EXPIRED/, () => "its certificate has expired"],
  [/not valid yet|NotValidYet|CERT_NOT_YET_VALID/, () => "its certificate is not valid yet"],
  [
    /UnknownIssuer|SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET_ISSUER)/,
    () => "its certificate comes from no authority that is trusted here",
  ],
  [/invalid peer certificate|CERT_/, () => "its certificate is not valid"],
  [
    /alert: (CertificateRequired)|ALERT_CERTIFICATE_REQUIRED/,
    ({ tls }) =>
      tls.cert === undefined
        ? "it demands a client certificate, and tls has no cert"
        : "it demands another client certificate than tls.cert",
  ],
  [
    /alert: (\w*Certificate\w*|UnknownCA|AccessDenied|DecryptError)|ALERT_(UNKNOWN_CA|\w*CERTIFICATE|ACCESS_DENIED)/,
    () => "it refuses the client certificate",
  ],
  [
    /alert: HandshakeFailure|ALERT_HANDSHAKE_FAILURE/,
    ({ tls }) =>
      tls.cert === undefined
        ? "it refuses the handshake; it may demand a client certificate, and tls has no cert"
        : "it refuses the handshake, or the client certificate",
  ],
  [/InvalidContentType|WRONG_VERSION_NUMBER|PACKET_LENGTH/, () => "it does not speak TLS"],
  [/KeyMismatch|KEY_VALUES_MISMATCH/, () => "tls.key is not the key of tls.cert"],
  [
    /UnsupportedCertVersion/,
    () => "tls.cert is of a version of X.509 that is not supported: it must be 3",
  ],
];

/**
 * Says what is wrong when dialing, or reading for the first time, has failed.
 *
 * @param error What the runtime threw.
 * @returns The fault, with the runtime's error as its cause; the error itself where TLS has no part in it.
 */
export function tlsFault(error: unknown, expected: Expected): unknown {
  const known = knownFault(error, expected);
  if (known !== undefined || !(error instanceof Error) || !isOfOpenSsl(error)) {
    return known ?? error;
  }
  return new SocketError(`TLS has failed (${inOneLine(error)})`, { cause: error });
}

/** As {@linkcode tlsFault}, for what has a name here; `undefined` for anything else. */
export function knownFault(error: unknown, expected: Expected): SocketError | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = `${(error as { code?: string }).code} ${error.message}`;
  const [, says] = FAULTS.find(([form]) => form.test(text)) ?? [];
  return says && new SocketError(`${says(expected)} (${inOneLine(error)})`, { cause: error });
}

function isOfOpenSsl(error: Error & { code?: string }): boolean {
  return error.code?.startsWith("ERR_SSL_") ?? false;
}

/** What an error says: of OpenSSL's, which are lines of numbers and files, the reason in it. */
function inOneLine(error: Error & { code?: string; reason?: unknown }): string {
  const { reason, message } = error;
  const said = isOfOpenSsl(error) && typeof reason === "string" ? reason : message;
  return said.replace(/\s+/g, " ").trim();
}

/** Says whether a certificate has expired, or is not valid yet; `undefined` when it is valid. */
export function certificateDatesFault(
  { valid_from: from, valid_to: to }: PeerCertificate,
): SocketError | undefined {
  const now = Date.now();
  // Dates that cannot be read are none that it could be valid between.
  if (!(now <= Date.parse(to))) return new SocketError(`its certificate has expired (on ${to})`);
  if (now >= Date.parse(from)) return undefined;
  return new SocketError(`its certificate is not valid yet (before ${from})`);
}

/**
 * Says what may be wrong when a server has closed the connection behind the handshake, without a word. Of
 * a client certificate TLS 1.3 speaks only then, and what it says may be lost.
 */
export function closedUnheard({ tls }: Expected, cause?: unknown): SocketError {
  const guess = tls.cert === undefined
    ? "it may demand a client certificate, and tls has no cert"
    : "it may have refused the client certificate";
  return new SocketError(`the server closed it after the TLS handshake: ${guess}`, { cause });
}
