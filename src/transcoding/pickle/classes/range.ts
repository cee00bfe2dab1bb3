/** Python's `range`. @module */

import { ValidationException } from "../../../errors.ts";
import { type PythonCall, PythonName, PythonObject } from "../python_types.ts";
import { isInteger } from "./numbers.ts";

const RANGE: PythonName = /* @__PURE__ */ new PythonName("builtins", "range");

/**
 * A range of integers, read from and stored as Python's `range`. It can be iterated over.
 *
 * @example Storing and reading a range
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { Range } from "@moecache/moecache/python";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("pages", new Range(1, 4)); // range(1, 4)
 * assertEquals([...await client.get<Range>("pages") ?? []], [1, 2, 3]);
 * ```
 */
export class Range extends PythonObject implements Iterable<number | bigint> {
  /** The first integer. */
  readonly start: number | bigint;
  /** The integer that it ends before. */
  readonly stop: number | bigint;
  /** The difference between two neighbours, not 0. */
  readonly step: number | bigint;

  /**
   * Makes a range of integers: safe ones, or bigints.
   *
   * @param start The first integer.
   * @param stop The integer that it ends before.
   * @param step The difference between two neighbours, not 0; 1 by default.
   * @throws {ValidationException} When an argument is invalid.
   */
  constructor(start: number | bigint, stop: number | bigint, step: number | bigint = 1) {
    super();
    if (![start, stop, step].every(isInteger) || BigInt(step) === 0n) {
      const why = "it needs integers, and a step other than 0";
      throw new ValidationException(`Cannot make a Range: ${why}`, [start, stop, step]);
    }
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  /** How many integers it has. */
  get length(): number {
    return Number(this.#count());
  }

  /** Goes through its integers; each is a bigint if it is not safe. */
  *[Symbol.iterator](): Generator<number | bigint> {
    const [start, step, count] = [BigInt(this.start), BigInt(this.step), this.#count()];
    for (let i = 0n; i < count; i++) {
      const value = start + i * step;
      const number = Number(value);
      yield Number.isSafeInteger(number) ? number : value;
    }
  }

  /** As Python shows it: `range(1, 4)`. */
  override toString(): string {
    const { start, stop, step } = this;
    return BigInt(step) === 1n ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`;
  }

  /** @internal */
  override toCall(): PythonCall {
    return { callee: RANGE, args: [this.start, this.stop, this.step] };
  }

  /** @internal */
  override toKey(): string {
    const count = this.#count();
    if (count === 0n) return "range 0";
    return `range ${count} ${this.start} ${count === 1n ? "" : this.step}`;
  }

  #count(): bigint {
    const [start, stop, step] = [BigInt(this.start), BigInt(this.stop), BigInt(this.step)];
    const distance = step > 0n ? stop - start : start - stop;
    const stride = step > 0n ? step : -step;
    return distance <= 0n ? 0n : (distance + stride - 1n) / stride;
  }
}
