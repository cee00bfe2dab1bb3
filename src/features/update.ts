/** Reads a value, changes it and stores it, unless others have changed it meanwhile. @module */

import { equals } from "@std/bytes/equals";
import {
  type OperationOptions,
  operationOptions,
  type UpdateOptions,
} from "../commands/operation_options.ts";
import { ClientException } from "../errors.ts";
import { checkFunction, checkInteger } from "../option_checks.ts";
import { inContext, presentContext } from "../observation.ts";
import { StorageCommand, STORED_ANSWERS, type StoredItem } from "../protocol/commands/storage.ts";
import { checkExptime } from "../protocol/exptime.ts";
import { MOST_RETRIES } from "../commands/call_checks.ts";
import { namedIfClosed, whileOpen, writeAndReadInTime } from "../commands/bounded_work.ts";
import type { Session } from "../commands/session.ts";
import { backoff, pause } from "../waiting/timers.ts";
import { useAtOnce } from "./load_callers.ts";
import { readTied, storeTied, type TiedValue } from "./tied_cas.ts";

const DEFAULT_RETRIES = 25;

/** Changes the value of a key. */
export async function update<Value>(
  session: Session,
  key: string,
  change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
  options: UpdateOptions = {},
): Promise<Value | undefined> {
  const { signal, retries = DEFAULT_RETRIES } = options;
  session.checkKey(key, "update");
  checkFunction("change", change);
  checkInteger("retries", retries, 0, MOST_RETRIES);
  const exptimeOf = exptimes(options.exptime);
  const action = `update key "${key}"`;
  const context = presentContext();
  // An error is never a miss here: otherwise the old value would be ignored, or the new one not stored.
  const strict = { ...operationOptions(options), failover: "error" } as const;
  // It is encoded at once, because the caller may change it later.
  const use = (changed: Value | undefined) => {
    if (changed === undefined) return undefined;
    const exptime = exptimeOf(changed);
    const written = writeAndReadInTime(session, changed, key, action);
    // It may be rejected before it is awaited.
    written.catch(() => {});
    return { exptime, written };
  };
  let before: TiedValue<Value | undefined> | undefined;
  let changed: ReturnType<typeof use>;
  for (let attempt = 0;; attempt++) {
    const item = await readTied<Value | undefined>(session, key, strict, "copied");
    // With `maxSockets`, what `change` asks other servers for may end this one's connection each time.
    if (changed === undefined || !isSame(before, item)) {
      changed = await whileOpen(
        session,
        (async () => await useAtOnce(change(item?.value), use))(),
      ).catch((error) => {
        throw namedIfClosed(session, error, action);
      });
    }
    before = item;
    if (changed === undefined) return undefined;
    const { exptime, written } = changed;
    const { item: { flags, data }, value } = await written;
    const { cas, carrier } = item ?? {};
    const stored = { flags, exptime, data, cas, carrier };
    const storing = inContext(context, () => store(session, key, stored, strict));
    if (await storing) return value as Value;
    // memcached with `-C` gives 0, and replaces nothing: another attempt would not succeed either.
    if (cas === 0n) throw updateError(key, "the server keeps no cas uniques (memcached -C)");
    if (attempt === retries) throw lostEveryRace(key, retries);
    await pause(session.settings.clock, backoff(attempt), signal);
  }
}

/** Whether an item that was read twice has not changed; a cas unique alone may be that of another one after a restart. */
function isSame(before: TiedValue<unknown> | undefined, item: typeof before): boolean {
  if (before?.copy === undefined || item?.copy === undefined) return false;
  return before.cas === item.cas && before.copy.flags === item.copy.flags &&
    equals(before.copy.data, item.copy.data);
}

/** Makes the exptime of each new value. A constant exptime is checked at once. */
function exptimes(given: UpdateOptions["exptime"]): (value: unknown) => number {
  if (typeof given === "function") return (value) => checkExptime(given(value), Date.now);
  const exptime = checkExptime(given, Date.now);
  return () => exptime;
}

async function store(
  session: Session,
  key: string,
  item: StoredItem,
  options: OperationOptions,
): Promise<boolean> {
  if (item.cas !== undefined) return await storeTied(session, key, item, options) === "stored";
  const add = () => new StorageCommand("add", key, item, STORED_ANSWERS);
  return await session.askChange(key, add, options);
}

function lostEveryRace(key: string, retries: number): ClientException {
  // By other clients, or by the function itself.
  return updateError(key, `it was changed meanwhile each time, and retries is ${retries}`);
}

function updateError(key: string, why: string): ClientException {
  return new ClientException(`Cannot update key "${key}": ${why}`, key);
}
