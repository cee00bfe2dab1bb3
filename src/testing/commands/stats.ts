/**
 * `stats` and its subcommands.
 *
 * @module
 */

import { MAX_SLAB_CLASSES } from "../items/item_sizes.ts";
import { parseUint32 } from "../number_parser.ts";
import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import type { Statistics } from "../statistics.ts";
import {
  connectionStats,
  generalStats,
  itemStats,
  settingStats,
  slabStats,
  type Stat,
} from "../stats_report.ts";
import { BAD_FORMAT, type Command } from "./command.ts";

const DETAIL_USAGE = "CLIENT_ERROR usage: stats detail on|off|dump";

/** memcached writes `stats cachedump` into a buffer of 2 MiB, and omits what does not fit. */
const CACHEDUMP_CAPACITY = 2 * 1024 * 1024;
const CACHEDUMP_END = "END\r\n";

type Subcommand = (state: ServerState, args: readonly string[]) => Outcome;

/** `stats [<subcommand>]` */
export const stats: Command = { minTokens: 1, run };

const subcommands: ReadonlyMap<string, Subcommand> = /* @__PURE__ */ new Map<string, Subcommand>([
  ["items", (state) => report(itemStats(state))],
  ["slabs", (state) => report(slabStats(state))],
  ["sizes", () => report([["sizes_status", "disabled"]])],
  ["settings", (state) => report(settingStats(state))],
  ["conns", (state) => report(connectionStats(state))],
  ["cachedump", cachedump],
  ["reset", reset],
  ["detail", ({ statistics }, [switchToken]) => detail(statistics, switchToken)],
]);

function run(state: ServerState, [, name, ...args]: readonly string[]): Outcome {
  if (name === undefined) return report(generalStats(state));
  return subcommands.get(name)?.(state, args) ?? "ERROR";
}

function reset({ statistics }: ServerState): Outcome {
  statistics.reset();
  return "RESET";
}

function detail(statistics: Statistics, switchToken: string | undefined): Outcome {
  if (switchToken === "dump") return { kind: "reply", parts: formatPrefixes(statistics) };
  if (switchToken !== "on" && switchToken !== "off") return DETAIL_USAGE;
  statistics.detailEnabled = switchToken === "on";
  return "OK";
}

/** `stats cachedump <slab class> <limit>`: the keys of a class, the most recently used first. */
function cachedump(
  state: ServerState,
  [classToken, limitToken]: readonly string[],
): Outcome {
  if (classToken === undefined || limitToken === undefined) return "CLIENT_ERROR bad command line";
  const slabClass = parseUint32(classToken);
  const limit = parseUint32(limitToken);
  if (slabClass === undefined || limit === undefined) return BAD_FORMAT;
  if (slabClass >= MAX_SLAB_CLASSES) return "CLIENT_ERROR Illegal slab id";
  return { kind: "reply", parts: [dumpClass(state, slabClass, limit === 0 ? Infinity : limit)] };
}

function dumpClass({ store }: ServerState, slabClass: number, limit: number): string {
  let dump = "";
  let shown = 0;
  for (const item of store.memory.fromNewest()) {
    if (item.slabClass !== slabClass || item.keyIsBinary) continue;
    if (shown === limit) break;
    const line = `ITEM ${item.key} [${item.valueLength} b; ${item.exptime} s]\r\n`;
    if (dump.length + line.length + CACHEDUMP_END.length >= CACHEDUMP_CAPACITY) break;
    dump += line;
    shown += 1;
  }
  return dump + CACHEDUMP_END;
}

function report(stats: Iterable<Stat>): Outcome {
  return { kind: "reply", parts: formatStats(stats) };
}

function* formatStats(stats: Iterable<Stat>): Generator<string> {
  for (const [name, value] of stats) yield `STAT ${name} ${value}\r\n`;
  yield "END\r\n";
}

function* formatPrefixes({ prefixes }: Statistics): Generator<string> {
  for (const [prefix, { get, hit, set, del }] of prefixes) {
    yield `PREFIX ${prefix} get ${get} hit ${hit} set ${set} del ${del}\r\n`;
  }
  yield "END\r\n";
}
