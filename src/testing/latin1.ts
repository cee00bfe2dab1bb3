/**
 * Bytes as strings of the characters U+0000 to U+00FF, one per byte. A memcached key is bytes, not
 * text; as such a string it can be a key of a `Map` without losing any.
 *
 * @module
 */

/** Few enough arguments for one call, whatever stack the runtime has. */
const CHUNK_LENGTH = 4096;

/**
 * Decodes bytes, whatever they are. `TextDecoder("latin1")` would not do: it is windows-1252.
 *
 * @param bytes The bytes.
 * @returns One character per byte.
 */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let offset = 0; offset < bytes.byteLength; offset += CHUNK_LENGTH) {
    const chunk = bytes.subarray(offset, offset + CHUNK_LENGTH);
    // Spreading the chunk would go through its iterator, and take three times as long.
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
