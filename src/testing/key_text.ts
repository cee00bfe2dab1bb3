/**
 * Keys of any bytes in the middle of text: escaped as in a URL in what `watch` and `metadump` print,
 * or as base64 in meta commands.
 *
 * @module
 */

const RESERVED = /[^A-Za-z0-9._~-]/g;

/** What memcached's decoder passes over. */
const NOT_BASE64 = /[^A-Za-z0-9+/=]/g;
const QUANTUM = /.{4}/g;

/**
 * Escapes a key as memcached's `uriencode` does.
 *
 * @param key The key, a character per byte.
 * @returns The key, all but letters, digits and `-._~` as `%` and two digits.
 */
export function escapeKey(key: string): string {
  return key.replace(RESERVED, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/**
 * Decodes a key as memcached's `base64_decode` does: whatever does not belong to base64 is passed
 * over, and nothing is read behind the first padding.
 *
 * @param text The key in base64.
 * @returns The key, a character per byte, or `undefined` when `text` is no base64 or stands for
 * nothing.
 */
export function decodeBase64(text: string): string | undefined {
  const symbols = text.replace(NOT_BASE64, "");
  if (symbols.length % 4 !== 0) return undefined;
  let key = "";
  for (const [quantum] of symbols.matchAll(QUANTUM)) {
    const padding = quantum.split("=").length - 1;
    if (padding > 2) return undefined;
    key += atob(quantum.replaceAll("=", "A")).slice(0, 3 - padding);
    if (padding > 0) break;
  }
  return key === "" ? undefined : key;
}

/**
 * Encodes a key, the inverse of {@linkcode decodeBase64}.
 *
 * @param key The key, a character per byte.
 * @returns The key in base64, padded.
 */
export function encodeBase64(key: string): string {
  return btoa(key);
}
