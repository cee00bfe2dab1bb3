/**
 * A second try for tests that failed: on a busy machine one of ten thousand may meet something that has nothing to do
 * with the change. What fails twice is red; what passes then is named at the end, so that it is looked at.
 *
 * @module
 */

import { countTests, stripColor } from "./counts.ts";
import type { Outcome } from "./lane.ts";

/** More tests than this do not fail by accident in one run. */
const MOST_ACCIDENTS = 3;

/** How a run of `deno test` ended. */
export interface TestRun {
  readonly output: string;
  readonly code: number;
}

/** What came of tests, without what could not be run. */
export type Counted = Omit<Outcome, "notRun">;

/**
 * Runs tests, and those that have failed once more.
 *
 * @param test Runs `deno test` with these arguments in addition, which choose what has failed.
 * @param onFault Called with what a run printed in which something failed.
 */
export async function testTwice(
  test: (args: readonly string[]) => Promise<TestRun>,
  onFault: (output: string) => void = () => {},
): Promise<Counted> {
  const run = await test([]);
  const counts = countTests(run.output, run.code);
  if (counts.failed === 0) return counts;
  onFault(run.output);
  const failures = failuresIn(run.output);
  // A module that does not load is in no list, and does not load the next time either.
  if (failures.length !== counts.failed || failures.length > MOST_ACCIDENTS) return counts;
  const again = await test(["--filter", patternOf(failures)]);
  if (countTests(again.output, again.code).failed > 0) {
    onFault(again.output);
    return counts;
  }
  return {
    passed: counts.passed + counts.failed,
    failed: 0,
    unsteady: failures,
  };
}

/** A pattern that fits these names alone, as `deno test --filter` takes it. */
function patternOf(names: readonly string[]): string {
  return `/^(?:${names.map((name) => RegExp.escape(name)).join("|")})$/`;
}

/** Reads the names in the list `name => ./tests/file_test.ts:12:6`; two tests of two files may have the same. */
export function failuresIn(output: string): string[] {
  const list = stripColor(output).split("\n FAILURES \n").at(1) ?? "";
  const failures = new Map<string, string>();
  for (const line of list.split("\n")) {
    const [, whole, place] = /^(\S.*) => (.+?)(?:\$\d+.*)?:\d+:\d+$/.exec(line) ?? [];
    // Every step of a test has a line.
    const [name] = whole?.split(" ... ", 1) ?? [];
    if (name !== undefined) failures.set(`${name}\n${place}`, name);
  }
  return [...failures.values()];
}
