/** What the screen of `top` shows. @module */

import type { Overview } from "../overview.ts";
import { countOf } from "../quantities.ts";
import { plainText } from "../shown_text.ts";
import { adviceLines } from "./advice_lines.ts";
import { fleetLine, headLine, layOut, serverLine, sortServers, spreadText } from "./columns.ts";
import { bigLine, hotLine, keyPage } from "./key_lines.ts";
import { besides, foreign, type Line, type Size, span, widthOfLine } from "./lines.ts";
import { serverPage } from "./server_page.ts";
import type { Shown, View } from "./view.ts";

/** A screen, and what keys have to know of it. */
export interface Frame {
  readonly lines: readonly Line[];
  readonly shown: Shown;
}

/** What does not change while the program runs. */
export interface FrameOptions {
  /** How often servers are asked, as it was written: `1s`. */
  readonly every: string;
  /** Whether the servers are watched for hot keys. */
  readonly keys: boolean;
}

/** This many lines of advice are shown, if there are as many, before all servers are. */
const FEWEST_ADVICE = 3;

const HINTS: readonly (readonly [key: string, what: string])[] = [
  ["q", "quit"],
  ["s", "sort"],
  ["f", "filter"],
  ["h", "hot"],
  ["k", "keys"],
];

const HELP: readonly (readonly [key: string, what: string])[] = [
  ["q, Ctrl-C", "quit"],
  ["s, S", "sort by the next column, or the one before"],
  ["f, /", "show only servers whose name has a text in it; Esc shows all"],
  ["up, down", "choose a server; in a page, move it"],
  ["page up, page down", "the same by a screen; home and end to both ends"],
  ["Enter", "open the server that is chosen: commands, slab classes, advice"],
  ["h", "hot keys and large values"],
  ["k, ?", "this page"],
  ["Esc", "back to the servers"],
  ["Ctrl-L", "draw the screen again"],
  ["Ctrl-Z", "back to the shell; `fg` shows the servers again"],
];

/** Draws a screen. */
export function frameOf(
  overview: Overview,
  view: View,
  size: Size,
  options: FrameOptions,
): Frame {
  const head = header(overview, view, size.columns, options);
  const foot = view.isTyping ? [[span("filter: ", "strong"), foreign(view.filter), span("_")]] : [];
  const rows = Math.max(1, size.rows - 1 - foot.length);
  const body = view.page === "servers"
    ? serversPage(overview, view, { ...size, rows }, options)
    : scrolled(pageOf(overview, view, size.columns), view, rows);
  const missing = rows - body.lines.length;
  const space: Line[] = foot.length === 0
    ? []
    : Array.from({ length: Math.max(0, missing) }, () => []);
  return { ...body, lines: [head, ...body.lines, ...space, ...foot] };
}

function header(
  { servers }: Overview,
  { page, filter, isTyping, chosen }: View,
  width: number,
  { every }: FrameOptions,
): Line {
  const versions = new Set(
    servers.flatMap((view) => view.state === "up" ? [view.figures.version ?? "?"] : []),
  );
  const up = servers.filter(({ state }) => state === "up").length;
  const count = countOf(servers.length, "server");
  const parts = [
    "moecache top",
    up === servers.length ? count : `${count}, ${up} up`,
    ...versions.size === 0 ? [] : [versions.size === 1 ? [...versions].join() : "several versions"],
    `every ${every}`,
    ...filter === "" || isTyping ? [] : [`filter ${filter}`],
    ...page === "server" ? [chosen ?? ""] : [],
  ];
  const left = [span(plainText(parts.join(" · ")), "strong")];
  const hints = (page === "servers" ? HINTS : [["q", "quit"], ["Esc", "back"]])
    .map(([key, what]) => `${key} ${what}`);
  // The last hints are left out where there is no room for them.
  while (hints.length > 0 && widthOfLine(left) + hints.join("  ").length + 2 > width) hints.pop();
  return besides(left, [span(hints.join("  "), "dim")], width);
}

function pageOf(overview: Overview, { page, chosen }: View, width: number): readonly Line[] {
  if (page === "hot") return keyPage(overview, width);
  if (page === "server") return serverPage(overview, chosen ?? "", width);
  return HELP.map(([key, what]) => [span(key.padEnd(20), "strong"), span(what)]);
}

function scrolled(lines: readonly Line[], view: View, rows: number): Frame {
  const above = Math.min(view.above, Math.max(0, lines.length - rows));
  const shown = { servers: [], lines: lines.length, rows };
  return { lines: lines.slice(above, above + rows), shown };
}

function serversPage(overview: Overview, view: View, size: Size, { keys }: FrameOptions): Frame {
  const { columns: width, rows } = size;
  const { fleet, advice, notes } = overview;
  const layout = layOut(overview, width);
  const found = overview.servers.filter(({ server }) => server.includes(view.filter));
  const servers = sortServers(found, view.sorted);
  const spread = overview.servers.length > 1 ? [span(spreadText(fleet), "dim")] : [];
  const sum = fleetLine(fleet, layout);
  const isBeside = widthOfLine(sum) + widthOfLine(spread) + 2 <= width;
  const fixed: Line[] = [
    isBeside ? [...sum, span("  "), ...spread] : sum,
    ...isBeside || spread.length === 0 ? [] : [[span(" "), ...spread]],
    ...keys ? [hotLine(overview, width), bigLine(overview, width)] : [],
  ];
  // The head of the table is a line too; some of the rest is for advice, whatever there is of servers.
  const room = Math.max(1, rows - 1 - fixed.length);
  const wanted = Math.max(1, Math.min(advice.length + notes.length, FEWEST_ADVICE));
  const serverRows = Math.max(1, Math.min(servers.length, room - wanted));
  const visible = windowOf(servers.map(({ server }) => server), view.chosen, serverRows);
  const lines: Line[] = [
    headLine(layout, view.sorted),
    ...servers.slice(visible, visible + serverRows)
      .map((each) => serverLine(each, layout, each.server === view.chosen)),
    ...servers.length === 0 ? [[span(" no server has such a name", "dim")]] : [],
    ...fixed,
    ...adviceLines(overview, { columns: width, rows: room - serverRows }),
  ];
  const names = servers.map(({ server }) => server);
  return {
    lines: lines.slice(0, rows),
    shown: { servers: names, lines: names.length, rows: serverRows },
  };
}

/** The first server to show, so that the chosen one is in the middle where not all fit. */
function windowOf(names: readonly string[], chosen: string | undefined, rows: number): number {
  const at = Math.max(0, names.indexOf(chosen ?? ""));
  return Math.max(0, Math.min(at - Math.floor(rows / 2), names.length - rows));
}
