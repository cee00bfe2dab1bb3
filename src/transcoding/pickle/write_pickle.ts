import { Pickler } from "./pickler.ts";

/**
 * Writes a value as a pickle of protocol 2, which every Python since 2.3 reads.
 *
 * @throws {ValidationException} If it holds what Python has nothing like.
 */
export function writePickle(value: unknown): Uint8Array<ArrayBuffer> {
  return new Pickler().dump(value);
}
