/** Items that are stored again where a server was started again meanwhile: memcached starts empty. @module */

import { ClientException, SocketError, TimeoutError } from "../../mod.ts";
import { isRestarted } from "./figures.ts";
import type { Fleet } from "./fleet.ts";
import { ItemStore, type StoreCounts } from "./item_transfer.ts";
import { say } from "./messages.ts";
import { firstAnswer } from "./retried.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import { inTime, type Terminal } from "./terminal.ts";
import { isServerFault, messageOf } from "./usage.ts";

/** How many times items are stored again at most. */
const MOST_REPEATS = 3;

/** How {@linkcode storeUntilKept} stores items. */
export interface Storing {
  /** Where the items are stored. */
  readonly fleet: Fleet;
  readonly terminal: Terminal;
  /** Whether to keep what is there already. */
  readonly skipExisting: boolean | undefined;
  /** Whether the items can be read again. */
  readonly canRepeat: boolean;
  /** Stores all items. */
  storeAll(store: ItemStore, isAgain: boolean): Promise<void>;
  /** Prints what came of the items. */
  print(counts: ShownCounts): Promise<void>;
}

/** What is printed: `refused` and `again` are seldom. */
export interface ShownCounts extends Omit<StoreCounts, "refused"> {
  readonly refused?: number;
  /** How many items were stored again. */
  readonly again?: number;
}

/** What {@linkcode storeUntilKept} has done. */
export interface Stored {
  /** How many items are there, also those that were there before. */
  readonly count: number;
  /** Whether no server has refused or lost one. */
  readonly isWhole: boolean;
}

/** Stores items until no server was started again meanwhile, and prints what came of them. */
export async function storeUntilKept(storing: Storing): Promise<Stored> {
  const { fleet, terminal, skipExisting } = storing;
  const store = new ItemStore(fleet, terminal, { skipExisting });
  const again = new ItemStore(fleet, terminal, { skipExisting: true });
  const print = () => storing.print(shownCounts(store.counts, again.counts));
  let isKept: boolean;
  try {
    isKept = await repeat(storing, (isAgain) => storing.storeAll(isAgain ? again : store, isAgain));
  } catch (error) {
    // What was stored before is there.
    if (store.counts.loaded > 0) await print();
    throw error;
  }
  await print();
  const { loaded, skipped, refused } = store.counts;
  return { count: loaded + skipped, isWhole: isKept && refused === 0 };
}

function shownCounts({ refused, ...counts }: StoreCounts, again: StoreCounts): ShownCounts {
  return {
    ...counts,
    ...(refused > 0 ? { refused } : {}),
    ...(again.loaded > 0 ? { again: again.loaded } : {}),
  };
}

/** Stores items, and again while servers were started again; resolves to whether they are all there. */
async function repeat(
  { fleet, terminal, canRepeat }: Storing,
  store: (isAgain: boolean) => Promise<void>,
): Promise<boolean> {
  for (let repeats = 0;; repeats++) {
    // Nothing may be stored before.
    const before = repeats === 0
      ? await firstLooks(fleet, terminal)
      : await inTime(terminal, Promise.all(fleet.names.map((one) => lookAt(fleet, one))));
    await store(repeats > 0);
    const changes = before.map((look) => changeSince(fleet, look));
    const changed = (await inTime(terminal, Promise.all(changes))).filter((one) => one !== "");
    if (changed.length === 0) return true;
    const isLast = !canRepeat || repeats === MOST_REPEATS || terminal.interrupted.aborted;
    const next = isLast ? "run this again with --skip-existing" : "storing it again";
    for (const change of changed) say(terminal, `${change}: ${next}`);
    if (isLast) return false;
  }
}

/**
 * Looks at servers that are to be written to.
 *
 * @returns What each says of itself; `undefined` for one that does not.
 * @throws {SocketError} When one cannot be reached, or is no memcached: that is no server which is started again.
 */
export async function firstLooks(
  fleet: Fleet,
  terminal: Terminal,
): Promise<readonly (Snapshot | undefined)[]> {
  const looks = fleet.names.map((server) =>
    firstAnswer(terminal, server, firstLook(fleet, server))
  );
  return await inTime(terminal, Promise.all(looks));
}

async function firstLook(fleet: Fleet, server: string): Promise<Snapshot | undefined> {
  try {
    return await takeSnapshot(fleet, server);
  } catch (error) {
    const canTakeItems = !isLost(error) ||
      // A proxy may close a connection because of a command that it does not know, such as `stats`.
      await fleet.at(server).get(ANY_KEY).then(() => true, (fault) => !isLost(fault));
    if (canTakeItems) return undefined;
    throw error;
  }
}

/** The key of an item that may exist or not. */
const ANY_KEY = "moecache";

/** Whether a server cannot be reached, or is no memcached. One that is silent may be busy. */
function isLost(error: unknown): boolean {
  return error instanceof SocketError && !(error instanceof TimeoutError);
}

/**
 * Notes how servers are that items are read from. One that is started again meanwhile has lost items that were listed,
 * as if they had expired.
 *
 * @returns A function to call at the end: it looks at the servers again, says which were started again, and resolves to
 * whether there is one.
 */
export async function watchSources(
  fleet: Fleet,
  terminal: Terminal,
): Promise<() => Promise<boolean>> {
  const looks = fleet.names.map((server) => firstAnswer(terminal, server, lookAt(fleet, server)));
  const before = await inTime(terminal, Promise.all(looks));
  return async () => {
    if (terminal.interrupted.aborted) return false;
    const known = before.filter((look) => look !== undefined);
    const looks = known.map(async ({ server, stats }) => {
      const now = await lookAt(fleet, server);
      return now !== undefined && isRestarted(stats, now.stats) ? [server] : [];
    });
    const restarted = (await inTime(terminal, Promise.all(looks))).flat();
    for (const server of restarted) {
      say(terminal, `${server} was started again: what had not been read of it is lost`);
    }
    return restarted.length > 0;
  };
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
