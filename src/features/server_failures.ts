/** Errors of commands to every server: loaded when one fails. @module */

import "../loaded_already.ts";
import { partialFailure } from "../commands/many_keys.ts";
import { ClientException, type PartialFailure } from "../errors.ts";
import { namedAfterHangUp } from "../protocol/hang_up.ts";
import { refusalError } from "../protocol/refusal.ts";

/** Makes the error of an operation that failed on some servers; where only one was asked, it is that one's. */
export function serverFailure(action: string, partial: PartialFailure): unknown {
  const { failures, results } = partial;
  if (failures.size + results.size > 1) return partialFailure(action, partial, "servers");
  const [error] = failures.values();
  return error;
}

/**
 * As {@linkcode serverFailure}, of errors that do not name the operation and the server yet.
 *
 * @param known The servers that have answered this operation before: they know it.
 */
export function namedFailure(
  action: string,
  partial: PartialFailure,
  known: ReadonlySet<string>,
): unknown {
  const failures = new Map<string, unknown>();
  for (const [server, error] of partial.failures) {
    const named = `${action} ${server}`;
    const refusal = nameRefusal(named, error);
    failures.set(server, known.has(server) ? refusal : namedAfterHangUp(named, refusal));
  }
  return serverFailure(action, { ...partial, failures });
}

/** A command does not know its server: a refusal gets the server's name here. */
function nameRefusal(action: string, error: unknown): unknown {
  if (!(error instanceof ClientException)) return error;
  const { message, item } = error;
  const isRefusal = message.includes(`: the server answered "${item}"`);
  return isRefusal ? refusalError({ action }, `${item}`) : error;
}
