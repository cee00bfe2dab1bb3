import { assertEquals, assertThrows } from "@std/assert";
import { ClientException, type EncodedValue, ValidationException } from "../../mod.ts";
import { itemFormat, type StoredValue } from "../../src/adapters/item_format.ts";

function encode(stored: StoredValue): EncodedValue {
  return itemFormat.encode(stored) as EncodedValue;
}

function roundTrip(stored: StoredValue): unknown {
  return itemFormat.decode(encode(stored));
}

Deno.test("itemFormat keeps values, keys and times", () => {
  const values = ["text", "", "ä😀", 5, 1.5, null, true, [1, "a"], { a: [] }, new Date(0)];
  for (const value of [...values, new Map([[1, 2]]), new Set(["a"]), 2n ** 70n]) {
    for (const key of ["k", "\ud800 ä", "x".repeat(1000)]) {
      assertEquals(roundTrip({ value }), { value });
      assertEquals(roundTrip({ value, key }), { value, key });
      assertEquals(roundTrip({ value, expires: 1.5e12 }), { value, expires: 1.5e12 });
      assertEquals(roundTrip({ value, key, expires: -1 }), { value, key, expires: -1 });
    }
  }
});

Deno.test("itemFormat copies bytes unchanged", () => {
  const whole = Uint8Array.from({ length: 8 }, (_, i) => i + 250);
  const bytes = whole.subarray(2, 6);
  const views = [bytes, bytes.slice().buffer, new DataView(whole.buffer, 2, 4)];
  for (const value of views) {
    assertEquals(encode({ value }).data, bytes);
    for (const stored of [{ value }, { value, key: "k" }, { value, expires: 1 }]) {
      const { data, flags } = encode(stored);
      const item = { flags, data: data.slice() };
      const read = itemFormat.decode(item) as StoredValue;
      assertEquals(read, { ...stored, value: bytes });
      assertEquals((read.value as Uint8Array).buffer.byteLength, bytes.byteLength);
      item.data.fill(0);
      assertEquals(read.value, bytes);
    }
  }
});

Deno.test("itemFormat does to undefined what JSON does", () => {
  const inner = { b: [undefined, { c: undefined, d: 1 }], e: undefined };
  assertEquals(roundTrip({ value: { a: inner, f: undefined } }), {
    value: { a: { b: [null, { d: 1 }] } },
  });
  assertEquals(inner, { b: [undefined, { c: undefined, d: 1 }], e: undefined });
  // deno-lint-ignore no-sparse-arrays
  assertEquals(roundTrip({ value: [1, , 3] }), { value: [1, null, 3] });
  const value = JSON.parse('{"__proto__":{"a":1}}');
  value.b = undefined;
  assertEquals(JSON.stringify(roundTrip({ value })), '{"value":{"__proto__":{"a":1}}}');
  const holdsItself: Record<string, unknown> = { a: undefined };
  holdsItself.b = [holdsItself];
  const { value: read } = roundTrip({ value: holdsItself }) as { value: { b: unknown[] } };
  assertEquals([read.b[0] === read, Object.keys(read)], [true, ["b"]]);
  assertThrows(() => encode({ value: undefined }), ValidationException);
});

Deno.test("itemFormat refuses items that are cut short or not its own", () => {
  const { flags, data } = encode({ value: "text", key: "key", expires: 1 });
  for (let length = 0; length < data.byteLength - 4; length++) {
    const item = { flags, data: data.slice(0, length) };
    assertThrows(() => itemFormat.decode(item), ClientException, "it ends too early");
  }
  const foreign = { flags: 42, data: new Uint8Array(4) };
  assertThrows(() => itemFormat.decode(foreign), ClientException, "not a moecache deployment");
});
