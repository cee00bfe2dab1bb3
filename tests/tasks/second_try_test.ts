import { assertEquals } from "@std/assert";
import { failuresIn, testTwice } from "./second_try.ts";

const GREEN = { output: "ok | 1 passed | 0 failed (1ms)\n", code: 0 };

function red(passed: number, ...failures: string[]) {
  const output = `\n ERRORS \n\nsomething => ./tests/no_test.ts:1:1\n\n FAILURES \n\n${
    failures.join("\n")
  }\n\nFAILED | ${passed} passed | ${failures.length} failed (1ms)\n`;
  return { output, code: 1 };
}

/** Runs tests whose runs end so, one after another. */
async function run(...runs: { output: string; code: number }[]) {
  const asked: (readonly string[])[] = [];
  const faults: string[] = [];
  const counted = await testTwice((args) => {
    asked.push(args);
    return Promise.resolve(runs[asked.length - 1] ?? GREEN);
  }, (output) => faults.push(output));
  return { counted, asked, faults: faults.length };
}

Deno.test("testTwice does not run again what is green", async () => {
  const { counted, asked } = await run(GREEN);
  assertEquals(counted, { passed: 1, failed: 0 });
  assertEquals(asked, [[]]);
});

Deno.test("testTwice runs again what has failed, shows the fault, and names the test", async () => {
  const { counted, asked, faults } = await run(
    red(7, "one => ./tests/a_test.ts:1:6", "two (of a/b) => ./tests/support/server.ts:9:6"),
    GREEN,
  );
  assertEquals(counted, { passed: 9, failed: 0, unsteady: ["one", "two (of a/b)"] });
  const [, [, filter = ""] = []] = asked;
  assertEquals(asked, [[], ["--filter", filter]]);
  const pattern = new RegExp(filter.slice(1, -1));
  const names = ["one", "two (of a/b)", "one more", "no one", "two of a/b"];
  assertEquals(names.map((name) => pattern.test(name)), [true, true, false, false, false]);
  assertEquals(faults, 1);
});

Deno.test("testTwice is red when a test fails twice, and shows both", async () => {
  const failed = red(7, "one => ./tests/a_test.ts:1:6");
  const { counted, faults } = await run(failed, failed);
  assertEquals(counted, { passed: 7, failed: 1 });
  assertEquals(faults, 2);
});

Deno.test("testTwice is red at once when many fail, or a module does not load", async () => {
  const many = ["a", "b", "c", "d"].map((name) => `${name} => ./tests/${name}_test.ts:1:6`);
  assertEquals(await run(red(7, ...many)), {
    counted: { passed: 7, failed: 4 },
    asked: [[]],
    faults: 1,
  });
  const { counted, asked } = await run({ output: "error: Module not found", code: 1 });
  assertEquals([counted, asked], [{ passed: 0, failed: 1 }, [[]]]);
});

Deno.test("failuresIn reads the list of deno test, with steps, examples and colors", () => {
  const { output } = red(
    0,
    "\x1b[31ma => b ... step ... inner => ./tests/a_test.ts:1:51",
    "a => b ... other step => ./tests/a_test.ts:2:51",
    "a => b => ./tests/b_test.ts:2:51",
    "\x1b[0mfile:///src/x.ts$10-14.ts => ./src/x.ts$10-14.ts:1:6",
  );
  assertEquals(failuresIn(output), ["a => b", "a => b", "file:///src/x.ts$10-14.ts"]);
});
