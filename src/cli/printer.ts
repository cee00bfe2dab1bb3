/** Records as a table, as lines of JSON, or as CSV. @module */

import { jsonOf } from "./json_text.ts";
import { lineRemoval } from "./messages.ts";
import { folded, printable, widthOf, wrapped } from "./shown_text.ts";
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

  /**
   * Writes sentences; on a terminal their lines end between words.
   *
   * @param indent What stands before each line.
   */
  async sentences(text: string, indent = ""): Promise<void> {
    const { isTerminal, columns } = this.terminal;
    const lines = isTerminal ? wrapped(text, columns - indent.length) : [text];
    for (const line of lines) await this.line(indent + line);
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

  /** Writes records of the same fields as a table; where that is too wide for the terminal, with a line for each field. */
  async table(rows: readonly Row[], options: TableOptions = {}): Promise<void> {
    if (this.shape !== "text") {
      for (const row of rows) await this.#write(this.#encoded(row));
      return;
    }
    const { isTerminal, columns } = this.terminal;
    const table = new TextTable(rows, options);
    if (!isTerminal || table.fitInto(columns)) {
      for (const line of table.lines()) {
        await this.line(line.isHead ? this.strong(line.text) : line.text);
      }
      return;
    }
    for (const [i, record] of table.records().entries()) {
      if (i > 0) await this.line("");
      await this.details(record);
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

/** How many columns a text that is folded has at least. */
const LEAST_WIDTH = 20;
/** How many digits behind the point all numbers of a column have. */
const MOST_DECIMALS = 3;
/** What stands between two columns. */
export const GAP = "  ";

/** A table of text: a head, and a row for each record; numbers stand to the right. */
class TextTable {
  readonly #names: readonly string[];
  #cells: readonly (readonly string[])[];
  readonly #isNumber: readonly boolean[];
  readonly #widths: number[];

  constructor(rows: readonly Row[], { show = {} }: TableOptions) {
    const names = Object.keys(rows[0] ?? {});
    this.#names = names;
    this.#isNumber = names.map((name) =>
      rows.every((row) => row[name] === null || NUMERIC.has(typeof row[name]))
    );
    const digits = names.map((name) => decimalsOf(rows.map((row) => row[name])));
    this.#cells = rows.map((row) =>
      names.map((name, i) => show[name]?.(row[name], row) ?? cellOf(row[name], digits[i]))
    );
    // No spread of the rows into one call: there may be more of them than a call can take.
    this.#widths = names.map((name, i) =>
      this.#cells.reduce((width, row) => Math.max(width, widthOf(row[i] ?? "")), widthOf(name))
    );
  }

  /** Makes the longest text narrower, so that lines are no longer than this; false if that is not possible. */
  fitInto(columns: number): boolean {
    const sum = this.#widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
    if (sum <= columns) return true;
    const texts = this.#widths.map((width, i) => this.#isNumber[i] ? 0 : width);
    const longest = texts.indexOf(Math.max(...texts));
    const width = columns - (sum - (this.#widths[longest] ?? 0));
    if (width < Math.max(LEAST_WIDTH, widthOf(this.#names[longest] ?? ""))) return false;
    this.#widths[longest] = width;
    this.#cells = this.#cells.flatMap((row) =>
      folded(row[longest] ?? "", width).map((part, at) =>
        row.map((cell, i) => i === longest ? part : at === 0 ? cell : "")
      )
    );
    return true;
  }

  /** The lines. */
  *lines(): Generator<TableLine, void, undefined> {
    if (this.#cells.length === 0) return;
    yield { isHead: true, text: this.#line(this.#names.map((name) => name.toUpperCase())) };
    for (const row of this.#cells) {
      yield { isHead: false, text: this.#line(row) };
    }
  }

  /** The rows with the names of their fields. */
  records(): readonly Row[] {
    return this.#cells.map((row) =>
      Object.fromEntries(this.#names.map((name, i) => [name, row[i] || undefined]))
    );
  }

  #line(row: readonly string[]): string {
    const cells = row.map((cell, i) => {
      const space = " ".repeat((this.#widths[i] ?? 0) - widthOf(cell));
      return this.#isNumber[i] ? space + cell : cell + space;
    });
    return cells.join(GAP).trimEnd();
  }
}

interface TableLine {
  readonly isHead: boolean;
  readonly text: string;
}

/** The digits behind the point of the numbers of a column, so that the points stand below each other. */
function decimalsOf(fields: readonly Field[]): number {
  const most = fields.reduce<number>((most, field) => {
    const [, decimals = ""] = typeof field === "number" ? String(field).split(".") : [];
    return Math.max(most, decimals.length);
  }, 0);
  // Figures of several kinds, as in `stats --diff`, have a form each.
  return most > MOST_DECIMALS ? 0 : most;
}

function cellOf(field: Field, decimals = 0): string {
  if (field === undefined || field === null) return "";
  if (typeof field === "number" && decimals > 0) return field.toFixed(decimals);
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
