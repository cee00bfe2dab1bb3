/** Which load has brought about the code that runs, so that none waits for itself. @module */

import { type CallTracker, makeCallTracker } from "../transport/runtime_features.ts";
import { lazily } from "../waiting.ts";
import type { Load } from "./loads.ts";

/** What calls a function that computes a value; the load is taken out when it has ended, for what it leaves behind. */
export interface Caller {
  load: Load | undefined;
}

/** Follows what loads bring about, where the runtime can. */
let tracker: CallTracker<Caller> | undefined;
const trackCalls = /* @__PURE__ */ lazily(async () => tracker = await makeCallTracker());
/** What has called the code that runs and has not returned: all that can be told without a tracker. */
let present: Caller | undefined;

/** The load that has brought about the code that runs. */
export function presentLoad(): Load | undefined {
  return (tracker?.getStore() ?? present)?.load;
}

/** Calls what computes a value, so that it is known what has brought it about. */
export async function callAs(caller: Caller, compute: () => unknown): Promise<unknown> {
  await trackCalls();
  if (tracker !== undefined) return await tracker.run(caller, compute);
  const outer = present;
  present = caller;
  let value;
  try {
    value = compute();
  } finally {
    present = outer;
  }
  return await value;
}

/** Waits for a load, and remembers meanwhile that the one waits for it that has brought this about. */
export async function waitAs(
  outer: Load | undefined,
  load: Load,
  value: Promise<unknown>,
): Promise<unknown> {
  if (outer === undefined) return await value;
  const wait = { load };
  outer.waits.add(wait);
  try {
    return await value;
  } finally {
    outer.waits.delete(wait);
  }
}

/** Whether a load cannot serve those who join before another one has ended. */
export function waitsFor(load: Load, other: Load, seen: Set<Load> = new Set()): boolean {
  if (load.isServing || seen.has(load)) return false;
  seen.add(load);
  return load === other || Array.from(load.waits).some((wait) => waitsFor(wait.load, other, seen));
}
