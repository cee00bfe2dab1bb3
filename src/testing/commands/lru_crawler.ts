/**
 * `lru_crawler` and its subcommands. `metadump` lists all keys. This server has no crawler: an expired item is removed
 * when its key is looked up, or when memory is full.
 *
 * @module
 */

import { escapeKey } from "../byte_text.ts";
import type { MetadumpDialect } from "../dialect.ts";
import type { Item } from "../items/item.ts";
import { MAX_SLAB_CLASSES, sizeOf } from "../items/item_sizes.ts";
import { parseUint32 } from "../number_parser.ts";
import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import { BAD_FORMAT, type Circumstances, type Command } from "./command.ts";

const DISABLED = "CLIENT_ERROR lru crawler disabled";
const BAD_CLASS = "BADCLASS invalid class id";
const NOT_STARTED = "NOTSTARTED no items to crawl";
const PIPELINED = "ERROR cannot pipeline other commands before metadump";

const MAX_SLEEP = 1_000_000;

/** Which items to list, or the reply to an invalid argument. */
type Selection = ((slabClass: number) => boolean) | string;

type Subcommand = (state: ServerState, argument: string, circumstances: Circumstances) => Outcome;

/** `lru_crawler <subcommand> [<argument>]` */
export const lruCrawler: Command = { minTokens: 1, run };

const switches: ReadonlyMap<string, (state: ServerState) => Outcome> = /* @__PURE__ */ new Map([
  ["enable", enable],
  ["disable", disable],
]);

const subcommands: ReadonlyMap<string, Subcommand> = /* @__PURE__ */ new Map<string, Subcommand>([
  ["metadump", metadump],
  ["crawl", crawl],
  ["tocrawl", (_, count) => parseUint32(count) === undefined ? BAD_FORMAT : "OK"],
  ["sleep", (_, microseconds) => sleep(parseUint32(microseconds))],
]);

function run(
  state: ServerState,
  tokens: readonly string[],
  circumstances: Circumstances,
): Outcome {
  const [, name = "", argument] = tokens;
  if (tokens.length > 3) return "ERROR";
  if (argument === undefined) return switches.get(name)?.(state) ?? "ERROR";
  const subcommand = subcommands.get(name);
  return subcommand === undefined ? "ERROR" : subcommand(state, argument, circumstances);
}

function enable(state: ServerState): Outcome {
  if (state.crawlerEnabled) return "ERROR failed to start lru crawler thread";
  state.crawlerEnabled = true;
  return "OK";
}

function disable(state: ServerState): Outcome {
  state.crawlerEnabled = false;
  return "OK";
}

function crawl(state: ServerState, argument: string): Outcome {
  if (!state.crawlerEnabled) return DISABLED;
  if (argument === "hash" && state.dialect.metadump.takesHash) {
    return "ERROR an unknown error happened";
  }
  const selection = select(argument);
  if (typeof selection === "string") return selection;
  state.statistics.count("lru_crawler_starts");
  return "OK";
}

function sleep(microseconds: number | undefined): Outcome {
  if (microseconds === undefined) return BAD_FORMAT;
  return microseconds > MAX_SLEEP ? "CLIENT_ERROR sleep must be one second or less" : "OK";
}

function metadump(
  state: ServerState,
  argument: string,
  { isPipelined }: Circumstances,
): Outcome {
  const { isKnown, takesHash } = state.dialect.metadump;
  if (!isKnown) return "ERROR";
  if (!state.crawlerEnabled) return DISABLED;
  if (isPipelined) return PIPELINED;
  const selection = argument === "hash" && takesHash ? () => true : select(argument);
  if (typeof selection === "string") return selection;
  return { kind: "reply", parts: formatItems(state, selection), pauses: true };
}

/** `all`, or the numbers of classes. */
function select(argument: string): Selection {
  if (argument === "all") return () => true;
  const classes = argument.split(",").filter((id) => id !== "").map(parseUint32);
  if (classes.length === 0) return NOT_STARTED;
  return classes.every(isSlabClass) ? (slabClass) => classes.includes(slabClass) : BAD_CLASS;
}

function isSlabClass(id: number | undefined): boolean {
  return id !== undefined && id > 0 && id < MAX_SLAB_CLASSES;
}

function* formatItems(
  state: ServerState,
  includes: (slabClass: number) => boolean,
): Generator<string> {
  const { store, statistics, dialect: { metadump } } = state;
  statistics.count("lru_crawler_starts");
  state.crawlersRunning += 1;
  try {
    for (const item of store.survivors()) {
      if (!includes(item.slabClass)) continue;
      statistics.countIn(item.slabClass, "crawler_items_checked");
      yield formatItem(item, metadump);
    }
  } finally {
    state.crawlersRunning -= 1;
  }
  if (metadump.isComplete) yield "END\r\n";
}

function formatItem(item: Item, { isComplete }: MetadumpDialect): string {
  return `key=${escapeKey(item.key)} exp=${item.exptime === 0 ? -1 : item.exptime} ` +
    `la=${item.lastAccess} cas=${item.cas} fetch=${item.fetched ? "yes" : "no"}` +
    (isComplete ? ` cls=${item.slabClass} size=${sizeOf(item)}` : "") + "\n";
}
