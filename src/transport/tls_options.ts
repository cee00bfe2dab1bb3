/** Checks TLS options before any socket is opened. @module */

import { checkKnown, holdsNames, isHostName } from "../option_checks.ts";
import type { TlsOptions } from "./transport.ts";

/**
 * Checks the option `tls`.
 *
 * @param tls `true`, `false`, an object or `undefined`.
 * @param refuse Throws a `ValidationException` for this reason.
 * @returns The same; an object is copied.
 */
export function checkTls(
  tls: unknown,
  refuse: (why: string) => never,
): TlsOptions | boolean | undefined {
  if (tls === undefined || typeof tls === "boolean") return tls;
  // The entries of a list or map would be ignored.
  if (!holdsNames(tls)) {
    refuse("tls must be a boolean or an object");
  }
  const { caCerts, cert, key, serverName, ...rest } = tls as Record<string, unknown>;
  checkKnown(rest, [], (name) => refuse(`tls has an unknown "${name}"`));
  if (caCerts !== undefined && !isListOfCertificates(caCerts)) {
    refuse("tls.caCerts must be a list of certificates in PEM");
  }
  if ((cert === undefined) !== (key === undefined)) refuse("tls.cert and tls.key go together");
  if (cert !== undefined && !isPem(cert, "CERTIFICATE")) {
    refuse("tls.cert must be a certificate in PEM, then its issuers'");
  }
  if (key !== undefined && !isPem(key, "(?:RSA |EC )?PRIVATE KEY")) {
    refuse("tls.key must be a private key in PEM that is not encrypted");
  }
  if (serverName !== undefined && !isHostName(withoutColons(serverName))) {
    refuse("tls.serverName must be a host name or an IP address");
  }
  return {
    ...caCerts !== undefined && { caCerts: [...caCerts as string[]] },
    ...cert !== undefined && { cert: cert as string, key: key as string },
    ...serverName !== undefined && { serverName: serverName as string },
  };
}

/**
 * Decides whether and how TLS is used with a server.
 *
 * @param own The option in its address.
 * @param all The client's option.
 * @returns The TLS options, or `undefined` for a plain connection.
 */
export function chooseTls(
  own: TlsOptions | boolean | undefined,
  all: TlsOptions | boolean | undefined,
): TlsOptions | undefined {
  if (own === false) return undefined;
  if (typeof own === "object") return own;
  if (typeof all === "object") return all;
  return own || all ? {} : undefined;
}

function isPem(value: unknown, label: string): boolean {
  const form = new RegExp(`-----BEGIN (${label})-----\\s+[A-Za-z\\d+/=\\s]+-----END \\1-----`);
  return typeof value === "string" && form.test(value);
}

function isListOfCertificates(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 &&
    Array.from(value).every((each) => isPem(each, "CERTIFICATE"));
}

/** An IPv6 address may stand in the place of a name. */
function withoutColons(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll(":", "") : value;
}
