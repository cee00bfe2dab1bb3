/**
 * `watch`.
 *
 * @module
 */

import { EVENT_KINDS, type EventKind } from "../event_log.ts";
import type { ServerState } from "../server_state.ts";
import type { Circumstances, Command, Outcome } from "./command.ts";

const PIPELINED = "ERROR cannot pipeline other commands before watch";
const TOO_MANY = "WATCHER_TOO_MANY log watcher limit reached";

/** `watch [<kind>*]`: from then on the connection only carries events. */
export const watch: Command = { minTokens: 1, noreplyFrom: 1, run };

function run(
  { events }: ServerState,
  [, ...names]: readonly string[],
  { isPipelined }: Circumstances,
): Outcome {
  if (isPipelined) return PIPELINED;
  const kinds = new Set(names.length === 0 ? ["fetchers"] : names);
  if (!areKinds(kinds)) return "ERROR";
  const watcher = events.watch(kinds);
  return watcher === undefined ? TOO_MANY : { kind: "watch", watcher };
}

function areKinds(names: ReadonlySet<string>): names is ReadonlySet<EventKind> {
  return [...names].every((name) => (EVENT_KINDS as readonly string[]).includes(name));
}
