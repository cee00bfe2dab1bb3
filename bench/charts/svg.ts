/** The elements that the charts are made of. @module */

/** The colours of a page. */
export interface Theme {
  readonly background: string;
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
  /** moecache. */
  readonly own: string;
  /** Another client where it has a label beside it. */
  readonly other: string;
  /** What is no client for JavaScript. */
  readonly native: string;
  /** Other clients where the colour tells which is which. */
  readonly others: readonly string[];
}

/** Both themes, under the words that the files end with. */
export const THEMES: Readonly<Record<"light" | "dark", Theme>> = {
  light: {
    background: "#ffffff",
    text: "#1f2328",
    faint: "#59636e",
    grid: "#d1d9e0",
    own: "#0a7f6f",
    other: "#a3b0bd",
    native: "#c98a1b",
    others: ["#3b6fb6", "#b5533c", "#7a5aa8", "#6b7a2a", "#c98a1b", "#8a5a00", "#444c56"],
  },
  dark: {
    background: "#0d1117",
    text: "#f0f6fc",
    faint: "#9198a1",
    grid: "#3d444d",
    own: "#2dd4bf",
    other: "#5b6672",
    native: "#e3b341",
    others: ["#79aef5", "#f0886a", "#c3a6f5", "#c2d16b", "#e3b341", "#f2cc8f", "#c9d1d9"],
  },
};

/** Something on the page. */
export type Shape = string;

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";

/** Attributes of an element. */
type Attributes = Readonly<Record<string, string | number>>;

/** An element; its content has been escaped already. */
export function element(name: string, attributes: Attributes, content = ""): Shape {
  const list = Object.entries(attributes).map(([key, value]) =>
    ` ${key}="${typeof value === "number" ? round(value) : escape(value)}"`
  ).join("");
  return content === "" ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`;
}

/** How a text looks. */
export interface TextStyle {
  readonly fill: string;
  readonly size?: number;
  readonly weight?: number;
  readonly anchor?: "start" | "middle" | "end";
}

/** A line of text, whose baseline is at a point. */
export function text(x: number, y: number, words: string, style: TextStyle): Shape {
  const { fill, size = 13, weight = 400, anchor = "start" } = style;
  return element(
    "text",
    { x, y, fill, "font-size": size, "font-weight": weight, "text-anchor": anchor },
    escape(words),
  );
}

/** A whole picture, with words for those who cannot see it. */
export function picture(
  { width, height, title, theme }: { width: number; height: number; title: string; theme: Theme },
  shapes: readonly Shape[],
): string {
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${round(width)} ${round(height)}`,
    width,
    height,
    role: "img",
    "font-family": FONT,
  };
  const ground = element("rect", { width, height, rx: 6, fill: theme.background });
  const parts = [element("title", {}, escape(title)), ground, ...shapes];
  return `${element("svg", attributes, `\n${parts.join("\n")}\n`)}\n`;
}

/** A place on a logarithmic scale, from 0 to 1. */
export function logarithmic(value: number, [least, most]: readonly [number, number]): number {
  return Math.log(value / least) / Math.log(most / least);
}

/** The powers of ten in a range, its ends included. */
export function powersOfTen([least, most]: readonly [number, number]): number[] {
  const first = Math.ceil(Math.log10(least) - 1e-9);
  const last = Math.floor(Math.log10(most) + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

/** The powers of ten around some values. */
export function rangeOf(values: readonly number[]): [number, number] {
  return [
    10 ** Math.floor(Math.log10(Math.min(...values))),
    10 ** Math.ceil(Math.log10(Math.max(...values))),
  ];
}

/** A number with three significant digits, or whole with commas. */
export function show(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString("en")
    : `${Number(value.toPrecision(value >= 1 ? 3 : 2))}`;
}

function round(value: number): string {
  return `${Math.round(value * 10) / 10}`;
}

function escape(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
