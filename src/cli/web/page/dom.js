/** Elements and tables. Text is only ever set as text: a key or a value is never read as markup. */

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
   * @param columns Each has a `title`, the `text` of a record, and what else it is: `value` to sort by it, `number`,
   *   `meter` for a part from 0 to 1, `open` for what happens when it is chosen, `pressed` for whether it is, `mood` for
   *   the class of a cell.
   * @param options `keyOf` a record, `classOf` a row, and the column and direction it is sorted by at first.
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
      if (column.swatch) cell.append(make("span", `swatch ${column.swatch(key)}`));
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
  if (column.mood) cell.className = `${column.number ? "number " : ""}${column.mood(record) ?? ""}`;
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
