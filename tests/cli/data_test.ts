/** The commands on keys that the command line names, and what is the same everywhere. */

import { Client, type EncodedValue, rawTranscoder } from "@moecache/moecache";
import { pylibmcTranscoder } from "@moecache/moecache/formats";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { timeoutsOf } from "../../src/cli/fleet.ts";
import { widthOf } from "../../src/cli/shown_text.ts";
import { SERVERS } from "../support/every_server.ts";
import { moecache } from "./fake_terminal.ts";

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`get, set, del, incr, decr and touch work, on ${kind}`, async () => {
    await using server = await start();
    const env = { MEMCACHED_SERVERS: server.address };
    const at = async (line: string, input = "") => {
      const { code, output, messages } = await moecache(line, { env, input });
      assertEquals(messages, "");
      return [code, output];
    };
    assertEquals(await at("get greeting"), [1, ""]);
    assertEquals(await at("set greeting hello --ttl 5m"), [0, ""]);
    assertEquals(await at("get greeting"), [0, "hello\n"]);
    assertEquals(await at("set greeting again --if-absent"), [1, ""]);
    assertEquals(await at("set other again --if-present"), [1, ""]);
    assertEquals(await at("set other", "from standard input"), [0, ""]);
    assertEquals(await at("get greeting other"), [
      0,
      "greeting\thello\nother\tfrom standard input\n",
    ]);
    assertEquals(await at("get greeting missing --json"), [
      1,
      '{"key":"greeting","value":"hello"}\n',
    ]);
    assertEquals(await at("get greeting --csv"), [0, "key,value\ngreeting,hello\n"]);
    assertEquals(await at("incr visits"), [1, ""]);
    assertEquals(await at("incr visits 5 --initial 18446744073709551615"), [
      0,
      "18446744073709551615\n",
    ]);
    assertEquals(await at("decr visits 15 --json"), [
      0,
      '{"key":"visits","value":"18446744073709551600"}\n',
    ]);
    assertEquals(await at("touch greeting 1h"), [0, ""]);
    assertEquals(await at("touch missing 1h"), [1, ""]);
    assertEquals(await at("del greeting other missing"), [0, "2\n"]);
    assertEquals(await at("del greeting"), [1, "0\n"]);
  });
}

Deno.test("set --cas stores only an item that has not changed, and --flags stores the bytes unchanged", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  await moecache("set key first --flags 7", { env });
  const { output } = await moecache("inspect key --json", { env });
  const { cas, flags, size } = JSON.parse(output);
  assertEquals([flags, size], [7, 5]);
  assertEquals((await moecache(`set key second --cas ${cas}`, { env })).code, 0);
  assertEquals((await moecache(`set key third --cas ${cas}`, { env })).code, 1);
  assertEquals((await moecache("get key", { env })).output, "second\n");
});

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`a lifetime of years is one, however it is set, on ${kind}`, async () => {
    await using server = await start();
    const env = { MEMCACHED_SERVERS: server.address };
    const inspect = async (key: string) => {
      const { code, output } = await moecache(["inspect", key, "--json"], { env });
      assertEquals(code, 0, key);
      return JSON.parse(output);
    };
    for (const [long, least] of [["60d", 59 * 86_400], ["2000w", 3 * 365 * 86_400]] as const) {
      await moecache("set ü first", { env });
      const { cas } = await inspect("ü");
      const lines = [
        ["set", "ü", "second", "--cas", String(cas), "--ttl", long],
        ["touch", "ü", long],
        ["incr", "visits", "--initial", "1", "--ttl", long],
        ["set", "key", "value", "--ttl", long],
      ];
      for (const line of lines) {
        const [command, key = ""] = line;
        assertEquals((await moecache(line, { env })).code, 0, `${command} ${long}`);
        assert((await inspect(key)).ttl > least, `${command} ${long}`);
      }
      await moecache("del visits", { env });
    }
  });
}

Deno.test("inspect shows which client wrote an item, and its value", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  await using client = new Client(server.address);
  await client.set("key", new Map([["Ada", 1n]]), 60);
  const { code, output } = await moecache("inspect key --json", { env });
  const { server: where, ttl, formats, value } = JSON.parse(output);
  assertEquals([code, where, formats[0].client, value], [
    0,
    server.address,
    "moecache",
    { Ada: 1 },
  ]);
  assert(ttl > 50 && ttl <= 60, `${ttl} to live`);
  assertEquals((await moecache("inspect missing", { env })).code, 1);
});

Deno.test("inspect shows of a long value only what leaves the rest on the screen", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "字".repeat(10_000), 60);
  const args = ["inspect", "key", "-s", server.address];
  const { output } = await moecache(args, { isTerminal: true, env: { NO_COLOR: "1" } });
  const [line = ""] = output.split("\n").filter((line) => line.startsWith("value"));
  const width = widthOf(line);
  assert(width > 5 * 100 && width <= 6 * 100 && line.endsWith("…"), `${width} columns`);
  const { value } = JSON.parse((await moecache([...args, "--json"])).output);
  assertEquals(value.length, 10_000);
});

Deno.test("inspect does not mark an item as read", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value");
  await moecache("inspect key", { env: { MEMCACHED_SERVERS: server.address } });
  assertEquals((await client.inspect("key"))?.fetched, false);
});

Deno.test("del --prefix deletes on each server what that server holds, and --dry-run counts", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  // Where no ring would look for it.
  for (const server of [first, second]) {
    await using client = new Client(server.address);
    const entries = Array.from({ length: 700 }, (_, i) => [`user:${i}`, i] as const);
    await client.setMany([...entries, ["page:1", 1]]);
    await client.meta("ms", btoa("user:\xc3\xa9"), ["b"], "a key of other bytes");
  }
  const env = { MEMCACHED_SERVERS: `${first.address},${second.address}` };
  const dry = await moecache("del --prefix user: --dry-run", { env });
  assertEquals([dry.code, dry.output], [0, "1402 would be deleted\n"]);
  const real = await moecache("del --prefix user: --json", { env });
  assertEquals([real.code, real.output], [0, '{"deleted":1402}\n']);
  assertEquals((await moecache("del --prefix user:", { env })).code, 1);
  assertEquals((await moecache("get page:1", { env })).code, 0);
});

Deno.test("a command line that makes no sense is exit code 2, and says why", async () => {
  for (
    const [line, message] of [
      ["gte key", "Did you mean get?"],
      ["get", "missing required argument"],
      ["get key --sever a", "unknown option"],
      ["get key --ring knetama", 'there is no ring "knetama"'],
      ["get key --format pikle", 'there is no format "pikle"'],
      ["get key --timeout soon", '"soon" is not a duration'],
      ["get key --servers a:b:c", "it is not"],
      ["get key --discover consul:a", "neither elasticache"],
      ["get key --tls-ca /nowhere", "the file of --tls-ca cannot be read"],
      ["set key value --if-absent --if-present", "exclude each other"],
      ["set key value --ttl 1.5s", "whole seconds"],
      ["set key value --flags 4294967296", "is more than 4294967295"],
      ["del", "either keys or --prefix"],
      ["del key --dry-run", "goes with --prefix"],
      ["meta mq key", "meta"],
    ] as const
  ) {
    const { code, output, messages } = await moecache(line);
    assertEquals([code, output], [2, ""], line);
    assertStringIncludes(messages, message);
  }
});

Deno.test("a server that cannot be reached, or refuses, is exit code 3", async () => {
  const { code, messages } = await moecache("get key -s 127.0.0.1:1");
  assertEquals(code, 3);
  assertStringIncludes(messages, "Cannot connect to 127.0.0.1:1");
});

Deno.test("meta ms needs no server but that of the key", async () => {
  await using server = await MemcachedServer.listen();
  const servers = [server.address, "127.0.0.1:1"];
  await using client = new Client(servers);
  const [here, there] = servers.map((name) =>
    Array.from({ length: 100 }, (_, i) => `key${i}`).find((key) =>
      client.locate(key).server === name
    )
  );
  const run = async (key = "") =>
    (await moecache(`meta ms ${key} --value 1 -s ${servers.join(",")}`)).code;
  assertEquals([await run(here), await run(there)], [0, 3]);
});

Deno.test("credentials come from the URL, and the password from the environment", async () => {
  const auth = { username: "user", password: "se:cret" };
  await using server = await MemcachedServer.listen({ auth });
  const url = (user: string) => `memcached://${user}${server.address}`;
  const codeOf = async (servers: string, env: Record<string, string>) =>
    (await moecache(["set", "key", "value", "-s", servers], { env })).code;
  assertEquals(await codeOf(url("user:se%3Acret@"), {}), 0);
  assertEquals(await codeOf(url("user@"), { MEMCACHED_PASSWORD: "se:cret" }), 0);
  const both = { MEMCACHED_USERNAME: "user", MEMCACHED_PASSWORD: "se:cret" };
  assertEquals(await codeOf(server.address, both), 0);
  const wrong = await moecache(["get", "key", "-s", url("user:wrong@")]);
  assertEquals(wrong.code, 3);
  assertEquals(wrong.messages.includes("wrong"), false);
});

Deno.test("a password is shown in no message, wherever it was typed", async () => {
  const url = "memcached://user:s3cret@127.0.0.1:1";
  const lines = [
    [url, "ping"],
    ["get", "key", url, "--servers"],
    ["ping", "memcached://user:s3/cret@127.0.0.1:1"],
    ["ping", "memcache://user:s3cret@127.0.0.1:1"],
    ...[url, "user:s3cret@127.0.0.1:1"].flatMap((address) => [
      ["ping", "--discover", address],
      ["keys", "--server", address],
      ["balance", "--remove", address],
    ]),
  ];
  for (const line of lines) {
    const { code, messages } = await moecache(line);
    assertEquals([line, code, /s3|cret/.test(messages)], [line, 2, false], messages);
  }
  // What is no address is shown as it is.
  const { messages } = await moecache(["ping", "https://example.com/@user"]);
  assertStringIncludes(messages, "https://example.com/@user");
});

Deno.test("messages name the options of the command line, not those of the library", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.withTranscoder(rawTranscoder).set("key", new TextEncoder().encode("text"));
  const lines = [
    [`get key -s ${server.address}`, 3, "use --format to read"],
    [`incr key -s ${server.address}`, 3, "begin with --initial"],
    ["explain key --ring spymemcached-ketama -s host:1,host:2", 2, "a command line cannot give"],
    ["ping -s user:secret@127.0.0.1:1", 2, "into MEMCACHED_USERNAME and MEMCACHED_PASSWORD"],
  ] as const;
  for (const [line, expected, advice] of lines) {
    const { code, messages } = await moecache(line);
    assertEquals([line, code, messages.includes("the option ")], [line, expected, false], messages);
    assertStringIncludes(messages, advice);
  }
});

Deno.test("a server may be silent for as long as --timeout says", () => {
  const timeouts = ["500ms", "5s", "30s"].map(timeoutsOf);
  assertEquals(timeouts.map(({ timeout }) => timeout), [500, 5000, 30_000]);
  assertEquals(timeouts.map(({ stallTimeout }) => stallTimeout), [10_000, 10_000, 30_000]);
});

Deno.test("limits are named as the options that were typed", async () => {
  const lines = [
    ["ping --timeout 4w -s 127.0.0.1:1", "the option --timeout must be from 1ms to 3w"],
    ["serve --memory 0 --listen 127.0.0.1:0", 'the option --memory "0" is not a size'],
    ["serve --max-item 2g --listen 127.0.0.1:0", 'the option --max-item "2g" is not a size'],
  ] as const;
  for (const [line, says] of lines) {
    const { code, messages } = await moecache(line);
    assertEquals([line, code], [line, 2]);
    assertStringIncludes(messages, says);
  }
});

Deno.test("--discover finds the servers of a cluster", async () => {
  await using server = await MemcachedServer.listen();
  await using endpoint = await MemcachedServer.listen({ cluster: [server.address] });
  const line = `set key value --discover elasticache:${endpoint.address}`;
  assertEquals((await moecache(line)).code, 0);
  await using client = new Client(server.address);
  assertEquals(await client.get("key"), "value");
});

Deno.test("a terminal gets no control characters in JSON and CSV, and a pipe gets them all", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const value = 'a\x1b[31m,"\x9b2J\u202e\n';
  await client.set("key", value);
  const env = { MEMCACHED_SERVERS: server.address };
  for (const isTerminal of [true, false]) {
    const json = await moecache("get key --json", { env, isTerminal });
    assertEquals(JSON.parse(json.output), { key: "key", value });
    const csv = await moecache("get key --csv", { env, isTerminal });
    const shown = isTerminal ? 'a\\u001b[31m,""\\u009b2J\\u202e\\u000a' : value.replace('"', '""');
    assertEquals(csv.output, `key,value\nkey,"${shown}"\n`);
    if (!isTerminal) continue;
    const controls = /[^\n\P{Cc}]/u;
    assertEquals([controls.test(json.output), controls.test(csv.output)], [false, false]);
  }
});

Deno.test("a terminal gets no control characters of a value", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  await moecache(["set", "key", "a\x1b]0;title\x07b\nc"], { env });
  const { output } = await moecache("get key", { env, isTerminal: true });
  assertEquals(output, "a\\u001b]0;title\\u0007b\nc\n");
  const raw = await moecache("get key --format raw", { env, isTerminal: true });
  assertEquals(raw.output, output);
  assertEquals((await moecache("get key --format raw", { env })).output, "a\x1b]0;title\x07b\nc");
});

Deno.test("several lists of servers are one, unless one is empty", async () => {
  const line = ["explain", "key", "--everywhere", "--timeout", "1s"];
  const both = await moecache([...line, "-s", "127.0.0.1:1", "--servers", "127.0.0.1:2"]);
  assertEquals(both.code, 3);
  for (const port of [1, 2]) assertStringIncludes(both.messages, `to 127.0.0.1:${port}:`);
  for (const [first, second] of [["", "127.0.0.1:1"], ["127.0.0.1:1", " "]] as const) {
    const { code, messages } = await moecache([...line, "-s", first, "-s", second]);
    assertEquals([code, messages], [2, "moecache: the option --servers is empty\n"]);
  }
});

Deno.test("a path among the servers is refused in the words of the command line", async () => {
  for (const path of ["/run/memcached.sock", "./memcached.sock", "unix:/run/memcached.sock"]) {
    const servers = `127.0.0.1:1, ${path}`;
    const why = `"${path}" is a path: the command line takes servers as host:port only`;
    for (
      const [line, env] of [[["-s", servers], {}], [[], { MEMCACHED_SERVERS: servers }]] as const
    ) {
      const { code, messages } = await moecache(["get", "key", ...line], { env });
      assertEquals([code, messages], [2, `moecache: ${why}\n`]);
    }
  }
});

Deno.test("an empty list of servers is refused, and an empty variable is none", async () => {
  for (const servers of ["", " "]) {
    const { code, messages } = await moecache(["get", "key", "-s", servers]);
    assertEquals([code, messages], [2, "moecache: the option --servers is empty\n"]);
  }
  const { messages } = await moecache("get key --timeout 1s", { env: { MEMCACHED_SERVERS: " " } });
  assertEquals(messages.includes("127.0.0.1:11211") || messages === "", true);
});

Deno.test("get writes texts and bytes under one head of CSV", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.setMany({ text: "a,b", bytes: Uint8Array.of(255) });
  const env = { MEMCACHED_SERVERS: server.address };
  const { output } = await moecache("get text bytes --csv", { env });
  assertEquals(output, 'key,value,base64\ntext,"a,b",\nbytes,,/w==\n');
  assertEquals((await moecache("get bytes --csv", { env })).output, "key,base64\nbytes,/w==\n");
  const { output: json } = await moecache("get text bytes --json", { env });
  assertEquals(json, '{"key":"text","value":"a,b"}\n{"key":"bytes","base64":"/w=="}\n');
  const inspected = await moecache("inspect bytes --json", { env });
  assertEquals(JSON.parse(inspected.output).base64, "/w==");
});

Deno.test("a value that holds itself, or is nested deeply, is shown", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const raw = client.withTranscoder(rawTranscoder({ withFlags: true }));
  await client.set("plain", [1]);
  const pickled = await raw.get<EncodedValue>("plain");
  const put = (key: string, pickle: string) =>
    raw.set(key, { flags: pickled?.flags ?? 0, data: new TextEncoder().encode(pickle) });
  // What Python's pickle writes for `itself = []; itself.append(itself)`, and for lists in lists.
  await put("itself", "]q\0h\0a.");
  await put("deep", `${"]".repeat(900)}${"a".repeat(899)}.`);
  const env = { MEMCACHED_SERVERS: server.address };
  for (const key of ["itself", "deep"]) {
    for (const command of ["get", "inspect"]) {
      for (const shape of ["", " --json", " --csv"]) {
        const { code, output } = await moecache(`${command} ${key}${shape}`, { env });
        assertEquals([code, output === ""], [0, false], `${command} ${key}${shape}`);
        if (shape === " --json") JSON.parse(output);
      }
    }
  }
  assertEquals((await moecache("get itself", { env })).output, '["(itself)"]\n');
});

Deno.test("numbers that JSON does not have are shown, and not null", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { transcoder: pylibmcTranscoder });
  await client.set("infinite", Infinity);
  await client.set("list", [NaN, -Infinity, 1.5]);
  const line = `get infinite list --format pylibmc -s ${server.address}`;
  assertEquals(
    (await moecache(line)).output,
    'infinite\tInfinity\nlist\t["NaN","-Infinity",1.5]\n',
  );
  const { output } = await moecache(`${line} --json`);
  const rows = output.trimEnd().split("\n").map((row) => JSON.parse(row));
  assertEquals(rows.map(({ value }) => value), ["Infinity", ["NaN", "-Infinity", 1.5]]);
});

Deno.test("keys that are not ASCII are sent as UTF-8", async () => {
  await using server = await MemcachedServer.listen();
  await using other = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: `${server.address},${other.address}` };
  const key = "日本語:キー";
  const bytes = new TextEncoder().encode(key);
  const ask = (...line: string[]) => moecache(line, { env });
  assertEquals((await ask("set", key, "値", "--ttl", "5m")).code, 0);
  const sent = btoa(String.fromCharCode(...bytes));
  const holders = await Promise.all([server, other].map(async ({ address }) => {
    await using client = new Client(address);
    return (await client.meta("mg", sent, ["b", "v"])).value;
  }));
  const [value] = holders.filter((value) => value !== undefined);
  assertEquals(value, new TextEncoder().encode("値"));
  assertEquals((await ask("get", key)).output, "値\n");
  assertEquals((await ask("touch", key, "1h")).code, 0);
  const { code, output } = await ask("inspect", key, "--json");
  assertEquals([code, JSON.parse(output).key], [0, key]);
  assertStringIncludes((await ask("explain", key, "--everywhere")).output, `${key}: found on `);
  assertEquals((await ask("incr", "ü", "--initial", "5")).output, "5\n");
  assertEquals((await ask("keys", "--prefix", "日本")).output, `${key}\n`);
  assertEquals((await ask("del", key, "ü")).code, 0);
  assertEquals((await ask("get", key)).code, 1);
  const wrong = await ask("get", `a\u3000 ${key}`);
  assertEquals([wrong.code, wrong.messages.trimEnd().split("\n").length], [2, 1]);
});

Deno.test("set stores no bytes in JSON, which has none: an object of numbers would be there", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  const input = Uint8Array.of(0xff, 0xfe);
  const { code, messages } = await moecache("set key --format json", { env, input });
  assertEquals([code, messages.includes("--format raw")], [2, true]);
  assertEquals((await moecache("get key", { env })).code, 1);
});
