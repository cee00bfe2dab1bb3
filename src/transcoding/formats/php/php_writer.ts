/** What PHP's serializers have in common when they write. @module */

import { encodeText } from "../../text.ts";
import { ByteWriter } from "../byte_writer.ts";
import { isInteger } from "../integers.ts";
import { Place } from "../plain_values.ts";
import { checkInteger64, type PhpKey } from "./php_values.ts";

/** Finds out what PHP has for a value, and leaves the bytes to the serializer. */
export abstract class PhpWriter {
  protected readonly writer: ByteWriter = new ByteWriter();
  protected readonly place: Place = new Place();

  /**
   * Writes the whole value.
   *
   * @throws {ValidationException} If it holds what PHP has nothing like, or itself.
   */
  write(value: unknown): Uint8Array<ArrayBuffer> {
    this.value(value);
    return this.writer.finish();
  }

  protected value(value: unknown): void {
    const plain = this.place.classify(value);
    switch (plain.kind) {
      case "null":
        return this.nil();
      case "boolean":
        return this.boolean(plain.value);
      case "number":
        return isInteger(plain.value) ? this.#integer(plain.value) : this.float(plain.value);
      case "bigint":
        return this.#integer(plain.value);
      case "string":
        return this.string(encodeText(plain.value));
      case "bytes":
        return this.string(plain.value);
      case "date":
        return this.date(plain.value);
      case "list":
      case "map":
        return this.array(plain.value);
      default:
        throw this.place.fault(`a ${plain.kind === "set" ? "Set" : "symbol"}`, value);
    }
  }

  /** Writes the key of an array. */
  protected key(key: PhpKey): void {
    if (typeof key === "string") this.string(encodeText(key));
    else if (key instanceof Uint8Array) this.string(key);
    else this.integer(key);
  }

  #integer(value: number | bigint): void {
    checkInteger64(value, this.place);
    this.integer(value);
  }

  protected abstract nil(): void;
  protected abstract boolean(value: boolean): void;
  /** Writes an integer of at most 64 bits. */
  protected abstract integer(value: number | bigint): void;
  protected abstract float(value: number): void;
  protected abstract string(bytes: Uint8Array): void;
  protected abstract date(date: Date): void;
  /** Writes a list, an object or a Map. */
  protected abstract array(container: object): void;
}
