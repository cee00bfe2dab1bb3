/**
 * `stats` and its subcommands.
 *
 * @module
 */

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
import type { Command, Outcome } from "./command.ts";

const DETAIL_USAGE = "CLIENT_ERROR usage: stats detail on|off|dump";

type Subcommand = (state: ServerState, args: readonly string[]) => Outcome;

/** `stats [<subcommand>]` */
export const stats: Command = { minTokens: 1, run };

const subcommands: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  ["items", (state) => report(itemStats(state))],
  ["slabs", (state) => report(slabStats(state))],
  ["sizes", () => report([["sizes_status", "disabled"]])],
  ["settings", (state) => report(settingStats(state))],
  ["conns", (state) => report(connectionStats(state))],
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
