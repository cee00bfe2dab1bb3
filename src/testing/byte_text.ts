/**
 * Bytes as strings. A memcached key consists of arbitrary bytes. This server keeps it as a string with one character,
 * U+0000 to U+00FF, for each byte.
 *
 * @module
 */

/** How many arguments fit into one call on every runtime's stack. */
const CHUNK_LENGTH = 4096;

const RESERVED = /[^A-Za-z0-9._~-]/g;

/** The characters that memcached's decoder ignores. */
const NOT_BASE64 = /[^A-Za-z0-9+/=]/g;
const QUANTUM = /.{4}/g;

/**
 * Decodes any bytes. `TextDecoder("latin1")` cannot be used, because it decodes windows-1252.
 *
 * @param bytes The bytes.
 * @returns One character per byte.
 */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let offset = 0; offset < bytes.byteLength; offset += CHUNK_LENGTH) {
    const chunk = bytes.subarray(offset, offset + CHUNK_LENGTH);
    // Spreading the chunk would use its iterator, which takes three times as long.
    text += Reflect.apply(String.fromCharCode, undefined, chunk);
  }
  return text;
}

/**
 * Encodes characters up to U+00FF, the inverse of {@linkcode decodeLatin1}.
 *
 * @param text The characters.
 * @returns One byte per character.
 */
export function encodeLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/**
 * Encodes text as UTF-8, as clients encode strings.
 *
 * @param text The text.
 * @returns One character per byte.
 */
export function encodeUtf8(text: string): string {
  return decodeLatin1(new TextEncoder().encode(text));
}

/**
 * Decodes UTF-8, the inverse of {@linkcode encodeUtf8}.
 *
 * @param bytes One character per byte.
 * @returns The text; bytes that are not UTF-8 become U+FFFD.
 */
export function decodeUtf8(bytes: string): string {
  return new TextDecoder().decode(encodeLatin1(bytes));
}

/**
 * Escapes a key as memcached's `uriencode` does.
 *
 * @param key The key, a character per byte.
 * @returns The key; everything but letters, digits and `-._~` is `%` and two digits.
 */
export function escapeKey(key: string): string {
  return key.replace(RESERVED, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/**
 * Decodes a key as memcached's `base64_decode` does: characters that are not base64 are ignored, and so is everything
 * after the first padding.
 *
 * @param text The key in base64.
 * @returns The key, a character per byte, or `undefined` when `text` is not base64, or is empty.
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
