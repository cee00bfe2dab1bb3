/**
 * Values of Python's classes without a counterpart in JavaScript, for programs that share a deployment with Python:
 * `moecacheTranscoder` reads and writes them. A program that only reads them does not need this entry.
 *
 * @example What a Python program stored, and what it will read
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { Decimal, defaultDict, Uuid } from "@moecache/moecache/python";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("order", {
 *   id: new Uuid("8a6e0804-2bd0-4672-b79d-d97027f9071a"),
 *   total: new Decimal("19.90"),
 *   items: defaultDict("list", { books: [1, 2] }),
 * });
 * const order = await client.get<{ total: Decimal }>("order");
 * assertEquals(String(order?.total), "19.90");
 * ```
 *
 * @module
 */

export {
  counter,
  defaultDict,
  deque,
  type Dict,
  orderedDict,
  pythonArray,
} from "./classes/collections.ts";
export { calendarDate, naiveDatetime } from "./classes/dates.ts";
export { Decimal, Fraction } from "./classes/numbers.ts";
export { NumpyScalar, type NumpyValue } from "./classes/numpy.ts";
export { Range } from "./classes/range.ts";
export { Time, type TimeFields } from "./classes/time.ts";
export { Unreadable } from "./classes/unreadable.ts";
export { Uuid } from "./classes/uuid.ts";
export { PythonObject } from "./python_types.ts";
export { Complex } from "../complex.ts";
export { frozenSet, tuple } from "./containers.ts";
export { TimeDelta, TimeZone } from "./time_types.ts";
export type { ReadInstance } from "./unpickler.ts";
