/** Links lead somewhere, and every page can be reached from the README. */

import { assert, assertEquals } from "@std/assert";
import { anchorsOf, blocksOf, linksOf, type Page, readPage, readPages, ROOT } from "./pages.ts";

/** The address of the repository, for links to files that are not in the package. */
const REPOSITORY = "https://github.com/moecache/moecache/";

const pages = readPages();
const { publish }: { publish: { include: string[] } } = JSON.parse(
  Deno.readTextFileSync(new URL("deno.json", ROOT)),
);

/** Whether a path is in the package that is published. */
function isPublished(path: string): boolean {
  return publish.include.some((entry) =>
    entry.endsWith("/") ? path.startsWith(entry) : path === entry
  );
}

/** What is wrong with the links of a page. */
function brokenLinks(page: Page): string[] {
  return linksOf(page)
    .filter(({ target }) => !/^[a-z]+:/.test(target))
    .filter(({ target }) => !leadsSomewhere(page, target))
    .map(({ target, line }) => `${page.path}:${line} ${target}`);
}

function leadsSomewhere(page: Page, target: string): boolean {
  const { pathname, hash } = new URL(target, page.url);
  if (!pathname.startsWith(ROOT.pathname) || !exists(pathname)) return false;
  if (hash === "" || !pathname.endsWith(".md")) return true;
  const path = pathname.slice(ROOT.pathname.length);
  return anchorsOf(readPage(path)).has(decodeURIComponent(hash.slice(1)));
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path) !== undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("every link between pages leads to a file, and to a heading where it names one", () => {
  assertEquals(pages.flatMap(brokenLinks), []);
});

Deno.test("every link to the repository leads to one of its files", () => {
  const targets = pages.flatMap(linksOf).map(({ target }) => target)
    .filter((target) => target.startsWith(REPOSITORY));
  assert(targets.length > 0);
  const broken = targets.filter((target) => {
    const path = target.slice(REPOSITORY.length)
      .replace(/^(blob|tree)\/main\//, "")
      .replace(/^actions\/workflows\/([^/]+)(\/badge\.svg)?$/, ".github/workflows/$1");
    return !exists(new URL(path, ROOT).pathname);
  });
  assertEquals(broken, []);
});

Deno.test("links between files of the published package stay inside of it", () => {
  const outside = pages.filter(({ path }) => isPublished(path)).flatMap((page) =>
    linksOf(page)
      .filter(({ target }) => !/^[a-z]+:/.test(target))
      .filter(({ target }) => {
        const { pathname } = new URL(target, page.url);
        return !isPublished(pathname.slice(ROOT.pathname.length));
      })
      .map(({ target, line }) => `${page.path}:${line} ${target}`)
  );
  assertEquals(outside, []);
});

Deno.test("links that lead nowhere are found", () => {
  const text = [
    "# A heading, with `code`",
    "[a](#a-heading-with-code) [b](#nowhere) [c](docs/nowhere.md) [d](README.md#nowhere) [e](src/)",
    "```ts",
    "// [f](nowhere)",
    "```",
  ].join("\n");
  const path = "CONTRIBUTING.md";
  const page = { path, url: new URL(path, ROOT), text, blocks: blocksOf(text) };
  assertEquals(linksOf(page).length, 5);
  assert(anchorsOf(page).has("a-heading-with-code"));
  assertEquals(
    brokenLinks({ ...page, path: "page" }).map((link) => link.split(" ")[1]).slice(-2),
    ["docs/nowhere.md", "README.md#nowhere"],
  );
});

Deno.test("every page can be reached from the README", () => {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    const page = pages.find((page) => page.path === path);
    for (const { target } of page === undefined ? [] : linksOf(page)) {
      if (!/^[a-z]+:/.test(target)) {
        visit(new URL(target, page!.url).pathname.slice(ROOT.pathname.length));
      }
    }
  };
  visit("README.md");
  assertEquals(pages.map(({ path }) => path).filter((path) => !reached.has(path)), []);
});
