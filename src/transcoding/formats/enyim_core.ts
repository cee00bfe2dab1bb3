/** The format of EnyimMemcachedCore. @module */

import { checkBoolean, checkNames } from "../../option_checks.ts";
import { TYPE_CODE_BITS, typeCode } from "../enyim/dot_net_types.ts";
import { enyimTranscoder, type EnyimTranscoderOptions } from "../enyim_transcoder.ts";
import { writing } from "../format_parts.ts";
import type { EncodedValue, Transcoder } from "../transcoder.ts";
import { readBson } from "./read_bson.ts";
import { isContainer, writeBson } from "./write_bson.ts";

/** The flags of an object: EnyimMemcached's mark 0x100, and .NET's `TypeCode.Object`. */
const OBJECT_FLAGS = 0x101;

/** The .NET types of values, and how documents are read; all options are optional. */
export interface EnyimCoreTranscoderOptions extends EnyimTranscoderOptions {
  /**
   * Whether an object whose keys are 0, 1, 2 … reads as an array; `true` by default. A list is stored as such an
   * object, and cannot be distinguished from a dictionary with these keys. An empty one reads as `{}` in any case.
   */
  readonly arrays?: boolean | undefined;
}

/** A transcoder for EnyimMemcachedCore's format. Call it to make one with options. */
export interface EnyimCoreTranscoder extends Transcoder {
  /**
   * Makes a transcoder for EnyimMemcachedCore's format.
   *
   * @param options `arrays`, and the .NET types of numbers and of a `Date`: `integers`, `fractions` and `dates`.
   * @returns The transcoder.
   * @throws {ValidationException} When an option is invalid.
   */
  (options?: EnyimCoreTranscoderOptions): Transcoder;
}

/**
 * Stores values in the format of EnyimMemcachedCore (C#) with its `DefaultTranscoder`. Use it as a transcoder, or call
 * it to make one with options.
 *
 * Simple values and bytes are stored as by {@linkcode enyimTranscoder}, with its options. Objects are BSON, as
 * Newtonsoft.Json writes it, with flags 257:
 *
 * | JavaScript | .NET | BSON |
 * | --- | --- | --- |
 * | plain object; `Map` whose keys are strings or integers | `Dictionary`, or an object of any class | document |
 * | `Array`, `Set` | `List`, array | document with the keys 0, 1, 2 …; inside of another value, array |
 * | `null` | `null` | null |
 * | `boolean` | `Boolean` | boolean |
 * | `number` that is a safe integer | `Int32`, or `Int64` beyond it | int32, int64 |
 * | any other `number` | `Double`; `Single` and `Decimal` are read as it | double |
 * | `bigint` | `Int64`, or a `ValidationException` beyond it | int64 |
 * | `string` | `String` | string |
 * | `string` of 36 characters, read only | `Guid` | binary of kind 3 or 4 |
 * | `Uint8Array` | `byte[]` | binary of kind 0; others are read, too |
 * | `Date` | `DateTime` | date |
 *
 * Reading a document with any other type, such as a regular expression or an ObjectId, throws a `ClientException` with
 * the name of the type, and so does a damaged document. Reading BSON never runs code. Storing a value without BSON
 * throws a `ValidationException`.
 *
 * @example An object that C# reads as a dictionary
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyimCoreTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: enyimCoreTranscoder });
 *
 * await client.set("user:1", { name: "Ada", tags: ["x", "y"], seen: new Date(0) });
 * assertEquals(await client.get("user:1"), { name: "Ada", tags: ["x", "y"], seen: new Date(0) });
 * ```
 */
export const enyimCoreTranscoder: EnyimCoreTranscoder = /* @__PURE__ */ Object.assign(
  makeTranscoder,
  /* @__PURE__ */ makeTranscoder(),
);

function makeTranscoder(options: EnyimCoreTranscoderOptions = {}): Transcoder {
  checkNames(options, ["integers", "fractions", "dates", "arrays"]);
  const { arrays = true, ...types } = options;
  checkBoolean("arrays", arrays);
  const simple = enyimTranscoder(types);
  return {
    ...simple,
    encode: (value) => writing(value, () => encodeOwn(value, simple)) ?? simple.encode(value),
    decode: (item, limits) => {
      const isObject = (item.flags & TYPE_CODE_BITS) === typeCode.object;
      return isObject ? readBson(item.data, arrays) : simple.decode(item, limits);
    },
  };
}

/** What EnyimMemcachedCore writes in another way than EnyimMemcached; `undefined` for all else. */
function encodeOwn(value: unknown, simple: Transcoder): EncodedValue | undefined {
  if (typeof value === "number" && Number.isNaN(value)) {
    return unsigned(simple.encode(value) as EncodedValue);
  }
  if (typeof value !== "object" || value === null || !isContainer(value)) return undefined;
  return { flags: OBJECT_FLAGS, data: writeBson(value) };
}

/** Of the NaNs that .NET has, the one without a sign: EnyimMemcached's is its constant `Double.NaN`, which has one. */
function unsigned({ flags, data }: EncodedValue): EncodedValue {
  const last = data.byteLength - 1;
  return { flags, data: data.map((byte, at) => at === last ? byte & 0x7f : byte) };
}
