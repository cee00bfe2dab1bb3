/** Python's `uuid.UUID`. @module */

import { ValidationException } from "../../../errors.ts";
import { type PythonCall, PythonName, PythonObject } from "../python_types.ts";

const UUID: PythonName = /* @__PURE__ */ new PythonName("uuid", "UUID");
const DIGITS = /^[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}$/i;

/**
 * A UUID, read from and stored as Python's `uuid.UUID`.
 *
 * @example Storing and reading an identifier
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { Uuid } from "@moecache/moecache/python";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const id = crypto.randomUUID();
 * await client.set("id", new Uuid(id)); // a uuid.UUID
 * assertEquals(String(await client.get("id")), id);
 * ```
 */
export class Uuid extends PythonObject {
  #text: string;

  /**
   * Makes a UUID.
   *
   * @param text 32 hexadecimal digits, with the usual dashes or without.
   * @throws {ValidationException} When it is invalid.
   */
  constructor(text: string) {
    super();
    if (typeof text !== "string" || !DIGITS.test(text)) {
      throw new ValidationException("Cannot make a Uuid: it needs 32 hexadecimal digits", text);
    }
    this.#text = withDashes(text);
  }

  /**
   * Sets the digits of one that is being read: Python makes it first, and gives it its number then.
   *
   * @internal
   */
  static setNumber(uuid: Uuid, number: unknown): boolean {
    const integer = typeof number === "number" ? BigInt(number) : number;
    if (typeof integer !== "bigint" || integer < 0n || integer >= 1n << 128n) return false;
    uuid.#text = withDashes(integer.toString(16).padStart(32, "0"));
    return true;
  }

  /** Its digits in lower case, with dashes. */
  override toString(): string {
    return this.#text;
  }

  /** @internal */
  override toCall(): PythonCall {
    return { callee: UUID, args: [this.#text] };
  }

  /** @internal */
  override toKey(): string {
    return `uuid ${this.#text}`;
  }
}

function withDashes(digits: string): string {
  return digits.toLowerCase().replaceAll("-", "")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
