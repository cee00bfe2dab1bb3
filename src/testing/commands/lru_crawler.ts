/**
 * `lru_crawler` and its subcommands, of which `metadump` lists all keys. This server has no crawler:
 * what has expired goes when somebody looks for it or memory is full.
 *
 * @module
 */

import { type Item, weigh } from "../item.ts";
import { escapeKey } from "../key_text.ts";
import { parseUint32 } from "../number_parser.ts";
import type { ServerState } from "../server_state.ts";
import { BAD_FORMAT, type Circumstances, type Command, type Outcome } from "./command.ts";

const DISABLED = "CLIENT_ERROR lru crawler disabled";
const BAD_CLASS = "BADCLASS invalid class id";
const NOT_STARTED = "NOTSTARTED no items to crawl";
const PIPELINED = "ERROR cannot pipeline other commands before metadump";

/** memcached's `MAX_NUMBER_OF_SLAB_CLASSES`. */
const MAX_SLAB_CLASSES = 64;
const MAX_SLEEP = 1_000_000;

/** Which items to crawl, or the reply to what names none. */
type Selection = ((slabClass: number) => boolean) | string;

type Subcommand = (state: ServerState, argument: string, circumstances: Circumstances) => Outcome;

/** `lru_crawler <subcommand> [<argument>]` */
export const lruCrawler: Command = { minTokens: 1, run };

const switches: ReadonlyMap<string, (state: ServerState) => Outcome> = new Map([
  ["enable", enable],
  ["disable", disable],
]);

const subcommands: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
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

function crawl({ crawlerEnabled }: ServerState, argument: string): Outcome {
  if (!crawlerEnabled) return DISABLED;
  if (argument === "hash") return "ERROR an unknown error happened";
  const selection = select(argument);
  return typeof selection === "string" ? selection : "OK";
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
  if (!state.crawlerEnabled) return DISABLED;
  if (isPipelined) return PIPELINED;
  const selection = argument === "hash" ? () => true : select(argument);
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
  { store }: ServerState,
  includes: (slabClass: number) => boolean,
): Generator<string> {
  for (const item of store.survivors()) {
    const slabClass = store.slabClassOf(item);
    if (includes(slabClass)) yield formatItem(item, slabClass);
  }
  yield "END\r\n";
}

function formatItem(item: Readonly<Item>, slabClass: number): string {
  return `key=${escapeKey(item.key)} exp=${item.exptime === 0 ? -1 : item.exptime} ` +
    `la=${item.lastAccess} cas=${item.cas} fetch=${item.fetched ? "yes" : "no"} ` +
    `cls=${slabClass} size=${weigh(item)}\n`;
}
