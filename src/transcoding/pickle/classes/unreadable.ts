/** What stands in for a value that cannot be read. @module */

import { ValidationException } from "../../../errors.ts";
import { type PythonCall, PythonObject } from "../python_types.ts";

let count = 0;

/**
 * Replaces a value that cannot be read, with the option `keepUnreadable`. It cannot be stored.
 *
 * @example A record with an unreadable part
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { Unreadable } from "@moecache/moecache/python";
 * import { assertEquals, assertInstanceOf } from "@std/assert";
 *
 * // pickle.dumps({"id": 7, "price": Money(5)}, 0)
 * const pickle = "(dVid\nI7\nsVprice\ncapp.models\nMoney\n(I5\ntRs.";
 * const transcoder = moecacheTranscoder({ keepUnreadable: true });
 * const item = { flags: 256, data: new TextEncoder().encode(pickle) };
 * const { id, price } = await transcoder.decode(item) as Record<string, unknown>;
 * assertEquals(id, 7);
 * assertInstanceOf(price, Unreadable);
 * assertEquals(price.className, "app.models.Money");
 * ```
 */
export class Unreadable extends PythonObject {
  /** The name of its class, or of the function that makes it, module included. */
  readonly className: string;
  readonly #id = count++;

  /** @internal */
  constructor(className: string) {
    super();
    this.className = className;
  }

  /** Its text, such as `<unreadable app.models.Money>`. */
  override toString(): string {
    return `<unreadable ${this.className}>`;
  }

  /** @internal */
  override toCall(): PythonCall {
    const why = `an instance of ${this.className} was not read, and cannot be written`;
    throw new ValidationException(`Cannot store value: ${why}`, this);
  }

  /** @internal */
  override toKey(): string {
    return `unreadable ${this.#id}`;
  }
}
