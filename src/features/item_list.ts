/** Lists all items of a deployment. @module */

import { serverFailure } from "../commands/many_keys.ts";
import { LineReader } from "../connection/line_reader.ts";
import type { ServerHandle } from "../connection/server_handle.ts";
import {
  HASH_METADUMP_REQUEST,
  isCrawlerBusy,
  isMetadumpEnd,
  isMetadumpStart,
  isUnknownMetadump,
  type ItemMetadata,
  METADUMP_REQUEST,
  readItemMetadata,
} from "../protocol/commands/metadump.ts";
import { allEnded, pause } from "../waiting.ts";

/**
 * How many bytes of a list are read in advance. Before 1.6.19, memcached keeps some keys locked while it waits for a
 * client that reads the list of the hash table. A loop that waits for such a key would wait for itself.
 */
const MOST_AHEAD = 1 << 25;
/** The delays, in milliseconds, before a busy crawler is tried again. */
const DELAYS = [50, 100, 200, 400, 800];

/** The errors of the servers that failed, and the number of items of the others, by name. */
interface ListOutcome {
  readonly failures: Map<string, unknown>;
  readonly results: Map<string, number>;
}

/**
 * Lists the items of the servers, one server after another, with one connection for each. If a server fails, the items
 * of the others are listed before the error is thrown.
 */
export async function* listItems(
  nodes: readonly ServerHandle[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ItemMetadata, void, undefined> {
  // Each connects when it is its turn, even if its server has left the list meanwhile.
  const readers: LineReader[] = [];
  try {
    for (const node of nodes) {
      readers.push(node.openReader((options) => new LineReader(options, signal)));
    }
    const outcome: ListOutcome = { failures: new Map(), results: new Map() };
    for (const lines of readers) {
      yield* listServer(lines, outcome);
      lines.end();
    }
    signal?.throwIfAborted();
    if (outcome.failures.size > 0) throw serverFailure("list the items of", outcome);
  } finally {
    await allEnded(readers.map(end));
  }
}

async function end(lines: LineReader): Promise<void> {
  lines.end();
  await lines.closed;
}

/** Lists the items of one server, and records their number or the error. */
async function* listServer(
  lines: LineReader,
  { failures, results }: ListOutcome,
): AsyncGenerator<ItemMetadata, void, undefined> {
  const items = readItems(lines);
  for (let count = 0;; count++) {
    let next;
    try {
      next = await items.next();
    } catch (error) {
      return void failures.set(lines.server, error);
    }
    if (next.done) return void results.set(lines.server, count);
    yield next.value;
  }
}

async function* readItems(lines: LineReader): AsyncGenerator<ItemMetadata, void, undefined> {
  let line = await askForItems(lines);
  lines.readAhead(MOST_AHEAD);
  if (isMetadumpStart(line)) line = await lines.next();
  for (; !isMetadumpEnd(line); line = await lines.next()) {
    yield readItemMetadata(line, lines.server);
  }
}

/**
 * Sends the command that lists every item, or the older command if the server does not know it; resolves to the first
 * line.
 */
async function askForItems(lines: LineReader): Promise<string> {
  const line = await askCrawler(lines, HASH_METADUMP_REQUEST);
  return isUnknownMetadump(line) ? await askCrawler(lines, METADUMP_REQUEST) : line;
}

/** Sends the command until the crawler is free, or has been busy for too long; resolves to the first line. */
async function askCrawler(lines: LineReader, request: string): Promise<string> {
  for (const delay of DELAYS) {
    const line = await lines.ask(request);
    if (!isCrawlerBusy(line)) return line;
    await pause(lines.clock, delay, lines.signal);
  }
  return await lines.ask(request);
}
