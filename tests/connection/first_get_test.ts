import { assertEquals } from "@std/assert";
import type { ClientOptions } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

/** Runs a program in a process of its own; what it has printed. */
async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", "--quiet", new URL(program, import.meta.url).pathname, ...args],
  }).output();
  return new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
}

Deno.test("a first get does not load Deno's timers, which takes milliseconds", async () => {
  await using server = await MemcachedServer.listen();
  const options: ClientOptions[] = [{}, { timeout: 60_000 }, {
    timeout: 1000,
    connectTimeout: 1000,
  }];
  for (const given of options) {
    assertEquals(await run("first_get.ts", server.address, JSON.stringify(given)), "[]");
  }
});
