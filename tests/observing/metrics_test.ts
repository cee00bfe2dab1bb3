import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, ValidationException } from "../../mod.ts";
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
