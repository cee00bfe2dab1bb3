/** Writes that are sent to all fleets at once, and which have taken them. @module */

import type { KeyCommands } from "../../../mod.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { isPartial, partialError } from "../partial_errors.ts";
import type { Fleets } from "./fleets.ts";

/** Why a fleet has not taken a write. */
interface Fault {
  readonly error: unknown;
}

/** Carries out a write in every fleet; resolves to the results of those that have taken it. */
export async function writeAll<Result>(
  fleets: Fleets,
  key: string,
  write: (client: KeyCommands, replica: number) => Promise<Result>,
): Promise<Result[]> {
  const missed = fleets.latestMissed(key);
  const outcomes = await Promise.allSettled(fleets.clients.map(write));
  requireTaken(fleets, key, missed, outcomes);
  return outcomes.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []);
}

/** As {@linkcode writeAll}, for what changes a value that is there: one that a write was to replace must not stay. */
export async function changeAll<Result>(
  fleets: Fleets,
  key: string,
  change: (client: KeyCommands) => Promise<Result>,
): Promise<Result[]> {
  return await writeAll(fleets, key, async (client, replica) => {
    await fleets.deleteMissed(replica, key);
    return await change(client);
  });
}

/**
 * Remembers which fleets have missed a write of a key.
 *
 * @param missed What each had missed when it was sent.
 * @param outcomes What has become of it in each fleet; `undefined` in the one that has decided it.
 * @throws The first fault, when too few have taken it.
 */
export function requireTaken(
  fleets: Fleets,
  key: string,
  missed: readonly (object | undefined)[],
  outcomes: readonly (PromiseSettledResult<unknown> | undefined)[],
): void {
  const fault = rememberMissed(fleets, key, missed, outcomes.map(faultOf));
  if (fault !== undefined) throw fault.error;
}

/**
 * Remembers which fleets have missed a write of many keys: each key may have failed in other ones.
 *
 * @param results What is known of each key.
 * @param missed What each fleet had missed of each key when it was sent.
 * @throws When too few fleets have taken one of them.
 */
export function requireManyTaken(
  fleets: Fleets,
  action: "set" | "delete",
  results: ReadonlyMap<string, unknown>,
  missed: ReadonlyMap<string, readonly (object | undefined)[]>,
  outcomes: readonly PromiseSettledResult<unknown>[],
): void {
  const failures = new Map<string, unknown>();
  const taken = new Map(results);
  for (const key of results.keys()) {
    const faults = outcomes.map((outcome) => faultOfKey(outcome, key));
    const fault = rememberMissed(fleets, key, missed.get(key) ?? [], faults);
    if (fault === undefined) continue;
    failures.set(key, fault.error);
    taken.delete(key);
  }
  if (failures.size === 0) return;
  // What is wrong with the request is wrong with all of it.
  const whole = outcomes.map(faultOf).find((fault) => fault && !isPartial(fault.error));
  if (whole !== undefined && !isUnreachable(whole.error)) throw whole.error;
  const known = action === "set" ? new Map() : taken;
  throw partialError(action, { failures, results: known, count: results.size });
}

/**
 * Remembers which fleets have missed a write of a key, and which have not. One that was sent later may have been missed
 * meanwhile, and stays remembered.
 *
 * @param faults The fault of each fleet; `undefined` for those that have taken it.
 * @returns The first fault, when too few have taken it.
 */
function rememberMissed(
  fleets: Fleets,
  key: string,
  before: readonly (object | undefined)[],
  faults: readonly (Fault | undefined)[],
): Fault | undefined {
  const taken = faults.filter((fault) => fault === undefined).length;
  for (const [replica, fault] of faults.entries()) {
    const missed = fleets.missedWrites[replica];
    if (fault === undefined) {
      missed?.forget(key, before[replica]);
    } else if (taken > 0) {
      missed?.add(key);
      fleets.reportFailure(replica, key, "write", fault.error);
    }
  }
  return taken < fleets.settings.needed ? faults.find((fault) => fault !== undefined) : undefined;
}

function faultOf(outcome: PromiseSettledResult<unknown> | undefined): Fault | undefined {
  return outcome?.status === "rejected" ? { error: outcome.reason } : undefined;
}

/** What has become of one key of many; an error that tells of each says nothing of others. */
function faultOfKey(outcome: PromiseSettledResult<unknown>, key: string): Fault | undefined {
  const fault = faultOf(outcome);
  if (fault === undefined || !isPartial(fault.error)) return fault;
  const { failures } = fault.error;
  return failures.has(key) ? { error: failures.get(key) } : undefined;
}
