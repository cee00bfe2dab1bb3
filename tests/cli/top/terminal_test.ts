/** `top` in a real terminal. */

import { Client } from "@moecache/moecache";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { memcachedPath, MemcachedProcess } from "../../support/memcached.ts";
import { moecache } from "../fake_terminal.ts";
import { LACKS_TMUX, lineWith, type TerminalSize, TmuxTerminal } from "../tmux.ts";
import { DAMEMTOP } from "./memcached_tool.ts";

const ignore = LACKS_TMUX || memcachedPath() === undefined;
const PROGRAM = new URL("../../../src/cli/mod.ts", import.meta.url).pathname;
const CONFIGURATION = new URL("../../../deno.json", import.meta.url).pathname;

const SMALL: TerminalSize = { columns: 80, rows: 24 };
const LARGE: TerminalSize = { columns: 200, rows: 50 };

/** Bytes of a key, as the flag `b` of meta commands wants them. */
function base64(key: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(key)));
}

/** Wide letters, joined pictures, and control characters that clear the screen. */
const STRANGE = ["日本語のキー", "👩\u200d👩\u200d👧", "a\x1b[2J\x1b[Hb", "\u202eabc"];

/** Reads and stores without end: a key that is hot, others, and strange ones. */
function makeTraffic(address: string): AsyncDisposable {
  const client = new Client(address);
  const value = "x".repeat(50_000);
  let isOver = false;
  const work = (async () => {
    while (!isOver) {
      const strange = STRANGE.map((key, i) =>
        client.meta("ms", base64(key), ["b"], value.slice(i))
      );
      const gets = Array.from(
        { length: 20 },
        (_, i) => client.get(i < 10 ? "user:0" : `page:${i}`),
      );
      // A server that is gone is what some tests are about.
      await Promise.allSettled([client.set("user:0", "Ada"), ...strange, ...gets]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      await work;
      await client.close();
    },
  };
}

function commandLine(addresses: readonly string[], options = ""): string {
  const run = `${Deno.execPath()} run -A --no-check --config ${CONFIGURATION} ${PROGRAM}`;
  return `${run} top --every 200ms --timeout 2s -s ${addresses.join()} ${options}; echo "ended $?"`;
}

/** In which columns the heads of a table end, but for the first. */
function endsOf(line: string): number[] {
  return Array.from(line.matchAll(/\S+/g), ({ index, 0: word }) => index + word.length).slice(2);
}

/** Every line is as the table wants it: figures stand under their heads. */
function checkTable(screen: string, addresses: readonly string[]): void {
  const heads = lineWith(screen, "SERVER");
  const ends = new Set(endsOf(heads.slice(0, heads.indexOf("CONN") + 4)));
  for (const address of addresses) {
    const line = lineWith(screen, address);
    const connections = heads.indexOf("CONN") + 4;
    assert(/\d/.test(line[connections - 1] ?? ""), screen);
    assertEquals(line[connections] ?? " ", " ", screen);
  }
  assert(ends.size > 4, screen);
}

for (const size of [SMALL, LARGE]) {
  Deno.test(`top fills ${size.columns}x${size.rows}, with wide keys, and gives the screen back`, {
    ignore,
  }, async () => {
    await using one = await MemcachedProcess.start(["-m", "64"]);
    await using two = await MemcachedProcess.start(["-m", "64"]);
    await using _traffic = makeTraffic(one.address);
    await using terminal = await TmuxTerminal.start(size);
    await terminal.enter("echo before");
    await terminal.enter(commandLine([one.address, two.address]));
    const screen = await terminal.until((text) => /HOT \(10 s, \d+% seen\) .*user:0/.test(text));
    checkTable(screen, [one.address, two.address]);
    const lines = screen.split("\n");
    assert(
      /^moecache top · 2 servers · \S+ · every 200ms +q quit {2}s sort/.test(lines[0] ?? ""),
      screen,
    );
    assertStringIncludes(lineWith(screen, "SERVER"), "EVICT/s");
    assertEquals(await terminal.ask("#{alternate_on} #{cursor_flag}"), "1 0");
    // The keys do what they would do nowhere else: nothing is moved, and every line is where it was.
    await terminal.press("h");
    const keys = await terminal.until((text) =>
      ["HOT KEYS", "\\u001b[2J", "日本語"].every((part) => text.includes(part))
    );
    assertStringIncludes(keys, "a\\u001b[2J\\u001b[Hb");
    assertStringIncludes(keys, "👩\\u200d👩\\u200d👧");
    assertStringIncludes(keys, "\\u202eabc");
    // A share stands in the same column behind every key; wide letters are two of them.
    const columnOf = (text: string) => {
      const line = lineWith(keys, text);
      const before = line.slice(0, line.indexOf("%"));
      return Array.from(before).reduce((sum, letter) => sum + (letter > "\u2e80" ? 2 : 1), 0);
    };
    assertEquals(columnOf("日本語"), columnOf("user:0"));
    assertEquals(columnOf("\\u200d"), columnOf("user:0"));
    await terminal.press("q");
    const after = await terminal.untilShows("ended 0");
    assertStringIncludes(after, "before");
    assertEquals(await terminal.ask("#{alternate_on} #{cursor_flag}"), "0 1");
    assertEquals(after.includes("moecache top ·"), false);
  });
}

Deno.test("top follows the size of the terminal while it runs", { ignore }, async () => {
  await using server = await MemcachedProcess.start();
  await using _traffic = makeTraffic(server.address);
  await using terminal = await TmuxTerminal.start(SMALL);
  await terminal.enter(commandLine([server.address]));
  const small = await terminal.until((text) => /GET\/s/.test(text) && text.includes("user:0"));
  assertEquals(small.includes("VERSION"), false);
  await terminal.resize(LARGE);
  const large = await terminal.until((text) =>
    text.includes("VERSION") && text.includes("k keys") && text.includes("user:0")
  );
  checkTable(large, [server.address]);
  // Nothing is left of the other size.
  assertEquals(large.split("\n").filter((line) => line.includes("moecache top")).length, 1);
  await terminal.resize({ columns: 40, rows: 10 });
  const tiny = await terminal.until((text) => /SERVER/.test(text) && !text.includes("VERSION"));
  assert(tiny.split("\n").every((line) => line.length <= 40), tiny);
  await terminal.resize(SMALL);
  const again = await terminal.until((text) => /EVICT\/s.*CONN$/m.test(text));
  checkTable(again, [server.address]);
  await terminal.press("C-c");
  await terminal.untilShows("ended 0");
  assertEquals(await terminal.ask("#{alternate_on} #{cursor_flag}"), "0 1");
});

Deno.test("Ctrl-Z goes back to the shell, and fg to top", { ignore }, async () => {
  await using server = await MemcachedProcess.start();
  await using terminal = await TmuxTerminal.start(SMALL);
  // The tests themselves may run under `deno task`. What npx starts stops with it.
  await terminal.enter("export INIT_CWD=/ npm_config_user_agent=npm/11.0.0");
  await terminal.enter(commandLine([server.address]).replace(/;.*$/, ""));
  await terminal.untilShows("EVICT/s");
  await terminal.press("C-z");
  await terminal.untilShows("Stopped");
  assertEquals(await terminal.ask("#{alternate_on} #{cursor_flag}"), "0 1");
  // Keys are shown, as a shell wants them.
  await terminal.enter("stty -a | grep -o ' echo '; fg");
  await terminal.until((text) => text.includes("EVICT/s") && lineWith(text, server.address) !== "");
  assertEquals(await terminal.ask("#{alternate_on} #{cursor_flag}"), "1 0");
  // Another signal stops it as well, and the shell has changed the terminal.
  const shell = await terminal.ask("#{pane_pid}");
  const children = await Deno.readTextFile(`/proc/${shell}/task/${shell}/children`);
  Deno.kill(Number(children.trim()), "SIGSTOP");
  await terminal.untilShows("Stopped");
  await terminal.enter("clear; fg");
  await terminal.until((text) => text.startsWith("moecache top") && text.includes("EVICT/s"));
  await terminal.press("k");
  await terminal.untilShows("back to the shell");
  await terminal.press("q");
  const after = await terminal.until((text) => /^ echo$/m.test(text));
  assertEquals(after.includes("EVICT/s"), false);
});

Deno.test("Ctrl-Z does nothing under deno task, which would not stop", { ignore }, async () => {
  await using server = await MemcachedProcess.start();
  await using terminal = await TmuxTerminal.start(SMALL);
  await terminal.enter(`npm_config_user_agent=deno/2.9.0 ${commandLine([server.address])}`);
  await terminal.untilShows("EVICT/s");
  await terminal.press("C-z", "k");
  await terminal.untilShows("back to the shell");
  await terminal.press("q");
  await terminal.untilShows("ended 0");
});

Deno.test("top sorts, filters and opens servers by keys", { ignore }, async () => {
  await using one = await MemcachedProcess.start();
  await using two = await MemcachedProcess.start();
  await using _traffic = makeTraffic(two.address);
  await using terminal = await TmuxTerminal.start(SMALL);
  await terminal.enter(commandLine([one.address, two.address]));
  const isFirst = (text: string, address: string) => {
    const lines = text.split("\n");
    const at = lines.findIndex((line) => line.includes("SERVER"));
    return at >= 0 && (lines[at + 1] ?? "").includes(address);
  };
  await terminal.until((text) => isFirst(text, one.address) && text.includes("user:0"));
  // Five times: by the reads a second.
  await terminal.press("s", "s", "s", "s", "s");
  await terminal.until((text) => text.includes("GET/s▾") && isFirst(text, two.address));
  await terminal.press("Down", "Down");
  await terminal.until((text) => lineWith(text, one.address).startsWith(">"));
  await terminal.press("Enter");
  await terminal.until((text) => text.includes(`${one.address}  memcached `));
  await terminal.press("Escape");
  await terminal.until((text) => lineWith(text, one.address).startsWith(">"));
  await terminal.press("f");
  await terminal.press(two.address.slice(-3), "q");
  await terminal.until((text) =>
    text.includes(`filter: ${two.address.slice(-3)}q_`) &&
    text.includes("no server has such a name")
  );
  await terminal.press("BSpace", "Enter");
  const filtered = await terminal.until((text) =>
    text.includes(`filter ${two.address.slice(-3)}`) && isFirst(text, two.address)
  );
  assertEquals(filtered.split("\n").some((line) => line.startsWith(`>${one.address}`)), false);
  await terminal.press("Escape");
  await terminal.until((text) =>
    text.split("\n").some((line) => line.startsWith(`>${one.address}`))
  );
  await terminal.press("k");
  await terminal.untilShows("draw the screen again");
  await terminal.press("q");
  await terminal.untilShows("ended 0");
});

Deno.test("top shows a server that cannot be reached as down, and shows it again when it is back", {
  ignore,
}, async () => {
  await using other = await MemcachedProcess.start();
  const first = await MemcachedProcess.start();
  const { address, port } = first;
  await using terminal = await TmuxTerminal.start(SMALL);
  await terminal.enter(commandLine([address, other.address]));
  await terminal.until((text) => /EVICT\/s/.test(text) && lineWith(text, address).includes("%"));
  await first[Symbol.asyncDispose]();
  const down = await terminal.untilShows("down: ");
  assertStringIncludes(lineWith(down, "down: "), address);
  assertStringIncludes(down, "2 servers, 1 up");
  assertStringIncludes(lineWith(down, other.address), "%");
  await using _again = await MemcachedProcess.start([], { port });
  const back = await terminal.until((text) => text.includes("· 2 servers ·"));
  assertEquals(back.includes("down: "), false);
  checkTable(back, [address, other.address]);
  await terminal.press("q");
  await terminal.untilShows("ended 0");
});

Deno.test("top ends with 3 where a server is down", { ignore }, async () => {
  const server = await MemcachedProcess.start();
  const { address } = server;
  await server[Symbol.asyncDispose]();
  await using terminal = await TmuxTerminal.start(SMALL);
  await terminal.enter(commandLine([address]));
  await terminal.untilShows("down: Cannot connect");
  await terminal.press("q");
  await terminal.untilShows("ended 3");
});

Deno.test("the screen is given back when the program is killed, or fails", { ignore }, async () => {
  await using server = await MemcachedProcess.start();
  await using terminal = await TmuxTerminal.start(SMALL);
  await terminal.enter("echo before");
  await terminal.enter(commandLine([server.address]));
  await terminal.untilShows("EVICT/s");
  const shell = await terminal.ask("#{pane_pid}");
  const children = await Deno.readTextFile(`/proc/${shell}/task/${shell}/children`);
  Deno.kill(Number(children.trim()), "SIGTERM");
  await terminal.until((text) => text.includes("before") && /ended \d/.test(text));
  assertEquals(await terminal.ask("#{alternate_on} #{cursor_flag}"), "0 1");
  // A fault that nothing catches, while the screen is taken.
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const module = new URL("../../../src/cli/terminal.ts", import.meta.url).href;
    await Deno.writeTextFile(
      script,
      `import { processTerminal } from "${module}";
      const { screen } = processTerminal();
      screen.enter(() => { throw new Error("a fault"); }, () => {});
      console.log("taken");`,
    );
    await terminal.enter(`clear; ${Deno.execPath()} run -A --no-check '${script}'; echo "code $?"`);
    await terminal.untilShows("taken");
    assertEquals(await terminal.ask("#{alternate_on}"), "1");
    await terminal.press("x");
    const screen = await terminal.untilShows("code 1");
    assertStringIncludes(screen, "a fault");
    assertEquals(await terminal.ask("#{alternate_on} #{cursor_flag}"), "0 1");
    // Keys are shown again, as a shell wants them.
    await terminal.enter("stty -a | grep -o ' echo '");
    await terminal.until((text) => /^ echo$/m.test(text));
  } finally {
    await Deno.remove(script);
  }
});

Deno.test("the program asks the user for no permission but the network and the environment", {
  ignore,
}, async () => {
  await using server = await MemcachedProcess.start();
  await using terminal = await TmuxTerminal.start(SMALL);
  const allowed = "--allow-net --allow-env --no-check";
  const run = `${Deno.execPath()} run ${allowed} --config ${CONFIGURATION} ${PROGRAM}`;
  await terminal.enter(`${run} ping -s ${server.address}; echo "ended $?"`);
  assertStringIncludes(await terminal.until((text) => /ended \d|Allow\?/.test(text)), "ended 0");
});

Deno.test("the width is known where only messages go to the terminal", {
  ignore: LACKS_TMUX,
}, async () => {
  await using terminal = await TmuxTerminal.start({ columns: 60, rows: 24 });
  const module = new URL("../../../src/cli/terminal.ts", import.meta.url).href;
  const script = `import { processTerminal } from "${module}";
    console.error(processTerminal().columns, "columns");
    Deno.exit();`.replaceAll(/\n */g, " ");
  await terminal.enter(`${Deno.execPath()} eval '${script}' > /dev/null`);
  await terminal.untilShows("60 columns");
});

/** What `damemtop` shows of a server, by its columns. */
function damemtopOf(screen: string, address: string): Record<string, string> {
  const values = lineWith(screen, address).split(/\s+/);
  const names = lineWith(screen, "hostname  ").split(/\s+/);
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]));
}

Deno.test("top has the figures of damemtop", {
  ignore: ignore || DAMEMTOP === undefined,
}, async () => {
  await using server = await MemcachedProcess.start(["-m", "64"]);
  const { address } = server;
  await using client = new Client(address);
  for (let i = 0; i < 500; i++) await client.set(`key:${i}`, "x".repeat(10_000));
  let isOver = false;
  const load = (async () => {
    while (!isOver) {
      await client.getMany(["key:1", "key:2", "key:3", "none"]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const home = await Deno.makeTempDir();
  try {
    const columns = ["hostname", "all_version", "all_fill_rate", "hit_rate", "all_curr_items"];
    await Deno.mkdir(`${home}/.damemtop`);
    await Deno.writeTextFile(
      `${home}/.damemtop/damemtop.yaml`,
      [
        ...["delay: 1", "mode: t", "top_mode:", "    sort_column: hostname", "    columns:"],
        ...columns.map((name) => `        - ${name}`),
        ...["    sort_order: asc", "servers:", `    - ${address}`, ""],
      ].join("\n"),
    );
    await using terminal = await TmuxTerminal.start({ columns: 120, rows: 24 });
    await terminal.enter(`HOME=${home} perl ${DAMEMTOP}`);
    const screen = await terminal.until((text) =>
      /^\d+\.\d+%$/.test(damemtopOf(text, address).hit_rate ?? "")
    );
    const { output } = await moecache(`top --once --every 1s --no-keys --json -s ${address}`);
    const [ours] = JSON.parse(output).servers;
    const theirs = damemtopOf(screen, address);
    assertEquals(
      [theirs.all_version, theirs.all_fill_rate, Number(theirs.all_curr_items)],
      [ours.version, `${(ours.fill * 100).toFixed(2)}%`, ours.items],
    );
    // A look may come in the middle of a request.
    assertAlmostEquals(parseFloat(theirs.hit_rate ?? "") / 100, ours.hitRate, 0.01);
    assertAlmostEquals(ours.hitRate, 0.75, 0.01);
    await terminal.press("C-c");
  } finally {
    isOver = true;
    await load;
    await Deno.remove(home, { recursive: true });
  }
});
