/**
 * The diagrams of the documentation, as SVG in a light and a dark form: JSR shows pictures, but no Mermaid.
 * `deno task diagrams` writes them to `docs/`, and a test checks that they are up to date.
 */

/** The colours of a form. */
interface Theme {
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly box: string;
  readonly accent: string;
}

const THEMES: Readonly<Record<"light" | "dark", Theme>> = {
  light: {
    text: "#1f2328",
    faint: "#59636e",
    line: "#818b98",
    box: "#f6f8fa",
    accent: "#0969da",
  },
  dark: {
    text: "#f0f6fc",
    faint: "#9198a1",
    line: "#656c76",
    box: "#151b23",
    accent: "#4493f8",
  },
};

/** A box with a title and a smaller line of text. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly title: string;
  readonly text: string;
  /** Whether a program can replace this part: drawn dashed and rounded. */
  readonly isSeam?: boolean;
}

/** An arrow, from one point to another. */
interface Arrow {
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
  readonly isSeam?: boolean;
}

/** A diagram. */
interface Diagram {
  readonly name: string;
  /** What it shows, for readers who do not see it. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

const BOX_HEIGHT = 50;
const ROW = 74;

/** The layers of the client from top to bottom, and the parts that a program can replace beside them. */
function architecture(): Diagram {
  const layers: readonly [title: string, text: string][] = [
    ["your program", "calls methods, awaits promises"],
    ["Client, Namespace, views", "the interface KeyCommands"],
    ["session", "checks arguments, encodes values, makes a command"],
    ["fleet", "chooses the server; failover and migration"],
    ["server", "its connections, its health, probes"],
    ["connection", "one write for each turn; replies in order"],
    ["transport", "a socket of the runtime"],
    ["memcached", ""],
  ];
  const seams: readonly [title: string, text: string, layer: number, offset: number][] = [
    ["Transcoder", "values to flags and bytes", 2, 0],
    ["Locator", "a key to a server", 3, -14],
    ["Discovery", "the list of servers", 3, 44],
    ["Dial", "opens a socket", 6, 0],
  ];
  const y = (layer: number) => 16 + layer * ROW;
  const middle = (layer: number) => y(layer) + BOX_HEIGHT / 2;
  return {
    name: "architecture",
    description: "The layers: your program, the client, session, fleet, server, connection, " +
      "transport, memcached. Beside them the parts that can be replaced: Transcoder at the " +
      "session, Locator and Discovery at the fleet, Dial at the transport.",
    width: 700,
    height: y(layers.length - 1) + BOX_HEIGHT + 16,
    boxes: [
      ...layers.map(([title, text], i) => ({ x: 20, y: y(i), width: 380, title, text })),
      ...seams.map(([title, text, layer, offset]) => (
        { x: 480, y: y(layer) + offset, width: 200, title, text, isSeam: true }
      )),
    ],
    arrows: [
      ...layers.slice(1).map((_, i): Arrow => (
        { from: [210, y(i) + BOX_HEIGHT], to: [210, y(i + 1)] }
      )),
      ...seams.map(([, , layer, offset]): Arrow => ({
        from: [480, middle(layer) + offset],
        to: [400, middle(layer) + offset / 4],
        isSeam: true,
      })),
    ],
  };
}

/** The way of a key: to memcached in the upper row, and the value's way back in the lower one. */
function wayOfAKey(): Diagram {
  const request: readonly [title: string, text: string][] = [
    ['get("user:1")', "checks the key"],
    ["locator", "hash, ring: server 2"],
    ["connection", "gathers one turn"],
    ["one write", "get user:1 user:7"],
  ];
  const reply: readonly [title: string, text: string][] = [
    ["promise", "resolves to the value"],
    ["transcoder", "flags, bytes: value"],
    ["oldest request", "matches the key"],
    ["parser", "lines, data blocks"],
  ];
  const width = 164;
  const x = (i: number) => 16 + i * (width + 36);
  const top = 16;
  const bottom = 150;
  const server = x(request.length);
  const height = bottom + BOX_HEIGHT + 16;
  const middle = (y: number) => y + BOX_HEIGHT / 2;
  return {
    name: "way-of-a-key",
    description: "The request: get checks the key, the locator chooses the server, the " +
      "connection gathers the commands of one turn and writes once to memcached. The reply: the " +
      "parser splits it into lines and data blocks, the oldest request takes them, the " +
      "transcoder decodes the value, the promise resolves.",
    width: server + 130,
    height,
    boxes: [
      ...request.map(([title, text], i) => ({ x: x(i), y: top, width, title, text })),
      ...reply.map(([title, text], i) => ({ x: x(i), y: bottom, width, title, text })),
      { x: server, y: (height - BOX_HEIGHT) / 2, width: 114, title: "memcached", text: "server 2" },
    ],
    arrows: [
      ...request.slice(1).map((_, i): Arrow => (
        { from: [x(i) + width, middle(top)], to: [x(i + 1), middle(top)] }
      )),
      { from: [x(3) + width, middle(top)], to: [server + 40, (height - BOX_HEIGHT) / 2] },
      { from: [server + 40, (height + BOX_HEIGHT) / 2], to: [x(3) + width, middle(bottom)] },
      ...reply.slice(1).map((_, i): Arrow => (
        { from: [x(i + 1), middle(bottom)], to: [x(i) + width, middle(bottom)] }
      )),
    ],
  };
}

/** The diagrams, by the names of their files. */
export function diagrams(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const diagram of [architecture(), wayOfAKey()]) {
    for (const form of ["light", "dark"] as const) {
      files.set(`${diagram.name}-${form}.svg`, draw(diagram, THEMES[form]));
    }
  }
  return files;
}

function draw(diagram: Diagram, theme: Theme): string {
  const { width, height, description } = diagram;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img" ` +
    `font-family="system-ui, -apple-system, Segoe UI, sans-serif">`,
    `<title>${escape(description)}</title>`,
    "<defs>",
    ...[["arrow", theme.line], ["seam", theme.accent]].map(([id, color]) =>
      `<marker id="${id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" ` +
      `orient="auto"><path d="M0 0 10 5 0 10z" fill="${color}"/></marker>`
    ),
    "</defs>",
    ...diagram.arrows.map((arrow) => drawArrow(arrow, theme)),
    ...diagram.boxes.flatMap((box) => drawBox(box, theme)),
    "</svg>",
  ];
  return lines.join("\n") + "\n";
}

function drawArrow({ from, to, isSeam = false }: Arrow, theme: Theme): string {
  const style = isSeam
    ? `stroke="${theme.accent}" stroke-dasharray="4 3" marker-end="url(#seam)"`
    : `stroke="${theme.line}" marker-end="url(#arrow)"`;
  return `<path d="M${from.join(" ")} ${to.join(" ")}" fill="none" stroke-width="1.5" ${style}/>`;
}

function drawBox({ x, y, width, title, text, isSeam = false }: Box, theme: Theme): string[] {
  const middle = x + width / 2;
  const style = isSeam
    ? `rx="25" stroke="${theme.accent}" stroke-dasharray="4 3"`
    : `rx="6" stroke="${theme.line}"`;
  const words = (text: string, y: number, size: number, color: string, weight = "") =>
    `<text x="${middle}" y="${y}" text-anchor="middle" font-size="${size}" fill="${color}"${weight}>` +
    `${escape(text)}</text>`;
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${BOX_HEIGHT}" fill="${theme.box}" ${style}/>`,
    words(title, text === "" ? y + 30 : y + 21, 14, theme.text, ` font-weight="600"`),
    ...text === "" ? [] : [words(text, y + 39, 12, theme.faint)],
  ];
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
