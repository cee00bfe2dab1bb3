/** Hashes of strings that are no keys. @module */

/** The names of the hashes: those of the Web Crypto API. */
export type KeyHash = "sha256" | "sha384" | "sha512" | "sha1";

/** Their names in the Web Crypto API. */
export const ALGORITHMS: Readonly<Record<KeyHash, string>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

/** The longest text of a hash. */
export const LONGEST_HASH_KEY = 100;

/** Resolves when all hashes that have been asked for have been made. */
let earlier: Promise<void> | undefined;

/**
 * Hashes a string. The hashes resolve in the order of the calls, so that operations on hashed keys are sent in the
 * order in which the program asks for them: the Web Crypto API makes several hashes at once, in any order.
 *
 * @returns The hash in base64url without padding: 27 to 86 characters.
 */
export async function hashOf(text: string, hash: KeyHash = "sha256"): Promise<string> {
  const before = earlier;
  const making = crypto.subtle.digest(ALGORITHMS[hash], bytesOf(text));
  earlier = making.then(() => before, () => before);
  await before;
  const digest = await making;
  const base64 = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** UTF-8; for a string that it cannot represent its code units, behind a byte that UTF-8 never has. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const utf8 = new TextEncoder().encode(text);
  if (new TextDecoder().decode(utf8) === text) return utf8;
  const units = Uint16Array.from(text, (unit) => unit.charCodeAt(0));
  return new Uint8Array([0xff, ...new Uint8Array(units.buffer)]);
}
