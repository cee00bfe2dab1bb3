/** The program as a process: signals and closed pipes. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assertEquals, assertMatch } from "@std/assert";
import { moecache } from "./fake_terminal.ts";
import { pause } from "../../src/cli/pause.ts";
import { VERSION } from "../../src/cli/version.ts";
import { resolvedOrAborted, untilAborted } from "../../src/cli/terminal.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";
import { until } from "../support/turns.ts";

const PROGRAM = new URL("../../src/cli/mod.ts", import.meta.url).pathname;

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", PROGRAM, ...args],
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
}

/** What is printed first. */
async function firstOutput(child: Deno.ChildProcess): Promise<string> {
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

Deno.test("serve runs a memcached until Ctrl-C", async () => {
  const child = start("serve", "--listen", "127.0.0.1:0", "--json");
  const { address } = JSON.parse(await firstOutput(child));
  const client = new Client(address);
  await client.set("key", "value");
  assertEquals(await client.get("key"), "value");
  await client.close();
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  await child.stderr.cancel();
});

Deno.test("--version and -V print the version of the package", async () => {
  const { version } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  assertEquals(VERSION, version);
  for (const line of ["--version", "-V", "get --version", "-V --json"]) {
    const { code, output } = await moecache(line);
    assertEquals([line, code, output], [line, 0, `${version}\n`]);
  }
});

Deno.test("SIGTERM ends a command that has no end of its own as Ctrl-C does", async () => {
  const serving = start("serve", "--listen", "127.0.0.1:0", "--json");
  await firstOutput(serving);
  serving.kill("SIGTERM");
  assertEquals((await serving.status).code, 0);
  await serving.stderr.cancel();
});

Deno.test("a pipe that is closed ends a list without a fault", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const keys = Array.from({ length: 30_000 }, (_, i) => `a-key-of-some-length:${i}`);
  await client.setMany(keys.map((key) => [key, 1] as const));
  const child = start("keys", "-s", server.address);
  assertEquals((await firstOutput(child)).startsWith("a-key"), true);
  const [messages] = await Promise.all([new Response(child.stderr).text(), child.status]);
  assertEquals(messages, "");
});

/** The signals that ask a program to end, and the exit codes of shells for them. */
const SIGNALS = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const;

for (const [signal, expected] of SIGNALS) {
  Deno.test(`${signal} ends what waits for standard input, with what has come`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", PROGRAM, "load", "-s", server.address, "--rate", "1000000"],
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
    const writer = child.stdin.getWriter();
    const line = `${JSON.stringify({ key: "key", exptime: null, flags: 274, base64: "MQ==" })}\n`;
    // Twice as many as are stored together.
    await writer.write(new TextEncoder().encode(line.repeat(1000)));
    await until(async () => (await client.stats())[0]?.cmd_set === "1000");
    await writer.write(new TextEncoder().encode(line.slice(0, 20)));
    child.kill(signal);
    const [output, messages, { code }] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.status,
    ]);
    assertEquals([code, messages], [expected, ""]);
    // The replies to the second half may not have been read when the signal came.
    assertMatch(output, /^loaded +(500|1000)$/m);
    await writer.close().catch(() => {});
  });
}

/** Lists items for which no end comes. */
const listing = answering((line) => {
  if (!line.startsWith("lru_crawler")) return undefined;
  const items = Array.from(
    { length: 5000 },
    (_, i) => `key=${i} exp=-1 la=1795388585 cas=5 fetch=no cls=1 size=65\n`,
  );
  return items.join("");
});

for (const [signal, expected] of SIGNALS) {
  Deno.test(`dump -o leaves no other file behind after ${signal}`, async () => {
    await using server = new ScriptedPeer(listing);
    const folder = await Deno.makeTempDir();
    const names = async () => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    try {
      const child = start("dump", "-s", server.address, "-o", `${folder}/items`);
      await until(async () => {
        const [name] = await names();
        return name !== undefined && (await Deno.stat(`${folder}/${name}`)).size > 0;
      });
      child.kill(signal);
      const [messages, { code }] = await Promise.all([
        new Response(child.stderr).text(),
        child.status,
        child.stdout.cancel(),
      ]);
      assertEquals([code, await names()], [expected, ["items"]]);
      assertMatch(messages, /^moecache: the dump ended early: .*\/items has only \d+ items\n$/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("a process that ends at once leaves no half of a file behind", async () => {
  const folder = await Deno.makeTempDir();
  const module = new URL("../../src/cli/output_file.ts", import.meta.url).href;
  const script = `import { OutputFile } from "${module}";
    const file = await OutputFile.open("${folder}/items");
    await file.write("half");
    process.exit(7);`;
  try {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", "--ext=ts", script],
    }).output();
    assertEquals([code, await Array.fromAsync(Deno.readDir(folder))], [7, []]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("nohup keeps a command going when the terminal is closed", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const child = new Deno.Command("nohup", {
    args: [Deno.execPath(), "run", "--no-check", "-A", PROGRAM, "serve", "--listen", "127.0.0.1:0"],
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  const address = (await firstOutput(child)).trim().replace("memcached on ", "");
  child.kill("SIGHUP");
  await using client = new Client(address);
  assertEquals(await client.set("key", "value"), undefined);
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 0);
  await child.stderr.cancel();
});

Deno.test("untilAborted ends while its source gives nothing", async () => {
  const abort = new AbortController();
  const { readable, writable } = new TransformStream<number>();
  const writer = writable.getWriter();
  const writing = writer.write(1);
  const parts: number[] = [];
  for await (const part of untilAborted(readable, abort.signal)) {
    parts.push(part);
    // Later, so that the next part is waited for.
    setTimeout(() => abort.abort());
  }
  assertEquals(parts, [1]);
  await writing;
  await writer.abort();
});

Deno.test("resolvedOrAborted does not wait where the signal was aborted before", async () => {
  const never = new Promise<string>(() => {});
  assertEquals(await resolvedOrAborted(never, AbortSignal.abort()), undefined);
});

Deno.test("untilAborted closes its source when its reader stops", async () => {
  let isClosed = false;
  const readable = new ReadableStream<number>({
    start: (controller) => controller.enqueue(1),
    cancel: () => void (isClosed = true),
  });
  for await (const part of untilAborted(readable, new AbortController().signal)) {
    assertEquals(part, 1);
    break;
  }
  assertEquals(isClosed, true);
});

/** Runs a line of a shell, in which `moecache` is the program. */
async function shell(line: string) {
  const run = `"${Deno.execPath()}" run --no-check -A "${PROGRAM}"`;
  const script = `set -o pipefail; moecache() { ${run} "$@"; }; ${line}`;
  const { code, stdout, stderr } = await new Deno.Command("bash", { args: ["-c", script] })
    .output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), messages: decoder.decode(stderr) };
}

Deno.test("a closed pipe is no fault, and a full disk is one", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const keys = Array.from({ length: 50_000 }, (_, i) => `a-key-of-some-length:${i}`);
  await client.setMany(keys.map((key) => [key, 1] as const));
  const at = `-s ${server.address}`;
  for (const line of [`moecache keys ${at}`, `moecache keys ${at} 2>&1`, `moecache dump ${at}`]) {
    const { code, output, messages } = await shell(`${line} | head -n 1`);
    assertEquals([line, code, output.split("\n").length, messages], [line, 0, 2, ""]);
  }
  for (const line of ["keys", "get a-key-of-some-length:1", "--help", "keys --json"]) {
    const { code, messages } = await shell(`moecache ${line} ${at} > /dev/full`);
    assertEquals([line, code, messages.trimEnd().split("\n").length], [line, 2, 1], messages);
  }
  // So seldom that each event is written alone.
  const timer = setInterval(() => client.get("key").catch(() => {}), 400);
  const watching = await shell(`moecache monitor ${at} > /dev/full`)
    .finally(() => clearInterval(timer));
  assertEquals([watching.code, watching.messages.trimEnd().split("\n").length], [2, 1]);
  const unheard = await shell(`moecache get key -s 127.0.0.1:1 2> /dev/full`);
  assertEquals([unheard.code, unheard.output], [3, ""]);
});

Deno.test("monitor shows the time of this place, as stat does", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const timer = setInterval(() => client.get("key").catch(() => {}), 20);
  const at = `-s ${server.address}`;
  const { output } = await shell(
    `export TZ=Asia/Tokyo; moecache monitor -n 1 ${at}; moecache stat --count 1 --every 1ms ${at}`,
  ).finally(() => clearInterval(timer));
  // Whole hours may pass, but not nine.
  const [, event = "", line = ""] = /^(\d\d):[^]*\n(\d\d):/.exec(output) ?? [];
  assertEquals([0, 1].includes((Number(line) - Number(event) + 24) % 24), true, output);
});

Deno.test("load from a pipe that has a name does not call it loaded what a restart has lost", async () => {
  await using first = await MemcachedProcess.start();
  await using client = new Client(first.address);
  const keys = Array.from({ length: 1000 }, (_, i) => `key:${i}`);
  const lines = keys.map((key) => JSON.stringify({ key, exptime: null, flags: 0, base64: "eA==" }));
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, lines.join("\n"));
    const loading = shell(`moecache load <(cat '${file}') --rate 1k -s ${first.address}`);
    await until(async () => Number((await client.stats())[0]!.curr_items) > 0);
    await first.kill("SIGKILL");
    await using _second = await MemcachedProcess.start([], { port: first.port });
    const { code, messages } = await loading;
    assertEquals(code, 3, messages);
    assertMatch(
      messages,
      /was started again, and has lost .*: run this again with --skip-existing/,
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("commands that want standard input take a closed one for nothing", async () => {
  await using server = await MemcachedServer.listen();
  const at = `-s ${server.address}`;
  for (const [line, code] of [["set key", 0], ["load", 1], ["meta ms key", 0]] as const) {
    for (const input of ["<&-", "< /dev/null"]) {
      const ended = await shell(`moecache ${line} ${at} ${input}`);
      assertEquals([line, input, ended.code, ended.messages], [line, input, code, ""]);
    }
  }
});

Deno.test("pause takes more than the timers of runtimes do", async () => {
  const interruption = new AbortController();
  let isOver = false;
  const pausing = pause(2 ** 40, interruption.signal).then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(isOver, false);
  interruption.abort();
  await pausing;
});

Deno.test("an address without a host is every address, for each command that listens", async () => {
  const others = Deno.networkInterfaces().filter(({ family, name }) =>
    family === "IPv4" && !name.startsWith("lo")
  );
  const hosts = ["127.0.0.1", ...others.map(({ address }) => address)];
  for (const command of ["serve", "exporter", "web"]) {
    const child = start(command, "--listen", ":0", "--json");
    const { address = "", url } = JSON.parse(await firstOutput(child));
    const port = Number(/:(\d+)$/.exec(url === undefined ? address : new URL(url).host)?.[1]);
    for (const hostname of hosts) (await Deno.connect({ hostname, port })).close();
    child.kill("SIGTERM");
    assertEquals([command, (await child.status).code], [command, 0]);
    await child.stderr.cancel();
  }
});
