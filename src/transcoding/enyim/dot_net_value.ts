import type { DotNetFractionType, DotNetIntegerType } from "./number_types.ts";

/** The .NET types that a value can be given by name. */
export type DotNetType = DotNetIntegerType | DotNetFractionType | "char";

/**
 * A number or character together with the .NET type that `enyimTranscoder` is to store it as, for readers
 * that insist on one: `client.Get<long>(key)` in C# fails for what is stored as an `Int32`. It reads as
 * a plain `number`, `bigint` or `string`.
 *
 * @example A number that C# is to read as a `long`
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { DotNetValue, enyimTranscoder } from "@moecache/moecache/formats";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { transcoder: enyimTranscoder });
 *
 * await client.set("visits", new DotNetValue("int64", 5));
 * assertEquals(await client.get("visits"), 5);
 * ```
 */
export class DotNetValue {
  /** The .NET type. */
  readonly type: DotNetType;
  /** The value. */
  readonly value: number | bigint | string;

  /**
   * Makes a value of a type. Whether it fits is checked when it is stored.
   *
   * @param type The .NET type: `"sbyte"`, `"byte"`, `"int16"`, `"uint16"`, `"int32"`, `"uint32"`, `"int64"`,
   * `"uint64"`, `"single"`, `"double"` or `"char"`.
   * @param value The number, or for `"char"` a string of one UTF-16 code unit.
   */
  constructor(type: DotNetType, value: number | bigint | string) {
    this.type = type;
    this.value = value;
  }
}
