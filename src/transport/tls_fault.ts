/** Saying what is wrong with a TLS connection, in words that do not depend on the runtime. @module */

import { SocketError } from "../errors.ts";
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
  if (!(error instanceof Error)) return error;
  const { code = "" } = error as { code?: string };
  const text = `${code} ${error.message}`;
  const fault = FAULTS.find(([form]) => form.test(text));
  if (fault === undefined) return error;
  return new SocketError(`${fault[1](expected)} (${error.message})`, { cause: error });
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
