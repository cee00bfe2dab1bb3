/** What `completion` prints, in the shells that it is for. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { programPath } from "../support/memcached.ts";
import { moecache } from "./fake_terminal.ts";
import { LACKS_TMUX, TmuxTerminal } from "./tmux.ts";

/** How each shell is started without any user's configuration, and gets a dollar as its prompt. */
const SHELLS: Readonly<Record<string, readonly [start: string, prompt: string]>> = {
  bash: ["bash --norc --noprofile", "PS1='$ '"],
  zsh: ["zsh -f", "PS1='$ '"],
  fish: ["fish --no-config", "function fish_prompt; echo -n '$ '; end"],
};

/** What is typed, and what one tab makes of it. */
const COMPLETED: readonly (readonly [typed: string, completed: string])[] = [
  ["moecache pref", "moecache prefixes"],
  ["moecache keys --min", "moecache keys --min-size"],
  ["moecache -s cache:1 pref", "moecache -s cache:1 prefixes"],
  ["moecache help pref", "moecache help prefixes"],
  ["moecache -s cache:1 get --serv", "moecache -s cache:1 get --servers"],
  ["moecache explain key --ring twem", "moecache explain key --ring twemproxy-modula"],
  ["moecache get key --format spy", "moecache get key --format spymemcached"],
  ["moecache get key --format=spy", "moecache get key --format=spymemcached"],
  ["moecache hot --by pre", "moecache hot --by prefix"],
  ["moecache stats sett", "moecache stats settings"],
  ["moecache completion fi", "moecache completion fish"],
];

for (const [shell, [start, prompt]] of Object.entries(SHELLS)) {
  const ignore = LACKS_TMUX || programPath(shell) === undefined;
  Deno.test(`${shell} completes commands, options and their values`, { ignore }, async () => {
    const { code, output } = await moecache(`completion ${shell}`);
    assertEquals(code, 0);
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, output);
    try {
      await using terminal = await TmuxTerminal.start({ columns: 120, rows: 24 });
      await terminal.enter(`exec env TERM=screen ${start}`);
      // A shell that is just being started would not get what is typed.
      await terminal.enter("printf 'star%s\\n' ted");
      await terminal.untilShows("started");
      await terminal.enter(`${prompt}; source '${file}'; clear`);
      await terminal.until((screen) => screen.trim() === "$");
      for (const [typed, completed] of COMPLETED) {
        await terminal.press("-l", typed);
        await terminal.untilShows(typed);
        await terminal.press("Tab");
        await terminal.until((screen) => screen.trimEnd().endsWith(`$ ${completed}`));
        // Ctrl-C would throw away what is typed next.
        await terminal.press("C-u", "C-l");
        await terminal.until((screen) => screen.trim() === "$");
      }
    } finally {
      await Deno.remove(file);
    }
  });
}

Deno.test("there is no completion for other shells", async () => {
  const { code, messages } = await moecache("completion tcsh");
  assertEquals(code, 2);
  assertStringIncludes(messages, "bash, zsh, fish");
});
