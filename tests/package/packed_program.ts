/** The program of the npm package, as Node and Bun run it. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LACKS_TMUX, TmuxTerminal } from "../cli/tmux.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { lacksTls, TlsMemcached } from "../support/memcached_tls.ts";
import { until } from "../support/turns.ts";
import { exec } from "./exec.ts";
import { Installation, npmInstall } from "./installation.ts";
import { Tarball } from "./tarball.ts";
import { install, NEWEST_BUN, NEWEST_NODE, OLDEST_BUN, OLDEST_NODE, type Tool } from "./tool.ts";

const tarball = await Tarball.take();
const installation = await Installation.make(tarball.path, npmInstall);
const { folder } = installation;
Deno.test.afterAll(async () => {
  await installation[Symbol.asyncDispose]();
  await tarball[Symbol.asyncDispose]();
});

/** Where npm has put the program. */
const PROGRAM = `${folder}/node_modules/.bin/moecache`;
const ITEMS = 20_000;

interface RunOptions {
  readonly env?: Record<string, string>;
  readonly input?: string;
}

/** Runs the program with a runtime. */
async function run(runtime: string, args: readonly string[], { env, input = "" }: RunOptions = {}) {
  const piped = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const options = { args: [PROGRAM, ...args], cwd: folder, ...(env === undefined ? {} : { env }) };
  const child = new Deno.Command(runtime, { ...options, ...piped }).spawn();
  const [{ code, stdout, stderr }] = await Promise.all([
    child.output(),
    // What reads no input may have ended before it is written.
    new Blob([input]).stream().pipeTo(child.stdin).catch(() => {}),
  ]);
  const [output, messages] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, output: output ?? "", messages: messages ?? "" };
}

async function onEach(tool: Tool): Promise<void> {
  const runtime = await install(tool);
  await using server = await MemcachedServer.listen();
  await using other = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 20_000 });
  const env = { MEMCACHED_SERVERS: server.address };
  const moecache = (line: string, options?: RunOptions) =>
    run(runtime, line.split(" "), { env, ...options });
  const done = async (line: string, options?: RunOptions) => {
    const { code, output, messages } = await moecache(line, options);
    assertEquals([line, code, messages], [line, 0, ""]);
    return output;
  };

  assertEquals(await done("set greeting hello --ttl 5m"), "");
  assertEquals(await done("set page", { input: "from standard input" }), "");
  assertEquals(await done("get greeting"), "hello\n");
  assertEquals(await client.get("page"), "from standard input");
  assertEquals(JSON.parse(await done("stats --json")).curr_items, 2);
  const dump = await done("dump --values");
  assertEquals(dump.trimEnd().split("\n").length, 2);
  const loaded = await done(`load --json -s ${other.address}`, { input: dump });
  assertEquals(JSON.parse(loaded), { loaded: 2, skipped: 0, expired: 0 });
  assertEquals(await done(`get greeting -s ${other.address}`), "hello\n");

  assertEquals((await moecache("get missing")).code, 1);
  assertEquals((await moecache("gett greeting")).code, 2);
  const lost = await moecache("get greeting -s 127.0.0.1:1");
  assertEquals([lost.code, lost.messages.trimEnd().split("\n").length], [3, 1], lost.messages);

  // So many that Node warned of a leak: each of them listens for Ctrl-C.
  const many = await Promise.all(Array.from({ length: 11 }, () => MemcachedServer.listen()));
  await done(`ping -s ${many.map(({ address }) => address).join()}`);
  await Promise.all(many.map((one) => one.close()));

  // More than a pipe holds at once.
  const keys = Array.from({ length: ITEMS }, (_, i) => `a-key-of-some-length:${i}`);
  await client.setMany(keys.map((key) => [key, 1] as const));
  const listed = (await done("keys --prefix a-key")).trimEnd().split("\n");
  assertEquals(listed.toSorted(), keys.toSorted());
  const line = `"${runtime}" "${PROGRAM}" keys -s ${server.address} --prefix a-key | head -n 1`;
  const first = await new Deno.Command("sh", { args: ["-c", line] }).output();
  assertEquals(new TextDecoder().decode(first.stderr), "");
  assert(new TextDecoder().decode(first.stdout).startsWith("a-key-of-some-length:"));
}

for (const tool of [OLDEST_NODE, NEWEST_NODE, OLDEST_BUN, NEWEST_BUN]) {
  Deno.test(`${tool.name} runs the program of the package`, () => onEach(tool));
  Deno.test({
    name: `${tool.name} ends the program without a fault when the terminal is closed`,
    ignore: LACKS_TMUX,
    fn: async () => {
      const runtime = await install(tool);
      await using server = await MemcachedServer.listen();
      const ended = await Deno.makeTempFile();
      const command = `"${runtime}" "${PROGRAM}" stat -s ${server.address}`;
      {
        await using terminal = await TmuxTerminal.start({ columns: 120, rows: 24 });
        // The shell lives on to say how the program has ended.
        await terminal.enter(`sh -c 'trap : HUP; ${command}; echo $? > "${ended}"'`);
        await terminal.untilShows("EVICT/s");
      }
      await until(async () => await Deno.readTextFile(ended) !== "");
      // Node 20 has ended with 134 and a core dump.
      assertEquals(await Deno.readTextFile(ended), "129\n");
      await Deno.remove(ended);
    },
  });
  Deno.test({
    name: `${tool.name} runs the program of the package over TLS`,
    ignore: lacksTls(),
    fn: async () => {
      const runtime = await install(tool);
      const authority = await CertificateAuthority.create("the authority of these tests");
      const shown = await authority.issue({ names: ["127.0.0.1"] });
      await using memcached = await TlsMemcached.start(shown);
      await installation.write("authority.pem", authority.cert);
      const address = `127.0.0.1:${memcached.port}`;
      const trusting = ["-s", address, "--tls-ca", `${folder}/authority.pem`];
      assertEquals((await run(runtime, ["set", "key", "value", ...trusting])).code, 0);
      assertEquals((await run(runtime, ["get", "key", ...trusting])).output, "value\n");
      assertEquals((await run(runtime, ["keys", ...trusting])).output, "key\n");
      const strange = await run(runtime, ["get", "key", "-s", `memcacheds://${address}`]);
      assertEquals(strange.code, 3);
      assertStringIncludes(strange.messages, "its certificate is not from a trusted authority");
    },
  });
}

Deno.test("npx finds the program of the package", async () => {
  await using server = await MemcachedServer.listen();
  const args = ["--offline", "moecache", "set", "key", "value", "-s", server.address];
  await exec("npx", args, { cwd: folder });
  await using client = new Client(server.address);
  assertEquals(await client.get("key"), "value");
});
