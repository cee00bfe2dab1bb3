/** Values as JSON. @module */

import { ClientException, ValidationException } from "../errors.ts";
import { checkFewNames, checkFunction, invalidOption, isPromise } from "../option_checks.ts";
import { isUsable, USABLE_FLAGS } from "./item_codec.ts";
import { decodeUtf8, encodeText } from "./text.ts";
import type { EncodedValue, Transcoder } from "./transcoder.ts";

/** The flags of JSON, also in the npm clients `memcached` and `memcache-client`. */
const DEFAULT_FLAGS = 2;
/** The flags of items from clients and commands that do not use flags. */
const NO_FLAGS = 0;

/** The options of {@linkcode jsonTranscoder}; all are optional. */
export interface JsonTranscoderOptions {
  /**
   * The flags of stored items, 0 to 4,294,967,295; 2 by default. 0x6d6f6500 to 0x6d6f65ff are reserved.
   */
  readonly flags?: number | undefined;
  /** The second argument of `JSON.stringify`, for values without JSON, such as a `bigint` or a `Map`. */
  readonly replacer?: ((this: unknown, key: string, value: unknown) => unknown) | undefined;
  /** The second argument of `JSON.parse`: restores the values that `replacer` replaced. */
  readonly reviver?: ((this: unknown, key: string, value: unknown) => unknown) | undefined;
}

/** A transcoder for JSON. Call it to make one with options, or for values of one type. */
export interface JsonTranscoder extends Transcoder {
  /**
   * Makes a transcoder for JSON. The type parameter is not checked when values are read.
   *
   * @param options `flags`, `replacer` and `reviver`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  <Value = unknown>(options?: JsonTranscoderOptions): Transcoder<Value>;
}

/**
 * Stores values as JSON, which every language can read. Use it as a transcoder, or call it to make one with options, or
 * for values of one type.
 *
 * The result of `JSON.stringify` is stored: a `Date` becomes a string, `NaN` becomes `null`, a `Map` becomes `{}`,
 * properties that are `undefined` are left out. Storing a value without JSON (`undefined`, a function) or one that
 * `JSON.stringify` refuses (a `bigint`, a value that contains itself) throws a `ValidationException`.
 *
 * Items are stored with flags 2, and read with flags 2 and 0: clients that do not use flags store JSON with
 * flags 0. Counters begin with flags 0 and are read as a number, which is exact up to 2^53. Reading an item with other
 * flags, or whose bytes are not JSON, throws a `ClientException`.
 *
 * @example Values of one type
 * ```ts
 * import { Client, jsonTranscoder } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * interface User {
 *   name: string;
 *   born: number;
 * }
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: jsonTranscoder<User>() });
 *
 * await client.set("user:1", { name: "Ada", born: 1815 });
 * assertEquals((await client.get<User>("user:1"))?.name, "Ada");
 * ```
 *
 * @example Dates that are read as dates
 * ```ts
 * import { jsonTranscoder } from "@moecache/moecache";
 * import { assertEquals } from "@std/assert";
 *
 * const dates = jsonTranscoder({
 *   reviver: (key, value) => key.endsWith("At") ? new Date(value as string) : value,
 * });
 * const item = await dates.encode({ madeAt: new Date(0) });
 * assertEquals(await dates.decode(item), { madeAt: new Date(0) });
 * ```
 */
export const jsonTranscoder: JsonTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder<Value = unknown>(options: JsonTranscoderOptions = {}): Transcoder<Value> {
  checkFewNames(options, ["flags", "replacer", "reviver"]);
  const { flags = DEFAULT_FLAGS, replacer, reviver } = options;
  if (!isUsable(flags)) throw invalidOption("flags", flags, USABLE_FLAGS);
  if (replacer !== undefined) checkFunction("replacer", replacer);
  if (reviver !== undefined) checkFunction("reviver", reviver);
  return {
    flagBits: flags,
    borrowsData: true,
    handsOverData: true,
    encode: (value) => ({ flags, data: encodeText(stringify(value, replacer)) }),
    decode: (item) => {
      if (item.flags === flags || item.flags === NO_FLAGS) return parse(item, reviver) as Value;
      throw new ClientException(
        `Cannot read item: its flags are ${item.flags}, not ${flags}: it needs another transcoder`,
        item.flags,
      );
    },
  };
}

function stringify(value: unknown, replacer: JsonTranscoderOptions["replacer"]): string {
  let thrown: ErrorOptions | undefined;
  try {
    const json = JSON.stringify(value, replacer);
    // The JSON of a promise is that of an empty object.
    if (json !== undefined && !isPromise(value)) return json;
  } catch (cause) {
    thrown = { cause };
  }
  throw new ValidationException("Cannot store value: it has no JSON", value, thrown);
}

function parse({ data }: EncodedValue, reviver: JsonTranscoderOptions["reviver"]): unknown {
  try {
    return JSON.parse(decodeUtf8(data), reviver);
  } catch (cause) {
    throw new ClientException("Cannot read item: it is not JSON", data.slice(), { cause });
  }
}
