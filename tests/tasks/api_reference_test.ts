/** The API reference, as it is built, and as Chromium shows it. */

import { assertEquals } from "@std/assert";
import { hasBrowser, startBrowser } from "../cli/web/browser.ts";

const PAGES = [
  "index.html",
  "~/Client.html",
  "~/Client.prototype.getOrSet.html",
  "~/ClientOptions.html",
  "views/index.html",
];
const NARROW = { width: 400, height: 800 };

Deno.test({
  name: "the API reference names no file of this machine, and is no wider than a telephone",
  ignore: !hasBrowser(),
}, async () => {
  const folder = await Deno.makeTempDir();
  await using _ = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("docs.ts", import.meta.url).pathname, folder],
    cwd: new URL("../../", import.meta.url),
    stdout: "null",
    stderr: "null",
  }).output();
  assertEquals(code, 0);

  const browser = await startBrowser();
  try {
    const tab = await browser.newPage({ viewport: NARROW, colorScheme: "light" });
    for (const page of PAGES) {
      const text = await Deno.readTextFile(`${folder}/${page}`);
      assertEquals(text.includes('href="file:'), false, page);
      await tab.goto(`file://${folder}/${page}`);
      const width = await tab.evaluate<number>("document.documentElement.scrollWidth");
      assertEquals(width, NARROW.width, page);
    }
  } finally {
    await browser.close();
  }
});
