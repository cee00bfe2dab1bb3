#!/usr/bin/env -S deno run --allow-all
/**
 * The program `moecache`: the command line for memcached. It exports nothing; run it.
 *
 * `deno run -A jsr:@moecache/moecache/cli --help` lists the commands, and `docs/cli.md` explains
 * them, with a page for each group in `docs/cli/`.
 *
 * @example Printing a value
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 * await client.set("user:1", "Ada");
 *
 * const program = import.meta.resolve("@moecache/moecache/cli");
 * const args = ["run", "-A", program, "get", "user:1", "-s", server.address];
 * const { code, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
 * assertEquals([code, new TextDecoder().decode(stdout)], [0, "Ada\n"]);
 * ```
 *
 * @module
 */

import { realpathSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";
import { run } from "./program.ts";
import { endIfHungUp, processTerminal } from "./terminal.ts";

/** Whether this is what the runtime was started with, also through the link that npm makes. */
function isStarted(): boolean {
  // Node before 24.2 does not say it.
  const { main } = import.meta as { readonly main?: boolean };
  if (main !== undefined) return main;
  const [, started] = process.argv;
  return started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url);
}

/** Milliseconds after which a process ends that something keeps alive. */
const LONGEST_END = 500;

if (isStarted()) {
  const terminal = processTerminal();
  process.exitCode = await run(process.argv.slice(2), terminal);
  endIfHungUp(terminal);
  // In Bun 1.2, a socket whose TLS handshake has failed keeps the process alive.
  setTimeout(() => process.exit(), LONGEST_END).unref();
}
