/** Values that are computed and cannot be stored. @module */

import {
  callAs,
  type Caller,
  presentLoad,
  waitAs,
  waitsFor,
  waitsForItself,
} from "./load_callers.ts";
import type { Load } from "./loads.ts";

/** The values that are currently computed, by key. Other callers may join. */
export type UnstoredValues = Map<string, Load>;

/**
 * Computes a value that cannot be stored, once for all callers that ask for it meanwhile.
 *
 * @param values What is currently computed.
 * @param compute Computes the value.
 * @throws {ClientException} When the value would wait for itself, because its function asks for it.
 */
export async function computeUnstored<Value>(
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
    waits: new Set<{ readonly load: Load }>(),
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
