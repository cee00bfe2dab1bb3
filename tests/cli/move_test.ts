/** `dump` and `load`. */

import { Client, rawTranscoder } from "@moecache/moecache";
import { utf8Keys } from "@moecache/moecache/keys";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { busyTime } from "../support/busy_time.ts";
import { SERVERS } from "../support/every_server.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";
import { until } from "../support/turns.ts";
import { moecache } from "./fake_terminal.ts";

const ITEMS = 3000;

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`dump --values and load bring every item to another server, on ${kind}`, async () => {
    await using source = await start();
    await using target = await start();
    await using from = new Client(source.address, { timeout: 10_000 });
    await using to = new Client(target.address, { timeout: 10_000 });
    const keys = Array.from({ length: ITEMS }, (_, i) => `key:${i}`);
    await Promise.all(keys.map((key, i) => from.set(key, `value ${i}`, i % 3 === 0 ? 0 : 500 + i)));
    await from.set("binary", Uint8Array.of(0, 10, 13, 255));
    await from.meta("ms", btoa("\xff\x00"), ["b", "F7"], "a key of other bytes");
    const dump = await moecache("dump --values", { env: { MEMCACHED_SERVERS: source.address } });
    assertEquals([dump.code, dump.messages], [0, ""]);
    assertEquals(dump.output.trimEnd().split("\n").length, ITEMS + 2);
    const loaded = await moecache("load --json", {
      env: { MEMCACHED_SERVERS: target.address },
      input: dump.output,
    });
    assertEquals([loaded.code, JSON.parse(loaded.output)], [
      0,
      { loaded: ITEMS + 2, skipped: 0, expired: 0 },
    ]);
    const raw = { withFlags: true } as const;
    const values = async (client: Client) =>
      await client.withTranscoder(rawTranscoder(raw)).getMany([...keys, "binary"]);
    assertEquals(await values(to), await values(from));
    for (const key of keys.slice(0, 50)) {
      const [before, moved, after] = [
        await from.inspect(key),
        await to.inspect(key),
        await from.inspect(key),
      ].map((info) => info?.ttl ?? NaN) as [number, number, number];
      // Seconds may pass between the answers of a busy machine.
      assert(moved <= before + 1 && moved >= after - 1, key);
    }
    const other = await to.meta("mg", btoa("\xff\x00"), ["b", "v", "f"]);
    assertEquals([new TextDecoder().decode(other.value), other.flags.f], [
      "a key of other bytes",
      "7",
    ]);
  });
}

Deno.test("load --skip-existing keeps existing items, and stores no expired ones", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("old", "kept");
  const line = (key: string, exptime: number | null) =>
    JSON.stringify({ key, exptime, flags: 274, base64: btoa("new") });
  const input = [line("old", null), line("new", null), line("late", 1_000_000_001)].join("\n");
  const { output } = await moecache("load --skip-existing --json", {
    env: { MEMCACHED_SERVERS: server.address },
    input,
  });
  assertEquals(JSON.parse(output), { loaded: 1, skipped: 1, expired: 1 });
  assertEquals(
    await client.getMany(["old", "new", "late"]),
    new Map([["old", "kept"], ["new", "new"]]),
  );
});

Deno.test("load says which server it waits for, and stores the rest when that is back", async () => {
  let closed = Promise.resolve();
  const first = await MemcachedServer.listen({
    fault: ({ command }) => {
      if (command !== "set") return undefined;
      closed = first.close();
      return { drop: "before" };
    },
  });
  const { address, port } = first;
  const input = Array.from(
    { length: 50 },
    (_, i) => JSON.stringify({ key: `key:${i}`, exptime: null, flags: 274, base64: btoa(`${i}`) }),
  ).join("\n");
  const { promise: isSaid, resolve: onMessage } = Promise.withResolvers<string>();
  const loading = moecache("load --json", {
    env: { MEMCACHED_SERVERS: address },
    input,
    onMessage,
  });
  const message = await isSaid;
  assertStringIncludes(message, `Cannot connect to ${address}: `);
  assertEquals(message.endsWith(": trying again for up to 30s\n"), true, message);
  await closed;
  await using second = await MemcachedServer.listen({ port });
  const { output, messages } = await loading;
  assertEquals([JSON.parse(output).loaded, messages], [50, message]);
  await using client = new Client(second.address);
  assertEquals(await client.get("key:49"), "49");
});

Deno.test("load says that it waits for a server which does not answer from the start", async () => {
  await using server = await MemcachedServer.listen({ fault: () => ({ delay: Infinity }) });
  const interruption = new AbortController();
  const { code, messages } = await moecache("load", {
    env: { MEMCACHED_SERVERS: server.address },
    interrupted: interruption.signal,
    lastMoment: 0,
    onMessage: () => interruption.abort(),
  });
  assertEquals([code, messages], [
    130,
    `moecache: waiting for ${server.address}, which has not answered yet\n`,
  ]);
});

Deno.test("load does not wait for memcached where something else answers", async () => {
  for (const reply of ["HTTP/1.1 400 Bad Request", "-ERR unknown command"]) {
    await using peer = new ScriptedPeer(answering(() => `${reply}\r\n`));
    const { code, messages } = await moecache(`load -s ${peer.address}`, {
      input: JSON.stringify({ key: "key", exptime: null, flags: 0, base64: "" }),
    });
    assertEquals([code, messages], [
      3,
      `moecache: Connection to ${peer.address} ended: unexpected reply "${reply}", under way: stats\n`,
    ]);
  }
});

Deno.test("load does not wait for a server that closes each connection from the start", async () => {
  await using peer = new ScriptedPeer((connection) => connection.close());
  const { code, messages } = await moecache(`load -s ${peer.address}`, { input: "" });
  assertEquals([code, messages.split("\n").length], [3, 2], messages);
  assertStringIncludes(messages, `${peer.address}`);
});

Deno.test("load stores through a proxy that closes a connection because of stats", async () => {
  await using peer = new ScriptedPeer(async (connection) => {
    for (let line; (line = await connection.request()) !== undefined;) {
      if (line.startsWith("stats")) return await connection.close();
      if (line.startsWith("get")) await connection.send("END\r\n");
      if (line.startsWith("set")) await connection.send("STORED\r\n");
    }
  });
  const { code, output, messages } = await moecache(`load --json -s ${peer.address}`, {
    input: JSON.stringify({ key: "key", exptime: null, flags: 0, base64: "" }),
  });
  assertEquals([code, messages], [0, ""]);
  assertEquals(JSON.parse(output).loaded, 1);
});

for (const from of ["a file", "standard input"]) {
  Deno.test(`load from ${from} loses nothing of a server that is started again`, async () => {
    await using first = await MemcachedProcess.start();
    await using client = new Client(first.address);
    const keys = Array.from({ length: 1_000 }, (_, i) => `key:${i}`);
    const lines = keys.map((key) =>
      JSON.stringify({ key, exptime: null, flags: 274, base64: "eA==" })
    );
    const env = { MEMCACHED_SERVERS: first.address };
    const input = lines.join("\n");
    const isFile = from === "a file";
    const path = isFile ? await Deno.makeTempFile() : "-";
    try {
      if (isFile) await Deno.writeTextFile(path, input);
      const loading = moecache(["load", path, "--rate", "1k", "--json"], { env, input });
      // With an item of the second batch, all replies for the first have been read.
      await until(async () => Number((await client.stats())[0]!.curr_items) > 100);
      await first.kill("SIGKILL");
      await using _second = await MemcachedProcess.start([], { port: first.port });
      const { code, messages, output } = await loading;
      assertStringIncludes(messages, `${first.address} was started again, and has lost`);
      assertEquals(code, isFile ? 0 : 3, messages);
      const { loaded, again = 0 } = JSON.parse(output);
      assertEquals([loaded, again > 0], [keys.length, isFile]);
      if (!isFile) {
        const next = await moecache("load --skip-existing", { env, input });
        assertEquals([next.code, next.messages], [0, ""]);
      }
      assertEquals((await client.getMany(keys)).size, keys.length);
    } finally {
      if (isFile) await Deno.remove(path);
    }
  });
}

Deno.test("dump -o replaces a file only when there is something to replace it with", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/items.jsonl`;
  const names = () => Array.from(Deno.readDirSync(folder), ({ name }) => name);
  const env = { MEMCACHED_SERVERS: "127.0.0.1:1" };
  try {
    assertEquals((await moecache(["dump", "-o", path], { env })).code, 3);
    assertEquals(names(), []);
    await Deno.writeTextFile(path, "precious", { mode: 0o600 });
    for (const line of ["dump", "dump --csv", "dump --values"]) {
      assertEquals((await moecache([...line.split(" "), "-o", path], { env })).code, 3);
      const interrupted = AbortSignal.abort();
      const { code } = await moecache([...line.split(" "), "-o", path], { env, interrupted });
      assertEquals(code, 130);
    }
    assertEquals(await Deno.readTextFile(path), "precious");
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    await client.set("key", "value");
    await Deno.symlink(path, `${folder}/link`);
    // What one of two servers has is there; the other is reported.
    const both = { MEMCACHED_SERVERS: `127.0.0.1:1,${server.address}` };
    assertEquals((await moecache(["dump", "-o", `${folder}/link`], { env: both })).code, 3);
    assertEquals(JSON.parse(await Deno.readTextFile(path)).key, "key");
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    assertEquals((await Deno.lstat(`${folder}/link`)).isSymlink, true);
    assertEquals(names().sort(), ["items.jsonl", "link"]);
    // Servers without items are dumped as they are.
    await client.flushAll();
    const whole = { MEMCACHED_SERVERS: server.address };
    assertEquals((await moecache(["dump", "-o", path], { env: whole })).code, 1);
    assertEquals(await Deno.readTextFile(path), "");
    for (const wrong of [folder, `${folder}/none/file`]) {
      assertEquals((await moecache(["dump", "-o", wrong], { env: whole })).code, 2, wrong);
    }
    await moecache(["dump", "-o", "/dev/null"], { env: whole });
    assertEquals((await Deno.stat("/dev/null")).isCharDevice, true);
    assertEquals(names().sort(), ["items.jsonl", "link"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("dump -o does not replace an older file by the part that Ctrl-C leaves", async () => {
  const interruption = new AbortController();
  await using server = await MemcachedServer.listen();
  await using silent = await MemcachedServer.listen({
    fault: () => {
      interruption.abort();
      return { delay: Infinity };
    },
  });
  await using client = new Client(server.address);
  await client.set("key", "value");
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const path = `${folder}/items.jsonl`;
  try {
    await Deno.writeTextFile(path, "older");
    const { code, messages } = await moecache(
      ["dump", "-o", path, "-s", `${server.address},${silent.address}`],
      { interrupted: interruption.signal },
    );
    assertEquals([code, messages], [
      130,
      `moecache: the dump ended early: ${path}.part has only 1 item\n`,
    ]);
    assertEquals(await Deno.readTextFile(path), "older");
    assertEquals(JSON.parse(await Deno.readTextFile(`${path}.part`)).key, "key");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("load refuses what is not a dump, and names the line", async () => {
  await using server = await MemcachedServer.listen();
  const wrongFlags = [-1, 2 ** 32].map((flags) =>
    JSON.stringify({ key: "a", exptime: null, flags, base64: "" })
  );
  const wrongKeys = ["", " ".repeat(188), "x".repeat(251), "é".repeat(126)].map((key) =>
    JSON.stringify({ key, exptime: null, flags: 0, base64: "" })
  );
  const tooLate = JSON.stringify({ key: "a", exptime: 2 ** 31, flags: 0, base64: "" });
  const lines = ["{", "{}", '{"key":"a","exptime":null}', '{"key":"a","exptime":"x"}'];
  for (const input of [...lines, ...wrongFlags, ...wrongKeys, tooLate]) {
    const env = { MEMCACHED_SERVERS: server.address };
    const { code, messages } = await moecache("load", { env, input: `\n${input}` });
    assertEquals(code, 2, input);
    assertStringIncludes(messages, "line 2 is not an item of a dump");
  }
  assertEquals((await moecache("load /nowhere/at/all", {})).code, 2);
  assertEquals((await moecache("load --rate fast", {})).code, 2);
});

Deno.test("load stores the items before a line that is none, as when a dump is cut off", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value");
  const env = { MEMCACHED_SERVERS: server.address };
  const { output } = await moecache("dump --values", { env });
  await client.flushAll();
  const { code, output: counts, messages } = await moecache("load --json", {
    ...{ env, input: output + output.slice(0, -10) },
  });
  assertEquals([code, JSON.parse(counts).loaded, await client.get("key")], [2, 1, "value"]);
  assertStringIncludes(messages, "line 2 is not an item of a dump");
});

Deno.test("load reads a line of many pieces in the time of many lines", async () => {
  await using server = await MemcachedServer.listen();
  const file = await Deno.makeTempFile();
  const timeFor = async (line: string, lines: number) => {
    await Deno.writeTextFile(file, line.repeat(lines));
    const started = busyTime();
    assertEquals((await moecache(["load", file, "-s", server.address])).code, 1);
    return busyTime() - started;
  };
  try {
    const many = await timeFor(`${" ".repeat(65_535)}\n`, 512);
    // To read it again with each piece would take 50 times as long.
    assert(await timeFor(" ".repeat(65_536), 512) < 15 * many + 500);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("dump shows keys as UTF-8, and load takes them so where a line has no other bytes", async () => {
  await using server = await MemcachedServer.listen();
  const env = { MEMCACHED_SERVERS: server.address };
  const typed = ["é", "日本"].map((key) =>
    JSON.stringify({ key, exptime: null, flags: 0, base64: btoa("value") })
  );
  assertEquals((await moecache("load", { env, input: typed.join("\n") })).code, 0);
  await using client = new Client(server.address, { keys: utf8Keys, transcoder: rawTranscoder });
  for (const key of ["é", "日本"]) {
    assertEquals(await client.get(key), new TextEncoder().encode("value"));
  }
  await using other = new Client(server.address);
  await other.meta("ms", btoa("\xff"), ["b"], "a key that is no UTF-8");
  const { output } = await moecache("dump --values", { env });
  const keys = output.trimEnd().split("\n").map((line) => JSON.parse(line).key);
  assertEquals(keys.toSorted(), ["é", "ÿ", "日本"]);
  const folder = await Deno.makeTempDir();
  try {
    // The name of a file is no key, and changes nothing about keys.
    await Deno.writeTextFile(`${folder}/日本.jsonl`, output);
    await client.flushAll();
    const { code, messages } = await moecache(["load", `${folder}/日本.jsonl`], { env });
    assertEquals([code, messages], [0, ""]);
    const again = await moecache("dump --values", { env });
    assertEquals(again.output.split("\n").toSorted(), output.split("\n").toSorted());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("load counts what the server refuses, and stores the rest", async () => {
  await using server = await MemcachedServer.listen({ maxItemSize: 64 * 1024 });
  const line = (key: string, size: number) =>
    JSON.stringify({ key, exptime: null, flags: 274, base64: btoa("x".repeat(size)) });
  const input = [line("a", 10), line("large", 100_000), line("b", 10), line("vast", 200_000)];
  const { code, output, messages } = await moecache("load --json", {
    env: { MEMCACHED_SERVERS: server.address },
    input: input.join("\n"),
  });
  assertEquals(code, 3);
  assertEquals(JSON.parse(output), { loaded: 2, skipped: 0, expired: 0, refused: 2 });
  assertEquals(messages.trimEnd().split("\n").length, 1);
  assertStringIncludes(messages, "too large");
});

Deno.test("dump and del --prefix leave out a server that fails midway, and go on", async () => {
  let isFailing = false;
  await using failing = await MemcachedServer.listen({
    fault: ({ command }) =>
      isFailing && command !== "lru_crawler" ? { reply: "SERVER_ERROR out of memory" } : undefined,
  });
  await using server = await MemcachedServer.listen();
  for (const { address } of [failing, server]) {
    await using client = new Client(address);
    await client.setMany(Array.from({ length: 1200 }, (_, i) => [`${i}:${address}`, i] as const));
  }
  isFailing = true;
  const env = { MEMCACHED_SERVERS: `${failing.address},${server.address}` };
  const dump = await moecache("dump --values", { env });
  assertEquals([dump.code, dump.messages.trimEnd().split("\n").length], [3, 1]);
  const lines = dump.output.trimEnd().split("\n").map((line) => JSON.parse(line).key);
  assertEquals([lines.length, lines.every((key) => key.endsWith(server.address))], [1200, true]);
  const deleted = await moecache("del --prefix 1", { env });
  assertEquals([deleted.code, deleted.output], [3, "311\n"], deleted.messages);
  assertEquals(deleted.messages.trimEnd().split("\n").length, 1);
});

Deno.test("dump writes CSV, to a file too", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.withTranscoder(rawTranscoder).set("key", Uint8Array.of(1));
  const env = { MEMCACHED_SERVERS: server.address };
  const file = await Deno.makeTempFile();
  try {
    const csv = "key,keyBase64,exptime,flags,base64\nkey,,,0,AQ==\n";
    assertEquals((await moecache("dump --values --csv", { env })).output, csv);
    assertEquals((await moecache(["dump", "--values", "--csv", "-o", file], { env })).output, "");
    assertEquals(await Deno.readTextFile(file), csv);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("dump and load say which file cannot be written or read", async () => {
  const empty = await moecache(["dump", "-o", "", "-s", "127.0.0.1:1"]);
  assertEquals([empty.code, empty.messages], [2, "moecache: the option --output is empty\n"]);
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value");
  const env = { MEMCACHED_SERVERS: server.address };
  const lines = [
    "dump -o /nowhere/at/all",
    "dump -o /",
    "dump -o /dev/full",
    "load /nowhere",
    "load /",
  ];
  for (const line of [...lines, ["dump", "-o", ""], ["load", ""]]) {
    const { code, output, messages } = await moecache(line, { env });
    assertEquals([code, output, messages.trimEnd().split("\n").length], [2, "", 1], `${line}`);
    assertEquals(messages.startsWith("moecache: "), true, messages);
  }
  const here = await Array.fromAsync(Deno.readDir("."));
  assertEquals(here.filter(({ name }) => name.endsWith(".part")), []);
});

Deno.test("what asks a server for its items reads the whole list meanwhile, which locks them", async () => {
  const item = (key: string) => `key=${key} exp=-1 la=1 cas=1 fetch=no cls=1 size=9\n`;
  const wanted = Array.from({ length: 500 }, (_, i) => item(`wanted:${i}`)).join("");
  // 52 MB: more than a client and two sockets take in advance.
  const others = item("x".repeat(200)).repeat(500);
  for (const command of ["del --prefix wanted:", "dump --values --prefix wanted:"]) {
    const isRead = Promise.withResolvers<void>();
    // As memcached before 1.6.19, which answers no request for the keys that it waits with.
    await using server = new ScriptedPeer(async (connection) => {
      for (let line; (line = await connection.request()) !== undefined;) {
        if (line.startsWith("lru_crawler")) {
          await connection.send(wanted);
          for (let i = 0; i < 400; i++) await connection.send(others);
          await connection.send("END\r\n");
          isRead.resolve();
        } else if (line.startsWith("stats")) {
          await connection.send("STAT pid 1\r\nSTAT time 1\r\nSTAT uptime 1\r\nEND\r\n");
        } else {
          await isRead.promise;
          await connection.send(line.startsWith("delete") ? "DELETED\r\n" : "END\r\n");
        }
      }
    });
    // Much longer than the list takes on a busy machine, and shorter than a test may be silent.
    const { messages } = await moecache(`${command} --timeout 2m -s ${server.address}`);
    assertEquals(messages, "");
  }
});
