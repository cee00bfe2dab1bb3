/**
 * Checks a server's certificate on Deno a second time. With its own authorities, the `node:tls` of Deno 2.9 accepts a
 * certificate that Deno's TLS cannot parse, for example one of X.509 version 1, if only its issuer has the name of an
 * authority. Its signature, key and dates have not been checked then.
 *
 * @module
 */

import "../loaded_already.ts";
import { SocketError } from "../errors.ts";
import type { PeerCertificate } from "./node_socket.ts";
import { builtinModule } from "./runtime_features.ts";
import { certificateDatesFault } from "./tls_fault.ts";

/** The part of Node's `X509Certificate` that is used here. */
interface Certificate {
  readonly raw: Uint8Array;
  readonly ca: boolean;
  readonly publicKey: unknown;
  checkIssued(issuer: Certificate): boolean;
  verify(publicKey: unknown): boolean;
}

/** The part of `node:crypto` that is used here. */
interface NodeCrypto {
  readonly X509Certificate: new (certificate: string | Uint8Array) => Certificate;
}

/** How many certificates a server may send. */
const LONGEST_CHAIN = 10;

/**
 * Checks that a certificate is valid, and that a chain of signatures leads to an authority.
 *
 * @param shown The server's certificate.
 * @param caCerts The trusted authorities, each in PEM.
 * @throws {SocketError} When one of these is not the case.
 */
export async function checkCertificates(
  shown: PeerCertificate,
  caCerts: readonly string[],
): Promise<void> {
  const { X509Certificate } = await builtinModule<NodeCrypto>("node:crypto");
  const fault = certificateDatesFault(shown);
  if (fault !== undefined) throw fault;
  if (!isSound(shown)) throw new SocketError("its certificate is not valid");
  const authorities = certificatesIn(caCerts).map((pem) => new X509Certificate(pem));
  const issuers = issuersOf(shown).filter(isSound)
    .map(({ raw }) => new X509Certificate(raw)).filter(({ ca }) => ca);
  let certificate = new X509Certificate(shown.raw);
  while (!authorities.some((each) => isSame(each, certificate) || isIssuedBy(certificate, each))) {
    const index = issuers.findIndex((each) => isIssuedBy(certificate, each));
    if (index < 0) {
      throw new SocketError("its certificate is not from a trusted authority");
    }
    [certificate] = issuers.splice(index, 1) as [Certificate];
  }
}

/** The issuers' certificates that the server has sent. */
function issuersOf(shown: PeerCertificate): PeerCertificate[] {
  const issuers: PeerCertificate[] = [];
  let { issuerCertificate: next } = shown;
  while (next !== undefined && !issuers.includes(next) && issuers.length < LONGEST_CHAIN) {
    issuers.push(next);
    next = next.issuerCertificate;
  }
  return issuers;
}

/** The PEM certificates in some texts; a text may hold several. */
function certificatesIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  );
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isSame({ raw: a }: Certificate, { raw: b }: Certificate): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function isSound(shown: PeerCertificate): boolean {
  return isOfVersion3(shown.raw) && isReadable(shown.raw) &&
    certificateDatesFault(shown) === undefined;
}

/** Whether the certificate has version 3: the bytes that say so come after the headers of two sequences. */
function isOfVersion3(der: Uint8Array): boolean {
  const start = contentOf(der, contentOf(der, 0));
  return [0xa0, 3, 2, 1, 2].every((byte, i) => der[start + i] === byte);
}

/** The offset of the content of a DER element, after its tag and its length of one or more bytes. */
function contentOf(der: Uint8Array, start: number): number {
  const length = der[start + 1] ?? 0;
  return start + 2 + (length < 0x80 ? 0 : length & 0x7f);
}

/** Whether Deno's TLS can parse it: Deno parses the certificates of authorities at once. */
function isReadable(der: Uint8Array): boolean {
  const pem = `-----BEGIN CERTIFICATE-----\n${
    btoa(String.fromCharCode(...der))
  }\n-----END CERTIFICATE-----`;
  try {
    Deno.createHttpClient({ caCerts: [pem] }).close();
    return true;
  } catch {
    return false;
  }
}
