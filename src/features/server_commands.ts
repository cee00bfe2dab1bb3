/** Commands to every server: statistics, versions, flushing, logging. @module */

import { type OperationOptions, operationOptions } from "../commands/operation_options.ts";
import type { Session } from "../commands/session.ts";
import { checkInteger, checkOptions, type OptionTypes } from "../option_checks.ts";
import { AnswerCommand, OK_ANSWERS, VersionCommand } from "../protocol/commands/answer.ts";
import { checkStatsArguments, type Stats, StatsCommand } from "../protocol/commands/stats.ts";
import { LONGEST_RELATIVE } from "../protocol/exptime.ts";

/** How items are made to expire. */
export interface FlushOptions extends OperationOptions {
  /** In how many seconds, 0 to 2,592,000; 0, at once, by default. */
  readonly delay?: number;
}

const FLUSH_OPTIONS: OptionTypes<FlushOptions> = {
  signal: "signal",
  failover: "any",
  delay: "number",
};
const HIGHEST_VERBOSITY = 0x7fffffff;

/** Asks every server for statistics. */
export async function stats(
  session: Session,
  args?: string,
  options?: OperationOptions,
): Promise<Stats[]> {
  if (args !== undefined) checkStatsArguments(args);
  return await session.askAll(() => new StatsCommand(args), options);
}

/** Asks every server for its version. */
export function version(session: Session, options?: OperationOptions): Promise<string[]> {
  return session.askAll(() => new VersionCommand(), options);
}

/** Makes every item of every server expire. */
export async function flushAll(session: Session, options: FlushOptions = {}): Promise<void> {
  checkOptions(options, FLUSH_OPTIONS);
  const { delay } = options;
  // Given an absolute time, memcached flushes nothing.
  if (delay !== undefined) checkInteger("delay", delay, 0, LONGEST_RELATIVE);
  const changes = () => {
    if (!delay) session.changes();
  };
  changes();
  try {
    await tellAll(
      session,
      delay === undefined ? "flush_all" : `flush_all ${delay}`,
      operationOptions(options),
    );
  } finally {
    changes();
  }
}

/** Sets how much every server writes to its log. */
export async function verbosity(
  session: Session,
  level: number,
  options?: OperationOptions,
): Promise<void> {
  checkInteger("verbosity", level, 0, HIGHEST_VERBOSITY);
  await tellAll(session, `verbosity ${level}`, options);
}

async function tellAll(
  session: Session,
  request: string,
  options: OperationOptions | undefined,
): Promise<void> {
  await session.askAll(() => new AnswerCommand(request, OK_ANSWERS), options);
}
