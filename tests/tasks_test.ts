import { assert, assertEquals } from "@std/assert";
import {
  countTests as countRunnerTests,
  type ProgramOutcome,
  runProgram,
} from "./runtimes/program.ts";
import { until } from "./support/turns.ts";
import { countTests } from "./tasks/counts.ts";
import { type Outcome, summarize } from "./tasks/lane.ts";

const GREEN: Outcome = { passed: 2, failed: 0, notRun: [] };
const RED: Outcome = { passed: 2, failed: 1, notRun: [] };
const PARTIAL: Outcome = { passed: 2, failed: 0, notRun: ["the other half"] };

function lanes(...outcomes: Outcome[]): Map<string, Outcome> {
  return new Map(outcomes.map((outcome, i) => [`lane ${i}`, outcome]));
}

Deno.test("summarize() is green when every lane is", () => {
  assertEquals(summarize(lanes(GREEN, GREEN), true), {
    lines: ["lane 0: 2 passed, 0 failed", "lane 1: 2 passed, 0 failed", "4 passed, 0 failed"],
    isGreen: true,
  });
});

Deno.test("summarize() is red when one lane is", () => {
  assertEquals(summarize(lanes(RED, GREEN), false).isGreen, false);
});

Deno.test("summarize() is red when nothing ran", () => {
  assertEquals(summarize(lanes({ passed: 0, failed: 0, notRun: [] }), false).isGreen, false);
});

Deno.test("summarize() ends with what was not run", () => {
  assertEquals(summarize(lanes(PARTIAL), false), {
    lines: ["2 passed, 0 failed", "NOT RUN: the other half"],
    isGreen: true,
  });
});

Deno.test("summarize() names what failed once and then passed, and is green", () => {
  assertEquals(summarize(lanes({ ...GREEN, unsteady: ["a test"] }), true), {
    lines: ["2 passed, 0 failed", "FAILED ONCE, THEN PASSED: a test"],
    isGreen: true,
  });
});

Deno.test("summarize() is red in CI when something was not run", () => {
  assertEquals(summarize(lanes(PARTIAL), true).isGreen, false);
});

Deno.test("countTests() reads the last summary of deno test", () => {
  const earlier = "ok | 1 passed | 0 failed (1ms)\n";
  const green = "ok | 12 passed (3 steps) | 0 failed | 2 ignored (1s)\n";
  const red = "FAILED | 12 passed (3 steps) | 4 failed (1 step) (1s)\n";
  assertEquals(countTests(earlier + green, 0), { passed: 12, failed: 0 });
  assertEquals(countTests(earlier + red, 1), { passed: 12, failed: 4 });
});

Deno.test("countTests() reads a summary in color", () => {
  const green = "\x1b[0m\x1b[32mok\x1b[0m | 12 passed | 0 failed \x1b[38;5;245m(1s)\x1b[0m\n";
  assertEquals(countTests(green, 0), { passed: 12, failed: 0 });
});

Deno.test("countTests() counts a failure when deno test broke without one", () => {
  assertEquals(countTests("error: Type checking failed.\n", 1), { passed: 0, failed: 1 });
  assertEquals(countTests("ok | 12 passed | 0 failed (1s)\n", 1), { passed: 12, failed: 1 });
});

Deno.test("countTests() of other runtimes reads the runner's last word", () => {
  const counts = { passed: 12, failed: 0 };
  assertEquals(countRunnerTests("12 passed, 0 failed, 2 ignored\n", 0), counts);
  assertEquals(countRunnerTests("12 passed, 3 failed, 2 ignored\n", 1), { ...counts, failed: 3 });
  assertEquals(countRunnerTests("12 passed, 0 failed, 2 ignored\n", 1), { ...counts, failed: 1 });
  const smoke = { passed: 1, failed: 0 };
  assertEquals(countRunnerTests("The smoke test passed\n", 0), smoke);
  assertEquals(countRunnerTests("TypeError\n", 1), { passed: 0, failed: 1 });
});

/** Runs a program that counts its runs in a file, and does this when its second test has begun. */
async function runTests(then: string, hangs = false): Promise<ProgramOutcome> {
  const file = await Deno.makeTempFile();
  try {
    const code = `
      console.log("RUNNING one\\nRUNNING two ... a step");
      const runs = (await Deno.readTextFile(Deno.args[0])).length + 1;
      await Deno.writeTextFile(Deno.args[0], "x".repeat(runs));
      ${then}`;
    const ending = new AbortController();
    const args = ["eval", code, file];
    const running = runProgram(Deno.execPath(), args, Deno.cwd(), ending.signal);
    if (hangs) {
      await until(async () => (await Deno.readTextFile(file)) !== "");
      ending.abort();
    }
    return await running;
  } finally {
    await Deno.remove(file);
  }
}

const CRASH = `Deno.kill(Deno.pid, "SIGKILL"); await new Promise(() => {});`;
const END = `console.log("2 passed, 0 failed, 0 ignored");`;

Deno.test("runProgram says which test was under way when a runtime crashed twice", async () => {
  const { passed, failed, printed } = await runTests(CRASH);
  assertEquals([passed, failed], [0, 1]);
  const fault = "FAILED two ... a step: the runtime ended with SIGKILL";
  assertEquals(printed.trim().split(/\n+/), [fault, fault]);
});

Deno.test("runProgram names the test in which a runtime crashed once", async () => {
  const { passed, failed, unsteady } = await runTests(`if (runs === 1) { ${CRASH} } ${END}`);
  assertEquals([passed, failed], [2, 0]);
  assertEquals(unsteady, ["two ... a step: the runtime ended with SIGKILL"]);
});

Deno.test("runProgram says in which test a runtime hung", async () => {
  const { failed, printed, unsteady } = await runTests("setInterval(() => {}, 1000);", true);
  assertEquals([failed, unsteady], [1, []]);
  assertEquals(printed.trim(), "FAILED two ... a step: the runtime hung");
});

Deno.test("runProgram says in which test a runtime gave up, and nothing of tests that passed", async () => {
  const { failed, printed } = await runTests("Deno.exit(1);");
  assertEquals([failed, printed.trim()], [1, "FAILED two ... a step: the runtime ended with 1"]);
  const green = await runTests(END);
  assertEquals([green.passed, green.printed], [2, "2 passed, 0 failed, 0 ignored\n"]);
});

Deno.test("the workflow gives .ci/run as long as it gives its commands", async () => {
  const read = (path: string) => Deno.readTextFile(new URL(`../${path}`, import.meta.url));
  const limits = (await read(".ci/run")).matchAll(/^timeout (\d+)m /gm);
  const together = Array.from(limits, ([, minutes]) => Number(minutes)).reduce((a, b) => a + b, 0);
  assert(together > 0);
  const workflow = await read(".github/workflows/ci.yml");
  const given = Number(/timeout-minutes: (\d+)/.exec(workflow)?.[1]);
  assert(given > together, `${given} minutes for ${together}`);
});
