import { assertEquals } from "@std/assert";
import { summaryOf, withEntries, withFullImports, withSourcesAt } from "./api_pages.ts";

const USAGE =
  '<div class="usageContent"><h3>Usage</h3><div class="markdown"><pre>import { tagged } from &quot;views&quot;;' +
  '<button data-copy="import { tagged } from &quot;views&quot;;"></button></pre></div></div>';

Deno.test("withFullImports() names the entry as programs import it", () => {
  const page = withFullImports(`<p>from &quot;views&quot;</p>${USAGE}`, "@acme/cache");
  assertEquals(page.match(/from &quot;@acme\/cache\/views&quot;/g)?.length, 2);
  assertEquals(page.includes("<p>from &quot;views&quot;</p>"), true);
  assertEquals(
    withFullImports(USAGE.replaceAll("views", "."), "@acme/cache").includes(
      "from &quot;@acme/cache&quot;",
    ),
    true,
  );
});

Deno.test("withSourcesAt() leads to the file in the repository", () => {
  const page =
    '<a href="file:&#x2F;&#x2F;&#x2F;home&#x2F;ada&#x2F;cache&#x2F;src&#x2F;client.ts"></a>';
  assertEquals(
    withSourcesAt(page, new URL("file:///home/ada/cache/"), "https://example.com/main/"),
    '<a href="https://example.com/main/src&#x2F;client.ts"></a>',
  );
});

Deno.test("summaryOf() is the first sentence of an entry's documentation", () => {
  const page = (text: string) => `<div id="module_doc"><div class="markdown"><p>${text}</p></div>`;
  assertEquals(
    summaryOf(page("Views of a\n<code>client</code>. They compose.")),
    "Views of a client.",
  );
  assertEquals(summaryOf(page("One.two of three")), "One.two of three");
  assertEquals(summaryOf("<main></main>"), "");
});

Deno.test("withEntries() adds a link for each entry", () => {
  const entry = { specifier: "@acme/cache/views", href: "./views/index.html", summary: "Views." };
  assertEquals(
    withEntries("<main><p>$&</p></main>", [entry]),
    '<main><p>$&</p><section class="section"><div><h2 class="anchorable mb-1">Entries</h2></div><div class="markdown"><ul>' +
      '<li><a href="./views/index.html"><code>@acme/cache/views</code></a> Views.</li>' +
      "</ul></div></section></main>",
  );
});
