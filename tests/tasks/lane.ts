/** A lane: a part of the tests that runs in its own way, and what comes of it. @module */

import { type Environment, say } from "./run.ts";

/** What a lane is given. */
export interface LaneContext {
  /** The command line's arguments to `deno task test`. */
  readonly args: string[];
  /** The environment that its Deno commands need. */
  readonly env: Environment;
}

/** What came of a lane. */
export interface Outcome {
  /** How many tests passed. */
  readonly passed: number;
  /** How many tests failed; 1 for a lane that broke before it could count. */
  readonly failed: number;
  /** What it could not run here, and why. */
  readonly notRun: readonly string[];
  /** The names of tests that failed once and then passed; they count as passed. */
  readonly unsteady?: readonly string[];
}

/** A part of the tests that runs in its own way. */
export interface Lane {
  /** What it is called in the summary. */
  readonly name: string;
  /** Runs it to its end. */
  run(context: LaneContext): Promise<Outcome>;
}

/** The last lines of a run, and whether it is green. */
export interface Summary {
  readonly lines: readonly string[];
  readonly isGreen: boolean;
}

/**
 * Prepares what a lane needs, and prints why that is not possible.
 *
 * @param preparing The preparation.
 * @returns Why it is not there, in a line, or `undefined` when it is there.
 */
export async function faultOf(preparing: Promise<unknown>): Promise<string | undefined> {
  try {
    await preparing;
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    say(message);
    return message.split("\n", 1)[0];
  }
}

/** Adds up what came of parts of a lane. */
export function addUp(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
    failed: outcomes.reduce((sum, { failed }) => sum + failed, 0),
    notRun: outcomes.flatMap(({ notRun }) => notRun),
    unsteady: outcomes.flatMap(({ unsteady = [] }) => unsteady),
  };
}

/**
 * Sums lanes up. What was not run comes last, and is red where it would not be read.
 *
 * @param outcomes What came of each lane, under its name.
 * @param isCI Whether a machine alone looks at the result.
 * @returns The lines to print, and whether all is well.
 */
export function summarize(outcomes: ReadonlyMap<string, Outcome>, isCI: boolean): Summary {
  const all = [...outcomes];
  const sum = (count: "passed" | "failed") => all.reduce((sum, [, each]) => sum + each[count], 0);
  const notRun = all.flatMap(([, outcome]) => outcome.notRun);
  const unsteady = all.flatMap(([, outcome]) => outcome.unsteady ?? []);
  const lanes = all.map(([name, outcome]) => `${name}: ${counts(outcome)}`);
  return {
    lines: [
      ...(all.length > 1 ? lanes : []),
      counts({ passed: sum("passed"), failed: sum("failed") }),
      ...unsteady.map((name) => `FAILED ONCE, THEN PASSED: ${name}`),
      ...notRun.map((what) => `NOT RUN: ${what}`),
    ],
    isGreen: sum("failed") === 0 && sum("passed") > 0 && !(isCI && notRun.length > 0),
  };
}

function counts({ passed, failed }: Pick<Outcome, "passed" | "failed">): string {
  return `${passed} passed, ${failed} failed`;
}
