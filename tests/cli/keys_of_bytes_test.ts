/** Keys of other clients, which may be any bytes, in what the program prints. */

import { assertEquals, assertRejects } from "@std/assert";
import { Client, ValidationException } from "../../mod.ts";
import { withShownKeys } from "../../src/cli/keys_of_bytes.ts";

/** A key as a server lists it: a character for each byte of its UTF-8. */
function listed(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

Deno.test("withShownKeys shows a key as text that the library's message quotes", async () => {
  await using client = new Client("127.0.0.1:1");
  for (const text of ["grün key", `grün ${"long ".repeat(30)}`, `"grün" ${"long ".repeat(30)}`]) {
    const error = await assertRejects(() => client.get(listed(text)), ValidationException);
    const [, quoted] = withShownKeys(error, [listed("other ü"), listed(text)]).message.match(
      /^Cannot get key (".*"): /,
    ) ?? [];
    assertEquals(quoted, `"${text}"`);
  }
});
