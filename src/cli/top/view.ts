/** What `top` shows, and what keys change of it. @module */

import { COLUMN_NAMES, type ColumnName } from "./columns.ts";
import type { Key, NamedKey } from "./keyboard.ts";

/** A page: all servers, one of them, the hot keys and large values, or the keys to press. */
export type Page = "servers" | "server" | "hot" | "keys";

/** What is shown. */
export interface View {
  readonly page: Page;
  /** The column that servers are sorted by; without one, they stand as they were named. */
  readonly sorted: ColumnName | undefined;
  /** A part of the names of the servers that are shown. */
  readonly filter: string;
  /** Whether the filter is being typed. */
  readonly isTyping: boolean;
  /** The server that is chosen. */
  readonly chosen: string | undefined;
  /** How many lines of the page are above the screen. */
  readonly above: number;
}

/** What is shown first. */
export const FIRST_VIEW: View = {
  page: "servers",
  sorted: undefined,
  filter: "",
  isTyping: false,
  chosen: undefined,
  above: 0,
};

/** What the screen shows, as far as keys depend on it. */
export interface Shown {
  /** The servers from top to bottom. */
  readonly servers: readonly string[];
  /** How many lines a page has, and how many of them the screen. */
  readonly lines: number;
  readonly rows: number;
}

/** How the view is after a key was pressed; `undefined` ends the program. */
export function pressed(view: View, key: Key, shown: Shown): View | undefined {
  if ("name" in key && key.name === "interrupt") return undefined;
  if (view.isTyping) return typed(view, key);
  return "name" in key ? moved(view, key.name, shown) : commanded(view, key.letter);
}

function commanded(view: View, letter: string): View | undefined {
  switch (letter) {
    case "q":
      return undefined;
    case "s":
      return { ...view, sorted: columnAfter(view.sorted, 1) };
    case "S":
      return { ...view, sorted: columnAfter(view.sorted, -1) };
    case "f":
    case "/":
      return { ...view, page: "servers", isTyping: true };
    case "h":
      return opened(view, view.page === "hot" ? "servers" : "hot");
    case "k":
    case "?":
      return opened(view, view.page === "keys" ? "servers" : "keys");
    default:
      return view;
  }
}

/** The next column to sort by; after the last one, servers stand as they were named. */
function columnAfter(column: ColumnName | undefined, step: number): ColumnName | undefined {
  const all = [undefined, ...COLUMN_NAMES];
  return all[(all.indexOf(column) + step + all.length) % all.length];
}

function opened(view: View, page: Page): View {
  return { ...view, page, above: 0 };
}

function typed(view: View, key: Key): View {
  if ("letter" in key) return { ...view, filter: view.filter + key.letter };
  switch (key.name) {
    case "enter":
      return { ...view, isTyping: false };
    case "escape":
      return { ...view, isTyping: false, filter: "" };
    case "backspace":
      return { ...view, filter: Array.from(view.filter).slice(0, -1).join("") };
    default:
      return view;
  }
}

function moved(view: View, name: NamedKey, shown: Shown): View {
  if (name === "escape") {
    return view.page === "servers" ? { ...view, filter: "" } : opened(view, "servers");
  }
  if (view.page === "servers") {
    if (name !== "enter") return chosenIn(view, name, shown);
    // A filter may have hidden what was chosen before.
    const chosen = shown.servers.find((server) => server === view.chosen) ?? shown.servers[0];
    return chosen === undefined ? view : { ...opened(view, "server"), chosen };
  }
  const last = Math.max(0, shown.lines - shown.rows);
  return { ...view, above: clamped(view.above + stepOf(name, shown), last) };
}

function chosenIn(view: View, name: NamedKey, { servers, rows }: Shown): View {
  const step = stepOf(name, { rows, lines: servers.length });
  if (step === 0 || servers.length === 0) return view;
  const at = servers.indexOf(view.chosen ?? "");
  // The first key chooses the first server.
  const next = at < 0 ? (step > 0 ? 0 : servers.length - 1) : at + step;
  return { ...view, chosen: servers[clamped(next, servers.length - 1)] };
}

function stepOf(name: NamedKey, { rows, lines }: Pick<Shown, "rows" | "lines">): number {
  switch (name) {
    case "up":
      return -1;
    case "down":
      return 1;
    case "page-up":
      return -Math.max(1, rows - 1);
    case "page-down":
      return Math.max(1, rows - 1);
    case "home":
      return -lines;
    case "end":
      return lines;
    default:
      return 0;
  }
}

function clamped(number: number, most: number): number {
  return Math.max(0, Math.min(most, number));
}
