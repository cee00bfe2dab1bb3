/** Explains TLS errors in words that do not depend on the runtime. @module */

import { SocketError } from "../errors.ts";
import type { PeerCertificate } from "./node_socket.ts";
import type { TlsOptions } from "./transport.ts";

/** A fault: how runtimes report it (rustls in messages, OpenSSL in codes), and our words for it. */
type Fault = readonly [form: RegExp, says: (expected: Expected) => string];

/** What the client expects of the server. */
export interface Expected {
  /** The name that the server's certificate must be for. */
  readonly serverName: string;
  /** The TLS options. */
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
    () => "its certificate is not from a trusted authority",
  ],
  [/invalid peer certificate|CERT_/, () => "its certificate is not valid"],
  [
    /alert: (CertificateRequired)|ALERT_CERTIFICATE_REQUIRED/,
    ({ tls }) =>
      tls.cert === undefined
        ? "it requires a client certificate, and tls has no cert"
        : "it requires another client certificate than tls.cert",
  ],
  [
    /alert: (\w*Certificate\w*|UnknownCA|AccessDenied|DecryptError)|ALERT_(UNKNOWN_CA|\w*CERTIFICATE|ACCESS_DENIED)/,
    () => "it refuses the client certificate",
  ],
  [
    /alert: HandshakeFailure|ALERT_HANDSHAKE_FAILURE/,
    ({ tls }) =>
      tls.cert === undefined
        ? "it refuses the handshake; it may require a client certificate, and tls has no cert"
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
 * Explains why dialing, or the first read, has failed.
 *
 * @param error The runtime's error.
 * @returns The explanation, with the runtime's error as its cause; the error itself if it does not concern TLS.
 */
export function tlsFault(error: unknown, expected: Expected): unknown {
  const known = knownFault(error, expected);
  if (known !== undefined || !(error instanceof Error) || !isOfOpenSsl(error)) {
    return known ?? error;
  }
  return new SocketError(`TLS has failed (${inOneLine(error)})`, { cause: error });
}

/** As {@linkcode tlsFault}, but `undefined` for errors that are not in the list. */
export function knownFault(error: unknown, expected: Expected): SocketError | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = `${(error as { code?: string }).code} ${error.message}`;
  const [, says] = FAULTS.find(([form]) => form.test(text)) ?? [];
  return says && new SocketError(`${says(expected)} (${inOneLine(error)})`, { cause: error });
}

function isOfOpenSsl(error: Error & { code?: string }): boolean {
  return error.code?.startsWith("ERR_SSL_") ?? false;
}

/** An error's message; for OpenSSL, whose messages hold numbers and file names, only the reason. */
function inOneLine(error: Error & { code?: string; reason?: unknown }): string {
  const { reason, message } = error;
  const said = isOfOpenSsl(error) && typeof reason === "string" ? reason : message;
  return said.replace(/\s+/g, " ").trim();
}

/** The error for a certificate that has expired, or is not valid yet; `undefined` when it is valid. */
export function certificateDatesFault(
  { valid_from: from, valid_to: to }: PeerCertificate,
): SocketError | undefined {
  const now = Date.now();
  // With dates that cannot be parsed, a certificate is not valid.
  if (!(now <= Date.parse(to))) return new SocketError(`its certificate has expired (on ${to})`);
  if (now >= Date.parse(from)) return undefined;
  return new SocketError(`its certificate is not valid yet (before ${from})`);
}

/**
 * The error for a server that has closed the connection after the handshake without sending anything. With TLS 1.3, a
 * client certificate is refused only then, and the alert may be lost.
 */
export function closedUnheard({ tls }: Expected, cause?: unknown): SocketError {
  const guess = tls.cert === undefined
    ? "it may require a client certificate, and tls has no cert"
    : "it may have refused the client certificate";
  return new SocketError(`the server closed it after the TLS handshake: ${guess}`, { cause });
}
