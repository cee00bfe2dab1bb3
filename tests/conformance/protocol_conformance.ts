/**
 * The conformance body at the level of the protocol: bytes sent, bytes expected. Every exchange was
 * seen to go this way on memcached 1.6.18.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { administrationExchanges } from "./protocol_cases/administration.ts";
import { arithmeticExchanges } from "./protocol_cases/arithmetic.ts";
import { expiryExchanges } from "./protocol_cases/expiry.ts";
import { framingExchanges } from "./protocol_cases/framing.ts";
import { removalExchanges } from "./protocol_cases/removal.ts";
import { retrievalExchanges } from "./protocol_cases/retrieval.ts";
import { statsExchanges } from "./protocol_cases/stats.ts";
import { storageExchanges } from "./protocol_cases/storage.ts";

/** What a client sends and what memcached answers, on a connection and an empty cache of its own. */
export interface Exchange {
  /** What it shows: "symbol does what when". */
  readonly name: string;
  /** What is sent, a character per byte; several, where each waits for the answer to the last. */
  readonly send: string | readonly string[];
  /** The whole answer, or a pattern where it holds a CAS token, a process id or the time. */
  readonly expect: string | RegExp;
  /** Whether memcached ends the connection after its answer. */
  readonly ends?: boolean;
}

/** Every exchange. */
export const protocolExchanges: readonly Exchange[] = [
  ...retrievalExchanges,
  ...storageExchanges,
  ...arithmeticExchanges,
  ...removalExchanges,
  ...expiryExchanges,
  ...administrationExchanges,
  ...statsExchanges,
  ...framingExchanges,
];

/** A command whose answer no other command gives, sent to learn that all answers before it came. */
const FENCE = "stats detail fence\r\n";
const FENCE_REPLY = "CLIENT_ERROR usage: stats detail on|off|dump\r\n";

/** How long an answer may take, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Runs an exchange.
 *
 * @param port The server's port on 127.0.0.1.
 * @param exchange The exchange.
 */
export async function runExchange(port: number, exchange: Exchange): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const timer = setTimeout(() => connection.close(), PATIENCE);
  try {
    assertEquals(await ask(connection, "flush_all\r\n"), "OK\r\n");
    assertAnswer(await converse(connection, exchange), exchange.expect);
  } finally {
    clearTimeout(timer);
  }
}

async function converse(connection: Deno.Conn, { send, ends }: Exchange): Promise<string> {
  if (ends) {
    await write(connection, `${send}`);
    return readToEnd(connection);
  }
  let answer = "";
  for (const part of [send].flat()) answer += await ask(connection, part);
  return answer;
}

function assertAnswer(answer: string, expected: string | RegExp): void {
  if (typeof expected === "string") assertEquals(answer, expected);
  else assertMatch(answer, expected);
}

async function ask(connection: Deno.Conn, request: string): Promise<string> {
  await write(connection, request + FENCE);
  let answer = "";
  while (!answer.endsWith(FENCE_REPLY)) {
    const text = await read(connection);
    if (text === undefined) throw new Error(`Cannot read on: closed after "${answer}"`);
    answer += text;
  }
  return answer.slice(0, -FENCE_REPLY.length);
}

async function readToEnd(connection: Deno.Conn): Promise<string> {
  let answer = "";
  for (let text = await read(connection); text !== undefined; text = await read(connection)) {
    answer += text;
  }
  return answer;
}

async function read(connection: Deno.Conn): Promise<string | undefined> {
  const buffer = new Uint8Array(64 * 1024);
  const byteLength = await connection.read(buffer);
  if (byteLength === null) return undefined;
  return Array.from(buffer.subarray(0, byteLength), (byte) => String.fromCharCode(byte)).join("");
}

async function write(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (let offset = 0; offset < bytes.byteLength;) {
    offset += await connection.write(bytes.subarray(offset));
  }
}
