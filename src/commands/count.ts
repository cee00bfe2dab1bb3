/** Increments and decrements counters. @module */

import { ClientException } from "../errors.ts";
import { checkOptions } from "../option_checks.ts";
import { checkUint64, CounterCommand, type CounterRequest } from "../protocol/commands/answer.ts";
import { StorageCommand, STORED_ANSWERS } from "../protocol/commands/storage.ts";
import { checkExptime } from "../protocol/exptime.ts";
import {
  COUNTER_OPTIONS,
  type CounterOptions,
  type OperationOptions,
  operationOptions,
} from "./operation_options.ts";
import type { Session } from "./session.ts";

/** The limit is reached if other clients delete the counter again and again, or if a proxy cannot reach the server. */
const MOST_ATTEMPTS = 10;

/** Increments or decrements; resolves to the new number. */
export async function count(
  session: Session,
  verb: "incr" | "decr",
  key: string,
  delta: bigint | number = 1n,
  options: CounterOptions = {},
): Promise<bigint | undefined> {
  checkOptions(options, COUNTER_OPTIONS);
  session.checkKey(key, verb);
  const request = { verb, key, delta: checkUint64("delta", delta) };
  const { initial } = options;
  const exptime = checkExptime(options.exptime, Date.now);
  const operation = operationOptions(options);
  if (initial === undefined) return await countOnce(session, request, operation);
  const text = `${checkUint64("initial", initial)}`;
  // A caller that passes `initial` gets a number or an error, never `undefined`.
  const strict = { ...operation, failover: "error" } as const;
  const item = { flags: session.textFlags, exptime, data: text };
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const counted = await countOnce(session, request, strict);
    if (counted !== undefined) return counted;
    // Meta arithmetic could create the counter in one step, but with flags 0, which other clients do not read, and not
    // on older servers.
    const add = () => new StorageCommand("add", key, item, STORED_ANSWERS);
    if (await session.askChange(key, add, strict)) return BigInt(text);
  }
  throw new ClientException(
    `Cannot ${verb} key "${key}": it was neither changed nor created in ${MOST_ATTEMPTS} attempts`,
    key,
  );
}

function countOnce(
  session: Session,
  request: CounterRequest,
  options: OperationOptions,
): Promise<bigint | undefined> {
  return session.askChange(request.key, () => new CounterCommand(request), options);
}
