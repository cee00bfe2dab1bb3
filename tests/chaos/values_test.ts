import { assertEquals } from "@std/assert";
import { valueOf, versionOf } from "./values.ts";

Deno.test("versionOf knows every value of its own key only", () => {
  for (let version = 1; version < 200; version++) {
    const value = valueOf("key", version);
    assertEquals(versionOf("key", value), version);
    assertEquals(versionOf("other", value), undefined);
    assertEquals(versionOf("ke", value), undefined);
  }
});

Deno.test("versionOf does not know a value that lacks or has a character more", () => {
  const text = valueOf("key", 1) as string;
  for (const value of [text.slice(0, -1), text.slice(1), `${text} `, "", "#1#", null, 1, [text]]) {
    assertEquals(versionOf("key", value), undefined);
  }
});
