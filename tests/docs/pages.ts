/** The pages of the documentation, taken apart. */

/** The root of the repository. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** A page in Markdown. */
export interface Page {
  /** Its path from the root. */
  readonly path: string;
  readonly url: URL;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** A block of code. */
export interface Block {
  /** What stands behind the fence: `ts`, `sh`, `js ignore`. */
  readonly info: string;
  readonly code: string;
  /** The number of the line of its fence. */
  readonly line: number;
}

/** A link, or the address of a picture. */
export interface Link {
  readonly target: string;
  readonly line: number;
}

/** All pages: those at the root, and those of the folders that have some. */
export function readPages(): Page[] {
  const paths = ["README.md", "CONTRIBUTING.md", "PUBLISHING.md", "CHANGELOG.md"];
  for (const folder of ["docs/", "docs/cli/"]) {
    for (const { name } of Deno.readDirSync(new URL(folder, ROOT))) {
      if (name.endsWith(".md")) paths.push(`${folder}${name}`);
    }
  }
  return paths.sort().map(readPage);
}

/** Reads a page. */
export function readPage(path: string): Page {
  const url = new URL(path, ROOT);
  const text = Deno.readTextFileSync(url);
  return { path, url, text, blocks: blocksOf(text) };
}

/** The blocks of code of a page. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  for (const [i, line] of text.split("\n").entries()) {
    const fence = /^\s*```(.*)$/.exec(line);
    if (open === undefined) {
      if (fence !== null) open = { info: fence[1]!.trim(), line: i + 1, lines: [] };
    } else if (fence === null) {
      open.lines.push(line);
    } else {
      blocks.push({ info: open.info, line: open.line, code: open.lines.join("\n") });
      open = undefined;
    }
  }
  return blocks;
}

/** The text of a page without its blocks of code, on as many lines. */
export function proseOf({ text }: Page): string {
  let inside = false;
  return text.split("\n").map((line) => {
    const isFence = /^\s*```/.test(line);
    if (isFence) inside = !inside;
    return inside || isFence ? "" : line;
  }).join("\n");
}

/** The links of a page. */
export function linksOf(page: Page): Link[] {
  return proseOf(page).split("\n").flatMap((line, i) => {
    const text = line.replace(/`[^`]*`/g, (code) => "x".repeat(code.length));
    const inline = text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g);
    const html = text.matchAll(/(?:src|srcset|href)="([^"]+)"/g);
    const named = text.matchAll(/^\[[^\]]+\]:\s*(\S+)/g);
    return [...inline, ...html, ...named].map(([, target]) => ({ target: target!, line: i + 1 }));
  });
}

/** The anchors of a page, as GitHub makes them of its headings. */
export function anchorsOf(page: Page): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of proseOf(page).matchAll(/^#{1,6}\s+(.*)$/gm)) {
    const slug = slugOf(heading!);
    let anchor = slug;
    for (let i = 1; anchors.has(anchor); i++) anchor = `${slug}-${i}`;
    anchors.add(anchor);
  }
  for (const [, name] of page.text.matchAll(/<a (?:name|id)="([^"]+)"/g)) anchors.add(name!);
  return anchors;
}

function slugOf(heading: string): string {
  return heading.trim().toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}
