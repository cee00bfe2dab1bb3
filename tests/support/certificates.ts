/**
 * X.509 certificates for tests, made with Web Crypto alone: keys on P-256, signatures of ECDSA with
 * SHA-256, version 3 (RFC 5280).
 *
 * @module
 */

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 24 * 60 * 60 * 1000;

/** The tags of DER (X.690) that certificates are made of. */
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;

const COMMON_NAME = der(OBJECT_IDENTIFIER, [0x55, 0x04, 0x03]);
const SUBJECT_ALT_NAME = der(OBJECT_IDENTIFIER, [0x55, 0x1d, 0x11]);
const BASIC_CONSTRAINTS = der(OBJECT_IDENTIFIER, [0x55, 0x1d, 0x13]);
const EXTENDED_KEY_USAGE = der(OBJECT_IDENTIFIER, [0x55, 0x1d, 0x25]);
const ECDSA_WITH_SHA256 = der(
  SEQUENCE,
  der(OBJECT_IDENTIFIER, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]),
);
/** What a certificate may be used for. */
const USAGES: Record<"server" | "client", Uint8Array> = {
  server: der(OBJECT_IDENTIFIER, [0x2b, 6, 1, 5, 5, 7, 3, 1]),
  client: der(OBJECT_IDENTIFIER, [0x2b, 6, 1, 5, 5, 7, 3, 2]),
};
const IS_AUTHORITY = der(SEQUENCE, [0x01, 0x01, 0xff]);

/** A certificate and its private key, each in PEM. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is to say. */
export interface CertificateOptions {
  /** The host names and IP addresses that it is for. */
  readonly names: readonly string[];
  /** Who shows it; a server by default. */
  readonly usage?: keyof typeof USAGES;
  /** Milliseconds from now until it expires; a day by default. */
  readonly expiresIn?: number;
}

/** An authority that lives as long as the test. */
export class CertificateAuthority {
  /** Its own certificate in PEM. */
  readonly cert: string;
  readonly #name: Uint8Array;
  readonly #key: CryptoKey;
  #lastSerial = 1;

  /** Takes what {@linkcode CertificateAuthority.create} has made. */
  constructor(name: Uint8Array, key: CryptoKey, cert: string) {
    this.#name = name;
    this.#key = key;
    this.cert = cert;
  }

  /** Makes an authority of this name. */
  static async create(commonName: string): Promise<CertificateAuthority> {
    const name = distinguishedName(commonName);
    const { publicKey, privateKey } = await generateKeys();
    const cert = await sign(privateKey, {
      ...{ serial: 1, issuer: name, subject: name, publicKey },
      expires: new Date(Date.now() + DAY),
      extensions: [extension(BASIC_CONSTRAINTS, IS_AUTHORITY)],
    });
    return new CertificateAuthority(name, privateKey, pem("CERTIFICATE", cert));
  }

  /** Makes a certificate that this authority has signed. */
  async issue(options: CertificateOptions): Promise<KeyedCertificate> {
    const { names, usage = "server", expiresIn = DAY } = options;
    const { publicKey, privateKey } = await generateKeys();
    const cert = await sign(this.#key, {
      serial: ++this.#lastSerial,
      issuer: this.#name,
      subject: distinguishedName(names[0] ?? "nobody"),
      publicKey,
      expires: new Date(Date.now() + expiresIn),
      extensions: [
        extension(SUBJECT_ALT_NAME, der(SEQUENCE, ...names.map(generalName))),
        extension(EXTENDED_KEY_USAGE, der(SEQUENCE, USAGES[usage])),
      ],
    });
    const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
    return { cert: pem("CERTIFICATE", cert), key: pem("PRIVATE KEY", key) };
  }
}

interface Content {
  readonly serial: number;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: CryptoKey;
  readonly expires: Date;
  readonly extensions: readonly Uint8Array[];
}

async function sign(signer: CryptoKey, content: Content): Promise<Uint8Array> {
  const { serial, issuer, subject, publicKey, expires, extensions } = content;
  const toSign = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, [2])),
    der(INTEGER, [serial]),
    ECDSA_WITH_SHA256,
    issuer,
    // Valid for a week before it expires: one that has expired has been valid, too.
    der(SEQUENCE, time(new Date(expires.getTime() - 7 * DAY)), time(expires)),
    subject,
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    der(0xa3, der(SEQUENCE, ...extensions)),
  );
  const signature = new Uint8Array(await crypto.subtle.sign(ALGORITHM, signer, toSign));
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map(positiveInteger);
  return der(
    SEQUENCE,
    toSign,
    ECDSA_WITH_SHA256,
    der(BIT_STRING, [0], der(SEQUENCE, ...numbers)),
  );
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function distinguishedName(commonName: string): Uint8Array {
  const text = der(UTF8_STRING, new TextEncoder().encode(commonName));
  return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, text)));
}

function extension(id: Uint8Array, value: Uint8Array): Uint8Array {
  return der(SEQUENCE, id, der(OCTET_STRING, value));
}

/** `dNSName` or `iPAddress`. */
function generalName(name: string): Uint8Array {
  if (name.includes(":")) return der(0x87, bytesOfIPv6(name));
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(name);
  return isAddress
    ? der(0x87, name.split(".").map(Number))
    : der(0x82, new TextEncoder().encode(name));
}

function bytesOfIPv6(address: string): number[] {
  const [head = [], tail = []] = address.split("::").map((half) => half.split(":").filter(Boolean));
  const gap = Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...gap, ...tail].map((group) => parseInt(group, 16)).flatMap((group) => {
    return [group >> 8, group & 0xff];
  });
}

/** `YYMMDDhhmmssZ` */
function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/\.\d+|\D/g, "").slice(2);
  return der(UTC_TIME, new TextEncoder().encode(`${digits}Z`));
}

function positiveInteger(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(start);
  return digits[0]! < 0x80 ? der(INTEGER, digits) : der(INTEGER, [0], digits);
}

/** A tag, the length of what follows, and that. */
function der(tag: number, ...parts: ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const content = parts.flatMap((part) => Array.from(part));
  const { length } = content;
  const prefix = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([tag, ...prefix, ...content]);
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...bytes)).replace(/.{64}(?!$)/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
