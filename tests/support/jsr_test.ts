/**
 * What this repository relies on in `jsr:@std/*`. Runs on the real packages where JSR answers and
 * on the stand-ins in `tests/jsr/` where it does not, and holds both to the same.
 */

import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
} from "@std/assert";
import { concat } from "@std/bytes/concat";
import { copy } from "@std/bytes/copy";
import { endsWith } from "@std/bytes/ends-with";
import { equals } from "@std/bytes/equals";
import { includesNeedle } from "@std/bytes/includes-needle";
import { indexOfNeedle } from "@std/bytes/index-of-needle";
import { startsWith } from "@std/bytes/starts-with";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";
import {
  assertSpyCall,
  assertSpyCalls,
  type MethodSpy,
  MockError,
  returnsNext,
  type Spy,
  spy,
  type Stub,
  stub,
} from "@std/testing/mock";
import { FakeTime, TimeError } from "@std/testing/time";

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}

class OtherPoint {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}

interface Cyclic {
  name: string;
  self?: Cyclic;
}

function cyclic(name: string): Cyclic {
  const value: Cyclic = { name };
  value.self = value;
  return value;
}

const symbol = Symbol("key");

/** Makes the pairs in each call, so that no pair is equal because it is identical. */
const EQUAL: Record<string, () => [unknown, unknown]> = {
  "primitives": () => ["a", "a"],
  "NaN": () => [NaN, NaN],
  "0 and -0": () => [0, -0],
  "bigints": () => [2n ** 64n, 2n ** 64n],
  "nested objects": () => [{ a: [{ b: 1 }] }, { a: [{ b: 1 }] }],
  "properties in another order": () => [{ a: 1, b: 2 }, { b: 2, a: 1 }],
  "symbol keys": () => [{ [symbol]: 1 }, { [symbol]: 1 }],
  "bytes": () => [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  "bytes in larger buffers": () => [
    new Uint8Array([9, 1, 2]).subarray(1),
    new Uint8Array([1, 2, 9]).subarray(0, 2),
  ],
  "dates": () => [new Date(5), new Date(5)],
  "invalid dates": () => [new Date(NaN), new Date(NaN)],
  "regular expressions": () => [/a/g, /a/g],
  "URLs": () => [new URL("memcached://a"), new URL("memcached://a")],
  "maps": () => [new Map([["a", { b: 1 }]]), new Map([["a", { b: 1 }]])],
  "maps in another order": () => [new Map([[1, 2], [3, 4]]), new Map([[3, 4], [1, 2]])],
  "maps with object keys": () => [new Map([[{ a: 1 }, 1]]), new Map([[{ a: 1 }, 1]])],
  "sets": () => [new Set([1, "a"]), new Set(["a", 1])],
  "sets of objects": () => [new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
  "instances": () => [new Point(1), new Point(1)],
  "plain and null prototypes": () => [{ a: 1 }, Object.assign(Object.create(null), { a: 1 })],
  "boxed": () => [Object(1), Object(1)],
  "cycles": () => [cyclic("a"), cyclic("a")],
  "the same error": () => {
    const error = new Error("a");
    return [{ error }, { error }];
  },
};

const UNEQUAL: Record<string, () => [unknown, unknown]> = {
  "types": () => [1, "1"],
  "number and bigint": () => [1, 1n],
  "null and undefined": () => [null, undefined],
  "null and an object": () => [null, {}],
  "NaN and 0": () => [NaN, 0],
  "nested objects": () => [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
  "an undefined property": () => [{ a: undefined }, {}],
  "an undefined property of another name": () => [{ a: undefined }, { b: undefined }],
  "array and object": () => [[], {}],
  "array lengths": () => [[1], [1, 2]],
  "a hole and undefined": () => [Array(1), [undefined]],
  "symbol keys": () => [{ [symbol]: 1 }, { [symbol]: 2 }],
  "bytes": () => [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  "byte lengths": () => [new Uint8Array(2), new Uint8Array(3)],
  "typed array kinds": () => [new Uint8Array(2), new Int8Array(2)],
  "bytes and their array": () => [new Uint8Array([1]), [1]],
  "dates": () => [new Date(5), new Date(6)],
  "regular expressions' flags": () => [/a/g, /a/i],
  "URLs": () => [new URL("memcached://a"), new URL("memcached://b")],
  "map values": () => [new Map([["a", 1]]), new Map([["a", 2]])],
  "map keys": () => [new Map([["a", 1]]), new Map([["b", 1]])],
  "maps with object keys": () => [new Map([[{ a: 1 }, 1]]), new Map([[{ a: 2 }, 1]])],
  "map and set": () => [new Map(), new Set()],
  "sets": () => [new Set([1]), new Set([2])],
  "sets of objects": () => [new Set([{ a: 1 }]), new Set([{ a: 2 }])],
  "classes": () => [new Point(1), new OtherPoint(1)],
  "instance and plain object": () => [new Point(1), { x: 1 }],
  "cycles": () => [cyclic("a"), cyclic("b")],
  "functions": () => [() => 1, () => 1],
};

for (const [name, pair] of Object.entries(EQUAL)) {
  Deno.test(`assertEquals() accepts ${name}`, () => {
    const [actual, expected] = pair();
    assert(equal(actual, expected));
    assert(equal(expected, actual));
    assertEquals(actual, expected);
    assertThrows(() => assertNotEquals(actual, expected, "mine"), AssertionError, "mine");
  });
}

for (const [name, pair] of Object.entries(UNEQUAL)) {
  Deno.test(`assertEquals() tells apart ${name}`, () => {
    const [actual, expected] = pair();
    assert(!equal(actual, expected));
    assert(!equal(expected, actual));
    assertNotEquals(actual, expected);
    assertThrows(() => assertEquals(actual, expected, "mine"), AssertionError, "mine");
  });
}

Deno.test("assertEquals() shows both sides", () => {
  const error = assertThrows(() => assertEquals("left", "right"), AssertionError);
  assertStringIncludes(error.message, "left");
  assertStringIncludes(error.message, "right");
});

const error = new TypeError("Cannot do it: no");

/** Calls that hold, and calls that do not; the latter have a message of their own. */
const ASSERTIONS: Record<string, { holds: () => void; fails: (msg: string) => void }> = {
  assert: { holds: () => assert(1), fails: (msg) => assert(0, msg) },
  assertFalse: { holds: () => assertFalse(""), fails: (msg) => assertFalse("a", msg) },
  assertStrictEquals: {
    holds: () => assertStrictEquals(error, error),
    fails: (msg) => assertStrictEquals({}, {}, msg),
  },
  "assertStrictEquals of 0 and -0": {
    holds: () => assertStrictEquals(NaN, NaN),
    fails: (msg) => assertStrictEquals(0, -0, msg),
  },
  assertNotStrictEquals: {
    holds: () => assertNotStrictEquals({}, {}),
    fails: (msg) => assertNotStrictEquals(error, error, msg),
  },
  assertExists: { holds: () => assertExists(0), fails: (msg) => assertExists(null, msg) },
  assertGreater: {
    holds: () => assertGreater(2, 1),
    fails: (msg) => assertGreater(1, 1, msg),
  },
  assertGreaterOrEqual: {
    holds: () => assertGreaterOrEqual(1, 1),
    fails: (msg) => assertGreaterOrEqual(0, 1, msg),
  },
  assertLess: { holds: () => assertLess(1, 2), fails: (msg) => assertLess(1, 1, msg) },
  assertLessOrEqual: {
    holds: () => assertLessOrEqual(1, 1),
    fails: (msg) => assertLessOrEqual(2, 1, msg),
  },
  assertAlmostEquals: {
    holds: () => assertAlmostEquals(0.1 + 0.2, 0.3),
    fails: (msg) => assertAlmostEquals(0.1, 0.2, 0.05, msg),
  },
  assertStringIncludes: {
    holds: () => assertStringIncludes("abc", "b"),
    fails: (msg) => assertStringIncludes("abc", "d", msg),
  },
  assertMatch: {
    holds: () => assertMatch("abc", /^a/),
    fails: (msg) => assertMatch("abc", /^b/, msg),
  },
  assertNotMatch: {
    holds: () => assertNotMatch("abc", /^b/),
    fails: (msg) => assertNotMatch("abc", /^a/, msg),
  },
  assertArrayIncludes: {
    holds: () => assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]),
    fails: (msg) => assertArrayIncludes([1, 2], [1, 3], msg),
  },
  assertInstanceOf: {
    holds: () => assertInstanceOf(error, Error),
    fails: (msg) => assertInstanceOf(error, RangeError, msg),
  },
  assertThrows: {
    holds: () => assertStrictEquals(assertThrows(() => raise(error)), error),
    fails: (msg) => assertThrows(() => 1, msg),
  },
  "assertThrows of a class": {
    holds: () => assertStrictEquals(assertThrows(() => raise(error), TypeError, "no"), error),
    fails: (msg) => assertThrows(() => raise(error), RangeError, "no", msg),
  },
  "assertThrows of a message": {
    holds: () => assertStrictEquals(assertThrows(() => raise(error), Error, "Cannot"), error),
    fails: (msg) => assertThrows(() => raise(error), TypeError, "yes", msg),
  },
  "assertThrows of something else": {
    holds: () => assertStrictEquals(assertThrows(() => raise("text")), "text"),
    fails: (msg) => assertThrows(() => raise("text"), Error, "", msg),
  },
};

function raise(reason: unknown): never {
  throw reason;
}

for (const [name, { holds, fails }] of Object.entries(ASSERTIONS)) {
  Deno.test(`${name} returns when it holds and throws when it does not`, () => {
    holds();
    assertThrows(() => fails("mine"), AssertionError, "mine");
  });
}

Deno.test("fail() fails", () => {
  assertThrows(() => fail("mine"), AssertionError, "mine");
});

Deno.test("AssertionError is an Error with a name and a cause", () => {
  const assertion = new AssertionError("mine", { cause: error });
  assertInstanceOf(assertion, Error);
  assertEquals(assertion.name, "AssertionError");
  assertStrictEquals(assertion.cause, error);
});

Deno.test("assertRejects() resolves to the reason", async () => {
  assertStrictEquals(await assertRejects(() => Promise.reject(error)), error);
  assertStrictEquals(await assertRejects(() => Promise.reject(error), TypeError, "no"), error);
});

Deno.test("assertRejects() rejects when nothing, or something else, is the reason", async () => {
  const rejected = () => Promise.reject(error);
  const wrong: Array<() => Promise<unknown>> = [
    () => assertRejects(() => Promise.resolve(), "mine"),
    () => assertRejects(rejected, RangeError, "", "mine"),
    () => assertRejects(rejected, TypeError, "yes", "mine"),
    () => assertRejects(() => Promise.reject("text"), Error, "", "mine"),
    () => assertRejects(() => raise(error), Error, "", "mine"),
  ];
  for (const call of wrong) await assertRejects(call, AssertionError, "mine");
});

function bytes(...values: number[]): Uint8Array {
  return new Uint8Array(values);
}

Deno.test("concat() joins arrays into one of its own", () => {
  const part = bytes(1, 2);
  const joined = concat([part, bytes(), bytes(3)]);
  part[0] = 9;
  assertEquals(joined, bytes(1, 2, 3));
  assertEquals(concat([]), bytes());
});

Deno.test("copy() copies what fits", () => {
  const target = bytes(0, 0, 0);
  assertEquals(copy(bytes(1, 2), target, 2), 1);
  assertEquals(target, bytes(0, 0, 1));
  assertEquals(copy(bytes(7), target), 1);
  assertEquals(target, bytes(7, 0, 1));
});

Deno.test("equals() compares bytes", () => {
  const long = new Uint8Array(2000).fill(7);
  assert(equals(bytes(1, 2), bytes(1, 2)));
  assert(equals(long, long.slice()));
  assert(!equals(bytes(1, 2), bytes(1, 3)));
  assert(!equals(bytes(1, 2), bytes(1)));
  assert(!equals(long, long.with(1999, 8)));
});

Deno.test("startsWith() and endsWith() compare the ends", () => {
  const source = bytes(1, 2, 3);
  assert(startsWith(source, bytes(1, 2)));
  assert(!startsWith(source, bytes(2)));
  assert(!startsWith(bytes(1), source));
  assert(endsWith(source, bytes(2, 3)));
  assert(!endsWith(source, bytes(2)));
  assert(!endsWith(bytes(3), source));
});

Deno.test("indexOfNeedle() and includesNeedle() search", () => {
  const source = bytes(0, 1, 2, 1, 2, 1, 3);
  assertEquals(indexOfNeedle(source, bytes(1, 2)), 1);
  assertEquals(indexOfNeedle(source, bytes(1, 2), 2), 3);
  assertEquals(indexOfNeedle(source, bytes(1, 3), -2), 5);
  assertEquals(indexOfNeedle(source, bytes(2, 2)), -1);
  assertEquals(indexOfNeedle(source, bytes(3, 0)), -1);
  assert(includesNeedle(source, bytes(1, 3)));
  assert(!includesNeedle(source, bytes(0), 1));
});

Deno.test("FakeTime does not advance until it is moved", () => {
  using time = new FakeTime(1000);
  assertEquals([time.start, time.now, Date.now(), new Date().getTime()], [1000, 1000, 1000, 1000]);
  time.tick(500);
  assertEquals([time.start, time.now, Date.now(), new Date().getTime()], [1000, 1500, 1500, 1500]);
  assertEquals(new Date(5).getTime(), 5);
  assertInstanceOf(new Date(), Date);
});

Deno.test("FakeTime calls timers when they are due, in order, at their own time", () => {
  using time = new FakeTime(0);
  const called: Array<[string, number]> = [];
  const note = (name: string) => called.push([name, Date.now()]);
  setTimeout(note, 20, "late");
  setTimeout(note, 10, "early");
  setTimeout(note, 10, "second");
  clearTimeout(setTimeout(note, 10, "cleared"));
  setTimeout(() => setTimeout(note, 5, "nested"), 10);
  time.tick(9);
  assertEquals(called, []);
  time.tick(91);
  assertEquals(called, [["early", 10], ["second", 10], ["nested", 15], ["late", 20]]);
  assertEquals(time.now, 100);
});

Deno.test("FakeTime repeats an interval until it is cleared", () => {
  using time = new FakeTime(0);
  const called: number[] = [];
  const id = setInterval(() => called.push(Date.now()), 10);
  time.tick(35);
  clearInterval(id);
  time.tick(100);
  assertEquals(called, [10, 20, 30]);
});

Deno.test("FakeTime.next() moves to the next timer", async () => {
  using time = new FakeTime(0);
  setTimeout(() => {}, 7);
  assert(time.next());
  assertEquals(time.now, 7);
  setTimeout(() => {}, 8);
  assert(await time.nextAsync());
  assertEquals(time.now, 15);
  assert(!time.next());
  assertEquals(time.now, 15);
});

Deno.test("FakeTime.runAll() moves until no timer is left", async () => {
  using time = new FakeTime(0);
  setTimeout(() => setTimeout(() => {}, 5), 5);
  time.runAll();
  assertEquals(time.now, 10);
  setTimeout(() => setTimeout(() => {}, 5), 5);
  await time.runAllAsync();
  assertEquals(time.now, 20);
});

Deno.test("FakeTime.tickAsync() lets microtasks run first", async () => {
  using time = new FakeTime(0);
  let isCalled = false;
  queueMicrotask(() => setTimeout(() => isCalled = true, 10));
  await time.tickAsync(10);
  assert(isCalled);
});

Deno.test("FakeTime.runMicrotasks() lets chains of promises settle", async () => {
  using time = new FakeTime(0);
  const steps: number[] = [];
  Promise.resolve().then(() => steps.push(1)).then(() => steps.push(2)).then(() => steps.push(3));
  await time.runMicrotasks();
  assertEquals(steps, [1, 2, 3]);
  assertEquals(time.now, 0);
});

Deno.test("FakeTime does not go backwards and is restored once", () => {
  const time = new FakeTime(100);
  assertThrows(() => time.now = 99, Error);
  time.restore();
  assertThrows(() => time.restore(), TimeError);
  assertGreater(Date.now(), 1e12);
});

function add(a: number, b: number): number {
  return a + b;
}

Deno.test("spy() records calls and does not change the function", () => {
  const adding: Spy<unknown, [number, number], number> = spy(add);
  assertEquals(adding(1, 2), 3);
  assertSpyCalls(adding, 1);
  assertSpyCall(adding, 0, { args: [1, 2], returned: 3 });
  assertThrows(() => assertSpyCalls(adding, 2), AssertionError);
  assertThrows(() => assertSpyCall(adding, 1), AssertionError);
  assertThrows(() => assertSpyCall(adding, 0, { args: [1, 3] }), AssertionError);
  assertThrows(() => assertSpyCall(adding, 0, { returned: 4 }), AssertionError);
});

Deno.test("spy() without a function returns nothing", () => {
  const nothing = spy();
  assertEquals(nothing("a"), undefined);
  assertSpyCall(nothing, 0, { args: ["a"] });
});

Deno.test("spy() remembers what was thrown", () => {
  const failing = spy(() => raise(error));
  assertThrows(() => failing(), TypeError);
  assertSpyCall(failing, 0, { error: { Class: TypeError, msgIncludes: "no" } });
  assertThrows(() => assertSpyCall(failing, 0, { error: { Class: RangeError } }), AssertionError);
  assertThrows(() => assertSpyCall(failing, 0, { returned: 1 as never }), AssertionError);
});

Deno.test("spy() on a method calls it, and gives it back", () => {
  const counter = { count: 1, next: (by: number) => counter.count += by };
  const { next } = counter;
  {
    using spied: MethodSpy = spy(counter, "next");
    assertEquals(counter.next(2), 3);
    assertSpyCall(spied, 0, { args: [2], returned: 3, self: counter });
    assert(!spied.restored);
  }
  assertStrictEquals(counter.next, next);
});

Deno.test("stub() replaces a method, and gives it back", () => {
  const counter = { next: (by: number) => by };
  const replaced: Stub = stub(counter, "next", () => 7);
  assertEquals(counter.next(2), 7);
  assertSpyCall(replaced, 0, { args: [2], returned: 7 });
  replaced.restore();
  assertEquals(counter.next(2), 2);
  assertThrows(() => replaced.restore(), MockError);
});

Deno.test("returnsNext() returns one value after the other", () => {
  const next = returnsNext([1, new RangeError("two"), 3]);
  assertEquals(next(), 1);
  assertThrows(() => next(), RangeError, "two");
  assertEquals(next(), 3);
  assertThrows(() => next(), MockError);
});

const order: string[] = [];

describe("describe()", () => {
  beforeAll(() => void order.push("beforeAll"));
  afterAll(() => {
    order.push("afterAll");
    assertEquals(order, [
      "beforeAll",
      ...["beforeEach", "first", "afterEach"],
      ...["beforeEach", "inner beforeEach", "second", "inner afterEach", "afterEach"],
      "afterAll",
    ]);
  });
  beforeEach(() => void order.push("beforeEach"));
  afterEach(() => void order.push("afterEach"));

  it("runs hooks around a test", () => void order.push("first"));
  it.ignore("leaves out a test to ignore", () => fail());
  it.skip("leaves out a test to skip", () => fail());

  describe("nested", () => {
    beforeEach(() => void order.push("inner beforeEach"));
    afterEach(() => void order.push("inner afterEach"));
    it("runs outer hooks around inner ones", () => void order.push("second"));
  });

  describe.skip("nested and skipped", () => {
    it("does not run", () => fail());
  });
});
