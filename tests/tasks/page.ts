/**
 * `deno task page`: makes modules of the files of `moecache web`'s page, and of the charts that it uses. They are
 * committed, so that npm's package, JSR's and the repository serve the same files without reading any.
 */

import { chartModule, pageModule } from "../cli/web/page_modules.ts";
import { readWords } from "./arguments.ts";
import { say } from "./run.ts";

const USAGE = `Usage: deno task page [--help]

Makes modules in src/cli/web/ of the files of the page of moecache web, and of
the charts that it uses. It takes no arguments.`;

readWords(Deno.args, USAGE);

for (const { place, text } of [await pageModule(), await chartModule()]) {
  await Deno.writeTextFile(place, text);
  say(`${place.pathname}: ${text.length} characters`);
}
