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

/**
 * Runs an exchange.
 *
 * @param port The server's port on 127.0.0.1.
 * @param exchange The exchange.
 */
export async function runExchange(port: number, exchange: Exchange): Promise<void> {
  using connection = await ProtocolConnection.open(port);
  assertEquals(await ask(connection, "flush_all\r\n"), "OK\r\n");
  assertAnswer(await converse(connection, exchange), exchange.expect);
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

async function ask(connection: ProtocolConnection, request: string): Promise<string> {
  await connection.write(request + FENCE);
  const answer = await connection.readUntil((text) => text.endsWith(FENCE_REPLY));
  return answer.slice(0, -FENCE_REPLY.length);
}
