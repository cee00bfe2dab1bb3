import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  type EncodedValue,
  rawTranscoder,
  type RawTranscoderOptions,
  ValidationException,
} from "../../mod.ts";
import { itemReader, itemWriter } from "../../src/transcoding/item_codec.ts";

const LIMITS = { maxValueBytes: 1000 };

Deno.test("rawTranscoder does not change bytes", () => {
  const data = Uint8Array.of(0, 1, 255);
  assertEquals(rawTranscoder.encode(data), { flags: 0, data });
  for (const flags of [0, 1, 274, 2 ** 32 - 1]) {
    assertStrictEquals(rawTranscoder.decode({ flags, data }), data);
  }
});

Deno.test("rawTranscoder gives the flags with the option withFlags", () => {
  const item = { flags: 0xfa52, data: Uint8Array.of(1) };
  assertEquals(rawTranscoder.encode(item), item);
  const withFlags = rawTranscoder({ withFlags: true });
  assertEquals(withFlags.decode(item), item);
  assertEquals(withFlags.encode(item), item);
});

Deno.test("rawTranscoder has its bytes copied unless they are handed over", () => {
  const data = Uint8Array.of(1, 2);
  const copied = itemWriter(rawTranscoder)(data) as EncodedValue;
  const handedOver = itemWriter(rawTranscoder({ handsOverData: true }))(data) as EncodedValue;
  data.fill(9);
  assertEquals([copied.data, handedOver.data], [Uint8Array.of(1, 2), data]);
});

Deno.test("rawTranscoder gives the caller its own bytes, with a copy only if needed", () => {
  const buffer = new Uint8Array(100);
  const read = itemReader(rawTranscoder, LIMITS);
  assertEquals((read(0, buffer.subarray(10, 20)) as Uint8Array).buffer.byteLength, 10);
  assertStrictEquals(read(0, buffer), buffer);
});

Deno.test("rawTranscoder refuses everything else", () => {
  const data = new Uint8Array(1);
  const others: unknown[] = [
    undefined,
    null,
    "text",
    5,
    [1],
    new ArrayBuffer(1),
    new Uint16Array(1),
    { data },
    { flags: 1 },
    { flags: -1, data },
    { flags: 1.5, data },
    { flags: 2 ** 32, data },
    { flags: "1", data },
    { flags: 1, data: "text" },
  ];
  for (const value of others) {
    assertThrows(
      () => rawTranscoder.encode(value as Uint8Array),
      ValidationException,
      "Cannot store value: it is neither a Uint8Array nor { flags, data }",
    );
  }
  for (const options of [{ withFlags: 1 }, { handsOverData: null }]) {
    const make = () => rawTranscoder(options as unknown as RawTranscoderOptions);
    assertThrows(make, ValidationException, `Cannot use ${Object.keys(options)[0]}`);
  }
});
