/** The files of the page as modules of TypeScript, which every runtime loads from npm and JSR alike. @module */

import { installLocked } from "../../package/npm_folder.ts";

const SOURCE = new URL("../../../src/cli/web/", import.meta.url);
const PAGE = new URL("page/", SOURCE);
/** Where the charts are installed, and the browser's driver. */
export const BROWSER: URL = new URL("../browser/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  css: "text/css",
  js: "text/javascript",
  svg: "image/svg+xml",
};

/** A module that is made, and where it stands. */
export interface MadeModule {
  readonly place: URL;
  readonly text: string;
}

/** The page's own files. */
export async function pageModule(): Promise<MadeModule> {
  const names = [];
  for await (const { name } of Deno.readDir(PAGE)) names.push(name);
  const files: [string, string][] = [];
  for (const name of names.toSorted()) {
    const path = name === "page.html" ? "/" : `/${name}`;
    files.push([path, await Deno.readTextFile(new URL(name, PAGE))]);
  }
  return {
    place: new URL("page_files.ts", SOURCE),
    text: moduleOf("PAGE_FILES", "The page's own files, by their paths", "page/", files),
  };
}

/** uPlot, as it comes from npm, with its licence. */
export async function chartModule(): Promise<MadeModule> {
  const uplot = new URL("node_modules/uplot/", await installLocked(BROWSER));
  const read = (path: string) => Deno.readTextFile(new URL(path, uplot));
  const [licence, script, style, manifest] = await Promise.all(
    ["LICENSE", "dist/uPlot.iife.min.js", "dist/uPlot.min.css", "package.json"].map(read),
  );
  const { version } = JSON.parse(manifest ?? "");
  const comment = `/*!\nuPlot ${version}\n\n${licence?.trim()}\n*/\n`;
  return {
    place: new URL("chart_files.ts", SOURCE),
    text: moduleOf("CHART_FILES", "The charts of the page, by their paths", "npm's uPlot", [
      ["/uplot.css", `${comment}${style}`],
      ["/uplot.js", `${comment}${script}`],
    ]),
  };
}

function moduleOf(
  name: string,
  summary: string,
  source: string,
  files: readonly (readonly [path: string, text: string])[],
): string {
  const entries = files.map(([path, text]) => {
    const type = TYPES[path.split(".").at(-1) ?? ""] ?? "text/html";
    return `  "${path}": {\n    type: "${type}",\n    text: ${quoted(text)},\n  },\n`;
  });
  return `// Made of ${source} by \`deno task page\`: change that, and not this.
/** ${summary}. @module */

import type { PageFile } from "./page_file.ts";

/** ${summary}. */
export const ${name}: Readonly<Record<string, PageFile>> = {
${entries.join("")}};
`;
}

/** A text as a template literal, in which its lines stay lines. */
function quoted(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${");
  return `\`${escaped}\``;
}
