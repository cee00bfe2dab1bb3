/** Every command, and every option of each, with input that makes no sense, and on servers that fail. */

import { Client } from "@moecache/moecache";
import { type Fault, MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals } from "@std/assert";
import { programFor } from "../../src/cli/program.ts";
import { type Ended, moecache, NO_TERMINAL } from "./fake_terminal.ts";

/** A line for each command that ends by itself, or soon after Ctrl-C. */
const LINES: Readonly<Record<string, string>> = {
  get: "get key",
  set: "set other value",
  del: "del other",
  incr: "incr n",
  decr: "decr n",
  touch: "touch key 60",
  meta: "meta mg key v",
  inspect: "inspect key",
  keys: "keys",
  explain: "explain key --everywhere",
  stats: "stats",
  ping: "ping",
  capable: "capable",
  big: "big",
  ttl: "ttl",
  prefixes: "prefixes",
  balance: "balance",
  hot: "hot --for 20ms",
  monitor: "monitor",
  latency: "latency --for 20ms",
  stat: "stat --every 10ms --count 2",
  doctor: "doctor --for 20ms",
  top: "top --once --every 100ms",
  dump: "dump --values",
  load: "load",
  copy: "copy",
  verify: "verify",
  serve: "serve --listen 127.0.0.1:0",
  exporter: "exporter --listen 127.0.0.1:0",
  web: "web --listen 127.0.0.1:0",
  bench: "bench --for 20ms --keys 10 --clients 2",
  completion: "completion bash",
};

/** They go on until Ctrl-C. */
const ENDLESS = /^(monitor|serve|exporter|web)$/;
/** Milliseconds until Ctrl-C. */
const UNTIL_CTRL_C = 40;

const ITEM = JSON.stringify({ key: "loaded", exptime: null, flags: 274, base64: btoa("value") });

const program = await programFor(NO_TERMINAL, () => {}, []);

/** What makes no sense for anything but a text. */
const STRANGE = [
  ...["", " ", "-1", "NaN", "Infinity", "0", "1e9", "0x10", "9".repeat(400), "日本語", "__proto__"],
  ...["a\nb\x1b[2J", "\u202e", "<", "[z-a]"],
];
/** The same for addresses; none of them is looked up. */
const ADDRESSES = [
  ...["", " ", ",", "a:b:c", ":1", "127.0.0.1:99999", "127.0.0.1:-1", "http://x", "memcached://"],
  ...["memcached://user:s3cret@", "[::1", "\x1b[2J:1", "a b:1", "user:s3cret@127.0.0.1:1"],
];
const OF_ADDRESSES = /^--(servers|add|from|to|discover)$/;
/** The same for addresses of this machine, which have no password. */
const LISTENED = ADDRESSES.filter((address) => !address.includes("s3cret"));
const OF_OWN = /^--(listen|allow-host)$/;

interface RunOptions {
  readonly servers: string;
  /** Ends the command; by default only those that go on without end. */
  readonly interrupted?: AbortSignal;
  readonly more?: readonly string[];
}

async function run(name: string, { servers, interrupted, more = [] }: RunOptions): Promise<Ended> {
  const isBoth = /^(copy|verify)$/.test(name);
  const where = isBoth ? ["--from", servers, "--to", servers] : ["-s", servers];
  const line = [...(LINES[name] ?? name).split(" "), ...where, "--timeout", "5m", ...more];
  const ending = new AbortController();
  const timer = ENDLESS.test(name) ? setTimeout(() => ending.abort(), UNTIL_CTRL_C) : undefined;
  try {
    const signal = interrupted ?? ending.signal;
    return await moecache(line, { interrupted: signal, input: ITEM });
  } finally {
    clearTimeout(timer);
  }
}

/** Whether what a command has written is as it should be, whatever has happened. */
function assertSound(ended: Ended, about: string, codes: readonly number[] = [0, 1, 2, 3]): void {
  const { code, output, messages } = ended;
  assert(codes.includes(code), `${about}: ${code}\n${messages}`);
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(messages), `${about}: ${messages}`);
  const lines = messages.split("\n").slice(0, -1);
  // What commander suggests stands in a line of its own.
  const said = lines.filter((line) => !line.startsWith("(Did you mean "));
  assert(said.every((line) => /^(moecache( web)?|error): \S/.test(line)), `${about}: ${messages}`);
  assert(!messages.includes("s3cret"), `${about}: ${messages}`);
  if (code === 2) assertEquals([said.length, output], [1, ""], `${about}: ${messages}`);
  if (code === 3) assert(said.length > 0, about);
}

/** The cells of each row of CSV. */
function rowsOf(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted ?? plain ?? "");
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

Deno.test("there is a line for each command", () => {
  const names = program.commands.map((command) => command.name());
  assertEquals(Object.keys(LINES).toSorted(), names.toSorted());
});

for (const name of Object.keys(LINES)) {
  const command = program.commands.find((each) => each.name() === name);
  Deno.test(`${name} refuses options that make no sense, or does what they say`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    await client.setMany({ key: "value", other: 1, "user:1": "Ada" });
    for (const { long, required, optional } of [...program.options, ...command?.options ?? []]) {
      if (long === undefined || long === "--output") continue;
      const values = OF_ADDRESSES.test(long) ? ADDRESSES : OF_OWN.test(long) ? LISTENED : STRANGE;
      for (const value of required || optional ? values : []) {
        const about = `${name} ${long} ${JSON.stringify(value)}`;
        const ended = await run(name, { servers: server.address, more: [long, value] });
        assertSound(ended, about);
      }
      if (!required) continue;
      const ended = await run(name, { servers: server.address, more: [long] });
      assertSound(ended, `${name} ${long}`, [2]);
    }
    for (const more of [["--no-such-option"], ["--json", "--csv"]]) {
      const ended = await run(name, { servers: server.address, more });
      assertSound(ended, `${name} ${more.join(" ")}`, [2]);
    }
  });
}

/** Arguments that make no sense. */
const ARGUMENTS = ["", " ", "a b", "日本語", "a\x1b[2J", "a\nb", "x".repeat(251), "-1", "NaN"];

Deno.test("commands refuse arguments that make no sense, or do what they say", async () => {
  await using server = await MemcachedServer.listen();
  const lines = [
    ...["get", "get key", "set", "set key", "del", "incr", "incr n", "decr n", "touch"],
    ...["touch key", "meta", "meta mg", "meta mg key", "meta ms key", "inspect", "explain"],
    ...["stats", "completion", "keys", "load", "explain --everywhere", "del --prefix", "ping"],
    ...["bench", "web", "serve", "exporter", "copy", "top", "hot", "monitor", "dump", "stat"],
  ];
  for (const line of lines) {
    for (const argument of ARGUMENTS) {
      const ending = AbortSignal.abort();
      const args = [...line.split(" "), argument, "-s", server.address];
      const interrupted = /^(web|serve|exporter|top|hot|monitor|stat)/.test(line)
        ? { interrupted: ending }
        : {};
      const ended = await moecache(args, { input: ITEM, ...interrupted });
      assertSound(ended, `${line} ${JSON.stringify(argument)}`);
    }
  }
});

Deno.test("a message about a wrong command line begins as all messages do", async () => {
  const wrong: Readonly<Record<string, string>> = {
    "gte key": "unknown command 'gte'\n(Did you mean get?)\n",
    "get": "missing required argument 'keys'\n",
    "ping --lots": "unknown option '--lots'\n",
    "ping --timeout": "option '--timeout <duration>' argument missing\n",
    "ping 1 2": "too many arguments for 'ping'. Expected 0 arguments but got 2: 1, 2.\n",
    "del --prefix=": "an empty --prefix is every key: del does not empty servers\n",
  };
  for (const [line, says] of Object.entries(wrong)) {
    const { code, messages } = await moecache(line.split(" "));
    assertEquals([line, code, messages], [line, 2, `moecache: ${says}`]);
  }
});

for (const shape of ["--json", "--csv"]) {
  Deno.test(`every command writes ${shape}, and nothing else`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    await client.setMany({ "key": "value", "user:1": 'Ada,"\n', "page": "x".repeat(2000) });
    await client.incr("n", 1, { initial: 5 });
    await client.meta("ms", btoa("\xff\n,"), ["b"], "a key of other bytes");
    for (const name of Object.keys(LINES)) {
      if (name === "completion") continue;
      const timer = setInterval(() => client.get("user:1").catch(() => {}), 5);
      const ended = await run(name, { servers: server.address, more: [shape] })
        .finally(() => clearInterval(timer));
      assertSound(ended, name, [0, 1]);
      // They have nothing to show, or nothing that fits under one head.
      if (/^(set|touch)$/.test(name) || shape === "--csv" && name === "verify") continue;
      // Nothing may have happened while they looked.
      assert(ended.output !== "" || /^(doctor|hot|monitor)$/.test(name), name);
      if (shape === "--json") {
        for (const line of ended.output.split("\n").filter(Boolean)) JSON.parse(line);
      } else {
        const [head = [], ...rows] = rowsOf(ended.output);
        for (const row of rows) assertEquals(row.length, head.length, `${name}: ${ended.output}`);
      }
    }
  });
}

/** How a server fails from some request on. */
const FAILURES: Readonly<Record<string, Fault>> = {
  "closes the connection": { drop: "before" },
  "closes the connection within a reply": { drop: 3 },
  "refuses": { reply: "SERVER_ERROR out of memory" },
  "knows no command": { reply: "ERROR" },
  "answers nonsense": { reply: "\x1b[2J?" },
};

for (const [what, fault] of Object.entries(FAILURES)) {
  Deno.test(`every command tells in one line that one of two servers ${what}`, async () => {
    for (const name of Object.keys(LINES)) {
      // They ask no server, or again and again for half a minute.
      if (/^(completion|serve|exporter|web)$/.test(name)) continue;
      const isWaiting = /^(load|copy|verify|dump)$/.test(name) && !/refuses|knows/.test(what);
      if (isWaiting) continue;
      for (const requests of [0, 1, 3]) {
        let left = Infinity;
        await using server = await MemcachedServer.listen({
          fault: () => --left < 0 ? fault : undefined,
        });
        await using other = await MemcachedServer.listen();
        const servers = `${server.address},${other.address}`;
        await using client = new Client(servers);
        await client.setMany({ "key": "value", "n": 1, "user:1": "Ada", "user:2": "Bob" });
        left = requests;
        const ended = await run(name, { servers });
        const about = `${name} after ${requests} requests`;
        assertSound(ended, about, [0, 1, 3]);
        const of = ended.messages.split("\n").filter((line) => line.includes(server.address));
        assertEquals(new Set(of).size, of.length, `${about}: ${ended.messages}`);
      }
    }
  });
}

Deno.test("Ctrl-C ends every command, while servers answer and while they do not", async () => {
  for (const name of Object.keys(LINES)) {
    if (name === "completion") continue;
    for (const requests of [0, 1, 2, 4]) {
      const interruption = new AbortController();
      let left = Infinity;
      await using server = await MemcachedServer.listen({
        fault: () => {
          if (--left >= 0) return undefined;
          // Once the request is under way.
          queueMicrotask(() => interruption.abort());
          return requests === 1 ? undefined : { delay: Infinity };
        },
      });
      await using client = new Client(server.address);
      await client.setMany({ "key": "value", "n": 1, "user:1": "Ada" });
      left = requests;
      // Some need fewer requests.
      const timer = setTimeout(() => interruption.abort(), 150);
      const ended = await run(name, { servers: server.address, interrupted: interruption.signal });
      clearTimeout(timer);
      const about = `${name} after ${requests} requests`;
      assertSound(ended, about, [0, 1, 3, 130]);
    }
  }
});
