/**
 * A second try for tests that failed: on a busy machine one of ten thousand may meet something that has nothing to do
 * with the change. What fails twice is red; what passes then is named at the end, so that somebody looks at it.
 *
 * @module
 */

import { countTests, stripColor } from "./counts.ts";
import type { Outcome } from "./lane.ts";

/** More tests than this do not fail by accident in one run. */
const MOST_ACCIDENTS = 3;

/** A test that failed, as `deno test` lists it at its end. */
export interface Failure {
  readonly name: string;
  readonly path: string;
}

/** How a run of `deno test` ended. */
export interface TestRun {
  readonly output: string;
  readonly code: number;
}

/** What came of tests, without what could not be run. */
export type Counted = Omit<Outcome, "notRun">;

/**
 * Runs tests, and the files that have failed once more.
 *
 * @param test Runs `deno test` on these files, or on all that there are.
 * @param onFault Is given what a run printed in which something failed.
 */
export async function testTwice(
  test: (paths?: readonly string[]) => Promise<TestRun>,
  onFault: (output: string) => void = () => {},
): Promise<Counted> {
  const run = await test();
  const counts = countTests(run.output, run.code);
  if (counts.failed === 0) return counts;
  onFault(run.output);
  const failures = failuresIn(run.output);
  // A module that does not load is in no list, and does not load the next time either.
  if (failures.length !== counts.failed || failures.length > MOST_ACCIDENTS) return counts;
  const again = await test([...new Set(failures.map(({ path }) => path))]);
  if (countTests(again.output, again.code).failed > 0) {
    onFault(again.output);
    return counts;
  }
  return {
    passed: counts.passed + counts.failed,
    failed: 0,
    unsteady: failures.map(({ name }) => name),
  };
}

/** Reads the list `name => ./tests/file_test.ts:12:6`; an example's file has its lines behind a `$`. */
export function failuresIn(output: string): Failure[] {
  const list = stripColor(output).split("\n FAILURES \n").at(1) ?? "";
  const failures = new Map<string, Failure>();
  for (const line of list.split("\n")) {
    const [, whole, path] = /^(\S.*) => (?:\.\/)?(.+?)(?:\$\d+.*)?:\d+:\d+$/.exec(line) ?? [];
    if (whole === undefined || path === undefined) continue;
    // Every step of a test has a line.
    const [name = whole] = whole.split(" ... ", 1);
    failures.set(`${name}\n${path}`, { name, path });
  }
  return [...failures.values()];
}
