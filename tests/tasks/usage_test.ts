/** What every task of `deno.json` says of itself. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT } from "./run.ts";

const { tasks }: { tasks: Record<string, string> } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
);
/** Without others, a task can neither write a file nor start a program nor connect. */
const PERMISSIONS = ["--no-prompt", "--allow-read", "--allow-env", "--allow-sys"];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the module that a task names, with one argument. */
async function runTask(command: string, argument: string): Promise<Ended> {
  const module = command.split(" ").at(-1)!;
  const args = ["run", "--quiet", ...PERMISSIONS, module, argument];
  const env = { NO_COLOR: "1" };
  const ended = await new Deno.Command(Deno.execPath(), { args, env, cwd: ROOT }).output();
  const text = new TextDecoder();
  const [stdout, stderr] = [text.decode(ended.stdout), text.decode(ended.stderr)];
  return { code: ended.code, stdout, stderr };
}

/** Resolves to how each task ended with an argument; they run side by side. */
function runTasks(names: readonly string[], argument: string): Promise<[string, Ended][]> {
  return Promise.all(names.map(async (name) => [name, await runTask(tasks[name]!, argument)]));
}

for (const option of ["--help", "-h"]) {
  Deno.test(`every task prints its usage with ${option}, and does nothing else`, async () => {
    for (const [name, { code, stdout, stderr }] of await runTasks(Object.keys(tasks), option)) {
      const program = name === "cli" ? "moecache" : `deno task ${name}`;
      const usage = `Usage: ${program} `;
      assertEquals([code, stderr, stdout.slice(0, usage.length)], [0, "", usage], name);
      // As wide as most terminals are; `moecache` asks the terminal how wide it is. Workloads have longer titles.
      const lines = name === "cli" ? [] : stdout.split("\n\nWorkloads", 1)[0]!.split("\n");
      assertEquals(lines.filter((line) => line.length > 80), [], name);
    }
  });
}

Deno.test("every task ends with status 2 and its usage for an option that it does not know", async () => {
  // `deno task test` passes such options on to `deno test`.
  const names = Object.keys(tasks).filter((name) => name !== "test");
  for (const [name, { code, stderr }] of await runTasks(names, "--no-such-option")) {
    assertEquals(code, 2, `${name}: ${stderr}`);
    assertStringIncludes(stderr, "--no-such-option");
    // The program `moecache` names the option alone; the tests of src/cli/ look at what it prints.
    if (name !== "cli") assertStringIncludes(stderr, `\n\nUsage: deno task ${name} `);
  }
});
