import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Client, ValidationException } from "../../mod.ts";
import { migrate } from "../../src/routing/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { exec } from "../package/exec.ts";

Deno.test("Client.metrics counts operations, items, bytes and times", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { clientName: "counting" });
  await client.setMany({ a: 1, b: 2 });
  await Promise.all([client.get("a"), client.get("b"), client.getMany(["c", "d"])]);
  const got = client.get("a");
  assertEquals(client.metrics().pending, 1);
  await got;
  const { latency, bytesIn, bytesOut, ...counted } = client.metrics();
  assertEquals(counted, {
    client: "counting",
    operations: { set: 2, get: 5 },
    hits: 3,
    misses: 2,
    errors: {},
    timeouts: 0,
    reconnects: 0,
    failovers: 0,
    coalescedKeys: 4,
    pending: 0,
  });
  assert(bytesIn > bytesOut && bytesOut > 50);
  const { bounds = [], counts = [], sum = 0 } = latency.get ?? {};
  assertEquals(counts.length, bounds.length + 1);
  assertEquals(counts.reduce((all, count) => all + count), 2);
  assert(sum > 0);
});

Deno.test("Client.metrics counts a refusal as an error and not as a miss", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("text", "text");
  await assertRejects(() => client.incr("text"));
  const { errors, misses } = client.metrics();
  assertEquals([errors, misses], [{ ClientException: 1 }, 0]);
});

Deno.test("Client.metrics counts what getOrSet finds, and no step of an operation, in both dialects", async () => {
  await using server = await MemcachedServer.listen();
  for (const dialect of ["meta", "classic"] as const) {
    await using client = new Client(server.address, { dialect });
    const counts = async (operation: Promise<unknown>) => {
      await operation;
      const { hits, misses } = client.metrics();
      return [hits, misses];
    };
    const key = `key:${dialect}`;
    const pages = client.namespace(`pages:${dialect}:`);
    assertEquals(await counts(client.getOrSet(key, () => 1)), [0, 1]);
    assertEquals(await counts(client.getOrSet(key, () => 2)), [1, 1]);
    assertEquals(await counts(client.invalidate(key)), [1, 1]);
    assertEquals(await counts(client.getOrSet(key, () => 2)), [1, 2]);
    assertEquals(await counts(client.update(key, () => 3)), [1, 2]);
    assertEquals(await counts(client.getMany([key, "none"])), [2, 3]);
    assertEquals(await counts(pages.get("none")), [2, 4]);
    assertEquals(await counts(pages.getOrSet("key", () => 1)), [2, 5]);
    assertEquals(await counts(Promise.all([pages.get("key"), pages.getOrSet("key", () => 1)])), [
      4,
      5,
    ]);
  }
});

Deno.test("Client.metrics counts no probe as a miss", async () => {
  const server = await MemcachedServer.listen();
  const { port } = server;
  await using client = new Client(server.address, { failuresBeforeDead: 1, probeDelay: 1 });
  await client.get("none");
  await server.close();
  await assertRejects(async () => {
    while (true) await client.get("none");
  });
  const up = new Promise<void>((resolve) => client.addEventListener("up", () => resolve()));
  const { misses } = client.metrics();
  await using _ = await MemcachedServer.listen({ port });
  await up;
  const { hits, misses: after } = client.metrics();
  assertEquals([hits, after], [0, misses]);
});

Deno.test("Client.metrics counts a key that moves once, as its operation finds it", async () => {
  for (const dialect of ["meta", "classic"] as const) {
    await using former = await MemcachedServer.listen();
    await using next = await MemcachedServer.listen();
    await using before = new Client(former.address);
    await before.setMany({ a: 1, b: 2, c: 3 });
    const locator = migrate({ servers: [former.address] }, { servers: [next.address] });
    await using client = new Client([former.address, next.address], { locator, dialect });
    const counts = async (operation: Promise<unknown>) => {
      await operation;
      const { hits, misses } = client.metrics();
      return [hits, misses];
    };
    assertEquals(await counts(client.get("a")), [1, 0]);
    assertEquals(await counts(client.getAndTouch("b", 60)), [2, 0]);
    assertEquals(await counts(client.getMany(["a", "c", "none"])), [4, 1]);
    assertEquals(await counts(client.gets("none")), [4, 2]);
    assertEquals(await counts(client.set("a", 2)), [4, 2]);
    assertEquals(await counts(client.getOrSet("b", () => 2)), [5, 2]);
  }
});

Deno.test("clientName is checked", () => {
  for (const clientName of ["", "a b", "ü", 1, "x".repeat(201)]) {
    assertThrows(() => new Client("host", { clientName } as object), ValidationException);
  }
});

const PROGRAM = `
const { internal } = Deno;
const usesNode = () => "op_close" in Deno[internal].core.ops;
const { Client } = await import(MODULE);
const client = new Client(Deno.args[0]);
await client.get("key");
console.log(usesNode());
`;
const LISTENING = `
import diagnostics from "node:diagnostics_channel";
const { Client } = await import(MODULE);
diagnostics.subscribe("tracing:moecache:command:start", ({ args }) => console.log(args[0]));
await new Client(Deno.args[0]).get("key");
`;
const RUNNING = `
import diagnostics from "node:diagnostics_channel";
const { Client } = await import(MODULE);
let runs = 0;
const fn = async () => {
  const run = ++runs;
  const print = ({ args }) => console.log("run", run, args[0]);
  diagnostics.subscribe("tracing:moecache:command:start", print);
  const client = new Client(SERVER);
  await client.get("key");
  await client.close();
};
Deno.RUNNER({ name: "listening", n: 1, warmup: 1, fn });
`;

for (const runner of ["test", "bench"]) {
  Deno.test(`under deno ${runner}, the first operation is published under a name that is written out`, async () => {
    await using server = await MemcachedServer.listen();
    const module = JSON.stringify(new URL("../../mod.ts", import.meta.url).href);
    const path = await Deno.makeTempFile({ suffix: `_${runner}.js` });
    const program = RUNNING.replace("MODULE", module).replace("RUNNER", runner)
      .replace("SERVER", JSON.stringify(server.address));
    await Deno.writeTextFile(path, program);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const args = [runner, "-A", "--no-check", "--config", config, path];
    const printed = await exec(Deno.execPath(), args);
    await Deno.remove(path);
    assertStringIncludes(printed, "run 1 key\n");
  });
}

Deno.test("a process without subscribers loads nothing of Node's, and the first operation is published", async () => {
  await using server = await MemcachedServer.listen();
  const module = JSON.stringify(new URL("../../mod.ts", import.meta.url).href);
  const run = async (program: string) => {
    const path = await Deno.makeTempFile({ suffix: ".js" });
    await Deno.writeTextFile(path, program.replace("MODULE", module));
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const args = ["run", "-A", "--config", config, path, server.address];
    const printed = await exec(Deno.execPath(), args);
    await Deno.remove(path);
    return printed.trim();
  };
  assertEquals(await run(`${PROGRAM}Deno.exit();`), "false");
  assertEquals(await run(`${LISTENING}Deno.exit();`), "key");
});

/** Subscribes, and gets until it has heard of an operation; it prints the key of the first one. */
const ANYWHERE = `
import diagnostics from "node:diagnostics_channel";
const { CHANNELS, Client } = await import(MODULE);
const heard = [];
SUBSCRIBE
const client = new Client(SERVER);
for (let i = 1; heard.length === 0; i++) await client.get("key" + i);
console.log("heard", heard[0]);
Deno.exit();
export default { fetch: () => new Response() };
`;
const subscribe = (name: string) =>
  `diagnostics.subscribe("tracing:" + ${name} + ":start", ({ args }) => heard.push(args[0]));`;
const LINES = new URL("../../src/observing/debug/subscribe_lines.ts", import.meta.url).href;
/** Ways to subscribe, and what each hears first. */
const WAYS = [
  [subscribe("CHANNELS.command"), /^heard key1$/m],
  [
    `const { subscribeLines } = await import("${LINES}");
    subscribeLines((line) => heard.push(...line.match(/(?<= get )key\\d+/) ?? []));`,
    /^heard key1$/m,
  ],
  // Whenever the client has found the channels.
  [subscribe('"moecache:command"'), /^heard key\d+$/m],
] as const;
const IN_WORKER = `new Worker(new URL("program.js", import.meta.url), { type: "module" });\n`;

for (const where of ["under deno serve", "in a worker"]) {
  Deno.test(`${where}, the first operation is published under a name of CHANNELS, and a later one under a name that is written out`, async () => {
    await using server = await MemcachedServer.listen();
    const module = JSON.stringify(new URL("../../mod.ts", import.meta.url).href);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/worker.js`, IN_WORKER);
    const command = where === "in a worker"
      ? ["run", "-A", "--no-check", "--config", config, `${folder}/worker.js`]
      : ["serve", "-A", "--no-check", "--config", config, "--port=0", `${folder}/program.js`];
    for (const [subscribing, first] of WAYS) {
      const program = ANYWHERE.replace("MODULE", module).replace("SUBSCRIBE", () => subscribing)
        .replace("SERVER", JSON.stringify(server.address));
      await Deno.writeTextFile(`${folder}/program.js`, program);
      assertMatch(await exec(Deno.execPath(), command), first);
    }
    await Deno.remove(folder, { recursive: true });
  });
}
