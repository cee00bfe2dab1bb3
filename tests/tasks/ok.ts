/**
 * `deno task ok`: everything that has to be green at every commit. The first red step ends it. With
 * `--without-tests` the tests are left out, for who runs them besides.
 */

import { readEntries } from "../package/module_graph.ts";
import { readWords } from "./arguments.ts";
import { jsrEnvironment, withStandInsElsewhere } from "./environment.ts";
import { denoLane } from "./deno_lane.ts";
import { runLanes } from "./lanes.ts";
import { deno, say } from "./run.ts";

const USAGE = `Usage: deno task ok [--without-tests] [--help]

Checks everything that every commit has to pass: the format, lint, types, the
documentation, the tests and the package. It ends at the first that fails.

  --without-tests  leaves out the tests`;

interface Step {
  readonly name: string;
  /** Runs it; resolves to whether it is green. */
  run(): Promise<boolean>;
}

/** The entries that export what only their own programs name, although the main entry has it in its types. */
const BESIDE_MAIN = ["./discovery", "./python", "./rings"];

const { flags } = readWords(Deno.args, USAGE, { flags: ["--without-tests"] });
const env = await jsrEnvironment();
const closing: string[] = [];

const STEPS: readonly Step[] = [
  denoStep("format", ["fmt", "--check"]),
  denoStep("lint", ["lint"]),
  denoStep("types", ["check", "--doc"]),
  { name: "documentation", run: lintDocumentation },
  { name: "tests", run: runTests },
  { name: "package", run: dryRun },
];

const steps = flags.has("--without-tests") ? STEPS.filter(({ name }) => name !== "tests") : STEPS;
for (const { name, run } of steps) {
  say(`\n=== ${name}`);
  if (await run()) continue;
  for (const line of closing) say(line);
  say(`RED: ${name}`);
  Deno.exit(1);
}
say(`\nGREEN: ${steps.map(({ name }) => name).join(", ")}`);
for (const line of closing) say(line);

function denoStep(name: string, args: string[]): Step {
  return { name, run: async () => await deno(args, env) === 0 };
}

/** An entry names no type that neither itself exports, nor the main one, nor one of those beside it. */
async function lintDocumentation(): Promise<boolean> {
  const entries = await readEntries();
  const common = [".", ...BESIDE_MAIN];
  const others = Object.keys(entries).filter((name) => !common.includes(name));
  for (const names of [common, ...others.map((other) => [...common, other])]) {
    const modules = names.map((name) => entries[name] ?? "");
    if (await deno(["doc", "--lint", ...modules], env) !== 0) return false;
  }
  return true;
}

async function runTests(): Promise<boolean> {
  const { lines, isGreen } = await runLanes([denoLane], { args: [], env });
  closing.push(...lines);
  return isGreen;
}

function dryRun(): Promise<boolean> {
  const args = ["publish", "--dry-run", "--allow-dirty", "--quiet"];
  return withStandInsElsewhere(env, async (env) => await deno(args, env) === 0);
}
