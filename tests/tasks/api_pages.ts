/** What is changed about the pages that `deno doc --html` writes. @module */

/** An entry of the package, for the list on the first page. */
export interface ListedEntry {
  /** What programs import. */
  readonly specifier: string;
  /** Its page, relative to the first page. */
  readonly href: string;
  /** What it is for, as HTML. */
  readonly summary: string;
}

/** Shows the import of a page with the name that programs use: Deno writes `views` for `./views`. */
export function withFullImports(page: string, name: string): string {
  return page.replace(
    /<div class="usageContent">[^]*?<\/div>/,
    (usage) =>
      usage.replace(
        /from &quot;([^&]*)&quot;/g,
        (_, entry) => `from &quot;${entry === "." ? name : `${name}/${entry}`}&quot;`,
      ),
  );
}

/** Leads the links to the source to a repository: Deno writes the address of the file on this machine. */
export function withSourcesAt(page: string, root: URL, repository: string): string {
  return page.replaceAll(`href="${root.href.replaceAll("/", "&#x2F;")}`, `href="${repository}`);
}

/**
 * What is added to the style sheet, for telephones: otherwise a page is as wide as its longest line of code, and its
 * title covers the text.
 */
export const NARROW_STYLE = `
.ddoc > div:not(#categoryPanel) { min-width: 0; }
@media not all and (width >= 640px) {
  .ddoc { padding: 0.5rem; }
  #topnav { height: auto; }
  #topnav > div { flex-wrap: wrap; gap: 0.5rem; }
  #searchbar { min-width: 0; width: 9rem; }
}
`;

/** The first sentence of the documentation on the page of an entry; empty if there is none. */
export function summaryOf(page: string): string {
  const [, paragraph = ""] = /id="module_doc">.*?<p>([^]*?)<\/p>/.exec(page) ?? [];
  const text = paragraph.replace(/<[^>]*>/g, "").replace(/\s+/g, " ");
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}

/** Adds a list of all entries to the first page. */
export function withEntries(page: string, entries: readonly ListedEntry[]): string {
  const items = entries.map(({ specifier, href, summary }) =>
    `<li><a href="${href}"><code>${specifier}</code></a> ${summary}</li>`
  );
  const list = `<div><h2 class="anchorable mb-1">Entries</h2></div><div class="markdown"><ul>${
    items.join("")
  }</ul></div>`;
  return page.replace("</main>", () => `<section class="section">${list}</section></main>`);
}
