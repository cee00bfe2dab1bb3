/** Running a program of tests on a runtime. @module */

/** How long it may take, in milliseconds. */
const LONGEST = 180_000;

/** What came of it. */
export interface ProgramOutcome {
  /** How many tests passed. */
  readonly passed: number;
  /** How many failed; 1 for a program that broke before it could count. */
  readonly failed: number;
  /** How many were ignored. */
  readonly ignored: number;
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
  const { code, stdout, stderr } = await new Deno.Command(program, { args, cwd, signal }).output();
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { ...countTests(printed, code), printed, seconds: (performance.now() - started) / 1000 };
}

/**
 * Reads `12 passed, 0 failed, 3 ignored`, the last word of `test_runner.js`; without it a program is one
 * test.
 */
export function countTests(
  printed: string,
  code: number,
): Pick<ProgramOutcome, "passed" | "failed" | "ignored"> {
  const words = [...printed.matchAll(/^(\d+) passed, (\d+) failed, (\d+) ignored$/gm)].at(-1);
  if (words === undefined) {
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, ignored: 0 };
  }
  const [passed, failed, ignored] = words.slice(1).map(Number) as [number, number, number];
  return { passed, failed: code === 0 || failed > 0 ? failed : 1, ignored };
}
