/** Items that are stored again where a server was started again meanwhile: memcached starts empty. @module */

import { ClientException } from "../../mod.ts";
import { isRestarted } from "./figures.ts";
import type { Fleet } from "./fleet.ts";
import { say } from "./messages.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import { inTime, type Terminal } from "./terminal.ts";
import { isServerFault, messageOf } from "./usage.ts";

/** How many times items are stored again at most. */
const MOST_REPEATS = 3;

/** What {@linkcode storeUntilKept} stores. */
export interface Storing {
  /** Where the items are stored. */
  readonly fleet: Fleet;
  readonly terminal: Terminal;
  /** Whether the items can be read again. */
  readonly canRepeat: boolean;
  /** Stores all items; when it does that again, it keeps those that are there. */
  store(isAgain: boolean): Promise<void>;
}

/** Stores items until no server was started again meanwhile; resolves to whether they are all there. */
export async function storeUntilKept(storing: Storing): Promise<boolean> {
  const { fleet, terminal, canRepeat } = storing;
  for (let repeats = 0;; repeats++) {
    const looks = fleet.names.map((server) => lookAt(fleet, server));
    // Nothing may be stored before.
    const before = await inTime(terminal, Promise.all(looks));
    await storing.store(repeats > 0);
    const changes = before.map((look) => changeSince(fleet, look));
    const changed = (await inTime(terminal, Promise.all(changes))).filter((one) => one !== "");
    if (changed.length === 0) return true;
    const isLast = !canRepeat || repeats === MOST_REPEATS || terminal.interrupted.aborted;
    const next = isLast ? "run this again with --skip-existing" : "storing it again";
    for (const change of changed) say(terminal, `${change}: ${next}`);
    if (isLast) return false;
  }
}

/** What a server says of itself; `undefined` for one that says nothing, such as one that is not up yet. */
function lookAt(fleet: Fleet, server: string): Promise<Snapshot | undefined> {
  return takeSnapshot(fleet, server).catch(() => undefined);
}

/** Says that a server was started again, or is away now; nothing if it is as it was. */
async function changeSince(fleet: Fleet, before: Snapshot | undefined): Promise<string> {
  if (before === undefined) return "";
  const { server } = before;
  try {
    const { stats } = await takeSnapshot(fleet, server);
    const isSame = !isRestarted(before.stats, stats);
    return isSame ? "" : `${server} was started again, and has lost what it had taken`;
  } catch (error) {
    if (!isServerFault(error)) throw error;
    return error instanceof ClientException ? "" : messageOf(error);
  }
}
