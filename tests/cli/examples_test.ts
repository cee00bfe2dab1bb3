/** The examples in the help of every command: each runs, and does what it says. */

import { Client, rawTranscoder } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMAND_MODULES, modulesFor } from "../../src/cli/command_modules.ts";
import { programFor, run } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { readPage } from "../docs/pages.ts";
import { moecache, NO_TERMINAL } from "./fake_terminal.ts";

const { commands } = await programFor(NO_TERMINAL, () => {}, []);
const commandNames = commands.map((command) => command.name());

/** The examples that end only by Ctrl-C have tests of their own. */
const ENDLESS = /^(serve|exporter|web)$/;

/** Commands that show what other clients do. */
const TRAFFIC = /^(hot|monitor)$/;

/** Reads what is there and what is not, until it is ended. */
function makeTraffic(client: Client): () => void {
  const timer = setInterval(() => {
    for (const key of ["user:1", "missing:1"]) client.get(key).catch(() => {});
  }, 5);
  return () => clearInterval(timer);
}

/** The examples of a command's help. */
async function examplesOf(name: string): Promise<string[]> {
  const { output } = await moecache([name, "--help"]);
  const [, examples = ""] = output.split("Examples:\n");
  return examples.split("\n").filter(Boolean).map((line) => line.replace(/^ {2}moecache /, ""));
}

for (const command of commands) {
  const name = command.name();
  if (ENDLESS.test(name)) continue;
  Deno.test(`the examples of moecache ${name} run`, async () => {
    const examples = await examplesOf(name);
    assert(examples.length > 0, name);
    const folder = await Deno.makeTempDir();
    await using server = await MemcachedServer.listen();
    await using other = await MemcachedServer.listen();
    await using client = new Client(server.address);
    try {
      for (const example of examples) {
        await client.withTranscoder(rawTranscoder).set("visits", Uint8Array.of(0x35));
        await client.setMany({ "user:1": "Ada", "user:2": "Bob", "session:1": "x".repeat(2000) });
        await client.delete("job:1");
        const item = { key: "item:1", exptime: null, flags: 274, base64: "QWRh" };
        if (name === "load") {
          await client.delete("item:1");
          await Deno.writeTextFile(`${folder}/items.jsonl`, `${JSON.stringify(item)}\n`);
        }
        const line = example.replaceAll("10.0.0.1:11211", server.address)
          .replaceAll("10.0.0.2:11211", other.address)
          .replaceAll("--for 10s", "--for 300ms")
          .replaceAll(/'([^']*)'/g, "$1");
        const end = TRAFFIC.test(name) ? makeTraffic(client) : () => {};
        const args = line.split(" ").map((arg) =>
          arg.replace("items.jsonl", `${folder}/items.jsonl`)
        );
        const { code, output, messages } = await moecache(args, {
          env: { MEMCACHED_SERVERS: server.address },
        }).finally(end);
        assertEquals([code, messages], [0, ""], `${example}\n${output}`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("each command is in the module that is loaded for it", async () => {
  for (const module of COMMAND_MODULES) {
    const { names } = module;
    const { commands } = await programFor(NO_TERMINAL, () => {}, [], [module]);
    assertEquals(commands.map((command) => command.name()), names);
    for (const name of names) {
      const loaded = modulesFor(["-s", "server:1", name, "--json"]).flatMap(({ names }) => names);
      assertEquals(loaded, name === "completion" ? commandNames : names);
    }
  }
  for (const line of ["", "help keys", "keys --help", "-h", "key", "--version"]) {
    assertEquals(modulesFor(line.split(" ")), COMMAND_MODULES, line);
  }
  assertEquals(modulesFor(["get", "keys", "help"]), modulesFor(["get"]));
  const { options } = await programFor(NO_TERMINAL, () => {}, [], []);
  for (const { short, long, required } of options) {
    for (const flag of required ? [short, long].filter((each) => each !== undefined) : []) {
      assertEquals(modulesFor([flag, "keys", "get"]), modulesFor(["get"]), flag);
    }
  }
});

Deno.test("help breaks its lines between words on 80 columns", async () => {
  const written: string[] = [];
  const terminal: Terminal = {
    ...{ ...NO_TERMINAL, columns: 80 },
    write: (text) => Promise.resolve(void written.push(String(text))),
  };
  assertEquals(await run(["--help"], terminal), 0);
  const help = written.join("");
  assertEquals(help.split("\n").filter((line) => line.length > 80), []);
  assertStringIncludes(help, "\n  load [file] ");
});

Deno.test("a command that is misspelled is suggested", async () => {
  const lines = [
    ["-s server:1 key", "keys"],
    // The other words may be names of commands too.
    ["dele top keys", "del"],
    ["help kyes", "keys"],
  ] as const;
  for (const [line, meant] of lines) {
    const { code, messages } = await moecache(line);
    assertEquals([line, code, messages.split("\n").length], [line, 2, 3]);
    assertStringIncludes(messages, `Did you mean ${meant}?`);
  }
});

/** Where a command is explained: the page of its group, or the start page for those that help. */
function pageOf(group: string): string {
  return group === "Help" ? "docs/cli.md" : `docs/cli/${group.toLowerCase()}.md`;
}

Deno.test("the page of each group has the commands that the help shows in it", async () => {
  const { output } = await moecache("--help");
  const [, ...groups] = output.split(/^([A-Z][a-z]+):\n/m);
  const shown = new Map<string, string[]>();
  for (const [i, name] of groups.entries()) {
    if (i % 2 === 1 || name === "Options") continue;
    shown.set(name, Array.from(groups[i + 1]!.matchAll(/^ {2}([a-z]+)/gm), ([, name]) => name!));
  }
  assertEquals(
    [...shown.values()].flat().toSorted(),
    [...commandNames, "help"].toSorted(),
  );
  const table = readPage("docs/cli.md").text;
  for (const [group, names] of shown) {
    const { text } = readPage(pageOf(group));
    const described = Array.from(
      text.matchAll(/^## (.*)$/gm),
      ([, heading]) => heading!.split(", "),
    );
    if (group !== "Help") assertEquals(described.flat(), names, group);
    const named = group.toLowerCase();
    const rows = Array.from(
      table.matchAll(/^\| (?:\[(\w+)\]\(cli\/\1\.md\)|help) +\| \[?`(\w+).*$/gm),
      ([row, group = "help", name]) => ({ row, group, name: name! }),
    );
    assertEquals(rows.filter(({ group }) => group === named).map(({ name }) => name), names, group);
    for (const { row, name } of rows) {
      const own = described.find((heading) => heading.includes(name));
      if (own !== undefined) assertStringIncludes(row, `](cli/${named}.md#${own.join("-")})`);
    }
  }
});

Deno.test("the page of a command's group has each of its options", async () => {
  const program = await programFor(NO_TERMINAL, () => {}, []);
  const missing = [program, ...program.commands].flatMap((command) => {
    const { text } = readPage(
      command === program ? "docs/cli.md" : pageOf(command.helpGroup().replace(":", "")),
    );
    return command.options.map(({ long, flags }) => long ?? flags)
      .filter((option) => !text.includes(option))
      .map((option) => `${command.name()} ${option}`);
  });
  assertEquals(missing, []);
});
