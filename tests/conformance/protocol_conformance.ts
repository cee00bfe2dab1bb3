/**
 * The conformance body at the level of the protocol: bytes sent, bytes expected. Every exchange was
 * seen to go this way on memcached 1.6.18, and on 1.6.45 this way or the way of `later`.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { administrationExchanges } from "./protocol_cases/administration.ts";
import { arithmeticExchanges } from "./protocol_cases/arithmetic.ts";
import { expiryExchanges } from "./protocol_cases/expiry.ts";
import { framingExchanges } from "./protocol_cases/framing.ts";
import { metaArithmeticExchanges } from "./protocol_cases/meta_arithmetic.ts";
import { metaDeleteExchanges } from "./protocol_cases/meta_delete.ts";
import { metaGetExchanges } from "./protocol_cases/meta_get.ts";
import { metaLeaseExchanges } from "./protocol_cases/meta_lease.ts";
import { metaSetExchanges } from "./protocol_cases/meta_set.ts";
import { metadumpExchanges } from "./protocol_cases/metadump.ts";
import { removalExchanges } from "./protocol_cases/removal.ts";
import { retrievalExchanges } from "./protocol_cases/retrieval.ts";
import { statsExchanges } from "./protocol_cases/stats.ts";
import { storageExchanges } from "./protocol_cases/storage.ts";
import { watchExchanges } from "./protocol_cases/watch.ts";
import { ProtocolConnection } from "./protocol_connection.ts";

/** What a client sends and what memcached answers, on a connection and an empty cache of its own. */
export interface Exchange {
  /** What it shows: "symbol does what when". */
  readonly name: string;
  /** What is sent, a character per byte; several, where each waits for the answer to the last. */
  readonly send: string | readonly string[];
  /** The whole answer, or a pattern where it holds a CAS token, a process id or the time. */
  readonly expect: string | RegExp;
  /** The answer of later versions, up to 1.6.45, where it is another; versions between may give either. */
  readonly later?: string | RegExp;
  /** How the answer of later versions to the last part ends, where they read nothing that comes behind it. */
  readonly laterEndsWith?: string;
  /** Whether later versions end the connection after their answer. */
  readonly laterEnds?: boolean;
  /** Whether memcached ends the connection after its answer. */
  readonly ends?: boolean;
  /** Whether it shows what becomes of commands that come at once; split they do something else. */
  readonly atOnce?: boolean;
  /** How the answer to the last part ends, where memcached reads nothing that comes behind it. */
  readonly endsWith?: string;
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
  ...metaGetExchanges,
  ...metaSetExchanges,
  ...metaDeleteExchanges,
  ...metaArithmeticExchanges,
  ...metaLeaseExchanges,
  ...metadumpExchanges,
  ...watchExchanges,
];

/** A command whose answer no other command gives, sent to learn that all answers before it came. */
const FENCE = "stats detail fence\r\n";
const FENCE_REPLY = "CLIENT_ERROR usage: stats detail on|off|dump\r\n";

/** The version that `MemcachedServer` answers as. */
const OWN_VERSION = [1, 6, 18];

/**
 * Asks a server for its version.
 *
 * @param port The server's port on 127.0.0.1.
 * @param greeting What has to be sent before anything else.
 * @returns Whether it may answer as versions behind 1.6.18 do.
 */
export async function isLater(port: number, greeting = ""): Promise<boolean> {
  using connection = await ProtocolConnection.open(port);
  await connection.write(`${greeting}version\r\n`);
  const answer = await connection.readUntil((text) => /VERSION [^\n]+\n/.test(text));
  const [, version = ""] = /VERSION ([\d.]+)/.exec(answer) ?? [];
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  const [ownMajor = 0, ownMinor = 0, ownPatch = 0] = OWN_VERSION;
  return (major - ownMajor || minor - ownMinor || patch - ownPatch) > 0;
}

/**
 * Runs an exchange.
 *
 * @param port The server's port on 127.0.0.1.
 * @param exchange The exchange.
 * @param acceptsLater Whether the server may answer as later versions do.
 */
export async function runExchange(
  port: number,
  exchange: Exchange,
  acceptsLater: boolean,
): Promise<void> {
  const { expect, later, laterEndsWith } = exchange;
  if (!acceptsLater || later === undefined) {
    assertAnswer(await runOnce(port, exchange), expect);
    return;
  }
  const endsWith = laterEndsWith ?? exchange.endsWith;
  const answer = await runOnce(port, endsWith === undefined ? exchange : { ...exchange, endsWith });
  if (!matches(answer, later)) assertAnswer(answer, expect);
}

async function runOnce(port: number, exchange: Exchange): Promise<string> {
  using connection = await ProtocolConnection.open(port);
  assertEquals(await ask(connection, "flush_all\r\n"), "OK\r\n");
  return await converse(connection, exchange);
}

async function converse(connection: ProtocolConnection, exchange: Exchange): Promise<string> {
  const { send, ends, endsWith } = exchange;
  const parts = [send].flat();
  const last = ends || endsWith ? parts.pop() ?? "" : "";
  let answer = "";
  for (const part of parts) answer += await ask(connection, part);
  await connection.write(last);
  if (ends) return answer + await connection.readToEnd();
  if (endsWith === undefined) return answer;
  return answer + await connection.readUntil((text) => text.endsWith(endsWith));
}

function assertAnswer(answer: string, expected: string | RegExp): void {
  if (typeof expected === "string") assertEquals(answer, expected);
  else assertMatch(answer, expected);
}

function matches(answer: string, expected: string | RegExp): boolean {
  return typeof expected === "string" ? answer === expected : expected.test(answer);
}

async function ask(connection: ProtocolConnection, request: string): Promise<string> {
  await connection.write(request + FENCE);
  const answer = await connection.readUntil((text) => text.endsWith(FENCE_REPLY));
  return answer.slice(0, -FENCE_REPLY.length);
}
