import { ClientException, ValidationException } from "../errors.ts";
import { checkFunction, checkNames, invalidOption } from "../option_checks.ts";
import { isUsable, USABLE_FLAGS } from "./item_codec.ts";
import { decodeUtf8, encodeText } from "./text.ts";
import type { EncodedValue, Transcoder } from "./transcoder.ts";

/** Flags that JSON is stored under by the npm clients `memcached` and `memcache-client`, too. */
const DEFAULT_FLAGS = 2;
/** Flags of what was stored by a client, or a command, that has none of its own. */
const NO_FLAGS = 0;

/** How JSON is written and read. Every option may be left out. */
export interface JsonTranscoderOptions {
  /**
   * The flags that items are stored under, 0 to 4,294,967,295; 2 by default. 0x6d6f6500 to 0x6d6f65ff are
   * reserved.
   */
  readonly flags?: number;
  /** The second argument of `JSON.stringify`: makes JSON of what has none, a `bigint` or a `Map`. */
  readonly replacer?: (this: unknown, key: string, value: unknown) => unknown;
  /** The second argument of `JSON.parse`: makes the values again that `replacer` replaced. */
  readonly reviver?: (this: unknown, key: string, value: unknown) => unknown;
}

/** A transcoder for JSON, and a function that makes others with options, or for values of one type. */
export interface JsonTranscoder extends Transcoder {
  /**
   * Makes a transcoder for JSON. The type parameter is a promise of the caller: nothing checks what is read.
   *
   * @param options `flags`, `replacer` and `reviver`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  <Value = unknown>(options?: JsonTranscoderOptions): Transcoder<Value>;
}

/**
 * Stores values as JSON, which every language reads. It is a transcoder as it is, and a function that makes
 * others, with options or for the type of the values.
 *
 * The result of `JSON.stringify` is stored: a `Date` becomes a string, `NaN` becomes `null`, a `Map` becomes
 * `{}`, properties that are `undefined` are left out. A value without JSON, `undefined` or a function, and a
 * value that `JSON.stringify` refuses, a `bigint` or a value that holds itself, is a `ValidationException`.
 *
 * Items are stored under flags 2, and read under 2 and 0: clients without flags of their own store JSON under
 * 0. Counters begin under 0 and are read as a number, which is exact up to 2^53. Other flags, and bytes that
 * are not JSON, are a `ClientException`.
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
 * @example Dates that stay dates
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
  checkNames(options, ["flags", "replacer", "reviver"]);
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
      const why = `its flags are ${item.flags}, not ${flags}: it needs another transcoder`;
      throw new ClientException(`Cannot read item: ${why}`, item.flags);
    },
  };
}

function stringify(value: unknown, replacer: JsonTranscoderOptions["replacer"]): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value, replacer);
  } catch (cause) {
    throw new ValidationException("Cannot store value: it has no JSON", value, { cause });
  }
  if (json !== undefined) return json;
  throw new ValidationException("Cannot store value: it has no JSON", value);
}

function parse({ data }: EncodedValue, reviver: JsonTranscoderOptions["reviver"]): unknown {
  try {
    return JSON.parse(decodeUtf8(data), reviver);
  } catch (cause) {
    const bytes = new Uint8Array(data);
    throw new ClientException("Cannot read item: it is not JSON", bytes, { cause });
  }
}
