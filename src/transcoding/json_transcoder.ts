import { ClientException, ValidationException } from "../errors.ts";
import { checkFunction, checkInteger } from "../option_checks.ts";
import { decodeUtf8, encodeText } from "./text.ts";
import type { EncodedValue, Transcoder } from "./transcoder.ts";

/** Flags that JSON is stored under by the npm clients `memcached` and `memcache-client`, too. */
const DEFAULT_FLAGS = 2;
/** Flags of what was stored by a client, or a command, that has none of its own. */
const NO_FLAGS = 0;

/** How JSON is written and read. Every option may be left out. */
export interface JsonTranscoderOptions {
  /** The flags that items are stored under, 0 to 4,294,967,295; 2 unless given. */
  readonly flags?: number;
  /** What `JSON.stringify` takes for its second argument: makes JSON of what has none, a `bigint` or a `Map`. */
  readonly replacer?: (this: unknown, key: string, value: unknown) => unknown;
  /** What `JSON.parse` takes for its second argument: makes the values anew that `replacer` replaced. */
  readonly reviver?: (this: unknown, key: string, value: unknown) => unknown;
}

/** JSON as it is, and by a call with options or for values of one type. */
export interface JsonTranscoder extends Transcoder {
  /**
   * Makes a transcoder for JSON. The type parameter is the caller's word for what is stored: nothing checks
   * what is read.
   *
   * @param options `flags`, `replacer` and `reviver`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  <Value = unknown>(options?: JsonTranscoderOptions): Transcoder<Value>;
}

/**
 * Values as JSON, which every language reads. It is a transcoder as it is, and gives others when it is called,
 * with options or with the type of the values.
 *
 * What `JSON.stringify` makes of a value is what is stored: a `Date` becomes a string, `NaN` becomes `null`, a
 * `Map` becomes `{}`, properties that are `undefined` are left out. What it makes nothing of, `undefined` or
 * a function, and what it refuses, a `bigint` or a value that holds itself, is a `ValidationException`.
 *
 * Items are stored under flags 2 and read under these and 0, which is what clients without flags of their
 * own store JSON under. Counters begin under 0 and read as a number, which is exact up to 2^53. Other flags,
 * and bytes that are no JSON, are a `ClientException`.
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
  const { flags = DEFAULT_FLAGS, replacer, reviver } = options;
  checkInteger("flags", flags, 0, 0xffffffff);
  if (replacer !== undefined) checkFunction("replacer", replacer);
  if (reviver !== undefined) checkFunction("reviver", reviver);
  return {
    borrowsData: true,
    handsOverData: true,
    encode: (value) => ({ flags, data: encodeText(stringify(value, replacer)) }),
    decode: (item) => {
      if (item.flags === flags || item.flags === NO_FLAGS) return parse(item, reviver) as Value;
      const why = `its flags are ${item.flags}, and those of JSON here ${flags}`;
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
    throw new ClientException("Cannot read item: it is no JSON", bytes, { cause });
  }
}
