/** Deletes items. @module */

import { checkOptions } from "../option_checks.ts";
import { DeleteCommand } from "../protocol/commands/answer.ts";
import { checkKeys } from "../protocol/key.ts";
import { runMany } from "./many_keys.ts";
import { OPERATION_OPTIONS, type OperationOptions } from "./operation_options.ts";
import type { Session } from "./session.ts";

/** Deletes a key; resolves to whether it existed. */
export function deleteKey(
  session: Session,
  key: string,
  options?: OperationOptions,
): Promise<boolean> {
  return session.askChange(key, () => {
    session.checkKey(key, "delete");
    return new DeleteCommand(key);
  }, options);
}

/** Deletes many keys; resolves to whether each existed. */
export async function deleteMany(
  session: Session,
  keys: Iterable<string>,
  options?: OperationOptions,
): Promise<Map<string, boolean>> {
  checkOptions(options, OPERATION_OPTIONS);
  const unique = checkKeys(keys, "delete", session);
  return await runMany<boolean>("delete", unique, (key, resolve, reject) => {
    const command = new DeleteCommand(key).settleBy(resolve as () => void, reject);
    session.submitChange(key, command, options);
  }, options?.signal);
}
