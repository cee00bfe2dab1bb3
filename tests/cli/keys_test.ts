/** Commands over all that the servers hold. */

import { Client } from "@moecache/moecache";
import { utf8Keys } from "@moecache/moecache/keys";
import { ketama } from "@moecache/moecache/rings";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { globFilter } from "../../src/cli/item_filter.ts";
import { UsageFault } from "../../src/cli/usage.ts";
import { SERVERS } from "../support/every_server.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import { moecache } from "./fake_terminal.ts";

const ITEMS = 5000;
/** The type of the events that have no lifetime: a store logs one of them as well. */
const READ = "item_get";

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`keys lists every key once, on ${kind}`, async () => {
    await using first = await start();
    await using second = await start();
    const env = { MEMCACHED_SERVERS: `${first.address},${second.address}` };
    await using client = new Client(env.MEMCACHED_SERVERS);
    const keys = Array.from({ length: ITEMS }, (_, i) => `key:${i}`);
    await client.setMany(keys.map((key) => [key, "value"] as const));
    const { code, output } = await moecache("keys", { env });
    assertEquals([code, output.trimEnd().split("\n").toSorted()], [0, keys.toSorted()]);
    const one = await moecache(`keys --server ${first.address} --json`, { env });
    const records = one.output.trimEnd().split("\n").map((line) => JSON.parse(line));
    const own = keys.filter((key) => client.locate(key).server === first.address);
    assertEquals(records.map(({ key }) => key).toSorted(), own.toSorted());
  });
}

Deno.test("keys filters by prefix, pattern, size and lifetime, and ends at the limit", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("a:1", "x");
  await client.set("a:2", "x".repeat(20_000), 30);
  await client.set("b:1", "x", 7200);
  await client.meta("ms", btoa("\xc3\xa9"), ["b"], "UTF-8");
  await client.meta("ms", btoa("\xff\x1b"), ["b"], "other bytes");
  const env = { MEMCACHED_SERVERS: server.address };
  const found = async (...options: string[]) => {
    const { output } = await moecache(["keys", ...options], { env });
    return output.split("\n").filter(Boolean).toSorted();
  };
  assertEquals(await found(), ["a:1", "a:2", "b:1", "é", "ÿ\\u001b"]);
  assertEquals(await found("--prefix", "a:"), ["a:1", "a:2"]);
  assertEquals(await found("--match", "?:1"), ["a:1", "b:1"]);
  assertEquals(await found("--match", "[!a]:*"), ["b:1"]);
  assertEquals(await found("--min-size", "10k"), ["a:2"]);
  assertEquals(await found("--ttl", "<60"), ["a:2"]);
  assertEquals(await found("--ttl", ">=1h", "--prefix", "b"), ["b:1"]);
  assertEquals(await found("--ttl", "never", "--match", "a*"), ["a:1"]);
  assertEquals((await found("--limit", "2")).length, 2);
  assertEquals((await moecache("keys --prefix nothing", { env })).code, 1);
  assertEquals((await moecache("keys --ttl 60", { env })).code, 2);
  assertEquals((await moecache("keys --server nowhere:1", { env })).code, 2);
});

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`records have a null ttl for what never expires, in every command, on ${kind}`, async () => {
    await using server = await start();
    await using client = new Client(server.address);
    const env = { MEMCACHED_SERVERS: server.address };
    const store = () => Promise.all([client.set("forever", 1), client.set("brief", 1, 1000)]);
    await store();
    const timer = setInterval(() => store().catch(() => {}), 10);
    const ttlOf = async (line: string, key: string) => {
      const { output } = await moecache(`${line} --json`, { env });
      const records = output.trimEnd().split("\n").map((text) => JSON.parse(text));
      return records.find((record) => record.key === key && record.type !== READ).ttl;
    };
    const cellOf = async (line: string, key: string) => {
      const { output } = await moecache(`${line} --csv`, { env });
      const [head = [], ...rows] = output.split("\n").map((text) => text.split(","));
      const row = rows.find((row) => row[head.indexOf("key")] === key && !row.includes(READ));
      return row?.[head.indexOf("ttl")];
    };
    try {
      for (const command of ["keys", "big", "inspect", "explain --everywhere", "monitor -n 8"]) {
        for (const [key, isBrief] of [["forever", false], ["brief", true]] as const) {
          const line = /^[ie]/.test(command) ? `${command} ${key}` : command;
          const [ttl, cell] = [await ttlOf(line, key), await cellOf(line, key)];
          if (isBrief) assert(Math.abs(ttl - 1000) < 5 && Math.abs(Number(cell) - 1000) < 5, line);
          else assertEquals([ttl, cell], [null, ""], line);
        }
      }
    } finally {
      clearInterval(timer);
    }
  });
}

Deno.test("what has just expired has no seconds left, and not fewer", async () => {
  const exp = Math.floor(Date.now() / 1000) - 2;
  await using server = await MemcachedServer.listen({
    fault: ({ line }) =>
      line.startsWith("lru_crawler metadump")
        ? { reply: `key=key exp=${exp} la=1 cas=1 fetch=no cls=1 size=70\r\nEND` }
        : undefined,
  });
  const { output } = await moecache(`keys --json -s ${server.address}`);
  assertEquals(JSON.parse(output).ttl, 0);
});

Deno.test("records have the seconds since the last access, in every command", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", 1);
  const env = { MEMCACHED_SERVERS: server.address };
  for (const command of ["keys", "inspect key", "explain key --everywhere"]) {
    const { output } = await moecache(`${command} --json`, { env });
    const { lastAccess } = JSON.parse(output);
    assert(lastAccess >= 0 && lastAccess < 60, `${command}: ${lastAccess}`);
  }
});

Deno.test("inspect and explain have no ttl in their records where the server cannot tell it", async () => {
  await using server = await MemcachedServer.listen({ imitate: "1.4.20" });
  await using client = new Client(server.address);
  await client.set("key", 1);
  const env = { MEMCACHED_SERVERS: server.address };
  for (const command of ["inspect key", "explain key --everywhere"]) {
    const { output } = await moecache(`${command} --csv`, { env });
    assertEquals(output.split("\n")[0]?.split(",").includes("ttl"), false, output);
  }
});

Deno.test("keys shows keys of any bytes among many, a line each", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const plain = Array.from({ length: 3000 }, (_, i) => `key:${i}`);
  await client.setMany(plain.map((key) => [key, 1] as const));
  for (const key of ["a\nb", "key:\xc3\xa9", "\xff c"]) {
    await client.meta("ms", btoa(key), ["b"], "v");
  }
  const env = { MEMCACHED_SERVERS: server.address };
  const lines = async (...options: string[]) =>
    (await moecache(["keys", ...options], { env })).output.split("\n").slice(0, -1);
  assertEquals((await lines()).toSorted(), [...plain, "a\\u000ab", "key:é", "ÿ c"].toSorted());
  assertEquals((await lines("--prefix", "key:")).toSorted(), [...plain, "key:é"].toSorted());
  assertEquals((await lines("--limit", "2500")).length, 2500);
  assertEquals(await lines("--limit", "1", "--match", "*é"), ["key:é"]);
  const records = await lines("--json", "--prefix", "a");
  assertEquals(records.map((line) => JSON.parse(line).key), ["a\nb"]);
});

Deno.test("keys are shown as the UTF-8 that they are, in every list", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { keys: utf8Keys });
  // A letter of two characters, and a mark that some decoders leave out.
  const keys = ["e\u0301:1", "\ufeffuser:1"];
  for (const key of keys) await client.set(key, "value");
  const env = { MEMCACHED_SERVERS: server.address };
  const listed = await moecache("keys", { env });
  assertEquals(listed.output.trimEnd().split("\n").toSorted(), keys);
  const { output } = await moecache("prefixes", { env });
  const prefixes = output.trimEnd().split("\n").slice(1).map((line) => line.split("*")[0]);
  assertEquals(prefixes.toSorted(), ["e\u0301:", "\ufeffuser:"]);
});

Deno.test("a pattern matches the whole key, and its own signs where they are escaped", () => {
  const matches = (glob: string, key: string) => globFilter(glob)(key);
  assertEquals(matches("a.c", "abc"), false);
  assertEquals(matches("a\\*c", "a*c"), true);
  assertEquals(matches("a\\*c", "abc"), false);
  assertEquals(matches("[a-c]x", "bx"), true);
  assertEquals(matches("a", "ab"), false);
  assertEquals(matches("?", "💡"), true);
  assertEquals(matches("[", "["), true);
  assertEquals(matches("(a|b)+$", "(a|b)+$"), true);
});

Deno.test("a server that is down is reported in one line, and the others are listed", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value");
  const env = { MEMCACHED_SERVERS: `127.0.0.1:1,${server.address}` };
  for (const command of ["keys", "stats", "ping", "capable", "big", "ttl", "prefixes"]) {
    const { code, output, messages } = await moecache(command, { env });
    assertEquals([command, code, messages.trimEnd().split("\n").length], [command, 3, 1]);
    assertStringIncludes(messages, "127.0.0.1:1");
    assertEquals(output === "", false, command);
  }
});

Deno.test("a list does not wait for the number of items that its progress shows", async () => {
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => line === "stats" ? { delay: Infinity } : undefined,
  });
  await using client = new Client(server.address);
  await client.set("key", "value");
  const started = performance.now();
  const line = `keys --timeout 60s -s ${server.address}`;
  const { code, output } = await moecache(line, { isTerminal: true });
  assertEquals([code, output], [0, "key\n"]);
  assert(performance.now() - started < 60_000);
});

Deno.test("Ctrl-C ends a list with what it has", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.setMany(Array.from({ length: 20_000 }, (_, i) => [`key:${i}`, "value"] as const));
  const interruption = new AbortController();
  const { code, output } = await moecache("keys", {
    env: { MEMCACHED_SERVERS: server.address },
    interrupted: interruption.signal,
    onOutput: () => interruption.abort(),
  });
  assertEquals(code, 130);
  assertEquals(output.startsWith("key:"), true);
  assertEquals(output.split("\n").length < 20_000, true);
});

Deno.test("explain --everywhere ends its lines between words on a terminal", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value");
  const env = { MEMCACHED_SERVERS: server.address };
  const { output } = await moecache("explain key --everywhere", { env, isTerminal: true });
  const lines = output.trimEnd().split("\n");
  // All rings look on the only server.
  assertEquals(lines.length > 2 && lines.every((line) => line.length <= 100), true, output);
});

Deno.test("explain shows where rings look, and --everywhere where a key really is", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  await using third = await MemcachedServer.listen();
  const servers = [first, second, third].map(({ address }) => address);
  const env = { MEMCACHED_SERVERS: servers.join() };
  await using ours = new Client(servers);
  await using other = new Client(servers, { locator: ketama });
  const key = Array.from({ length: 100 }, (_, i) => `key:${i}`)
    .find((key) => ours.locate(key).server !== other.locate(key).server)!;
  await other.set(key, "value");
  const both = await moecache(`explain ${key} --ring moecache --ring ketama --json`, { env });
  assertEquals(both.output.trimEnd().split("\n").map((line) => JSON.parse(line).server), [
    ours.locate(key).server,
    other.locate(key).server,
  ]);
  const { code, output } = await moecache(`explain ${key} --everywhere`, { env });
  assertEquals(code, 0);
  assertStringIncludes(
    output,
    `the ring moecache looks on ${ours.locate(key).server}, and it is not`,
  );
  assertStringIncludes(output, `found on ${other.locate(key).server}, 5 bytes, for ever; `);
  await other.touch(key, 46_400);
  const later = await moecache(`explain ${key} --everywhere`, { env });
  // As `inspect` and `big` write it.
  assertStringIncludes(later.output, "5 bytes, 12h53m left; ");
  const { output: json } = await moecache(`explain ${key} --everywhere --json`, { env });
  const { rings } = JSON.parse(json);
  assertEquals([rings.includes("ketama"), rings.includes("moecache")], [true, false]);
  assertEquals((await moecache("explain missing --everywhere", { env })).code, 1);
});

Deno.test("stats are memcached's own, and --diff shows what has changed", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const env = { MEMCACHED_SERVERS: server.address };
  const empty = await moecache("stats items", { env });
  assertEquals([empty.code, empty.output], [1, ""], "without items there is nothing to show");
  await client.set("key", "value");
  const { output } = await moecache("stats --json", { env });
  const { server: name, curr_items: items, version } = JSON.parse(output);
  assertEquals([name, items, version], [server.address, 1, (await client.version())[0]]);
  // As the help of the command calls these.
  const named = JSON.parse((await moecache("stats general --json", { env })).output);
  assertEquals([named.server, named.curr_items], [server.address, 1]);
  assertEquals((await moecache("stats items", { env })).code, 0);
  let isOver = false;
  const diffing = moecache("stats --diff 200ms --json", { env }).finally(() => isOver = true);
  while (!isOver) await client.get("key");
  const { code, output: changes } = await diffing;
  assertEquals([code, changes.includes('"name":"cmd_get"')], [0, true]);
  assertEquals(/\.\d{7}/.test(changes), false, changes);
  assertEquals((await moecache("stats nothing", { env })).code, 2);
});

Deno.test("stats --diff is exact for large counters, and knows classes that were not listed before", async () => {
  const [before, after] = [
    { cmd: 18446744073709551610n, lines: ["items:1:number 3", "items:1:evicted 9"] },
    { cmd: 18446744073709551613n, lines: ["items:2:number 4", "items:2:evicted 8"] },
  ];
  const next = [before, after];
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => {
      const { cmd, lines } = line === "stats items" && next.shift() || before;
      const all = [`cmd_get ${cmd}`, ...lines].map((text) => `STAT ${text}\r\n`);
      return line === "stats items" ? { reply: `${all.join("")}END` } : undefined;
    },
  });
  const { output } = await moecache(`stats items --diff 1ms --json -s ${server.address}`);
  const changes = output.trimEnd().split("\n").map((line) => JSON.parse(line));
  // How often a class had evicted while memcached did not list it, it does not say.
  assertEquals(Object.fromEntries(changes.map(({ name, change }) => [name, change])), {
    ...{ ["cmd_get"]: 3, "items:1:number": -3, "items:2:number": 4 },
  });
});

Deno.test("stats --diff shows no change of a server that was started again", async () => {
  let starts = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ line }) =>
      line === "stats" ? { reply: `STAT pid ${++starts}\r\nSTAT cmd_get 7\r\nEND` } : undefined,
  });
  const { code, output, messages } = await moecache(`stats --diff 1ms -s ${server.address}`);
  assertEquals([code, output], [3, ""]);
  assertStringIncludes(messages, `${server.address} was started again`);
});

Deno.test("capable shows what an old server lacks", async () => {
  await using old = await MemcachedServer.listen({ imitate: "1.4.20" });
  await using recent = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: `${old.address},${recent.address}` };
  const { code, output } = await moecache("capable --json", { env });
  const [first, second] = output.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, first.meta, first.dump, first.watch], [0, false, false, false]);
  assertEquals([second.meta, second.dump, second.watch, second.largestItem], [
    ...[true, true, true],
    1024 * 1024,
  ]);
});

Deno.test("capable shows what a proxy does not offer, also if it closes the connection", async () => {
  // As memcached's own proxy does for `lru_crawler`.
  await using proxy = await MemcachedServer.listen({
    fault: ({ command }) => command === "lru_crawler" ? { drop: "before" } : undefined,
  });
  const { code, output, messages } = await moecache(`capable --json -s ${proxy.address}`);
  const { dump, meta, largestItem } = JSON.parse(output);
  assertEquals([code, messages, dump, meta, largestItem], [0, "", false, true, 1024 * 1024]);
  await using lost = await MemcachedServer.listen({
    fault: ({ command }) =>
      command === "lru_crawler" ? (void lost.close(), { drop: "before" }) : undefined,
  });
  assertEquals((await moecache(`capable --json -s ${lost.address}`)).code, 3);
});

Deno.test("big, ttl and prefixes count every item", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  for (let i = 1; i <= 50; i++) await client.set(`user:${i}`, "x".repeat(i * 100), 90);
  await client.set("page:1:body", "x");
  await client.get("page:1:body");
  const env = { MEMCACHED_SERVERS: server.address };
  const records = async (line: string) =>
    (await moecache(line, { env })).output.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals((await records("big -n 3 --json")).map(({ key }) => key), [
    ...["user:50", "user:49", "user:48"],
  ]);
  const sizes = await records("big --sizes --json");
  assertEquals(sizes.map(({ upTo }) => upTo), [128, 256, 512, 1024, 2048, 4096, 8192]);
  assertEquals(sizes.reduce((sum, { items }) => sum + items, 0), 51);
  const { output: csv } = await moecache("big --sizes --csv --prefix page:", { env });
  assertEquals(csv, "upTo,items,share\n128,1,1\n");
  assertEquals((await moecache("big --sizes --json --prefix none:", { env })).code, 1);
  const lifetimes = Object.fromEntries(
    (await records("ttl --json")).map(({ ttl, items }) => [ttl, items]),
  );
  assertEquals([lifetimes["under 10m"], lifetimes.never], [50, 1]);
  const [users, pages] = await records("prefixes --depth 2 --json");
  assertEquals([users.prefix, users.items, users.neverFetched], ["user:*", 50, 50]);
  assertEquals([pages.prefix, pages.items, pages.neverFetched], ["page:1:*", 1, 0]);
});

Deno.test("balance shows how many keys would move to a server that is added", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  const servers = [first.address, second.address];
  await using client = new Client(servers);
  await using wider = new Client([...servers, "10.0.0.9:11211"]);
  const keys = Array.from({ length: 1000 }, (_, i) => `key:${i}`);
  await client.setMany(keys.map((key) => [key, "value"] as const));
  const moving = keys.filter((key) => client.locate(key).server !== wider.locate(key).server);
  const env = { MEMCACHED_SERVERS: servers.join() };
  const { output: now } = await moecache("balance", { env });
  assertStringIncludes(now, "0 of 1000 keys (0.0%) are on another server");
  const { output: then } = await moecache("balance --add 10.0.0.9:11211", { env });
  assertStringIncludes(then, `${moving.length} of 1000 keys`);
  const { output: less } = await moecache(`balance --remove ${first.address} --json`, { env });
  const rows = less.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(rows.map(({ byRing }) => byRing), [null, 1000]);
});

Deno.test("balance shows what it does not know as a dash, and says why", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  const gone = await MemcachedServer.listen();
  await gone.close();
  await using client = new Client([first.address, second.address]);
  await client.setMany(Array.from({ length: 100 }, (_, i) => [`key:${i}`, "value"] as const));
  const env = { MEMCACHED_SERVERS: [first.address, second.address, gone.address].join() };
  const line = `balance --remove ${first.address} --add 10.0.0.9:11211`;
  const { code, output } = await moecache(line, { env });
  assertEquals(code, 3);
  assertMatch(output, new RegExp(`^${first.address} .*%.* -  +-$`, "m"));
  assertMatch(output, new RegExp(`^${gone.address} +-  +-  +-  .*%$`, "m"));
  assertMatch(output, /^10\.0\.0\.9:11211( +-){3} .*%$/m);
  assertStringIncludes(output, `${first.address} is removed: the ring does not have it\n`);
  assertStringIncludes(output, `${gone.address} was not listed: what it holds is not known\n`);
  assertStringIncludes(output, "10.0.0.9:11211 is added: what it holds was not asked for\n");
  const { output: json } = await moecache(`${line} --json`, { env });
  const rows = json.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(rows.map(({ items, byRing }) => [items === null, byRing === null]), [
    [false, true],
    [false, false],
    [true, false],
    [true, false],
  ]);
});

Deno.test("a pattern with many stars takes no longer than one with few", () => {
  const isMatch = globFilter("*a".repeat(60) + "*b");
  assertEquals(isMatch("a".repeat(250)), false);
  assertEquals(isMatch(`${"a".repeat(249)}b`), true);
});

Deno.test("a pattern matches as those of shells do, whatever stands between its stars", () => {
  const matches = (glob: string, key: string) => globFilter(glob)(key);
  for (
    const [glob, key, expected] of [
      ...[["*", "", true], ["*", "any", true], ["**", "any", true], ["a*", "ba", false]],
      ...[["*a", "ab", false], ["*ab*", "xaabx", true], ["a*a", "a", false], ["a*a", "aa", true]],
      ...[["a*bc*c", "abcc", true], ["a*bc*c", "abc", false], ["*?*", "", false], ["", "", true]],
      ...[["*[0-9]", "key:7", true], ["[!]", "!", true], ["*日*", "x日本", true], [
        "?*?",
        "💡",
        false,
      ]],
    ] as [string, string, boolean][]
  ) {
    assertEquals(matches(glob, key), expected, `${glob} ${key}`);
  }
  assertThrows(() => globFilter("key:[9-0]"), UsageFault, "ends before it begins");
});

Deno.test("keys --server without a name shows the server behind each key", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  const lines: string[] = [];
  for (const [server, key] of [[first, "a"], [second, "b"]] as const) {
    await using client = new Client(server.address);
    await client.set(key, 1);
    await client.meta("ms", btoa(`${key}\n`), ["b"], "v");
    lines.push(`${key}\t${server.address}`, `${key}\\u000a\t${server.address}`);
  }
  const env = { MEMCACHED_SERVERS: `${first.address},${second.address}` };
  for (const line of ["keys --server", "keys --server --min-size 1"]) {
    const { code, output } = await moecache(line, { env });
    assertEquals([code, output.trimEnd().split("\n").toSorted()], [0, lines.toSorted()], line);
  }
});

Deno.test("balance marks a server that is lost midway", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value");
  const line = (key: string) => `key=${key} exp=-1 la=1795388585 cas=5 fetch=no cls=1 size=65\n`;
  await using peer = new ScriptedPeer(async (connection) => {
    await connection.request();
    await connection.send(`${line("a")}${line("b")}key=c exp=`);
    await connection.close();
  });
  const env = { MEMCACHED_SERVERS: `${peer.address},${server.address}` };
  const { code, output } = await moecache("balance", { env });
  assertEquals(code, 3);
  assertMatch(output, new RegExp(`^${peer.address} +2\\+ `, "m"));
  assertMatch(output, new RegExp(`^${server.address} +1 `, "m"));
  assertStringIncludes(output, `${peer.address} was not listed to the end: it holds more than`);
  const { output: json } = await moecache("balance --json", { env });
  const rows = json.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(rows.map(({ items, complete }) => [items, complete]), [[2, false], [1, true]]);
});

Deno.test("big keeps the largest, however many are asked for", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const sizes = Array.from({ length: 500 }, (_, i) => (i * 7919) % 500);
  await client.setMany(sizes.map((size) => [`key:${size}`, "x".repeat(size)] as const));
  const env = { MEMCACHED_SERVERS: server.address };
  for (const count of [1, 3, 499, 500, 501, Number.MAX_SAFE_INTEGER]) {
    const { output } = await moecache(`big -n ${count} --json`, { env });
    const keys = output.trimEnd().split("\n").map((line) => JSON.parse(line).size);
    assertEquals(keys.length, Math.min(500, count));
    assertEquals(keys, keys.toSorted((a, b) => b - a));
    assertEquals(JSON.parse(output.split("\n")[0] ?? "").key, "key:499");
  }
});

Deno.test("a server that is listed twice is asked and counted once", async () => {
  await using server = await MemcachedServer.listen();
  await using other = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value");
  const servers = [server, server, other].map(({ address }) => address).join();
  const ask = async (line: string) => {
    const { output } = await moecache(`${line} --json -s ${servers}`);
    return output.trimEnd().split("\n").map((line) => JSON.parse(line));
  };
  assertEquals((await ask("keys")).length, 1);
  assertEquals((await ask("ping")).map(({ server }) => server), [server.address, other.address]);
  assertEquals((await ask("balance")).map(({ items }) => items), [1, 0]);
  const removed = await ask(`balance --remove ${server.address}`);
  assertEquals(removed.map(({ byRing }) => byRing), [null, 1]);
});
