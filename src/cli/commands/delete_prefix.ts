/** Deletes all keys that begin with a prefix. @module */

import type { Client } from "../../../mod.ts";
import type { Job } from "../definition.ts";
import { decodedKey, isPlain } from "../keys_of_bytes.ts";
import { Listing } from "../listing.ts";
import { INTERRUPTED } from "../terminal.ts";
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
  const listing = new Listing({ fleet: servers, terminal, what: dryRun ? "counted" : "listed" });
  let deleted = 0;
  let batch: { readonly key: string; readonly server: string }[] = [];
  const flush = async () => {
    const done = await Promise.all(batch.map(({ key, server }) => remove(servers.at(server), key)));
    deleted += done.filter(Boolean).length;
    batch = [];
  };
  for await (const { keys, server } of listing.keys()) {
    const wanted = keys.filter((key) => decodedKey(key).startsWith(prefix));
    if (dryRun) {
      deleted += wanted.length;
      continue;
    }
    for (const key of wanted) {
      batch.push({ key, server });
      if (batch.length >= BATCH) await flush();
    }
    if (terminal.interrupted.aborted) break;
  }
  await flush();
  await printer.record(
    dryRun ? { matching: deleted } : { deleted },
    dryRun ? `${deleted} would be deleted` : String(deleted),
  );
  return terminal.interrupted.aborted ? INTERRUPTED : listing.code(deleted);
}

/** Deletes a key of any bytes. */
async function remove(client: Client, key: string): Promise<boolean> {
  if (isPlain(key)) return await client.delete(key);
  const { status } = await client.meta("md", btoa(key), ["b"]);
  return status === "HD";
}
