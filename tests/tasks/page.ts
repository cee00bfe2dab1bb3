/**
 * `deno task page`: makes modules of the files of `moecache web`'s page, and of the charts that it uses. They are
 * committed, so that npm's package, JSR's and the repository serve the same files without reading any.
 */

import { chartModule, pageModule } from "../cli/web/page_modules.ts";
import { say } from "./run.ts";

for (const { place, text } of [await pageModule(), await chartModule()]) {
  await Deno.writeTextFile(place, text);
  say(`${place.pathname}: ${text.length} characters`);
}
