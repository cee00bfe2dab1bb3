/** The columns of the table of servers. @module */

import { bar } from "../histogram.ts";
import type { FleetFigures, MissReason } from "../figures.ts";
import type { Overview, ServerUp, ServerView } from "../overview.ts";
import { showDuration, showNumber } from "../quantities.ts";
import { fitted, plainText, widthOf } from "../shown_text.ts";
import { foreign, type Line, type Span, span, type Style } from "./lines.ts";

/** A column. */
export interface Column {
  readonly name: ColumnName;
  readonly head: string;
  readonly width: number;
  readonly align: "left" | "right";
}

/** The columns in the order in which they stand; servers can be sorted by each. */
export const COLUMN_NAMES = [
  "server",
  "up",
  "fill",
  "items",
  "gets",
  "hits",
  "sets",
  "evictions",
  "age",
  "connections",
  "reason",
  "version",
] as const;

/** A column. */
export type ColumnName = typeof COLUMN_NAMES[number];

const WIDTHS: Readonly<Record<Exclude<ColumnName, "server" | "fill">, readonly [string, number]>> =
  {
    up: ["UP", 4],
    items: ["ITEMS", 6],
    gets: ["GET/s", 6],
    hits: ["HIT%", 6],
    sets: ["SET/s", 6],
    evictions: ["EVICT/s", 7],
    age: ["AGE", 6],
    connections: ["CONN", 5],
    reason: ["MISS-RSN", 12],
    version: ["VERSION", 8],
  };
/** Which columns a narrow screen leaves out, the first of them first. */
const LEFT_OUT: readonly ColumnName[] = ["version", "reason", "age", "up", "sets", "connections"];
const WIDEST_BAR = 10;
const NARROWEST_SERVER = 12;
/** From here on, two spaces stand between columns, and heads are as long as they should be. */
const WIDE = 110;
const LONG_HEADS: Readonly<Partial<Record<ColumnName, string>>> = { age: "AGE(cold)" };

/** The columns that fit on a screen. */
export interface Layout {
  readonly columns: readonly Column[];
  readonly gap: string;
  readonly barWidth: number;
}

/** Chooses columns: as many as fit, and a bar as long as the rest allows. */
export function layOut(overview: Overview, width: number): Layout {
  const isWide = width >= WIDE;
  const gap = isWide ? "  " : " ";
  const widthIn = (name: ColumnName) =>
    Math.max(widthOfColumn(name), isWide ? (LONG_HEADS[name] ?? "").length : 0);
  const names = overview.servers.map(({ server }) => widthOf(plainText(server)));
  const longest = Math.max(NARROWEST_SERVER, ...names);
  let shown: readonly ColumnName[] = COLUMN_NAMES;
  const needed = (serverWidth: number) =>
    1 + serverWidth + shown.reduce((sum, name) => sum + gap.length + widthIn(name), 0) -
    gap.length;
  for (const name of LEFT_OUT) {
    if (needed(longest) <= width) break;
    shown = shown.filter((each) => each !== name);
  }
  const server = Math.max(NARROWEST_SERVER, longest - Math.max(0, needed(longest) - width));
  const spare = width - needed(server) - 1;
  const barWidth = spare < 3 ? 0 : Math.min(WIDEST_BAR, spare);
  const columns = shown.map((name): Column => {
    if (name === "server") return { name, head: "SERVER", width: server, align: "left" };
    if (name === "fill") return { name, head: "FILL", width: fillWidth(barWidth), align: "left" };
    const head = isWide ? LONG_HEADS[name] ?? WIDTHS[name][0] : WIDTHS[name][0];
    return { name, head, width: widthIn(name), align: name === "reason" ? "left" : "right" };
  });
  return { columns, gap, barWidth };
}

function widthOfColumn(name: ColumnName): number {
  if (name === "server") return 0;
  return name === "fill" ? 4 : WIDTHS[name][1];
}

function fillWidth(barWidth: number): number {
  return barWidth === 0 ? 4 : 5 + barWidth;
}

/** The line over the table; what it is sorted by is marked. */
export function headLine({ columns, gap }: Layout, sorted: ColumnName | undefined): Line {
  return columns.flatMap(({ name, head, width, align }, i) => [
    span(i === 0 ? " " : gap),
    span(fitted(name === sorted ? `${head}▾` : head, width, align), "strong"),
  ]);
}

/** The line of a server. */
export function serverLine(view: ServerView, layout: Layout, isChosen: boolean): Line {
  const mark = span(isChosen ? ">" : " ", "strong");
  const [first, ...others] = layout.columns;
  const name = foreign(view.server);
  const server = { ...name, text: fitted(name.text, first?.width ?? 0) };
  if (view.state !== "up") {
    const isDown = view.state === "down";
    const text = `${layout.gap}${isDown ? "down: " : ""}`;
    const style: Style = isDown ? "bad" : "dim";
    return [mark, { ...server, style }, span(text, style), foreign(view.message, style)];
  }
  const style = view.silent > 0 ? "dim" : undefined;
  return [
    mark,
    { ...server, style },
    ...others.flatMap((column) => {
      const cell = cellOf(view, column, layout);
      const text = fitted(cell.text, column.width, column.align);
      return [span(layout.gap), { text, style: cell.style ?? style }];
    }),
  ];
}

function cellOf(view: ServerUp, { name }: Column, { barWidth }: Layout): Span {
  const { figures, evictsMore, hitsLess, silent } = view;
  const { rates, uptime } = figures;
  switch (name) {
    case "server":
      return span(figures.server);
    case "up":
      return silent >= 1 ? span("?", "poor") : span(roughly(uptime));
    case "fill":
      return span(fillText(figures.fill, barWidth));
    case "items":
      return span(showNumber(figures.items));
    case "gets":
      return span(rateText(rates?.gets));
    case "hits":
      return span(
        `${hitText(figures.hitRate)}${hitsLess ? "▼" : ""}`,
        hitsLess ? "bad" : undefined,
      );
    case "sets":
      return span(rateText(rates?.sets));
    case "evictions":
      return span(
        `${rateText(rates?.evictions)}${evictsMore ? "▲" : ""}`,
        evictsMore ? "poor" : undefined,
      );
    case "age":
      return span(ageText(figures.coldestAge));
    case "connections":
      return span(showNumber(figures.connections));
    case "reason":
      return span(reasonText(figures.missReason));
    case "version":
      return foreign(figures.version ?? "?");
  }
}

/** The line of all servers together. */
export function fleetLine(fleet: FleetFigures, layout: Layout): Line {
  const { rates, hitRate } = fleet;
  const texts: Readonly<Partial<Record<ColumnName, string>>> = {
    server: "FLEET",
    fill: fillText(fleet.fill, layout.barWidth),
    items: showNumber(fleet.items),
    gets: rateText(rates?.gets),
    hits: hitText(hitRate),
    sets: rateText(rates?.sets),
    evictions: rateText(rates?.evictions),
    connections: showNumber(fleet.connections),
  };
  const shown = layout.columns.filter(({ name }) => name !== "reason" && name !== "version");
  return shown.flatMap(({ name, width, align }, i) => [
    span(i === 0 ? " " : layout.gap),
    span(fitted(texts[name] ?? "", width, align), "strong"),
  ]);
}

/** How unevenly the servers are used; nothing with one server. */
export function spreadText({ getSpread, itemSpread }: FleetFigures): string {
  const times = (spread: number | undefined) =>
    spread === undefined ? "-" : `${spread.toFixed(2)}x`;
  return `spread: get ${times(getSpread)} keys ${times(itemSpread)}`;
}

/** The servers in the order of a column: by name, or what is largest first; those that are down are last. */
export function sortServers(
  servers: readonly ServerView[],
  by: ColumnName | undefined,
): readonly ServerView[] {
  if (by === undefined) return servers;
  const keys = new Map(servers.map((view) => [view, sortKey(view, by)]));
  return servers.toSorted((a, b) => {
    const [x = -Infinity, y = -Infinity] = [keys.get(a), keys.get(b)];
    if (typeof x === "string" || typeof y === "string") {
      return by === "server" ? compare(a.server, b.server) : compareVersions(String(x), String(y));
    }
    return y === x ? 0 : y - x;
  });
}

/** 1.6.9 is before 1.6.22. */
function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, undefined, { numeric: true });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortKey(view: ServerView, by: ColumnName): number | string {
  if (by === "server") return view.server;
  if (view.state !== "up") return by === "version" ? "\uffff" : -Infinity;
  const { figures: { rates, version = "", ...figures } } = view;
  switch (by) {
    case "up":
      return figures.uptime;
    case "fill":
      return figures.fill;
    case "items":
      return figures.items;
    case "gets":
      return rates?.gets ?? -1;
    case "hits":
      return figures.hitRate ?? -1;
    case "sets":
      return rates?.sets ?? -1;
    case "evictions":
      return rates?.evictions ?? -1;
    case "age":
      return figures.coldestAge ?? -1;
    case "connections":
      return figures.connections;
    case "reason":
      return rates?.getMisses ?? -1;
    case "version":
      return version;
  }
}

function fillText(fill: number, barWidth: number): string {
  const percent = `${Math.round(fill * 100)}%`.padStart(4);
  return barWidth === 0 ? percent : `${percent} ${bar(fill, barWidth)}`;
}

/** A rate a second, or a dash as long as it is not known. */
export function rateText(rate: number | undefined): string {
  return rate === undefined ? "-" : showNumber(rate);
}

/** A hit rate in percent, or a dash when nothing was read. */
export function hitText(hitRate: number | undefined): string {
  return hitRate === undefined ? "-" : (hitRate * 100).toFixed(1);
}

/** Seconds, or a dash as long as there are none. */
export function ageText(age: number | undefined): string {
  return age === undefined ? "-" : showDuration(age);
}

/** Why reads missed: `expired 61%`. */
export function reasonText(reason: MissReason | undefined): string {
  return reason === undefined ? "" : `${reason.reason} ${Math.round(reason.share * 100)}%`;
}

/** A duration in its largest unit. */
function roughly(seconds: number): string {
  return /^\d+[a-z]+/.exec(showDuration(seconds))?.[0] ?? "";
}
