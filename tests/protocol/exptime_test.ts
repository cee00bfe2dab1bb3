import { assertEquals, assertThrows } from "@std/assert";
import { Client, ValidationException } from "../../mod.ts";
import { checkExptime, isPast } from "../../src/protocol/exptime.ts";
import { extendExptime } from "../../src/protocol/seconds.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const NOW = () => 1_700_000_000_000;

Deno.test("checkExptime takes seconds and Unix times unchanged, and reads undefined as 0", () => {
  for (const exptime of [0, 1, 2_592_000, 1_000_000_000, 0x7fffffff]) {
    assertEquals(checkExptime(exptime, NOW), exptime);
  }
  assertEquals(checkExptime(undefined, NOW), 0);
});

Deno.test("checkExptime sends more than 30 days as the time that they lead to", () => {
  for (const seconds of [2_592_001, 45 * 86_400, 365 * 86_400, 400_000_000]) {
    assertEquals(checkExptime(seconds, NOW), 1_700_000_000 + seconds);
  }
  assertEquals(checkExptime(2_592_001, () => NOW() + 1), 1_702_592_002, "never early");
  assertEquals(checkExptime(999_999_999, NOW), 0x7fffffff);
});

Deno.test("checkExptime refuses everything else", () => {
  const hostile = [
    1.5,
    -1,
    NaN,
    Infinity,
    "60",
    "",
    null,
    60n,
    true,
    [],
    {},
    0x80000000,
    new Date(NaN),
  ];
  for (const exptime of hostile) {
    assertThrows(() => checkExptime(exptime, NOW), ValidationException, "Cannot use exptime");
  }
});

Deno.test("checkExptime makes a Date absolute and rounds it up", () => {
  assertEquals(checkExptime(new Date("2030-01-01T00:00:00Z"), NOW), 1_893_456_000);
  assertEquals(checkExptime(new Date("2030-01-01T00:00:00.001Z"), NOW), 1_893_456_001);
});

Deno.test("checkExptime does not turn an old Date into a relative time, or never", () => {
  assertEquals(checkExptime(new Date(0), NOW), 1_000_000_000);
  assertEquals(checkExptime(new Date(60_000), NOW), 1_000_000_000);
  assertEquals(checkExptime(new Date(-1), NOW), 1_000_000_000);
});

Deno.test("checkExptime refuses a Date that memcached's 32 bits cannot hold", () => {
  assertThrows(() => checkExptime(new Date("2038-01-20T00:00:00Z"), NOW), ValidationException);
});

Deno.test("isPast tells a time that has passed, and no span, from the others", () => {
  const now = NOW();
  for (const past of [1_000_000_000, 1_700_000_000, new Date(0), new Date(now)]) {
    assertEquals(isPast(past, now), true, `${past}`);
  }
  const others = [undefined, 0, 60, 999_999_999, 1_700_000_001, new Date(now + 1)];
  for (const other of others) assertEquals(isPast(other, now), false, `${other}`);
});

Deno.test("extendExptime makes what becomes too long for a span a time", () => {
  const now = 1_700_000_000_000;
  assertEquals(extendExptime(0, 30, now), 0);
  assertEquals(extendExptime(60, 30, now), 90);
  assertEquals(extendExptime(2_592_000, 30, now), 1_702_592_030);
  assertEquals(extendExptime(1_800_000_000, 30, now), 1_800_000_030);
  assertEquals(extendExptime(0x7fffffff, 30, now), 0x7fffffff);
});

Deno.test("the seconds of the meta flag R may be more than 30 days, as those of T and N", async () => {
  const day = 86_400;
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  for (const [days, wins] of [[40, true], [50, false]] as const) {
    await client.set("key", "value", days * day);
    const { flags } = await client.meta("mg", "key", ["v", `R${45 * day}`]);
    assertEquals("W" in flags, wins, `${days} days`);
  }
});
