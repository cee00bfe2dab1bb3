/** The pages that have to be complete: options, commands, errors. */

import { assert, assertEquals } from "@std/assert";
import { BareClient, Client, Namespace } from "@moecache/moecache";
import { readPage, ROOT } from "./pages.ts";

const SOURCE = new URL("src/", ROOT);

/** The names of the properties of an interface. */
function optionsOf(path: string, name: string): string[] {
  const source = Deno.readTextFileSync(new URL(path, SOURCE));
  const [, body] = new RegExp(`^export interface ${name}\\b[^{]*\\{(.*?)^\\}`, "ms").exec(source) ??
    [];
  if (body === undefined) throw new Error(`${path} has no interface ${name}`);
  return Array.from(body.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, option]) => option!);
}

for (
  const [page, path, name] of [
    ["docs/options.md", "client_options.ts", "ClientOptions"],
    ["docs/testing.md", "testing/server_options.ts", "MemcachedServerOptions"],
    ["docs/patterns.md", "commands/operation_options.ts", "GetOrSetOptions"],
    ["docs/servers.md", "transport/transport.ts", "TlsOptions"],
    ["docs/values.md", "transcoding/compressed.ts", "CompressionOptions"],
    ["docs/servers.md", "discovery/elasti_cache.ts", "ElastiCacheOptions"],
    ["docs/servers.md", "discovery/dns.ts", "DnsOptions"],
    ["docs/patterns.md", "patterns/lock.ts", "LockOptions"],
    ["docs/patterns.md", "patterns/rate_limit.ts", "RateLimitOptions"],
    ["docs/patterns.md", "patterns/once.ts", "OnceOptions"],
    ["docs/views.md", "views/near_cache.ts", "NearCacheOptions"],
    ["docs/views.md", "views/large_values.ts", "LargeValuesOptions"],
    ["docs/views.md", "views/spread.ts", "SpreadOptions"],
    ["docs/views.md", "views/replicas.ts", "ReplicasOptions"],
    ["docs/observability.md", "observing/otel/options.ts", "InstrumentOptions"],
  ] as const
) {
  Deno.test(`a section of ${page} has every option of ${name}`, () => {
    const options = optionsOf(path, name);
    // In a row, options may stand together.
    const missing = readPage(page).text.split(/^##+ /m).map((section) =>
      options.filter((option) => !new RegExp(`^\\| [^|]*\`${option}\``, "m").test(section))
    );
    const [fewest] = missing.sort((a, b) => a.length - b.length);
    assertEquals(fewest, []);
  });
}

Deno.test("docs/commands.md has every method of a client and of a namespace", () => {
  const names = [BareClient, Client, Namespace].flatMap(({ prototype }) =>
    Object.getOwnPropertyNames(prototype)
  ).filter((name) => name !== "constructor");
  const { text } = readPage("docs/commands.md");
  assertEquals(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text)), []);
});

/** A message, with each part that differs from time to time as `…`. */
function patternOf(message: string): string {
  return message.replace(/\$\{[^}]*\}/g, "…").replace(/"?…"?/g, "…").replace(/…+/g, "…").trim();
}

/** What errors say in the source: what begins as a message does, and what an error is made with. */
function* messagesOf(code: string): Generator<string> {
  const begun = code.matchAll(
    /([`"'])((?:Cannot [a-z$]|No reply from |Connection to |Argument |The key |over |MemJS )[^\n]*?)\1/g,
  );
  const made = code.matchAll(/new (?:\w+Exception|\w*Error)\(\s*([`"'])(.*?)\1/g);
  for (const { 2: message, index } of [...begun, ...made]) {
    yield patternOf(withReason(message!, code.slice(0, index)));
  }
}

/** A message that ends with a reason, with the reason that was named last before it. */
function withReason(message: string, before: string): string {
  return message.replace(/\$\{(why|state)\}$/, (part, name) => {
    const [last] = [...before.matchAll(/const (\w+) =\s*(?:"([^"\n]*)"|`([^`\n]*)`);/g)]
      .filter(([, other]) => other === name).slice(-1);
    const isNear = last !== undefined && before.length - last.index < 300;
    return isNear ? last[2] ?? last[3]! : part;
  });
}

/** Whether a message of the page is one that the source makes; either may say more in the place of a `…`. */
function isOf(message: string, other: string): boolean {
  return begins(message, other) || begins(other, message);
}

function begins(message: string, other: string): boolean {
  const parts = message.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".+")}`).test(other);
}

function* sourceFiles(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    // The embedded server's answers are memcached's; the messages of the command line say what to write.
    if (isDirectory && name !== "testing" && name !== "cli") yield* sourceFiles(url);
    else if (!isDirectory) yield url;
  }
}

Deno.test("docs/troubleshooting.md has every message of an error", () => {
  const page = readPage("docs/troubleshooting.md").text;
  const known = Array.from(
    page.matchAll(/`` (.*?) ``|`([^`\n]+)`/g),
    ([, long, short]) => patternOf(long ?? short!),
  );
  const missing = new Set<string>();
  for (const url of [...sourceFiles(SOURCE), new URL("testing/server_options.ts", SOURCE)]) {
    const code = Deno.readTextFileSync(url).replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*/gm, "");
    for (const message of messagesOf(code)) {
      if (!/[a-z]/.test(message)) continue;
      if (!known.some((other) => isOf(message, other))) missing.add(message);
    }
  }
  assertEquals([...missing].sort(), []);
});

Deno.test("docs/troubleshooting.md begins with a list of all its sections", () => {
  const page = readPage("docs/troubleshooting.md");
  const sections = Array.from(page.text.matchAll(/^## (.*)$/gm), ([, name]) => name!);
  const listed = Array.from(page.text.matchAll(/^- \[(.*)\]\(#.*\)$/gm), ([, name]) => name!);
  assertEquals(listed, sections);
});

Deno.test("docs/troubleshooting.md says of every message what to do", () => {
  const rows = readPage("docs/troubleshooting.md").text.split("\n").filter((line) =>
    /^\|/.test(line)
  );
  assert(rows.length > 150);
  // A bar within code is not one between cells.
  const cells = (row: string) => row.replace(/`[^`]*`/g, "code").slice(1, -1).split("|");
  const short = rows.filter((row) =>
    cells(row).length !== 3 || cells(row).some((cell) => cell.trim() === "")
  );
  assertEquals(short, []);
});
