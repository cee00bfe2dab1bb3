/** Running a program of tests on a runtime. @module */

/** How long it may take, in milliseconds; the longest takes 150 seconds on two free processors. */
const LONGEST = 900_000;

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
 */
export async function runProgram(
  program: string,
  args: string[],
  cwd: string,
): Promise<ProgramOutcome> {
  const started = performance.now();
  const signal = AbortSignal.timeout(LONGEST);
  const start = () => new Deno.Command(program, { args, cwd, signal }).output();
  let ended = await start();
  // A runtime that crashed, as Bun 1.2 does at times, is given a second try, as a test is.
  if (ended.signal !== null || ended.code >= 128) ended = await start();
  const { code, stdout, stderr } = ended;
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const linesOf = (mark: RegExp) => [...printed.matchAll(mark)].map(([, what = ""]) => what);
  return {
    ...countTests(printed, code),
    ignored: linesOf(/^IGNORED (.*)$/gm),
    unsteady: linesOf(/^FAILED ONCE (.*)$/gm),
    printed,
    seconds: (performance.now() - started) / 1000,
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
