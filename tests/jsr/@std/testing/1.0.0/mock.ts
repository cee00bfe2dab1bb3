/**
 * Functions that remember their calls: a stand-in for the part of `jsr:@std/testing/mock` that this
 * repository uses, for machines that cannot reach JSR.
 *
 * @module
 */

// deno-lint-ignore-file no-explicit-any

import { AssertionError } from "jsr:@std/assert@^1/assertion-error";
import { assertEquals } from "jsr:@std/assert@^1/equals";
import { assertThrows } from "jsr:@std/assert@^1/throws";

/** A wrong use of {@linkcode spy} or {@linkcode stub}. */
export class MockError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MockError";
  }
}

type Method<Self, Args extends unknown[], Return> = (this: Self, ...args: Args) => Return;

/** The arguments of a method. */
export type GetParametersFromProp<Self, Prop extends keyof Self> = Self[Prop] extends
  (...args: infer Args) => unknown ? Args : unknown[];

/** What a method returns. */
export type GetReturnFromProp<Self, Prop extends keyof Self> = Self[Prop] extends
  (...args: any[]) => infer Return ? Return : unknown;

/** One call of a spy. */
export interface SpyCall<Self = any, Args extends unknown[] = any[], Return = any> {
  /** What it was called with. */
  args: Args;
  /** What it returned, unless it threw. */
  returned?: Return;
  /** What it threw, if it did. */
  error?: Error;
  /** The object whose method it was called as. */
  self?: Self;
}

/** A function that remembers its calls. */
export interface Spy<Self = any, Args extends unknown[] = any[], Return = any> {
  (this: Self, ...args: Args): Return;
  /** The function behind it. */
  original: Method<Self, Args, Return>;
  /** The calls so far. */
  calls: SpyCall<Self, Args, Return>[];
  /** Whether the method it took the place of is back. */
  restored: boolean;
  /** Puts the method it took the place of back. */
  restore(): void;
}

/** A spy in the place of a method, until it is disposed of. */
export interface MethodSpy<Self = any, Args extends unknown[] = any[], Return = any>
  extends Spy<Self, Args, Return>, Disposable {}

/** A spy in the place of a method that it does not call. */
export interface Stub<Self = any, Args extends unknown[] = any[], Return = any>
  extends MethodSpy<Self, Args, Return> {
  /** The function called instead. */
  fake: Method<Self, Args, Return>;
}

/** A function that does nothing, and remembers its calls. */
export function spy<Self = any, Args extends unknown[] = any[], Return = undefined>(): Spy<
  Self,
  Args,
  Return
>;
/** Wraps a function in one that remembers its calls. */
export function spy<Self, Args extends unknown[], Return>(
  func: Method<Self, Args, Return>,
): Spy<Self, Args, Return>;
/** Makes a method remember its calls. */
export function spy<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
): MethodSpy<Self, GetParametersFromProp<Self, Prop>, GetReturnFromProp<Self, Prop>>;
export function spy(target: any = () => {}, property?: PropertyKey): Spy {
  return property === undefined
    ? recorder(target, target, () => {
      throw new MockError("Cannot restore: the spy is not on a method");
    })
    : replaceMethod(target, property);
}

/** Replaces a method by one that does nothing, or by `func`, and remembers its calls. */
export function stub<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
  func?: Method<Self, GetParametersFromProp<Self, Prop>, GetReturnFromProp<Self, Prop>>,
): Stub<Self, GetParametersFromProp<Self, Prop>, GetReturnFromProp<Self, Prop>>;
export function stub(self: any, property: PropertyKey, func: Method<any, any[], any> = () => {}) {
  return replaceMethod(self, property, func);
}

function replaceMethod(self: any, property: PropertyKey, fake?: Method<any, any[], any>): Stub {
  const original = self[property];
  if (typeof original !== "function") {
    throw new MockError(`Cannot replace "${String(property)}": not a method`);
  }
  const own = Object.getOwnPropertyDescriptor(self, property);
  const replacement = recorder(original, fake ?? original, () => {
    if (own) Object.defineProperty(self, property, own);
    else delete self[property];
  });
  Object.defineProperty(self, property, {
    configurable: true,
    enumerable: own?.enumerable ?? false,
    writable: true,
    value: replacement,
  });
  return replacement;
}

function recorder(
  original: Method<any, any[], any>,
  fake: Method<any, any[], any>,
  putBack: () => void,
): Stub {
  const calls: SpyCall[] = [];
  let restored = false;
  const restore = () => {
    if (restored) throw new MockError("Cannot restore: the method is restored already");
    putBack();
    restored = true;
  };
  const record = function (this: unknown, ...args: unknown[]): unknown {
    const call: SpyCall = this ? { args, self: this } : { args };
    try {
      return call.returned = fake.apply(this, args);
    } catch (error) {
      call.error = error as Error;
      throw error;
    } finally {
      calls.push(call);
    }
  };
  Object.defineProperty(record, "restored", { get: () => restored });
  return Object.assign(record, {
    original,
    fake,
    calls,
    restore,
    [Symbol.dispose]: restore,
  }) as Stub;
}

/** Asserts how often `spy` was called. */
export function assertSpyCalls(spy: Spy, expectedCalls: number): void {
  if (spy.calls.length === expectedCalls) return;
  throw new AssertionError(`Expected ${expectedCalls} calls of the spy, got ${spy.calls.length}`);
}

/** What a call is expected to have been; what is left out is not checked. */
export interface ExpectedSpyCall<Self = any, Args extends unknown[] = any[], Return = any> {
  /** What it was called with. */
  args?: [...Args, ...unknown[]];
  /** The object whose method it was called as. */
  self?: Self;
  /** What it returned. */
  returned?: Return;
  /** What it threw. */
  error?: { Class?: new (...args: any[]) => Error; msgIncludes?: string };
}

/** Asserts that there was a call with index `callIndex`, and that it was as expected. */
export function assertSpyCall<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  expected: ExpectedSpyCall<Self, Args, Return> = {},
): void {
  const call = spy.calls[callIndex];
  if (call === undefined) {
    throw new AssertionError(
      `Expected call ${callIndex} of the spy, got ${spy.calls.length} calls`,
    );
  }
  if (expected.args) assertEquals<unknown[]>(call.args, expected.args, "args of the spy's call");
  if ("self" in expected) assertEquals(call.self, expected.self, "self of the spy's call");
  if ("returned" in expected) {
    if (call.error) throw new AssertionError("The spy's call threw", { cause: call.error });
    assertEquals(call.returned, expected.returned, "what the spy's call returned");
  }
  if (expected.error) {
    const { Class = Error, msgIncludes } = expected.error;
    assertThrows(() => rethrow(call), Class, msgIncludes, "what the spy's call threw");
  }
}

function rethrow(call: SpyCall): void {
  if ("error" in call) throw call.error;
}

/** A function that returns the next of `values` at each call, and throws those that are errors. */
export function returnsNext<Return>(
  values: Iterable<Return | Error>,
): (...args: any[]) => Return {
  const iterator = values[Symbol.iterator]();
  return () => {
    const { value, done } = iterator.next();
    if (done) throw new MockError("Cannot return: no value is left");
    if (value instanceof Error) throw value;
    return value;
  };
}
