import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions, parseWords } from "./arguments.ts";

Deno.test("parseOptions reads numbers in both forms, and has defaults", () => {
  const defaults = { minutes: 6, seed: 1 };
  assertEquals(parseOptions([], defaults), defaults);
  assertEquals(parseOptions(["--seed=7", "--minutes", "0.5"], defaults), { minutes: 0.5, seed: 7 });
});

Deno.test("parseOptions names what it does not understand", () => {
  for (const args of [["--minute", "3"], ["3"], ["--toString", "3"], ["--minutes=3", "fast"]]) {
    assertThrows(() => parseOptions(args, { minutes: 6 }), Error, "Unknown argument: ");
  }
  for (const args of [["--minutes"], ["--minutes", "soon"], ["--minutes="], ["--minutes", "-1"]]) {
    assertThrows(() => parseOptions(args, { minutes: 6 }), Error, "Not a number for --minutes: ");
  }
});

Deno.test("parseWords tells options from other words", () => {
  const taken = { flags: ["--fast", "--full"], operands: 2 };
  assertEquals(parseWords([], {}), { flags: new Set<string>(), operands: [] });
  assertEquals(parseWords(["a", "--fast", "b"], taken), {
    flags: new Set(["--fast"]),
    operands: ["a", "b"],
  });
});

Deno.test("parseWords names what it does not understand", () => {
  const taken = { flags: ["--fast"], operands: 1 };
  for (
    const [args, unknown] of [[["a", "b"], "b"], [["--slow"], "--slow"], [["-f"], "-f"]] as const
  ) {
    assertThrows(() => parseWords(args, taken), Error, `Unknown argument: ${unknown}`);
  }
});
