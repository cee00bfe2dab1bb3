/** All items of a deployment, one after the other. @module */

import { serverFailure } from "../commands/many_keys.ts";
import { LineReader } from "../connection/line_reader.ts";
import type { ServerNode } from "../connection/server_node.ts";
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
 * How many bytes of a list are read before they are asked for. memcached before 1.6.19 keeps some keys locked
 * while it waits for the client that reads a list by the hash table: a loop that waits for such a key
 * would wait for itself.
 */
const MOST_AHEAD = 1 << 25;
/** For how many milliseconds to leave a busy crawler alone, each time it is. */
const DELAYS = [50, 100, 200, 400, 800];

/** By the names of the servers, why one failed, or how many items the others have listed. */
interface ListOutcome {
  readonly failures: Map<string, unknown>;
  readonly results: Map<string, number>;
}

/**
 * Lists the items of each server, one server after the other, on a connection for each. Of one that fails, the
 * others' items are listed first.
 */
export async function* listItems(
  nodes: readonly ServerNode[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ItemMetadata, void, undefined> {
  // Each dials when it is its turn; a server that leaves the list meanwhile is still asked.
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

/** Lists the items of one server, and takes note of how many there were, or of why there are no more. */
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

/** Asks in the way that lists every item, or else as older servers know it; resolves to the first line. */
async function askForItems(lines: LineReader): Promise<string> {
  const line = await askCrawler(lines, HASH_METADUMP_REQUEST);
  return isUnknownMetadump(line) ? await askCrawler(lines, METADUMP_REQUEST) : line;
}

/** Asks until the crawler is free, or has been busy for too long; resolves to the first line. */
async function askCrawler(lines: LineReader, request: string): Promise<string> {
  for (const delay of DELAYS) {
    const line = await lines.ask(request);
    if (!isCrawlerBusy(line)) return line;
    await pause(lines.clock, delay, lines.signal);
  }
  return await lines.ask(request);
}
