/** Commands to every server: `stats`, `version`, `flush_all`, `verbosity`. @module */

import {
  OPERATION_OPTIONS,
  type OperationOptions,
  operationOptions,
} from "../commands/operation_options.ts";
import { endWith, type Session } from "../commands/session.ts";
import { traceOperation } from "../commands/traced.ts";
import type { ServerHandle } from "../connection/server_handle.ts";
import { adopt, inContext, presentContext, tracesCommands } from "../observation.ts";
import { checkInteger, checkOptions, type OptionTypes } from "../option_checks.ts";
import { type Command, withAction } from "../protocol/command.ts";
import { AnswerCommand, OK_ANSWERS, VersionCommand } from "../protocol/commands/answer.ts";
import { checkStatsArguments, type Stats, StatsCommand } from "../protocol/commands/stats.ts";
import { LONGEST_RELATIVE } from "../protocol/exptime.ts";

/** The options of `flushAll`. */
export interface FlushOptions extends OperationOptions {
  /** The delay in seconds, 0 to 2,592,000; by default 0, at once. */
  readonly delay?: number | undefined;
}

const FLUSH_OPTIONS: OptionTypes<FlushOptions> = {
  signal: "signal",
  failover: "failover",
  delay: "number",
};
const HIGHEST_VERBOSITY = 0x7fffffff;

/** Makes a command to all servers publish itself as an operation, which has no keys. */
function published<Parameters extends unknown[], Result>(
  command: string,
  operate: (session: Session, ...parameters: Parameters) => Promise<Result>,
): typeof operate {
  return (session, ...parameters) => {
    const issue = () => operate(session, ...parameters);
    if (!tracesCommands()) return issue();
    return traceOperation({ command, client: session.settings.counters.client }, [], issue);
  };
}

async function askStats(
  session: Session,
  args?: string,
  options?: OperationOptions,
): Promise<Stats[]> {
  if (args !== undefined) checkStatsArguments(args);
  const action = args ? `request stats ${args} of` : "request stats of";
  return await askAll(session, action, () => new StatsCommand(args), options);
}

function askVersion(session: Session, options?: OperationOptions): Promise<string[]> {
  return askAll(session, "ask for the version of", () => new VersionCommand(), options);
}

async function sendFlush(session: Session, options: FlushOptions = {}): Promise<void> {
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

async function sendVerbosity(
  session: Session,
  level: number,
  options?: OperationOptions,
): Promise<void> {
  checkInteger("verbosity", level, 0, HIGHEST_VERBOSITY);
  await tellAll(session, `verbosity ${level}`, options);
}

/** Gets the statistics of every server. */
export const stats: typeof askStats = /* @__PURE__ */ published("stats", askStats);
/** Gets the version of every server. */
export const version: typeof askVersion = /* @__PURE__ */ published("version", askVersion);
/** Makes every item of every server expire. */
export const flushAll: typeof sendFlush = /* @__PURE__ */ published("flushAll", sendFlush);
/** Sets how much every server writes to its log. */
export const verbosity: typeof sendVerbosity = /* @__PURE__ */ published(
  "verbosity",
  sendVerbosity,
);

async function tellAll(
  session: Session,
  request: string,
  options: OperationOptions | undefined,
): Promise<void> {
  const [name] = request.split(" ", 1);
  const make = () => new AnswerCommand(request, OK_ANSWERS);
  await askAll(session, `send ${name} to`, make, options);
}

/** The operations that each server has answered. */
const answered = /* @__PURE__ */ new WeakMap<ServerHandle, Set<string>>();

/**
 * Sends a command to each server, and waits for all of them.
 *
 * @param action The operation, for the message.
 * @returns The results, in the order of the servers.
 * @throws The signal's reason when it was aborted; otherwise the error of the server, or one with those of several.
 */
async function askAll<Result>(
  session: Session,
  action: string,
  make: () => Command<Result>,
  options: OperationOptions | undefined,
): Promise<Result[]> {
  checkOptions(options, OPERATION_OPTIONS);
  const signal = options?.signal;
  // The servers may be known later.
  const context = presentContext();
  let isBegun = false;
  const askEach = (nodes: readonly ServerHandle[]) => {
    isBegun = true;
    return inContext(context, () => askEachOf(nodes, action, make, signal));
  };
  try {
    return await session.route.withNodes(askEach, undefined, signal);
  } catch (error) {
    if (isBegun || signal?.aborted) throw error;
    throw withAction(error, make().action, undefined, true);
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
  const known = new Set<string>();
  await Promise.all(nodes.map(async (node, i) => {
    const before = answered.get(node) ?? new Set();
    answered.set(node, before);
    try {
      results[i] = await ask(node, make(), signal);
      partial.results.set(node.name, results[i]);
      before.add(action);
    } catch (error) {
      partial.failures.set(node.name, error);
      if (before.has(action)) known.add(node.name);
    }
  }));
  if (partial.failures.size === 0) return results;
  signal?.throwIfAborted();
  const { namedFailure } = await import("./server_failures.ts");
  throw namedFailure(action, partial, known);
}

function ask<Result>(
  node: ServerHandle,
  command: Command<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  return new Promise((resolve) => {
    signal?.throwIfAborted();
    adopt(command);
    try {
      node.submit(command.settleBy(resolve));
    } catch (error) {
      command.refuse(error);
    }
    if (signal !== undefined) endWith(signal, command);
  });
}
