/** `copy` and `verify`. */

import { Client } from "@moecache/moecache";
import { utf8Keys } from "@moecache/moecache/keys";
import { ketama } from "@moecache/moecache/rings";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { keyOfText } from "../../src/cli/keys_of_bytes.ts";
import { SERVERS } from "../support/every_server.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { until } from "../support/turns.ts";
import { type Ended, moecache } from "./fake_terminal.ts";

const ITEMS = 2000;
/** How often to compare: the clock of a memcached to which a busy machine gives no time lags behind. */
const MOST_COMPARISONS = 20;

/** Milliseconds until `verify` looks again at what may only seem to differ. */
const SECOND_LOOK = 1200;

/** A time in which nothing passes but the pauses of commands, which end at once: busy machines are no later. */
class PausesOnly implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #now = performance.now;
  /** Milliseconds. */
  total = 0;

  constructor() {
    const start = performance.now();
    const pausing = (callback: () => void, delay = 0) => {
      // Longer ones are limits, which never come.
      const isPause = delay <= SECOND_LOOK && new Error().stack?.includes("/cli/pause.ts");
      if (isPause) this.total += delay;
      return this.#setTimeout.call(globalThis, callback, isPause ? 0 : delay);
    };
    Reflect.set(globalThis, "setTimeout", pausing);
    performance.now = () => start + this.total;
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
    performance.now = this.#now;
  }
}

/** Compares, again where more items differ than should. */
async function verify(args: readonly string[], different: number): Promise<Ended> {
  for (let left = MOST_COMPARISONS;;) {
    const ended = await moecache(["verify", ...args]);
    const counts = JSON.parse(ended.output.trimEnd().split("\n").at(-1)!);
    if (counts.different <= different || --left === 0) return ended;
  }
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`copy brings every item where the ring looks, and verify finds what differs, on ${kind}`, async () => {
    await using source = await start();
    await using first = await start();
    await using second = await start();
    const targets = [first.address, second.address];
    await using from = new Client(source.address, { timeout: 10_000 });
    await using to = new Client(targets, { locator: ketama, timeout: 10_000 });
    const keys = Array.from({ length: ITEMS }, (_, i) => `key:${i}`);
    await Promise.all(keys.map((key, i) => from.set(key, `value ${i}`, i % 3 === 0 ? 0 : 500 + i)));
    await from.meta("ms", btoa("\xff\x00"), ["b", "F7"], "a key of other bytes");
    const both = ["--from", source.address, "--to", targets.join(), "--json"];
    const onRing = [...both, "--ring", "ketama"];
    const copied = await moecache(["copy", ...onRing]);
    assertEquals([copied.code, copied.messages, JSON.parse(copied.output)], [
      ...[0, ""],
      { copied: ITEMS + 1, skipped: 0, expired: 0 },
    ]);
    assertEquals((await to.getMany(keys)).size, ITEMS);
    const same = await verify(onRing, 0);
    assertEquals([same.code, same.output], [
      0,
      `{"compared":${ITEMS + 1},"missing":0,"different":0}\n`,
    ]);

    await to.delete("key:0");
    await to.set("key:1", "another value", 501);
    await to.touch("key:2", 9000);
    const other = await verify(onRing, 2);
    const records = other.output.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(other.code, 1);
    assertEquals(records.pop(), { compared: ITEMS + 1, missing: 1, different: 2 });
    assertEquals(Object.fromEntries(records.map(({ key, difference }) => [key, difference])), {
      ...{ "key:0": "missing", "key:1": "value", "key:2": "ttl" },
    });

    const again = await moecache(["copy", ...onRing, "--skip-existing"]);
    assertEquals([again.code, JSON.parse(again.output)], [
      0,
      { copied: 1, skipped: ITEMS, expired: 0 },
    ]);
    assertEquals(await to.get("key:1"), "another value");
    const none = await moecache(["copy", ...both, "--prefix", "nothing:"]);
    assertEquals(none.code, 1);
  });
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`keys that are not ASCII are moved where their clients look, on ${kind}`, async () => {
    await using source = await start();
    await using first = await start();
    await using second = await start();
    const targets = [first.address, second.address];
    await using from = new Client(source.address, { keys: utf8Keys, timeout: 10_000 });
    await using to = new Client(targets, { keys: utf8Keys, locator: ketama, timeout: 10_000 });
    // The longest ones are too long for base64.
    const keys = Array.from({ length: 40 }, (_, i) => `キー${i}:${"字".repeat(i)}`);
    keys.push("字".repeat(83));
    for (const key of keys) await from.set(key, `value of ${key}`, 500);
    const onRing = ["--json", "--ring", "ketama"];
    const both = ["--from", source.address, "--to", targets.join(), ...onRing];
    const copied = await moecache(["copy", ...both]);
    assertEquals([copied.code, copied.messages], [0, ""]);
    assertEquals((await to.getMany(keys)).size, keys.length);
    const same = await verify(both, 0);
    assertEquals([same.code, JSON.parse(same.output)], [
      0,
      { compared: keys.length, missing: 0, different: 0 },
    ]);

    await to.flushAll();
    const dump = await moecache(["dump", "--values", "-s", source.address]);
    assertEquals([dump.code, dump.messages], [0, ""]);
    const onTargets = ["-s", targets.join(), ...onRing];
    assertEquals((await moecache(["load", ...onTargets], { input: dump.output })).code, 0);
    assertEquals((await to.getMany(keys)).size, keys.length);
    const balance = await moecache(["balance", "-s", targets.join(), "--ring", "ketama"]);
    assertStringIncludes(balance.output, `\n0 of ${keys.length} keys`);
    const deleted = await moecache(["del", "--prefix", "キー", ...onTargets]);
    assertEquals(JSON.parse(deleted.output), { deleted: keys.length - 1 });
  });
}

Deno.test("a key that no text command can carry is left out, and reported in one line", async () => {
  const key = `a${"%20".repeat(200)}`;
  const line = `key=${key} exp=-1 la=1 cas=1 fetch=no cls=1 size=260`;
  await using source = await MemcachedServer.listen({
    fault: ({ line: asked }) =>
      asked.startsWith("lru_crawler metadump")
        ? { reply: `key=key exp=-1 la=1 cas=1 fetch=no cls=1 size=70\r\n${line}\r\nEND` }
        : undefined,
  });
  await using target = await MemcachedServer.listen();
  await using from = new Client(source.address);
  await using to = new Client(target.address);
  await from.set("key", "value");
  const both = `--from ${source.address} --to ${target.address}`;
  for (const line of [`copy ${both}`, `verify ${both}`, `dump --values -s ${source.address}`]) {
    const { code, messages } = await moecache(line);
    assertEquals([code, messages.split("\n").length], [3, 2], messages);
    assertStringIncludes(messages, "only the binary protocol can carry such a key");
  }
  assertEquals(await to.get("key"), "value");
  const { code, messages } = await moecache(`del --prefix a -s ${source.address}`);
  assertEquals(code, 3);
  assertStringIncludes(messages, "only the binary protocol can carry such a key");
});

for (const imitate of ["1.5.16", "1.6.6", "1.6.9"] as const) {
  // What this server does not know as `ms` is a command to it.
  Deno.test(`values are not run as commands by memcached ${imitate}, which knows no keys in base64`, async () => {
    await using source = await MemcachedServer.listen();
    await using old = await MemcachedServer.listen({ imitate });
    await using from = new Client(source.address);
    await using to = new Client(old.address);
    await from.set("key", "value");
    await from.meta("ms", btoa("a b"), ["b"], "flush_all");
    await to.set("there", "before");
    const both = `--from ${source.address} --to ${old.address}`;
    const { code, output, messages } = await moecache(`copy ${both} --json`);
    assertEquals([code, JSON.parse(output)], [
      3,
      { copied: 1, skipped: 0, expired: 0, refused: 1 },
    ]);
    assertStringIncludes(messages, `which is ${imitate}: meta commands need memcached 1.6.10`);
    assertEquals((await moecache(`meta ms a --value flush_all -s ${old.address}`)).code, 3);
    assertEquals(
      await to.getMany(["key", "there"]),
      new Map([["key", "value"], ["there", "before"]]),
    );
  });
}

Deno.test("an older server's key that no command can carry is left out, and the others are not", async () => {
  // memcached takes such keys, but the client sends no control characters.
  const line = "key=a%01 exp=-1 la=1 cas=1 fetch=no cls=1 size=70";
  await using source = await MemcachedServer.listen({
    imitate: "1.6.6",
    fault: ({ line: asked }) =>
      asked.startsWith("lru_crawler metadump")
        ? {
          reply: `${line}\r\n${line.replace("a%01", "ab")}\r\n${
            line.replace("a%01", "a%C3%BC")
          }\r\nEND`,
        }
        : undefined,
  });
  await using target = await MemcachedServer.listen();
  await using from = new Client(source.address, { keys: utf8Keys });
  for (const key of ["ab", "aü"]) await from.set(key, "value");
  const both = `--from ${source.address} --to ${target.address} --json`;
  const at = async (line: string) => {
    const { code, output, messages } = await moecache(line);
    assertEquals([code, messages.split("\n").length], [3, 2], messages);
    assertStringIncludes(messages, 'key "a\\u0001": the server answered "CLIENT_ERROR');
    return output.trimEnd().split("\n").map((line) => JSON.parse(line));
  };
  assertEquals(await at(`copy ${both}`), [{ copied: 2, skipped: 0, expired: 0 }]);
  assertEquals(await at(`verify ${both}`), [{ compared: 2, missing: 0, different: 0 }]);
  const dumped = await at(`dump --values -s ${source.address}`);
  assertEquals(dumped.map(({ key }) => key), ["ab", "aü"]);
  assertEquals(await at(`del --prefix a --json -s ${source.address}`), [{ deleted: 2 }]);
});

Deno.test("verify finds keys that are not ASCII behind a proxy, which looks elsewhere for their base64", async () => {
  await using source = await MemcachedServer.listen();
  await using target = await MemcachedServer.listen({
    fault: ({ line }) => /^mg .* b( |$)/.test(line) ? { reply: "EN" } : undefined,
  });
  for (const { address } of [source, target]) {
    await using client = new Client(address, { keys: utf8Keys });
    await client.set("ключ", "value", 500);
  }
  const verify = `verify --from ${source.address} --to ${target.address} --json`;
  const same = { compared: 1, missing: 0, different: 0 };
  assertEquals(JSON.parse((await moecache(verify)).output), same);
  await using client = new Client(target.address, { keys: utf8Keys });
  await client.delete("ключ");
  assertStringIncludes((await moecache(verify)).output, '"difference":"missing"');
});

Deno.test("errors name keys that are not ASCII as lists show them", async () => {
  // The last one is sent in base64; the one before is longer than what errors quote.
  const keys = ["ключ:1", "日本語".repeat(20), "с пробелом"];
  let isFailing = false;
  await using server = await MemcachedServer.listen({
    fault: ({ command }) =>
      isFailing && /^(get|set|delete|m.)$/.test(command)
        ? { reply: "SERVER_ERROR out of memory" }
        : undefined,
  });
  await using other = await MemcachedServer.listen();
  for (const { address } of [server, other]) {
    await using client = new Client(address);
    for (const key of keys) await client.meta("ms", btoa(keyOfText(key)), ["b"], "value");
  }
  isFailing = true;
  const [from, to] = [`--from ${other.address}`, `--to ${server.address}`];
  const at = `-s ${server.address}`;
  for (
    const line of [`copy ${from} ${to}`, `verify ${from} ${to}`, `dump --values ${at}`, `del ${at}`]
  ) {
    for (const key of keys) {
      const { code, messages } = await moecache([...line.split(" "), "--prefix", key]);
      assertEquals([line, code], [line, 3]);
      assertStringIncludes(messages, `key "${key}": the server answered`);
    }
  }
});

Deno.test("verify looks again where the clock of a server may only have been late", async () => {
  await using source = await MemcachedServer.listen();
  let looks = 0;
  await using target = await MemcachedServer.listen({
    fault: ({ command }) =>
      command === "mg" && looks++ === 0 ? { reply: "VA 5 f274 t502\r\nvalue" } : undefined,
  });
  for (const { address } of [source, target]) {
    await using client = new Client(address);
    await client.set("key", "value", 500);
  }
  const verify = `verify --from ${source.address} --to ${target.address} --json`;
  const same = { compared: 1, missing: 0, different: 0 };
  assertEquals(JSON.parse((await moecache(verify)).output), same);
  assertEquals(looks, 2);
});

Deno.test("verify does not wait for each batch where all lifetimes differ by a little", async () => {
  await using source = await MemcachedServer.listen();
  await using target = await MemcachedServer.listen();
  // Ten batches.
  const keys = Array.from({ length: 5000 }, (_, i) => `key${i}`);
  for (const [{ address }, ttl] of [[source, 500], [target, 503]] as const) {
    await using client = new Client(address);
    await client.setMany(keys.map((key) => [key, "value"] as const), ttl);
  }
  using pauses = new PausesOnly();
  const { output, code } = await moecache(
    `verify --from ${source.address} --to ${target.address} --json`,
  );
  // As long as one batch waits: the others have become due meanwhile.
  assertEquals(pauses.total, SECOND_LOOK);
  const lines = output.trimEnd().split("\n");
  assertEquals([code, lines.length], [1, keys.length + 1]);
  assertEquals(JSON.parse(lines.at(-1)!), {
    ...{ compared: keys.length, missing: 0, different: keys.length },
  });
});

Deno.test("verify does not count as a read", async () => {
  await using source = await MemcachedServer.listen();
  await using client = new Client(source.address);
  await client.set("key", "value");
  await moecache(["verify", "--from", source.address, "--to", source.address]);
  assertEquals((await client.inspect("key"))?.fetched, false);
});

Deno.test("copy and verify say which servers they lack, or cannot reach", async () => {
  await using source = await MemcachedServer.listen();
  for (const command of ["copy", "verify"]) {
    const lacking = await moecache(`${command} --from ${source.address}`);
    assertEquals(lacking.code, 2);
    assertStringIncludes(lacking.messages, "--from and --to");
    const two = await moecache(`${command} --from a:1 --to b:1 -s c:1`);
    assertEquals(two.code, 2);
    const down = await moecache(`${command} --from 127.0.0.1:1 --to ${source.address}`);
    assertEquals(down.code, 3);
    assertStringIncludes(down.messages, "127.0.0.1:1");
    // Nothing is waited for that has never been there.
    await using client = new Client(source.address);
    await client.set("key", "value");
    // No name server is asked for a name that cannot be one: it might be slow.
    for (const target of ["127.0.0.1:1", `${"x".repeat(64)}.invalid:1`]) {
      const { code, messages } = await moecache(
        `${command} --from ${source.address} --to ${target}`,
      );
      assertEquals([code, messages.split("\n").length], [3, 2]);
      assertStringIncludes(messages, `Cannot connect to ${target}: `);
    }
  }
});

Deno.test("copy ends with 3 if it cannot read all that was lost a second time", async () => {
  let [isLost, lists] = [false, 0];
  await using source = await MemcachedServer.listen({
    fault: ({ command }) =>
      command === "lru_crawler" && ++lists > 1
        ? { reply: "SERVER_ERROR out of memory" }
        : undefined,
  });
  await using target = await MemcachedServer.listen({
    // The number of the process changes while items are stored, as after a restart.
    fault: ({ command }) => {
      if (command === "set" || command === "ms") isLost = true;
      return command === "stats" ? { reply: `STAT pid ${isLost ? 2 : 1}\r\nEND` } : undefined;
    },
  });
  await using from = new Client(source.address);
  await from.set("key", "value");
  const { code, messages, output } = await moecache(
    `copy --from ${source.address} --to ${target.address} --json`,
  );
  assertEquals([code, lists], [3, 2]);
  const [restart = "", refusal = "", ...others] = messages.trimEnd().split("\n");
  assertEquals(others, []);
  assertStringIncludes(restart, `${target.address} was started again`);
  assertStringIncludes(refusal, `Cannot list the items of ${source.address}`);
  assertEquals(JSON.parse(output), { copied: 1, skipped: 0, expired: 0 });
});

Deno.test("what reads values says that their server was started again, and ends with 3", async () => {
  let starts = 0;
  await using source = await MemcachedServer.listen({
    // Another process each time, as after a restart: its items look as if they had expired.
    fault: ({ line }) => line === "stats" ? { reply: `STAT pid ${++starts}\r\nEND` } : undefined,
  });
  await using target = await MemcachedServer.listen();
  await using from = new Client(source.address);
  await from.set("key", "value");
  const both = `--from ${source.address} --to ${target.address}`;
  for (const line of [`dump --values -s ${source.address}`, `copy ${both}`, `verify ${both}`]) {
    const { code, messages } = await moecache(line);
    assertEquals([code, messages], [
      3,
      `moecache: ${source.address} was started again: what had not been read of it is lost\n`,
    ]);
  }
  // A list of keys alone comes in one piece, or its connection is lost.
  assertEquals((await moecache(`dump -s ${source.address}`)).code, 0);
});

Deno.test("copy loses nothing of a server that is started again", async () => {
  await using source = await MemcachedProcess.start();
  await using target = await MemcachedProcess.start();
  await using from = new Client(source.address, { timeout: 10_000 });
  await using to = new Client(target.address, { timeout: 10_000 });
  const keys = Array.from({ length: 20_000 }, (_, i) => `key:${i}`);
  await from.setMany(keys.map((key): [string, string] => [key, "value"]));
  const copying = moecache(`copy --from ${source.address} --to ${target.address} --json`);
  await until(async () => Number((await to.stats())[0]!.curr_items) > 0);
  await target.kill("SIGKILL");
  await using _second = await MemcachedProcess.start([], { port: target.port });
  const { code, messages, output } = await copying;
  assertEquals(code, 0, messages);
  assertStringIncludes(messages, `${target.address} was started again, and has lost`);
  assert(JSON.parse(output).again > 0);
  assertEquals((await to.getMany(keys)).size, keys.length);
});
