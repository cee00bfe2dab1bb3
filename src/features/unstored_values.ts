/** Values that are computed and cannot be stored. @module */

import { namedIfClosed, whileOpen, writeAndReadInTime } from "../commands/bounded_work.ts";
import { sessionOf } from "../commands/session.ts";
import {
  callAs,
  type Caller,
  presentLoad,
  useAtOnce,
  waitAs,
  waitsFor,
  waitsForItself,
} from "./load_callers.ts";
import type { Load, Running } from "./loads.ts";

/** The values that are currently computed, by key. Other callers may join. */
export type UnstoredValues = Map<string, Load>;

/**
 * Computes a value that cannot be stored, once for all callers that ask for it meanwhile.
 *
 * @param values What is currently computed.
 * @param compute Computes the value.
 * @throws {ClientException} When the value would wait for itself, because its function asks for it.
 */
async function computeUnstored<Value>(
  values: UnstoredValues,
  key: string,
  compute: () => Value | Promise<Value>,
): Promise<Value> {
  const outer = presentLoad();
  const joined = values.get(key);
  if (joined !== undefined) {
    if (outer !== undefined && waitsFor(joined, outer)) throw waitsForItself(key);
    return await waitAs(outer, joined, joined.join(undefined)) as Value;
  }
  const caller: Caller = { load: undefined };
  const value = Promise.resolve().then(() => callAs(caller, compute));
  const load = {
    join: () => value,
    isServing: false,
    isStrict: false,
    waits: new Set<{ readonly load: Running }>(),
  };
  caller.load = load;
  values.set(key, load);
  const forget = () => {
    caller.load = undefined;
    values.delete(key);
  };
  value.then(forget, forget);
  return await waitAs(outer, load, value) as Value;
}

/**
 * As {@linkcode computeUnstored}; the value is converted as if it had been stored and read, if its format is known.
 *
 * @param commands What would have stored it. When its client is closed, the value is not waited for any more.
 */
export function computeAsRead<Value>(
  commands: object,
  values: UnstoredValues,
  key: string,
  load: () => Value | Promise<Value>,
): Promise<Value> {
  const session = sessionOf(commands);
  const action = `get or set key "${key}"`;
  const convert = async (value: Value) => {
    if (session === undefined || value === undefined) return value;
    return (await writeAndReadInTime(session, value, key, action)).value as Value;
  };
  const computeAndConvert = async () => await useAtOnce(load(), convert);
  return computeUnstored(values, key, () => {
    const value = computeAndConvert();
    if (session === undefined) return value;
    return whileOpen(session, value).catch((error) => {
      throw namedIfClosed(session, error, action);
    });
  });
}
