/** Lists keys. @module */

import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import {
  filterOf,
  type FilterOptions,
  idleOf,
  type ItemFilter,
  type KeyFilter,
  keyFilterOf,
  ttlOf,
} from "../item_filter.ts";
import { numberInJson } from "../json_text.ts";
import { decodedKey, showKey, showKeys } from "../keys_of_bytes.ts";
import { Listing } from "../listing.ts";
import type { Printer } from "../printer.ts";
import { readCount } from "../quantities.ts";

interface KeysOptions extends FilterOptions {
  readonly limit?: string;
  readonly server?: string | true;
}

/** Adds `keys`. */
export function addKeys(program: Command, runner: Runner): void {
  define<KeysOptions>(program, runner, {
    usage: "keys",
    summary: "List the keys that the servers hold.",
    options: [
      ["--prefix <text>", "only keys that begin so"],
      ["--match <glob>", "only keys that match; * is any text, ? one character, [ab] one of these"],
      ["--min-size <size>", "only items of this size or more: 512, 10k, 1m"],
      ["--ttl <condition>", "only items with this lifetime left: '<60', '>=1h', never"],
      ["--limit <n>", "no more than this many"],
      [
        "--server [name]",
        "only this server, host:port; without a name, the server behind each key",
      ],
    ],
    examples: [
      "keys --prefix user:",
      "keys --match '*:1' --json",
      "keys --min-size 1k --ttl never --limit 10",
      "keys --server 10.0.0.1:11211",
    ],
    run: listKeys,
  });
}

async function listKeys(job: Job<KeysOptions>): Promise<number> {
  const { options, printer, terminal, fleet } = job;
  const limit = options.limit === undefined ? Infinity : readCount("--limit", options.limit);
  const isWanted = filterOf(options);
  const showsServer = options.server === true;
  const server = options.server === true ? undefined : options.server;
  const listing = new Listing({ fleet: await fleet(), terminal, server, what: "listed" });
  const { minSize, ttl } = options;
  const needsItems = printer.shape !== "text" || minSize !== undefined || ttl !== undefined;
  const found = needsItems
    ? await printItems(listing, { isWanted, limit, showsServer }, printer)
    : await printKeys(listing, { isWanted: keyFilterOf(options), limit, showsServer }, printer);
  return listing.code(found);
}

/** What is printed of a list. */
interface Wanted<Filter> {
  readonly isWanted: Filter;
  readonly limit: number;
  readonly showsServer: boolean;
}

/** Prints keys without reading anything else: many at a time, which is several times as fast. */
async function printKeys(
  listing: Listing,
  { isWanted, limit, showsServer }: Wanted<KeyFilter | undefined>,
  printer: Printer,
): Promise<number> {
  let found = 0;
  for await (const { keys, server } of listing.keys()) {
    const wanted = isWanted === undefined ? keys : keys.filter(isWanted);
    if (wanted.length === 0) continue;
    const shown = wanted.slice(0, limit - found);
    const lines = showKeys(shown);
    await printer.line(showsServer ? lines.replaceAll(/$/gm, () => `\t${server}`) : lines);
    found += shown.length;
    if (found >= limit) break;
  }
  return found;
}

async function printItems(
  listing: Listing,
  { isWanted, limit, showsServer }: Wanted<ItemFilter>,
  printer: Printer,
): Promise<number> {
  let found = 0;
  for await (const item of listing.items()) {
    if (!isWanted(item)) continue;
    found++;
    const { key, size, fetched, cas, server } = item;
    // No spread, which would be a seventh of the time.
    const row = {
      key: decodedKey(key),
      size,
      ttl: ttlOf(item) ?? null,
      lastAccess: idleOf(item),
      fetched,
      cas: numberInJson(cas),
      server,
    };
    const line = showsServer ? `${showKey(key)}\t${server}` : showKey(key);
    await printer.record(row, line);
    if (found >= limit) break;
  }
  return found;
}
