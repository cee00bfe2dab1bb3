/** Tracks which load has started the running code, so that no load waits for itself. @module */

import { type CallTracker, makeCallTracker } from "../transport/call_tracker.ts";
import { ClientException } from "../errors.ts";
import { isPromise } from "../option_checks.ts";
import { lazily } from "../waiting.ts";
import type { Running } from "./loads.ts";

/**
 * The load that calls a function. It is removed when the load has ended, because the function may leave code running.
 */
export interface Caller {
  load: Running | undefined;
}

/** Tracks the asynchronous calls of loads, if the runtime supports it. */
let tracker: CallTracker<Caller> | undefined;
const trackCalls = /* @__PURE__ */ lazily(async () => tracker = await makeCallTracker());
/** The caller of the running code, until it returns: without a tracker, nothing more is known. */
let present: Caller | undefined;

/** The load that has started the running code. */
export function presentLoad(): Running | undefined {
  return (tracker?.getStore() ?? present)?.load;
}

/** Calls a function that computes a value, so that its caller is known. */
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

/** Uses what a function returns as soon as it is known, before other code can change it. */
export function useAtOnce<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result,
): Result | Promise<Result> {
  return isPromise(value) ? Promise.resolve(value).then(use) : use(value);
}

/** Waits for a load. Meanwhile it is recorded that the current load waits for it. */
export async function waitAs<Value>(
  outer: Running | undefined,
  load: Running,
  value: Promise<Value>,
): Promise<Value> {
  if (outer === undefined) return await value;
  const wait = { load };
  outer.waits.add(wait);
  try {
    return await value;
  } finally {
    outer.waits.delete(wait);
  }
}

/** Whether a load cannot end before another one has ended. */
export function waitsFor(
  load: Running,
  other: Running,
  seen: Set<Running> = new Set(),
): boolean {
  if (load.isServing || seen.has(load)) return false;
  seen.add(load);
  return load === other || Array.from(load.waits).some((wait) => waitsFor(wait.load, other, seen));
}

/** The error of a load that waits for itself. */
export function waitsForItself(key: string): ClientException {
  const why = "the function that computes its value would wait for itself";
  return new ClientException(`Cannot get or set key "${key}": ${why}`, key);
}

/** What views could not store of what a caller's function had computed, by the error; and the call that it is of. */
const refusals = /* @__PURE__ */ new WeakMap<object, object>();

/** Records that a view could not store a computed value: its error is not one of the function that computed it. */
export function recordRefusal(error: unknown, call: object): void {
  if (error instanceof Error) refusals.set(error, call);
}

/** Forgets that when the call ends: for a function that has made this call, it is an error like any other. */
export function forgetRefusal(error: unknown, call: object): void {
  if (error instanceof Error && refusals.get(error) === call) refusals.delete(error);
}

/** Whether it is the error of a view that could not store a computed value. */
export function isRecordedRefusal(error: unknown): boolean {
  return error instanceof Error && refusals.has(error);
}
