/** Ruby's strings: bytes that have an encoding. @module */

import { ClientException, quote } from "../../../errors.ts";
import { decodeLatin1 } from "../../pickle/strings.ts";
import { decodeUtf8 } from "../../text.ts";

/** Bytes from here on are not ASCII. */
const HIGH = 0x80;
/** Longer than the name of any encoding. The decoder takes names with any number of blanks around. */
const LONGEST_NAME = 64;

/**
 * Decodes a String by the variables that tell its encoding: `E` is true for UTF-8 and false for US-ASCII, and
 * `encoding` is another's name. A String without either is bytes, which are copied.
 *
 * @throws {ClientException} When the bytes are not in that encoding, or it is not known.
 */
export function decodeString(
  bytes: Uint8Array,
  variables: ReadonlyMap<string, unknown>,
): string | Uint8Array {
  if (variables.get("E") === true) return decode("UTF-8", () => decodeUtf8(bytes));
  const encoding = variables.get("encoding");
  if (encoding instanceof Uint8Array) {
    return decodeOther(bytes, decodeLatin1(encoding.subarray(0, LONGEST_NAME)));
  }
  return variables.get("E") === false ? asciiOrBytes(bytes) : new Uint8Array(bytes);
}

/** Bytes as a string if they are ASCII, and in a copy if not. Ruby takes such a string for equal in any encoding. */
export function asciiOrBytes(bytes: Uint8Array): string | Uint8Array {
  return bytes.every((byte) => byte < HIGH) ? decodeLatin1(bytes) : new Uint8Array(bytes);
}

function decodeOther(bytes: Uint8Array, encoding: string): string {
  // The decoder of that name has other characters from 0x80 to 0x9f.
  if (encoding === "ISO-8859-1") return decodeLatin1(bytes);
  return decode(encoding, () => {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  });
}

function decode(encoding: string, run: () => string): string {
  try {
    return run();
  } catch (cause) {
    const why = cause instanceof RangeError
      ? `a String has the encoding ${quote(encoding)}, which is not known here`
      : `a String is not ${encoding}`;
    throw new ClientException(`Cannot read Marshal: ${why}`, undefined, { cause });
  }
}
