/** Records as a table, as lines of JSON, or as CSV. @module */

import { jsonOf } from "./json_text.ts";
import { lineRemoval } from "./messages.ts";
import { printable, widthOf } from "./shown_text.ts";
import type { Terminal } from "./terminal.ts";

/** What a record holds. */
export type Field = string | number | bigint | boolean | Date | object | null | undefined;
/** A record: a row of a table, a line of JSON. */
export type Row = Readonly<Record<string, Field>>;

/** The options of every command that say how results are shown. */
export interface PrintOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly color?: boolean;
}

/** How many characters are gathered, and for how many milliseconds. */
const MOST_GATHERED = 1 << 16;
const LONGEST_GATHERED = 200;

/** The types of the fields that stand to the right in a table. */
const NUMERIC: ReadonlySet<string> = new Set(["number", "bigint", "undefined"]);

/** How results are shown. */
export type Shape = "text" | "json" | "csv";

/** Writes results in the form that was asked for. */
export class Printer {
  readonly shape: Shape;
  readonly terminal: Terminal;
  /** Whether colors and the like may be used. */
  readonly colors: boolean;
  #columns: readonly string[] | undefined;
  #head = true;
  #gathered = "";
  #gatheredSince = 0;

  constructor(terminal: Terminal, options: PrintOptions) {
    this.terminal = terminal;
    this.shape = options.json ? "json" : options.csv ? "csv" : "text";
    const { isTerminal, env } = terminal;
    const canColor = isTerminal && env.TERM !== "dumb";
    this.colors = canColor && options.color !== false && !env.NO_COLOR;
  }

  /** Writes a line, or several, of text as it is. */
  async line(text: string): Promise<void> {
    await this.#write(`${text}\n`);
  }

  /** Writes bytes as they are. */
  async bytes(bytes: Uint8Array): Promise<void> {
    await this.flush();
    await this.terminal.write(bytes);
  }

  /** Writes what has been gathered: many short lines are one write. */
  async flush(): Promise<void> {
    const text = this.#gathered;
    this.#gathered = "";
    if (text === "") return;
    const { terminal } = this;
    await terminal.write(terminal.isTerminal ? lineRemoval(terminal) + text : text);
  }

  async #write(text: string): Promise<void> {
    if (this.#gathered === "") this.#gatheredSince = Date.now();
    this.#gathered += text;
    const isDue = this.#gathered.length > MOST_GATHERED ||
      Date.now() - this.#gatheredSince > LONGEST_GATHERED;
    if (isDue) await this.flush();
  }

  /**
   * Writes one record at once: what comes without end, or in a number that no table could hold.
   *
   * @param text The line for people.
   */
  async record(row: Row, text: string): Promise<void> {
    if (this.shape === "text") await this.line(text);
    else await this.#write(this.#encoded(row));
  }

  /** Writes records of the same fields as a table. */
  async table(rows: readonly Row[], options: TableOptions = {}): Promise<void> {
    if (this.shape !== "text") {
      for (const row of rows) await this.#write(this.#encoded(row));
      return;
    }
    for (const line of tableOf(rows, options)) {
      await this.line(line.isHead ? this.strong(line.text) : line.text);
    }
  }

  /** Writes one record with a line for each of its fields. */
  async details(row: Row, shown: Row = row): Promise<void> {
    if (this.shape !== "text") return await this.record(row, "");
    const fields = Object.entries(shown).filter(([, field]) => field !== undefined);
    const width = Math.max(0, ...fields.map(([name]) => name.length));
    for (const [name, field] of fields) {
      await this.line(`${this.strong(name.padEnd(width))}  ${cellOf(field)}`);
    }
  }

  /** Text that stands out, where the terminal can show it. */
  strong(text: string): string {
    return this.colors ? `\x1b[1m${text}\x1b[0m` : text;
  }

  #encoded(row: Row): string {
    // Escaped, it is the same JSON; a terminal obeys no key and no value.
    const shown = this.terminal.isTerminal ? printable : (text: string) => text;
    if (this.shape === "json") return `${shown(jsonOf(row))}\n`;
    const columns = this.#columns ??= Object.keys(row);
    const isFirst = this.#head;
    this.#head = false;
    const head = isFirst ? `${columns.map(csvCell).join(",")}\n` : "";
    return `${head}${columns.map((name) => csvCell(shown(csvText(row[name])))).join(",")}\n`;
  }
}

/** How a table is drawn. */
export interface TableOptions {
  /** What stands in a cell, by its column, where that differs from the record. */
  readonly show?: Readonly<Record<string, (field: Field, row: Row) => string>>;
}

/** The lines of a table: a head, and a row for each record; numbers stand to the right. */
function tableOf(rows: readonly Row[], { show = {} }: TableOptions): TableLine[] {
  const [first] = rows;
  if (first === undefined) return [];
  const columns = Object.keys(first);
  const cells = rows.map((row) =>
    columns.map((name) => show[name]?.(row[name], row) ?? cellOf(row[name]))
  );
  // No spread of the rows into one call: there may be more of them than a call can take.
  const widths = columns.map((name, i) =>
    cells.reduce((width, row) => Math.max(width, widthOf(row[i] ?? "")), widthOf(name))
  );
  const isNumber = columns.map((name) =>
    rows.every((row) => row[name] === null || NUMERIC.has(typeof row[name]))
  );
  const lineOf = (row: readonly string[]) =>
    row.map((cell, i) => {
      const space = " ".repeat((widths[i] ?? 0) - widthOf(cell));
      return isNumber[i] ? space + cell : cell + space;
    }).join("  ").trimEnd();
  const head = { isHead: true, text: lineOf(columns.map((name) => name.toUpperCase())) };
  return [head, ...cells.map((row) => ({ isHead: false, text: lineOf(row) }))];
}

interface TableLine {
  readonly isHead: boolean;
  readonly text: string;
}

function cellOf(field: Field): string {
  if (field === undefined || field === null) return "";
  if (field instanceof Date) return isoTime(field).replace(/\.\d+Z$/, "Z");
  if (typeof field === "object") return printable(jsonOf(field));
  return printable(String(field));
}

/** A time, or what a value holds that is none. */
function isoTime(date: Date): string {
  return Number.isNaN(date.getTime()) ? String(date) : date.toISOString();
}

function csvText(field: Field): string {
  if (field === undefined || field === null) return "";
  if (field instanceof Date) return isoTime(field);
  return typeof field === "object" ? jsonOf(field) : String(field);
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
