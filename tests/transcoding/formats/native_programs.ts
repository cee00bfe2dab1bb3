/** The other clients themselves, in their own languages, on a real memcached. @module */

import { assertEquals } from "@std/assert";
import { Client, type KeyFormat, type Transcoder } from "../../../mod.ts";
import { exec } from "../../package/exec.ts";
import { memcachedPath, MemcachedProcess } from "../../support/memcached.ts";

/** How long a program may take, in milliseconds. */
export const TIME_LIMIT = 120_000;
/** How much of a value is in a message. */
const LABEL = 80;

/** How a client is run. */
export interface NativeProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Arguments that end well only where all is there that the program needs. */
  readonly probe: readonly string[];
}

/** What is to be done. */
export interface Exchange {
  readonly transcoder: Transcoder;
  /** What is written here, and what the program then calls it. */
  readonly written?: readonly (readonly [value: unknown, text: string])[];
  /** What the program writes, in its own language, and what that is here. */
  readonly read?: readonly (readonly [expression: string, value: unknown])[];
  /** What the program makes its client with. */
  readonly options?: unknown;
  /** What is made of keys. */
  readonly keys?: KeyFormat;
  /** What every key ends with. */
  readonly keyEnding?: string;
}

/** Tells on the console why tests are skipped, and whether they are. */
export function isMissing(name: string, { command, probe }: NativeProgram): boolean {
  const reason = memcachedPath() === undefined
    ? "there is no memcached"
    : hasProgram(command, probe)
    ? undefined
    : `${name} is not installed`;
  // deno-lint-ignore no-console
  if (reason !== undefined) console.log(`Skipping the tests with ${name}: ${reason}`);
  return reason !== undefined;
}

function hasProgram(command: string, args: readonly string[]): boolean {
  try {
    return new Deno.Command(command, { args: [...args] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What came of it. */
export interface Outcome {
  readonly texts: readonly string[];
  readonly values: readonly unknown[];
}

/** As {@linkcode exchange}, and checks what came of it. */
export async function assertExchange(program: NativeProgram, order: Exchange): Promise<void> {
  const { command } = program;
  const { written = [], read = [] } = order;
  const { texts, values } = await exchange(program, order);
  for (const [index, [, text]] of written.entries()) {
    assertEquals(texts[index], text, `what ${command} reads, ${index}: ${text.slice(0, LABEL)}`);
  }
  for (const [index, [expression, value]] of read.entries()) {
    const message = `what ${command} writes: ${expression.slice(0, LABEL)}`;
    assertEquals(values[index], value, message);
  }
}

/**
 * Writes values through a real memcached for a program of another language, and reads what it wrote.
 *
 * The program gets a JSON object on its standard input: `port`; `reads`, the keys to read; `writes`, keys and
 * expressions in its language; `options`. It answers with a JSON array of what it calls the values that it read.
 */
export async function exchange(
  { command, args }: NativeProgram,
  { transcoder, written = [], read = [], options = null, keys, keyEnding = "" }: Exchange,
): Promise<Outcome> {
  await using memcached = await MemcachedProcess.start();
  await using client = new Client(memcached.address, {
    transcoder,
    ...(keys === undefined ? {} : { keys }),
  });
  const keyOf = (use: string, index: number) => `${use}:${index}${keyEnding}`;
  for (const [index, [value]] of written.entries()) await client.set(keyOf("read", index), value);
  const order = {
    port: memcached.port,
    reads: written.map((_, index) => keyOf("read", index)),
    writes: read.map(([expression], index) => [keyOf("write", index), expression]),
    options,
  };
  const input = JSON.stringify(order);
  const signal = AbortSignal.timeout(TIME_LIMIT);
  const texts = JSON.parse(await exec(command, args, { input, signal }));
  const values = [];
  for (const index of read.keys()) values.push(await client.get(keyOf("write", index)));
  return { texts, values };
}
