/** Deletes all keys that begin with a prefix. @module */

import type { Job } from "../definition.ts";
import { decodedKey, withShownKeys } from "../keys_of_bytes.ts";
import { removeItem } from "../listed_items.ts";
import { Listing } from "../listing.ts";
import { INTERRUPTED, inTime } from "../terminal.ts";
import { UsageFault } from "../usage.ts";

/** How many deletions are sent together. */
const BATCH = 500;

/** Deletes, on each server, what that server holds; with `dryRun` it counts only. */
export async function deletePrefix(
  { printer, terminal, fleet }: Job<unknown>,
  prefix: string,
  dryRun: boolean,
): Promise<number> {
  if (prefix === "") throw new UsageFault("an empty --prefix is every key: use flush_all for that");
  const servers = await fleet();
  const what = dryRun ? "counted" : "listed";
  const listing = new Listing({ fleet: servers, terminal, what, asks: !dryRun });
  let deleted = 0;
  for await (const { keys, server } of listing.keys()) {
    const wanted = keys.filter((key) =>
      decodedKey(key).startsWith(prefix) && listing.canReach(key, server)
    );
    if (dryRun) {
      deleted += wanted.length;
      continue;
    }
    for (let at = 0; at < wanted.length && !terminal.interrupted.aborted; at += BATCH) {
      const removals = wanted.slice(at, at + BATCH).map(async (key) => {
        try {
          if (await removeItem(servers, key, server)) deleted++;
        } catch (error) {
          listing.leaveOut(key, error);
        }
      });
      try {
        await inTime(terminal, Promise.all(removals));
      } catch (error) {
        listing.abandon(server, withShownKeys(error, wanted.slice(at, at + BATCH)));
        break;
      }
    }
    if (terminal.interrupted.aborted) break;
  }
  await printer.record(
    dryRun ? { matching: deleted } : { deleted },
    dryRun ? `${deleted} would be deleted` : String(deleted),
  );
  return terminal.interrupted.aborted ? INTERRUPTED : listing.code(deleted);
}
