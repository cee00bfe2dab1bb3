/** Other programs beside a client with the options of their stack, on two real servers. @module */

import { assertEquals } from "@std/assert";
import { Client, type ClientOptions } from "../../mod.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { exec } from "../package/exec.ts";
import { type NativeProgram, TIME_LIMIT } from "../transcoding/formats/native_programs.ts";

const COUNT = 40;

/**
 * Makes a program read what is written here, under many keys, and write what is read here.
 *
 * The program gets three lines on its standard input: the servers, the keys to read and the keys to write, with tabs
 * between them. It prints a line of JSON, the `n` of each value that it reads, and writes `{ n }` with the index of the
 * key as the number.
 */
export async function assertNeighbours(
  { command, args }: NativeProgram,
  options: ClientOptions,
  keyOf: (i: number) => string = (i) => i % 2 === 0 ? `key:${i}` : `clé:日😀${i}`,
): Promise<void> {
  await using first = await MemcachedProcess.start();
  await using second = await MemcachedProcess.start();
  const servers = [first.address, second.address];
  await using client = new Client(servers, options);
  const ours = Array.from({ length: COUNT }, (_, i) => `ours:${keyOf(i)}`);
  const theirs = Array.from({ length: COUNT }, (_, i) => `theirs:${keyOf(i)}`);
  for (const [n, key] of ours.entries()) await client.set(key, { n });
  const input = [servers, ours, theirs].map((line) => line.join("\t")).join("\n");
  const signal = AbortSignal.timeout(TIME_LIMIT);
  const printed = await exec(command, args, { input, signal });
  const counted = Array.from({ length: COUNT }, (_, i) => i);
  assertEquals(printed.trim(), JSON.stringify(counted));
  const values = await client.getMany(theirs);
  assertEquals(theirs.map((key) => (values.get(key) as { n: number } | undefined)?.n), counted);
}
