/** What formats of several clients have in common. @module */

import { ClientException, ValidationException } from "../errors.ts";
import type { DecodeLimits } from "./transcoder.ts";

/**
 * Writes a value. Reading it can throw anything, from a getter or a revoked proxy: it is the value that is
 * invalid then.
 *
 * @throws {ValidationException} When it cannot be written.
 */
export function writing<Result>(value: unknown, write: () => Result): Result {
  try {
    return write();
  } catch (cause) {
    if (cause instanceof ClientException) throw cause;
    throw new ValidationException("Cannot store value: it cannot be read", value, { cause });
  }
}

/** The error for a value that a format has nothing for. */
export function unstorable(why: string, value: unknown): ValidationException {
  return new ValidationException(`Cannot store value: ${why}`, value);
}

/** The error for an item that is not as long as its type is. */
export function wrongLength(type: string, size: number, data: Uint8Array): ClientException {
  const taken = size === 1 ? "1 byte" : `${size} bytes`;
  const why = `a ${type} takes ${taken}, and it has ${data.length}`;
  return new ClientException(`Cannot read item: ${why}`, new Uint8Array(data));
}

/** What a value is called in a message: its type, or the class that it is an instance of. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  const { name } = Object(value.constructor) as { name?: unknown };
  return typeof name === "string" && name !== ""
    ? `an instance of ${name}`
    : "an instance of an unnamed class";
}

/** Bytes for the caller to keep, of an item that was lent or given. */
export function ownBytes(data: Uint8Array, limits: DecodeLimits | undefined): Uint8Array {
  return limits?.ownsData ? data : new Uint8Array(data);
}
