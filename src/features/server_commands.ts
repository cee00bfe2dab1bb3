/** Commands to every server: `stats`, `version`, `flush_all`, `verbosity`. @module */

import {
  OPERATION_OPTIONS,
  type OperationOptions,
  operationOptions,
} from "../commands/operation_options.ts";
import { serverFailure } from "../commands/many_keys.ts";
import { endWith, type Session } from "../commands/session.ts";
import type { ServerHandle } from "../connection/server_handle.ts";
import { checkInteger, checkOptions, type OptionTypes } from "../option_checks.ts";
import { type Command, withAction } from "../protocol/command.ts";
import { AnswerCommand, OK_ANSWERS, VersionCommand } from "../protocol/commands/answer.ts";
import { checkStatsArguments, type Stats, StatsCommand } from "../protocol/commands/stats.ts";
import { namedAfterHangUp } from "../protocol/hang_up.ts";
import { LONGEST_RELATIVE } from "../protocol/exptime.ts";

/** The options of `flushAll`. */
export interface FlushOptions extends OperationOptions {
  /** The delay in seconds, 0 to 2,592,000; by default 0, at once. */
  readonly delay?: number;
}

const FLUSH_OPTIONS: OptionTypes<FlushOptions> = {
  signal: "signal",
  failover: "failover",
  delay: "number",
};
const HIGHEST_VERBOSITY = 0x7fffffff;

/** Gets the statistics of every server. */
export async function stats(
  session: Session,
  args?: string,
  options?: OperationOptions,
): Promise<Stats[]> {
  if (args !== undefined) checkStatsArguments(args);
  const action = args ? `request stats ${args} of` : "request stats of";
  return await askAll(session, action, () => new StatsCommand(args), options);
}

/** Gets the version of every server. */
export function version(session: Session, options?: OperationOptions): Promise<string[]> {
  return askAll(session, "ask for the version of", () => new VersionCommand(), options);
}

/** Makes every item of every server expire. */
export async function flushAll(session: Session, options: FlushOptions = {}): Promise<void> {
  checkOptions(options, FLUSH_OPTIONS);
  const { delay } = options;
  // With an absolute time, memcached flushes nothing.
  if (delay !== undefined) checkInteger("delay", delay, 0, LONGEST_RELATIVE);
  const changes = () => {
    if (!delay) session.changesAll();
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
  const [name] = request.split(" ", 1);
  const make = () => new AnswerCommand(request, OK_ANSWERS);
  await askAll(session, `send ${name} to`, make, options);
}

/**
 * Sends a command to each server, and waits for all of them.
 *
 * @param action The operation, for the message.
 * @returns The results, in the order of the servers.
 * @throws The signal's reason when it was aborted; otherwise the error of {@linkcode serverFailure}.
 */
async function askAll<Result>(
  session: Session,
  action: string,
  make: () => Command<Result>,
  options: OperationOptions | undefined,
): Promise<Result[]> {
  checkOptions(options, OPERATION_OPTIONS);
  const signal = options?.signal;
  let isBegun = false;
  const askEach = (nodes: readonly ServerHandle[]) => {
    isBegun = true;
    return askEachOf(nodes, action, make, signal);
  };
  try {
    return await session.route.withNodes(askEach, undefined, signal);
  } catch (error) {
    throw isBegun ? error : withAction(error, make().action);
  }
}

async function askEachOf<Result>(
  nodes: readonly ServerHandle[],
  action: string,
  make: () => Command<Result>,
  signal: AbortSignal | undefined,
): Promise<Result[]> {
  const results: Result[] = [];
  const partial = { failures: new Map<string, unknown>(), results: new Map<string, Result>() };
  await Promise.all(nodes.map(async (node, i) => {
    try {
      results[i] = await ask(node, make(), signal);
      partial.results.set(node.name, results[i]);
    } catch (error) {
      partial.failures.set(node.name, namedAfterHangUp(`${action} ${node.name}`, error));
    }
  }));
  if (partial.failures.size === 0) return results;
  signal?.throwIfAborted();
  throw serverFailure(action, partial);
}

function ask<Result>(
  node: ServerHandle,
  command: Command<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  return new Promise((resolve) => {
    signal?.throwIfAborted();
    node.submit(command.settleBy(resolve));
    if (signal !== undefined) endWith(signal, command);
  });
}
