// Made of page/ by `deno task page`: change that, and not this.
/** The page's own files, by their paths. @module */

import type { PageFile } from "./page_file.ts";

/** The page's own files, by their paths. */
export const PAGE_FILES: Readonly<Record<string, PageFile>> = {
  "/charts.js": {
    type: "text/javascript",
    text: `/** The charts: a line for each server, and one for all of them. */

/* global uPlot */
import { byId, make, setText } from "./dom.js";
import { count, NOTHING, rate, share, time } from "./show.js";

/** How many servers have lines of their own beside the one for all. */
const MOST_LINES = 8;
const HEIGHT = 132;
/** How often, in milliseconds, a chart's summary for people who do not see it is renewed. */
const SUMMARY_EVERY = 10_000;

const CHARTS = {
  gets: { title: "Reads per second", show: rate },
  hitRate: { title: "Hits, of the reads", show: share, most: 1 },
  sets: { title: "Writes per second", show: rate },
  evictions: { title: "Evictions per second", show: rate },
  fill: { title: "Memory used", show: share, most: 1 },
  connections: { title: "Connections", show: count },
};

/** The class of a server's color. */
export const colorOf = (servers, server) => {
  const at = servers.indexOf(server);
  return at < 0 || at >= MOST_LINES ? "" : \`series-\${at + 1}\`;
};

/** All charts, which show the same time. */
export class Charts {
  #servers = [];
  #names = [];
  #length = 0;
  #at = [];
  #points = new Map();
  #scope = "";
  #plots = [];

  constructor() {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.#build());
    new ResizeObserver(() => this.#resize()).observe(byId("charts"));
  }

  /** Begins with what the program remembers. */
  start(servers, { names, at, points }, length) {
    this.#servers = servers;
    this.#names = names;
    this.#length = length;
    this.#at = at;
    this.#points = new Map(Object.entries(points));
    this.#build();
  }

  /** Shows one server, or all. */
  show(scope) {
    this.#scope = scope;
    this.#build();
  }

  /** Adds what is so now. */
  add({ at, servers, fleet }) {
    this.#at.push(at);
    const figures = new Map(servers.map(({ server, silent, figures }) => [
      server,
      silent === 0 ? figures : undefined,
    ]));
    for (const [name, points] of this.#points) {
      const now = name === "" ? fleet : figures.get(name);
      points.push(this.#names.map((field) => now?.[field] ?? now?.rates?.[field] ?? null));
    }
    while (this.#at.length > this.#length) {
      for (const list of [this.#at, ...this.#points.values()]) list.shift();
    }
    for (const plot of this.#plots) plot.update();
  }

  #lines() {
    if (this.#scope !== "") return [this.#scope];
    return this.#servers.length === 1 || this.#servers.length > MOST_LINES
      ? [""]
      : ["", ...this.#servers];
  }

  #build() {
    for (const plot of this.#plots) plot.destroy();
    const lines = this.#lines();
    this.#plots = this.#names.map((name, i) => {
      const data = () => [
        this.#at,
        ...lines.map((line) => (this.#points.get(line) ?? []).map((point) => point[i])),
      ];
      const colors = lines.map((line) => line === "" ? "series-0" : colorOf(this.#servers, line));
      return new Plot({ ...CHARTS[name], lines, colors, data });
    });
    byId("charts").replaceChildren(...this.#plots.map(({ element }) => element));
    this.#resize();
  }

  #resize() {
    for (const plot of this.#plots) plot.resize();
  }
}

/** One chart. */
class Plot {
  element;
  #place = make("div", "plot");
  #value = make("output");
  #options;
  #chart;
  #summarized = 0;

  constructor(options) {
    const { title, data } = options;
    this.#options = options;
    this.#value.ariaLive = "off";
    const caption = make("figcaption", "", [make("span", "", title), this.#value]);
    this.element = make("figure", "chart", [caption, this.#place]);
    this.#place.role = "img";
    this.#chart = new uPlot(this.#settings(), data(), this.#place);
    this.update();
  }

  update() {
    const data = this.#options.data();
    this.#chart.setData(data);
    this.#showValue();
    const now = performance.now();
    if (now - this.#summarized < SUMMARY_EVERY && this.#summarized > 0) return;
    this.#summarized = now;
    const { title, show } = this.#options;
    const known = data[1].filter((value) => value !== null);
    this.#place.ariaLabel = known.length === 0
      ? \`\${title}: nothing yet\`
      : \`\${title}: \${show(known.at(-1))} now, between \${show(Math.min(...known))} and \` +
        \`\${show(Math.max(...known))} since \${time(data[0][0])}\`;
  }

  resize() {
    const width = this.#place.clientWidth;
    if (width > 0) this.#chart.setSize({ width, height: HEIGHT });
  }

  destroy() {
    this.#chart.destroy();
  }

  /** The value under the pointer, or the last one. */
  #showValue() {
    const { data: [at, first], cursor } = this.#chart;
    const i = cursor.idx ?? at.length - 1;
    const value = first[i];
    const text = value === undefined || value === null ? NOTHING : this.#options.show(value);
    setText(
      this.#value,
      cursor.idx === null || cursor.idx === undefined ? text : \`\${text} at \${time(at[i])}\`,
    );
  }

  #settings() {
    const { most, lines, colors } = this.#options;
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const ink = (series) =>
      color(series === "series-0" || series === "" ? "--accent" : \`--\${series}\`);
    const axis = {
      stroke: color("--quiet"),
      grid: { stroke: color("--grid"), width: 1 },
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
    };
    return {
      width: 300,
      height: HEIGHT,
      padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "time" }, y: false, points: { size: 6 }, drag: { x: false } },
      hooks: { setCursor: [() => this.#chart && this.#showValue()] },
      scales: {
        y: { range: (_, _low, high) => [0, most ? Math.max(most, high) : Math.max(1, high * 1.1)] },
      },
      axes: [
        {
          ...axis,
          size: 22,
          space: 70,
          values: (_, splits, _axis, _space, step) =>
            splits.map((split) => time(split).slice(0, step < 60 ? 8 : 5)),
          incrs: [5, 15, 30, 60, 120, 300],
        },
        {
          ...axis,
          size: 44,
          space: 32,
          values: (_, splits) =>
            splits.map((split) => most ? \`\${Math.round(split * 100)}%\` : count(split)),
        },
      ],
      series: [
        {},
        ...lines.map((line, i) => ({
          label: line === "" ? "all servers" : line,
          stroke: ink(colors[i]),
          width: i === 0 ? 2 : 1,
          points: { show: false },
          ...i === 0 && { fill: color("--accent-fill") },
        })),
      ],
    };
  }
}
`,
  },
  "/dom.js": {
    type: "text/javascript",
    text: `/** Elements and tables. Text is only ever set as text: a key or a value is never read as markup. */

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** Makes an element: its class, its text or children, and its properties. */
export function make(name, className = "", content = [], properties = {}) {
  const element = document.createElement(name);
  if (className !== "") element.className = className;
  element.append(...[content].flat());
  return Object.assign(element, properties);
}

/** Sets a text, if it is another one: what is selected or read aloud is not disturbed. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A table whose rows stay the same elements as long as they are about the same thing, so that the keyboard's focus
 * stays where it is while the figures change.
 */
export class Table {
  #columns;
  #keyOf;
  #classOf;
  #sortBy;
  #isDescending;
  #rows = new Map();
  #records = [];
  #body = make("tbody");
  #heads = [];

  /**
   * @param columns Each has a \`title\`, the \`text\` of a record, and what else it is: \`value\` to sort by it, \`number\`,
   *   \`meter\` for a part from 0 to 1, \`open\` for what happens when it is chosen, \`pressed\` for whether it is, \`mood\` for
   *   the class of a cell.
   * @param options \`keyOf\` a record, \`classOf\` a row, and the column and direction it is sorted by at first.
   */
  constructor(table, columns, { keyOf, classOf = () => "", sortBy = -1, isDescending = false }) {
    this.#columns = columns;
    this.#keyOf = keyOf;
    this.#classOf = classOf;
    this.#sortBy = sortBy;
    this.#isDescending = isDescending;
    this.#heads = columns.map((column, i) => this.#head(column, i));
    table.replaceChildren(make("thead", "", make("tr", "", this.#heads)), this.#body);
    this.#markSorted();
  }

  /** Shows these records. */
  update(records) {
    this.#records = records;
    const sorted = this.#sorted();
    const keys = new Set(sorted.map(this.#keyOf));
    for (const [key, { row }] of this.#rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    sorted.forEach((record, i) => {
      const key = this.#keyOf(record);
      const known = this.#rows.get(key) ?? this.#makeRow(key);
      known.record = record;
      known.row.className = this.#classOf(record);
      this.#columns.forEach((column, at) => fill(column, known.cells[at], record));
      if (this.#body.children[i] !== known.row) this.#place(known.row, i);
    });
  }

  /** Moves a row; the element with the focus would lose it. */
  #place(row, i) {
    const focused = row.contains(document.activeElement) ? document.activeElement : undefined;
    this.#body.insertBefore(row, this.#body.children[i] ?? null);
    focused?.focus({ preventScroll: true });
  }

  #sorted() {
    const { value } = this.#columns[this.#sortBy] ?? {};
    if (value === undefined) return this.#records;
    const sign = this.#isDescending ? -1 : 1;
    return this.#records.toSorted((a, b) => sign * compare(value(a), value(b)));
  }

  #head({ title, value, number }, i) {
    const head = make("th", number ? "number" : "", [], { scope: "col" });
    if (value === undefined) head.append(title);
    else {head.append(make("button", "sort", title, {
        type: "button",
        onclick: () => this.#sort(i),
      }));}
    return head;
  }

  #sort(i) {
    this.#isDescending = this.#sortBy === i
      ? !this.#isDescending
      : this.#columns[i].number === true;
    this.#sortBy = i;
    this.#markSorted();
    this.update(this.#records);
  }

  #markSorted() {
    this.#heads.forEach((head, i) => {
      if (i !== this.#sortBy) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", this.#isDescending ? "descending" : "ascending");
    });
  }

  #makeRow(key) {
    const known = { record: undefined, cells: [], row: make("tr") };
    this.#columns.forEach((column, i) => {
      const cell = make(i === 0 ? "th" : "td", column.number ? "number" : column.className ?? "");
      if (i === 0) cell.scope = "row";
      const parts = { cell, text: cell };
      if (column.swatch) cell.append(make("span", \`swatch \${column.swatch(key)}\`));
      if (column.open) {
        const onclick = () => column.open(known.record);
        parts.text = make("button", "link", [], { type: "button", onclick });
      } else if (column.meter || column.swatch) parts.text = make("span");
      if (parts.text !== cell) cell.append(parts.text);
      if (column.meter) cell.append(parts.meter = make("meter"));
      known.cells.push(parts);
    });
    known.row.append(...known.cells.map(({ cell }) => cell));
    this.#rows.set(key, known);
    return known;
  }
}

function fill(column, { cell, text, meter }, record) {
  setText(text, column.text(record));
  if (column.pressed) text.ariaPressed = String(column.pressed(record));
  const title = column.hint?.(record) ?? "";
  if (cell.title !== title) cell.title = title;
  if (column.mood) cell.className = \`\${column.number ? "number " : ""}\${column.mood(record) ?? ""}\`;
  if (meter) {
    const value = column.meter(record);
    meter.hidden = value === undefined || value === null;
    meter.value = value ?? 0;
  }
}

/** What is not known comes last, in either direction it is the smallest. */
function compare(a, b) {
  const [x, y] = [a ?? -Infinity, b ?? -Infinity];
  return x < y ? -1 : x > y ? 1 : 0;
}
`,
  },
  "/icon.svg": {
    type: "image/svg+xml",
    text: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
  <rect width="16" height="16" rx="3" fill="#2f6fde" />
  <path d="M3 12V7m3.3 5V4m3.4 8V8M13 12V5" stroke="#fff" stroke-width="2" stroke-linecap="round" />
</svg>
`,
  },
  "/inspector.js": {
    type: "text/javascript",
    text: `/** The inspector of keys, and what may be changed where the program was started with \`--write\`. */

import { byId, make, setText } from "./dom.js";

/** Asks the program for something. */
export async function ask(path) {
  return await answerOf(await fetch(path, { headers: { accept: "application/json" } }));
}

/** Asks the program to do something. */
export async function order(path, body = {}) {
  const headers = { "content-type": "application/json" };
  return await answerOf(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function answerOf(response) {
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const answer = isJson ? await response.json() : { error: await response.text() };
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** Asks a person, if need be for a word; resolves to whether the answer is yes. */
export function confirmed({ title, text, yes, word }) {
  const dialog = byId("confirm");
  const [button, input] = [byId("confirm-yes"), byId("confirm-input")];
  setText(byId("confirm-title"), title);
  setText(byId("confirm-text"), text);
  setText(button, yes);
  byId("confirm-label").hidden = word === undefined;
  setText(byId("confirm-word"), word ?? "");
  input.value = "";
  const check = () => button.disabled = word !== undefined && input.value !== word;
  input.oninput = check;
  check();
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes" && !button.disabled);
  });
}

/** Shows what is known of a key. */
export class Inspector {
  /** The key, and the server beside which it stands in a table. */
  #shown = { key: "" };
  #canWrite = false;

  constructor() {
    byId("inspect").addEventListener("submit", (event) => {
      event.preventDefault();
      this.show({ key: byId("inspect-key").value });
    });
    byId("delete").addEventListener("click", () => this.#delete());
    byId("touch").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change("/api/touch", { ttl: byId("touch-ttl").value }, "touched");
    });
  }

  /** Whether keys may be changed. */
  set canWrite(canWrite) {
    this.#canWrite = canWrite;
  }

  /** Opens a key of a table, on the server of its row: another ring may have put it there. */
  open(shown) {
    byId("inspect-key").value = shown.key;
    byId("inspect-title").scrollIntoView({ block: "start" });
    byId("inspect-key").focus({ preventScroll: true });
    this.show(shown);
  }

  async show(shown, done = "") {
    this.#shown = shown;
    const note = byId("inspect-note");
    byId("inspect-result").ariaBusy = "true";
    try {
      const { isFound, fields } = await ask(\`/api/inspect?\${new URLSearchParams(shown)}\`);
      if (shown !== this.#shown) return;
      const where = shown.server === undefined ? "" : \` on \${shown.server}\`;
      setText(note, done || (isFound ? "" : \`There is no such key\${where}.\`));
      this.#showFields(isFound ? fields : []);
      byId("changes").hidden = !isFound || !this.#canWrite;
    } catch (error) {
      setText(note, error.message);
      this.#showFields([]);
      byId("changes").hidden = true;
    } finally {
      byId("inspect-result").ariaBusy = "false";
    }
  }

  #showFields(fields) {
    byId("inspect-fields").replaceChildren(
      ...fields.flatMap(([name, text]) => [
        make("dt", "", LABELS[name] ?? name),
        make("dd", name === "value" ? "value" : "", text),
      ]),
    );
  }

  async #delete() {
    const shown = this.#shown;
    const isSure = await confirmed({
      title: "Delete this key?",
      text: byId("inspect-key").value,
      yes: "Delete",
    });
    if (isSure && shown === this.#shown) await this.#change("/api/delete", {}, "deleted");
  }

  async #change(path, body, what) {
    const shown = this.#shown;
    try {
      const { isFound } = await order(path, { ...shown, ...body });
      await this.show(shown, isFound ? \`The key was \${what}.\` : "There is no such key any more.");
    } catch (error) {
      setText(byId("inspect-note"), error.message);
    }
  }
}

const LABELS = { lastAccess: "last access", fetched: "ever read", ring: "why this server" };
`,
  },
  "/page.css": {
    type: "text/css",
    text: `:root {
  color-scheme: light dark;
  --back: #f3f5f8;
  --card: #fff;
  --text: #17202b;
  --quiet: #586474;
  --line: #d9dfe7;
  --grid: #e7ebf0;
  --accent: #1f62d0;
  --accent-fill: #1f62d01f;
  --good: #1a7f4b;
  --warning: #8d5a00;
  --bad: #c0281c;
  --on-bad: #fff;
  --series-1: #0f8a7e;
  --series-2: #b8600b;
  --series-3: #7a4cc9;
  --series-4: #c22f6c;
  --series-5: #547a10;
  --series-6: #0b7fb5;
  --series-7: #8a5a2b;
  --series-8: #64748b;
}

@media (prefers-color-scheme: dark) {
  :root {
    --back: #0e1217;
    --card: #161c24;
    --text: #e5eaf1;
    --quiet: #99a5b5;
    --line: #2a3340;
    --grid: #222a35;
    --accent: #6ea4ff;
    --accent-fill: #6ea4ff26;
    --good: #4cc38a;
    --warning: #e5ae4a;
    --bad: #ff7b6e;
    --on-bad: #1d0906;
    --series-1: #3fc7b8;
    --series-2: #f0a04b;
    --series-3: #b692f6;
    --series-4: #f47eae;
    --series-5: #a6cf4f;
    --series-6: #56c4f2;
    --series-7: #d0a072;
    --series-8: #9fb0c4;
  }
}

* {
  box-sizing: border-box;
}

[hidden] {
  display: none !important;
}

body {
  margin: 0 auto;
  max-width: 1500px;
  padding: 0 16px 32px;
  background: var(--back);
  color: var(--text);
  font: 14px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans", Helvetica, Arial, sans-serif;
}

:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 2px;
}

.unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  margin: 0;
  overflow: hidden;
  clip-path: inset(50%);
}

.skip {
  position: absolute;
  left: -9999px;
}

.skip:focus {
  left: 16px;
  top: 8px;
  z-index: 2;
  padding: 6px 10px;
  background: var(--card);
  color: var(--accent);
}

header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px 16px;
  padding: 14px 0 10px;
}

header p {
  margin: 0;
  color: var(--quiet);
  flex: 1 1 auto;
}

header p::before {
  content: "";
  display: inline-block;
  width: 8px;
  height: 8px;
  margin-right: 6px;
  border-radius: 50%;
  background: var(--warning);
}

header p.live::before {
  background: var(--good);
}

header p.lost::before {
  background: var(--bad);
}

h1 {
  margin: 0;
  font-size: 20px;
  letter-spacing: -0.01em;
}

h2 {
  margin: 0 0 8px;
  font-size: 15px;
}

h3 {
  margin: 14px 0 6px;
  font-size: 13px;
}

main {
  display: grid;
  gap: 12px;
}

section {
  min-width: 0;
  padding: 12px 14px 14px;
  border: 1px solid var(--line);
  border-radius: 10px;
  background: var(--card);
}

.pair {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr));
  gap: 12px;
}

.column {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  align-content: start;
  gap: 12px;
}

.quiet {
  color: var(--quiet);
}

p.quiet {
  margin: 0;
}

.tools {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px 10px;
  margin: 0 0 8px;
}

#changes {
  margin: 10px 0 0;
}

#changes form {
  margin: 0;
}

.tiles {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(94px, 1fr));
  gap: 10px 14px;
  margin: 0;
}

.tiles div {
  display: flex;
  flex-direction: column-reverse;
  min-width: 0;
}

.tiles dt {
  color: var(--quiet);
  font-size: 12px;
}

.tiles dd {
  margin: 0;
  font-size: 22px;
  font-weight: 600;
  line-height: 1.2;
  font-variant-numeric: tabular-nums;
  white-space: nowrap;
}

.charts {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr));
  gap: 14px 24px;
}

.chart {
  min-width: 0;
  margin: 0;
}

.chart figcaption {
  display: flex;
  justify-content: space-between;
  gap: 8px;
  font-size: 12px;
  color: var(--quiet);
}

.chart output {
  color: var(--text);
  font-weight: 600;
  font-variant-numeric: tabular-nums;
}

.plot {
  height: 132px;
  overflow: hidden;
}

.scroll {
  overflow-x: auto;
}

table {
  width: 100%;
  border-collapse: collapse;
  font-variant-numeric: tabular-nums;
}

caption {
  text-align: left;
  color: var(--quiet);
}

th,
td {
  padding: 4px 0 4px 14px;
  border-bottom: 1px solid var(--grid);
  text-align: left;
  white-space: nowrap;
}

th:first-child {
  padding-left: 0;
}

tbody tr:last-child > * {
  border-bottom: 0;
}

thead th {
  color: var(--quiet);
  font-size: 12px;
  font-weight: 500;
}

tbody th {
  font-weight: 500;
}

.number {
  text-align: right;
}

th.key {
  max-width: 34ch;
  overflow: hidden;
  text-overflow: ellipsis;
  unicode-bidi: isolate;
}

td.warn {
  color: var(--warning);
  font-weight: 600;
}

td.bad {
  color: var(--bad);
  font-weight: 600;
}

tr.selected {
  background: var(--accent-fill);
}

tr.late {
  color: var(--quiet);
}

.swatch {
  display: inline-block;
  width: 9px;
  height: 9px;
  margin-right: 7px;
  border-radius: 2px;
  background: var(--quiet);
}

.series-0 {
  background: var(--accent);
}
.series-1 {
  background: var(--series-1);
}
.series-2 {
  background: var(--series-2);
}
.series-3 {
  background: var(--series-3);
}
.series-4 {
  background: var(--series-4);
}
.series-5 {
  background: var(--series-5);
}
.series-6 {
  background: var(--series-6);
}
.series-7 {
  background: var(--series-7);
}
.series-8 {
  background: var(--series-8);
}

button,
input,
select {
  font: inherit;
  color: inherit;
}

button,
select,
input:not([type="checkbox"]) {
  padding: 4px 10px;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--card);
}

input:not([type="checkbox"]) {
  max-width: 100%;
}

#inspect label {
  display: flex;
  flex: 1 1 260px;
  align-items: center;
  gap: 8px;
}

#inspect input {
  flex: 1 1 auto;
  min-width: 0;
}

button {
  cursor: pointer;
}

button:hover {
  border-color: var(--accent);
}

button:disabled {
  opacity: 0.5;
  cursor: default;
}

button.danger {
  border-color: var(--bad);
  color: var(--bad);
}

button.danger:hover:not(:disabled) {
  background: var(--bad);
  color: var(--on-bad);
}

button.link,
button.sort {
  padding: 0;
  border: 0;
  border-radius: 2px;
  background: none;
  text-align: inherit;
}

button.link {
  max-width: 100%;
  overflow: hidden;
  text-overflow: ellipsis;
  color: var(--accent);
}

button.link:hover {
  text-decoration: underline;
}

th[aria-sort] button.sort {
  color: var(--text);
  font-weight: 600;
}

th[aria-sort="ascending"] button.sort::after {
  content: " ▲";
}

th[aria-sort="descending"] button.sort::after {
  content: " ▼";
}

meter {
  width: 64px;
  height: 10px;
  margin-left: 7px;
  vertical-align: baseline;
}

.advice {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr));
  gap: 8px;
  margin: 0;
  padding: 0;
  list-style: none;
}

.advice li {
  padding: 6px 10px;
  border-left: 4px solid var(--line);
  border-radius: 4px;
  background: var(--back);
}

.advice li.critical {
  border-left-color: var(--bad);
}

.advice li.warning {
  border-left-color: var(--warning);
}

.advice li.notice {
  border-left-color: var(--accent);
}

.advice p {
  margin: 0;
}

.advice small {
  color: var(--quiet);
}

.fields {
  display: grid;
  grid-template-columns: max-content minmax(0, 1fr);
  gap: 4px 14px;
  margin: 8px 0 0;
}

.fields:empty {
  display: none;
}

.fields dt {
  color: var(--quiet);
}

.fields dd {
  margin: 0;
  overflow-wrap: anywhere;
  white-space: pre-wrap;
  unicode-bidi: isolate;
}

.fields dd.value {
  max-height: 260px;
  overflow: auto;
  padding: 6px 8px;
  border-radius: 4px;
  background: var(--back);
  font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace;
  font-size: 13px;
}

dialog {
  max-width: 460px;
  border: 1px solid var(--line);
  border-radius: 10px;
  background: var(--card);
  color: var(--text);
}

dialog::backdrop {
  background: #0008;
}

dialog p {
  overflow-wrap: anywhere;
}

@media (max-width: 520px) {
  body {
    padding: 0 8px 24px;
  }

  section {
    padding: 10px;
  }

  .tiles {
    grid-template-columns: repeat(auto-fill, minmax(92px, 1fr));
  }

  .tiles dd {
    font-size: 18px;
  }

  .fields {
    grid-template-columns: minmax(0, 1fr);
    gap: 0;
  }

  .fields dd {
    margin-bottom: 6px;
  }

  th,
  td {
    padding-left: 10px;
  }

  meter {
    width: 36px;
  }

  .scroll tbody th,
  .scroll thead th:first-child {
    position: sticky;
    left: 0;
    background: var(--card);
  }

  th.key {
    max-width: 20ch;
  }
}
`,
  },
  "/": {
    type: "text/html",
    text: `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>moecache</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/uplot.css">
    <link rel="stylesheet" href="/page.css">
    <script src="/uplot.js" defer></script>
    <script src="/page.js" type="module"></script>
  </head>
  <body>
    <a class="skip" href="#main">Skip to the figures</a>
    <header>
      <h1>moecache</h1>
      <p id="connection" role="status">Connecting…</p>
      <label>Show
        <select id="scope">
          <option value="">all servers</option>
        </select>
      </label>
    </header>
    <main id="main">
      <section aria-labelledby="now-title">
        <h2 id="now-title">Now</h2>
        <dl id="tiles" class="tiles"></dl>
      </section>
      <section aria-labelledby="charts-title">
        <h2 id="charts-title">The last ten minutes</h2>
        <div id="charts" class="charts"></div>
      </section>
      <section aria-labelledby="servers-title">
        <h2 id="servers-title">Servers</h2>
        <div class="scroll" role="region" aria-label="Table of the servers" tabindex="0">
          <table id="servers"></table>
        </div>
      </section>
      <section aria-labelledby="advice-title">
        <h2 id="advice-title">Advice</h2>
        <p id="advice-empty" class="quiet">Looking at the servers…</p>
        <p id="advice-news" class="unseen" role="status"></p>
        <ul id="advice" class="advice"></ul>
      </section>
      <div class="pair">
        <div class="column">
          <section aria-labelledby="hot-title">
            <h2 id="hot-title">Hot keys</h2>
            <p class="tools">
              <label><input id="keys-wanted" type="checkbox" checked> watch the servers</label>
              <span id="hot-note" class="quiet"></span>
            </p>
            <div class="scroll" role="region" aria-label="Table of hot keys" tabindex="0">
              <table id="hot"></table>
            </div>
          </section>
          <section aria-labelledby="inspect-title">
            <h2 id="inspect-title">Inspect a key</h2>
            <form id="inspect" class="tools">
              <label>Key <input
                id="inspect-key"
                name="key"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                required
              ></label>
              <button type="submit">Inspect</button>
            </form>
            <div id="inspect-result" aria-live="polite">
              <p id="inspect-note" class="quiet">Type a key, or choose one in a table.</p>
              <dl id="inspect-fields" class="fields"></dl>
            </div>
            <div id="changes" class="tools" hidden>
              <button id="delete" type="button" class="danger">Delete</button>
              <form id="touch" class="tools">
                <label>Expires in <input
                  id="touch-ttl"
                  name="ttl"
                  size="6"
                  placeholder="5m"
                  autocomplete="off"
                  required
                ></label>
                <button type="submit">Touch</button>
              </form>
            </div>
          </section>
        </div>
        <section aria-labelledby="big-title">
          <h2 id="big-title">Big keys</h2>
          <p class="tools">
            <button id="big-start" type="button">List all keys</button>
            <span id="big-note" class="quiet" role="status"></span>
          </p>
          <div class="scroll" role="region" aria-label="Table of big keys" tabindex="0">
            <table id="big"></table>
          </div>
          <div id="sizes-block" hidden>
            <h3>Items by size</h3>
            <div class="scroll" role="region" aria-label="Table of sizes" tabindex="0">
              <table id="sizes"></table>
            </div>
          </div>
        </section>
      </div>
      <section aria-labelledby="slabs-title">
        <h2 id="slabs-title">Slab classes</h2>
        <p class="tools">
          <label>of <select id="slabs-server"></select></label>
          <span id="slabs-note" class="quiet"></span>
        </p>
        <div class="scroll" role="region" aria-label="Table of slab classes" tabindex="0">
          <table id="slabs"></table>
        </div>
      </section>
      <section id="flush-section" aria-labelledby="flush-title" hidden>
        <h2 id="flush-title">Flush</h2>
        <p class="tools">
          <button id="flush" type="button"
            class="danger">Flush <span id="flush-name"></span>…</button>
          <span id="flush-note" class="quiet" role="status"></span>
        </p>
      </section>
    </main>
    <dialog id="confirm" aria-labelledby="confirm-title">
      <form method="dialog">
        <h2 id="confirm-title"></h2>
        <p id="confirm-text"></p>
        <label id="confirm-label" hidden>Type <strong id="confirm-word"></strong>
          <input id="confirm-input" autocomplete="off" autocapitalize="off" spellcheck="false">
        </label>
        <p class="tools">
          <button value="no" type="submit">Cancel</button>
          <button id="confirm-yes" value="yes" type="submit" class="danger">Yes</button>
        </p>
      </form>
    </dialog>
  </body>
</html>
`,
  },
  "/page.js": {
    type: "text/javascript",
    text: `/** The page: listens to the program, and shows what it says. */

import { Charts, colorOf } from "./charts.js";
import { byId, make, setText, Table } from "./dom.js";
import { ask, confirmed, Inspector, order } from "./inspector.js";
import { brief, count, duration, exact, NOTHING, rate, share, size, time } from "./show.js";

/** How often, in milliseconds, the slab classes are asked for, and a lost connection is tried again. */
const SLABS_EVERY = 2000;
const RETRY = 3000;
/** How long, in milliseconds, nothing may come besides the time of three looks at the servers. */
const PATIENCE = 5000;
/** What stands for all servers in a flush. */
const ALL_SERVERS = "all servers";

const state = {
  servers: [],
  scope: "",
  sample: undefined,
  every: 0,
  stream: undefined,
  silence: undefined,
  retry: undefined,
  isListed: false,
  advice: "",
};
const charts = new Charts();
const inspector = new Inspector();

const figure = (title, of, text, more = {}) => ({
  title,
  value: ({ figures }) => figures && of(figures),
  text: ({ figures }) => figures ? text(of(figures)) : "",
  number: true,
  ...more,
});

const servers = new Table(byId("servers"), [
  {
    title: "Server",
    value: ({ server }) => server,
    text: ({ server }) => server,
    swatch: (server) => colorOf(state.servers, server),
    open: ({ server }) => setScope(state.scope === server ? "" : server),
    pressed: ({ server }) => state.scope === server,
  },
  {
    title: "Up",
    value: ({ figures }) => figures?.uptime,
    text: ({ state, figures }) => figures ? duration(figures.uptime) : state,
    mood: ({ state }) => state === "down" ? "bad" : "",
    number: true,
  },
  figure("Fill", ({ fill }) => fill, share, { meter: ({ figures }) => figures?.fill }),
  figure("Items", ({ items }) => items, count),
  figure("Get/s", ({ rates }) => rates?.gets, rate),
  figure("Hit %", ({ hitRate }) => hitRate, share, {
    text: ({ figures, hitsLess }) =>
      figures ? \`\${share(figures.hitRate)}\${hitsLess ? " ▼" : ""}\` : "",
    mood: ({ hitsLess }) => hitsLess ? "warn" : "",
  }),
  figure("Set/s", ({ rates }) => rates?.sets, rate),
  figure("Evict/s", ({ rates }) => rates?.evictions, rate, {
    text: ({ figures, evictsMore }) =>
      figures ? \`\${rate(figures.rates?.evictions)}\${evictsMore ? " ▲" : ""}\` : "",
    mood: ({ evictsMore }) => evictsMore ? "warn" : "",
  }),
  figure("Coldest", ({ coldestAge }) => coldestAge, duration),
  figure("Conns", ({ connections }) => connections, count),
  {
    title: "Misses",
    text: ({ figures, message, silent }) => {
      if (figures === undefined) return message;
      if (silent > 0) return \`silent for \${duration(silent)}\`;
      const { missReason } = figures;
      return missReason ? \`\${missReason.reason} \${share(missReason.share)}\` : "";
    },
  },
], {
  keyOf: ({ server }) => server,
  classOf: ({ server, silent }) => server === state.scope ? "selected" : silent > 0 ? "late" : "",
});

const keyColumn = (serverOf) => ({
  title: "Key",
  className: "key",
  text: ({ label }) => label,
  hint: ({ label }) => label,
  open: (row) => {
    const server = serverOf(row);
    inspector.open(server === undefined ? { key: row.key } : { key: row.key, server });
  },
});

const hot = new Table(byId("hot"), [
  keyColumn(({ servers: [busiest] }) => busiest),
  { title: "Share", text: (hot) => share(hot.share), meter: (hot) => hot.share, number: true },
  { title: "Per second", text: ({ perSecond }) => rate(perSecond), number: true },
  { title: "Servers", text: ({ servers }) => servers.join(", ") },
], { keyOf: ({ key }) => key });

const big = new Table(byId("big"), [
  keyColumn(({ server }) => server),
  { title: "Size", text: (item) => size(item.size), number: true },
  {
    title: "Expires",
    text: ({ ttl }) => ttl === undefined ? "" : ttl === null ? "never" : \`in \${duration(ttl)}\`,
    number: true,
  },
  {
    title: "Read",
    text: ({ fetched, times }) =>
      times === undefined ? fetched ? "yes" : "never" : \`or stored \${exact(times)}×\`,
  },
  { title: "Server", text: ({ server = "" }) => server },
], { keyOf: ({ key, server = "" }) => \`\${server} \${key}\` });

const sizes = new Table(byId("sizes"), [
  { title: "Size", text: ({ name }) => name },
  { title: "Items", text: ({ items }) => exact(items), number: true },
  { title: "Share", text: (row) => share(row.share), meter: (row) => row.share, number: true },
], { keyOf: ({ name }) => name });

const slab = (title, name, text, more = {}) => ({
  title,
  value: (row) => row[name],
  text: (row) => text(row[name]),
  number: true,
  ...more,
});

const slabs = new Table(byId("slabs"), [
  slab("Class", "slab", String, { number: false }),
  slab("Chunk", "chunkSize", size),
  slab("Pages", "pages", exact),
  slab("Items", "items", exact),
  slab("Chunks used", "fill", share, { meter: ({ fill }) => fill }),
  slab("Free chunks", "freeChunks", exact),
  slab("Coldest", "age", duration),
  slab("Evict/s", "evictionsPerSecond", rate, {
    mood: ({ evictionsPerSecond }) => evictionsPerSecond > 0 ? "warn" : "",
  }),
  slab("Evicted", "evicted", exact),
  slab("Never read", "evictedUnfetched", exact),
], { keyOf: ({ slab }) => slab, sortBy: 0 });

/** Shows one server, or all of them. */
function setScope(scope) {
  state.scope = scope;
  byId("scope").value = scope;
  if (scope !== "") byId("slabs-server").value = scope;
  setText(byId("flush-name"), scope || ALL_SERVERS);
  charts.show(scope);
  if (state.sample) showSample(state.sample);
  showSlabs();
}

function showSample(sample) {
  state.sample = sample;
  servers.update(sample.servers);
  const up = sample.servers.filter(({ state }) => state === "up").length;
  const chosen = sample.servers.find(({ server }) => server === state.scope);
  showTiles(chosen === undefined ? sample.fleet : chosen.figures, [
    chosen === undefined
      ? ["Servers up", \`\${up} of \${sample.servers.length}\`]
      : ["Up", chosen.figures ? duration(chosen.figures.uptime) : chosen.state],
  ]);
  document.title = up === sample.servers.length ? "moecache" : \`moecache: \${up} up\`;
}

function showTiles(figures, before) {
  const { rates, hitRate, fill, items, connections, coldestAge, getSpread, itemSpread } = figures ??
    {};
  const tiles = [
    ...before,
    ["Reads/s", rate(rates?.gets)],
    ["Hits", share(hitRate)],
    ["Writes/s", rate(rates?.sets)],
    ["Evictions/s", rate(rates?.evictions)],
    ["Memory used", share(fill)],
    ["Items", count(items)],
    ["Connections", count(connections)],
    ...state.scope === "" && state.servers.length > 1
      ? [["Busiest / mean", times(getSpread)], ["Fullest / mean", times(itemSpread)]]
      : [],
    ...state.scope === "" ? [] : [["Coldest item", duration(coldestAge)]],
  ];
  const list = byId("tiles");
  while (list.children.length > tiles.length) list.lastChild.remove();
  tiles.forEach(([name, text], i) => {
    const tile = list.children[i] ?? list.appendChild(make("div", "", [make("dt"), make("dd")]));
    setText(tile.firstChild, name);
    setText(tile.lastChild, text);
  });
}

const times = (value) => value === undefined ? NOTHING : \`\${value.toFixed(2)}×\`;

function showKeys({ hot: report, big: seen }) {
  if (report === undefined) {
    hot.update([]);
    setText(byId("hot-note"), "No server can be watched yet.");
  } else {
    const { keys, events, seen: part } = report;
    hot.update(keys);
    const missed = part < 0.999
      ? \`; \${share(part)} of them were seen, as busy servers are watched part of the time\`
      : "";
    const what = \`Reads and writes of about the last ten seconds\${missed}.\`;
    setText(byId("hot-note"), events < 1 ? "Nothing is read or written." : what);
  }
  if (state.isListed) return;
  big.update(seen);
  setText(byId("big-note"), "The largest values that are read and stored now.");
}

function showBig({ state: how, listed, items, sizes: counts, at, faults }) {
  state.isListed = true;
  big.update(items);
  const all = counts.reduce((sum, [, items]) => sum + items, 0);
  byId("sizes-block").hidden = counts.length === 0;
  sizes.update(counts.map(([name, items]) => ({ name, items, share: items / all })));
  byId("big-start").disabled = how === "running";
  const seen = \`\${exact(listed)} \${listed === 1 ? "item" : "items"}\`;
  const done = at === undefined ? "" : \` at \${time(at / 1000)}\`;
  setText(
    byId("big-note"),
    [
      how === "running" ? \`Listing: \${seen}…\` : \`Of \${seen}\${done}.\`,
      ...faults,
    ].join(" "),
  );
}

/** What is new is read aloud; figures that change are not. */
function showAdvice({ advice, notes }) {
  const list = byId("advice");
  while (list.children.length > advice.length) list.lastChild.remove();
  advice.forEach(({ severity, server, finding, action, figures }, i) => {
    const parts = () => [make("strong"), make("p"), make("p"), make("small")];
    const item = list.children[i] ?? list.appendChild(make("li", "", parts()));
    const [kind, what, todo, rest] = item.children;
    item.className = severity;
    setText(kind, \`\${severity} · \${server}\`);
    setText(what, finding);
    setText(todo, action);
    setText(
      rest,
      Object.entries(figures).map(([name, value]) => \`\${name} \${brief(value)}\`).join(" · "),
    );
  });
  const names = advice.map(({ rule, server }) => \`\${server} \${rule}\`).join();
  if (names !== state.advice) {
    state.advice = names;
    const findings = advice.map(({ severity, finding }) => \`\${severity}: \${finding}\`);
    setText(byId("advice-news"), findings.join(". "));
  }
  const servers = state.sample?.servers ?? [];
  const up = servers.filter(({ state }) => state === "up").length;
  const all = up === servers.length
    ? "Nothing looks wrong."
    : "Nothing looks wrong where servers answer.";
  const calm = advice.length > 0 ? [] : [up > 0 ? all : "No server answers."];
  setText(byId("advice-empty"), [...calm, ...notes.map((note) => \`\${note}.\`)].join(" "));
}

async function showSlabs() {
  const server = byId("slabs-server").value;
  if (server === "" || document.hidden) return;
  try {
    const { isUp, rows } = await ask(\`/api/slabs?server=\${encodeURIComponent(server)}\`);
    if (server !== byId("slabs-server").value) return;
    slabs.update(rows);
    const none = isUp ? "It says nothing of slab classes." : "It does not answer.";
    setText(byId("slabs-note"), rows.length === 0 ? none : "");
  } catch (error) {
    slabs.update([]);
    setText(byId("slabs-note"), error.message);
  }
}

function begin({ servers, canWrite, every, history, length }) {
  const isNew = servers.join() !== state.servers.join();
  state.servers = servers;
  state.every = every;
  inspector.canWrite = canWrite;
  byId("flush-section").hidden = !canWrite;
  if (isNew) {
    const options = () => servers.map((server) => make("option", "", server, { value: server }));
    byId("scope").replaceChildren(make("option", "", ALL_SERVERS, { value: "" }), ...options());
    byId("slabs-server").replaceChildren(...options());
    state.scope = "";
  }
  charts.start(servers, history, length);
  setScope(state.scope);
}

function showConnection(kind, text) {
  byId("connection").className = kind;
  setText(byId("connection"), text);
}

function disconnect() {
  clearTimeout(state.retry);
  clearTimeout(state.silence);
  state.stream?.close();
  state.stream = undefined;
}

function lose() {
  disconnect();
  showConnection("lost", "The program does not answer. Was it ended, or started with a new token?");
  state.retry = setTimeout(connect, RETRY);
}

/** A connection may break without a word, as through a tunnel: what is shown then is old. */
function expectMore() {
  clearTimeout(state.silence);
  state.silence = setTimeout(lose, PATIENCE + 3 * state.every);
}

/** A browser has few connections for a site: only a page that is seen keeps one. */
function connect() {
  disconnect();
  if (document.hidden) return;
  const wanted = byId("keys-wanted").checked;
  const stream = state.stream = new EventSource(\`/api/events?keys=\${wanted ? 1 : 0}\`);
  const on = (name, show) =>
    stream.addEventListener(name, ({ data }) => {
      show(JSON.parse(data));
      expectMore();
    });
  on("hello", (hello) => {
    showConnection("live", "Live");
    begin(hello);
  });
  on("sample", (sample) => {
    charts.add(sample);
    showSample(sample);
  });
  on("keys", showKeys);
  on("big", showBig);
  on("advice", showAdvice);
  stream.addEventListener("error", lose);
  expectMore();
  if (!wanted) {
    hot.update([]);
    if (!state.isListed) big.update([]);
    setText(byId("hot-note"), "The servers are not watched.");
  }
}

async function flush() {
  const server = state.scope || ALL_SERVERS;
  const isSure = await confirmed({
    title: \`Flush \${server}?\`,
    text: "All items are gone then, and nothing brings them back.",
    yes: "Flush",
    word: server,
  });
  if (!isSure) return;
  try {
    await order("/api/flush", { server, confirm: server });
    setText(byId("flush-note"), \`\${server}: flushed at \${time(Date.now() / 1000)}.\`);
  } catch (error) {
    setText(byId("flush-note"), error.message);
  }
}

byId("scope").addEventListener("change", ({ target }) => setScope(target.value));
byId("slabs-server").addEventListener("change", showSlabs);
byId("keys-wanted").addEventListener("change", connect);
byId("flush").addEventListener("click", flush);
byId("big-start").addEventListener(
  "click",
  () => order("/api/big").catch((error) => setText(byId("big-note"), error.message)),
);
document.addEventListener("visibilitychange", connect);
setInterval(showSlabs, SLABS_EVERY);
connect();
`,
  },
  "/show.js": {
    type: "text/javascript",
    text: `/** Numbers, sizes and durations for people. */

const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const PARTS = [[86_400, "d"], [3600, "h"], [60, "m"], [1, "s"]];

/** What stands where there is no figure. */
export const NOTHING = "–";

const isMissing = (value) => value === undefined || value === null;

/** \`8.1M\`; small numbers as they are. */
export const count = (value) => isMissing(value) ? NOTHING : short.format(value);

/** \`8,123,456\`. */
export const exact = (value) => isMissing(value) ? NOTHING : whole.format(value);

/** \`0.123\`, \`41200\`; what is no number as it is. */
export const brief = (value) =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(3)) : value;

/** A rate: \`41.2K\`, \`0.4\`. */
export const rate = (value) =>
  isMissing(value) ? NOTHING : value > 0 && value < 10 ? value.toFixed(1) : short.format(value);

/** \`96.4 %\`. */
export const share = (value) => isMissing(value) ? NOTHING : \`\${(value * 100).toFixed(1)} %\`;

/** \`912 B\`, \`1.5 KiB\`. */
export function size(bytes) {
  if (isMissing(bytes)) return NOTHING;
  const unit = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const number = bytes / 1024 ** unit;
  return \`\${unit === 0 ? number : number.toFixed(1)} \${UNITS[unit]}\`;
}

/** \`12d 4h\`, \`3h 12m\`, \`45s\`. */
export function duration(seconds) {
  if (isMissing(seconds)) return NOTHING;
  const first = PARTS.findIndex(([length]) => seconds >= length);
  if (first < 0) return "0s";
  const [[large, name], next] = [PARTS[first], PARTS[first + 1]];
  const rest = next === undefined ? 0 : Math.floor((seconds % large) / next[0]);
  return \`\${Math.floor(seconds / large)}\${name}\${rest === 0 ? "" : \` \${rest}\${next[1]}\`}\`;
}

/** The time of day. */
export const time = (seconds) => new Date(seconds * 1000).toTimeString().slice(0, 8);
`,
  },
};
