/** The charts: a line for each server, and one for all of them. */

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
  return at < 0 || at >= MOST_LINES ? "" : `series-${at + 1}`;
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
      ? `${title}: nothing yet`
      : `${title}: ${show(known.at(-1))} now, between ${show(Math.min(...known))} and ` +
        `${show(Math.max(...known))} since ${time(data[0][0])}`;
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
      cursor.idx === null || cursor.idx === undefined ? text : `${text} at ${time(at[i])}`,
    );
  }

  #settings() {
    const { most, lines, colors } = this.#options;
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const ink = (series) =>
      color(series === "series-0" || series === "" ? "--accent" : `--${series}`);
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
            splits.map((split) => most ? `${Math.round(split * 100)}%` : count(split)),
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
