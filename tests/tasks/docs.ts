/** `deno task docs [folder]`: builds the API reference of all entries as HTML, in `api/` by default. */

import {
  NARROW_STYLE,
  summaryOf,
  withEntries,
  withFullImports,
  withSourcesAt,
} from "./api_pages.ts";
import { readEntries } from "../package/module_graph.ts";
import { readWords } from "./arguments.ts";
import { jsrEnvironment } from "./environment.ts";
import { deno } from "./run.ts";

const USAGE = `Usage: deno task docs [folder] [--help]

Builds the API reference of all entries of the package as HTML.

  folder  where the pages are written; the default is api/`;

const NAME = "@moecache/moecache";
const ROOT = new URL("../../", import.meta.url);
const SOURCES = "https://github.com/moecache/moecache/blob/main/";

async function* pagesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* pagesIn(`${folder}/${name}`);
    else if (name.endsWith(".html")) yield `${folder}/${name}`;
  }
}

async function change(path: string, edit: (page: string) => string): Promise<void> {
  const page = await Deno.readTextFile(path);
  const edited = edit(page);
  if (edited !== page) await Deno.writeTextFile(path, edited);
}

const [folder = "api"] = readWords(Deno.args, USAGE, { operands: 1 }).operands;
const env = await jsrEnvironment();
const entries = await readEntries();
const args = ["doc", "--html", `--name=${NAME}`, `--output=${folder}`, ...Object.values(entries)];
const code = await deno(args, env);
if (code !== 0) Deno.exit(code);

for await (const path of pagesIn(folder)) {
  await change(path, (page) => withSourcesAt(withFullImports(page, NAME), ROOT, SOURCES));
}
await change(`${folder}/page.css`, (style) => style + NARROW_STYLE);
const listed = Object.keys(entries).filter((entry) => entry !== ".").map(async (entry) => {
  const href = `${entry}/index.html`;
  const summary = summaryOf(await Deno.readTextFile(`${folder}/${href}`));
  return { specifier: entry.replace(".", NAME), href, summary };
});
const all = await Promise.all(listed);
await change(`${folder}/index.html`, (page) => withEntries(page, all));
