import { assertEquals } from "@std/assert";
import { copyForeignModules } from "../package/foreign_modules.ts";

Deno.test("copyForeignModules gives whole modules to all that ask for them at once", async () => {
  const copies = await Promise.all(Array.from({ length: 6 }, async () => {
    const { copies } = await copyForeignModules(["src/cli/mod.ts"]);
    const texts = [];
    for (const path of copies.values()) texts.push(await Deno.readTextFile(path));
    return texts;
  }));
  assertEquals(copies, Array(6).fill(copies[0]));
});
