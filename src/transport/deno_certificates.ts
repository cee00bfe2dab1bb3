/**
 * Checking a server's certificate on Deno once more. Where it was given authorities, the `node:tls` of Deno
 * 2.9 lets a certificate pass that its own TLS cannot read, one of version 1 of X.509 for instance, if it
 * only names one of them: nobody has looked at its signature, at its key or at its dates by then.
 *
 * @module
 */

import { SocketError } from "../errors.ts";
import type { PeerCertificate } from "./node_socket.ts";
import { builtinModule } from "./runtime_features.ts";
import { certificateDatesFault } from "./tls_fault.ts";

/** As much of Node's `X509Certificate` as is used here. */
interface Certificate {
  readonly raw: Uint8Array;
  readonly ca: boolean;
  readonly publicKey: unknown;
  checkIssued(issuer: Certificate): boolean;
  verify(publicKey: unknown): boolean;
}

/** As much of `node:crypto` as is used here. */
interface NodeCrypto {
  readonly X509Certificate: new (certificate: string | Uint8Array) => Certificate;
}

/** How many certificates a server may show. */
const LONGEST_CHAIN = 10;

/**
 * Checks that a certificate is sound, and that it leads to an authority by signatures.
 *
 * @param shown What the server has shown.
 * @param caCerts The authorities that are trusted, each in PEM.
 * @throws {SocketError} When it is not, or does not.
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
      throw new SocketError("its certificate comes from no authority that is trusted here");
    }
    [certificate] = issuers.splice(index, 1) as [Certificate];
  }
}

/** The certificates that a server has shown behind its own. */
function issuersOf(shown: PeerCertificate): PeerCertificate[] {
  const issuers: PeerCertificate[] = [];
  let { issuerCertificate: next } = shown;
  while (next !== undefined && !issuers.includes(next) && issuers.length < LONGEST_CHAIN) {
    issuers.push(next);
    next = next.issuerCertificate;
  }
  return issuers;
}

/** The certificates in PEM that texts hold; a text may be a whole bundle. */
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

/** Whether behind the heads of two sequences stands what says that it is of the third version. */
function isOfVersion3(der: Uint8Array): boolean {
  const start = contentOf(der, contentOf(der, 0));
  return [0xa0, 3, 2, 1, 2].every((byte, i) => der[start + i] === byte);
}

/** Where the content of an element of DER begins: behind its tag, and its length in one byte or more. */
function contentOf(der: Uint8Array, start: number): number {
  const length = der[start + 1] ?? 0;
  return start + 2 + (length < 0x80 ? 0 : length & 0x7f);
}

/** Whether Deno's own TLS can read it, which an authority's certificate is read by at once. */
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
