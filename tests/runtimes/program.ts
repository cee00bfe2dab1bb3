/** Running a program of tests on a runtime. @module */

/** How long it may take, in milliseconds; the longest takes 150 seconds on two free processors. */
const LONGEST = 900_000;
/** What `test_runner.js` prints when a test begins. */
const BEGUN = /^RUNNING (.*)\n/gm;
/** Its last word. */
const COUNTS = /^\d+ passed, \d+ failed/m;

/** What came of it. */
export interface ProgramOutcome {
  /** How many tests passed. */
  readonly passed: number;
  /** How many failed; 1 for a program that broke before it could count. */
  readonly failed: number;
  /** The tests that it left out, and why. */
  readonly ignored: readonly string[];
  /** The tests that failed once and then passed. */
  readonly unsteady: readonly string[];
  /** What the program printed. */
  readonly printed: string;
  /** Seconds that it took. */
  readonly seconds: number;
}

/**
 * Runs a program of tests to its end.
 *
 * @param program The runtime.
 * @param args Its arguments.
 * @param cwd Where it runs.
 * @param signal Ends it.
 */
export async function runProgram(
  program: string,
  args: string[],
  cwd: string,
  signal: AbortSignal = AbortSignal.timeout(LONGEST),
): Promise<ProgramOutcome> {
  const started = performance.now();
  const start = () => runOnce(program, args, cwd, signal);
  const runs = [await start()];
  // A runtime that crashed, as Bun 1.2 does at times, is given a second try, as a test is.
  if (runs[0]!.hasCrashed && !signal.aborted) runs.push(await start());
  const { printed, code } = runs.at(-1)!;
  const linesOf = (mark: RegExp) => [...printed.matchAll(mark)].map(([, what = ""]) => what);
  return {
    ...countTests(printed, code),
    ignored: linesOf(/^IGNORED (.*)$/gm),
    unsteady: [
      ...runs.slice(0, -1).map(({ interrupted }) => interrupted),
      ...linesOf(/^FAILED ONCE (.*)$/gm),
    ],
    printed: runs.map(({ printed }) => printed).join("\n"),
    seconds: (performance.now() - started) / 1000,
  };
}

/** How a program ended. */
interface Run {
  readonly code: number;
  readonly hasCrashed: boolean;
  /** Which test was under way when it ended, and how it ended. */
  readonly interrupted: string;
  /** What it printed, without what tells that a test begins. */
  readonly printed: string;
}

async function runOnce(
  program: string,
  args: string[],
  cwd: string,
  signal: AbortSignal,
): Promise<Run> {
  const ended = await new Deno.Command(program, { args, cwd, signal }).output();
  const whole = [ended.stdout, ended.stderr].map((bytes) => new TextDecoder().decode(bytes)).join(
    "",
  );
  const printed = whole.replaceAll(BEGUN, "");
  const hasCrashed = ended.signal !== null || ended.code >= 128;
  const isWhole = ended.success || (COUNTS.test(printed) && !hasCrashed);
  const how = signal.aborted ? "hung" : `ended with ${ended.signal ?? ended.code}`;
  const [, test = "a program"] = [...whole.matchAll(BEGUN)].at(-1) ?? [];
  const interrupted = `${test}: the runtime ${how}`;
  return {
    code: ended.code,
    hasCrashed,
    interrupted,
    printed: isWhole ? printed : `${printed}\nFAILED ${interrupted}\n`,
  };
}

/** Reads `12 passed, 0 failed, 1 ignored`, the last word of `test_runner.js`; without it a program is one test. */
export function countTests(
  printed: string,
  code: number,
): Pick<ProgramOutcome, "passed" | "failed"> {
  const [, passed, failed] = [...printed.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1) ?? [];
  if (passed === undefined) return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const counts = { passed: Number(passed), failed: Number(failed) };
  return code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}
