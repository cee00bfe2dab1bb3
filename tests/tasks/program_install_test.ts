import { assertEquals } from "@std/assert";
import { adviceFor, installProgram } from "./program_install.ts";

Deno.test("installProgram does nothing where the program is there", async () => {
  assertEquals(await installProgram("none", () => "/usr/bin/none"), undefined);
});

Deno.test("adviceFor says what to do about a missing program", () => {
  assertEquals(
    [adviceFor("memcached", false, "MEMCACHED"), adviceFor("python3", true)],
    [
      "memcached is not on the PATH: install it, or set MEMCACHED to its path",
      "python3 is not on the PATH: install it, or run this as root",
    ],
  );
});
