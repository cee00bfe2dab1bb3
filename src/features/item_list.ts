/** Lists all items of a deployment. @module */

import { withCallersStack } from "./callers_keys.ts";
import { serverFailure } from "./server_failures.ts";
import { LineReader } from "../connection/line_reader.ts";
import type { ServerHandle } from "../connection/server_handle.ts";
import { ClientException, messageOf, quote } from "../errors.ts";
import {
  HASH_METADUMP_REQUEST,
  isCrawlerBusy,
  isMetadumpEnd,
  isMetadumpStart,
  isUnknownMetadump,
  type ItemMetadata,
  type ListedLines,
  METADUMP_REQUEST,
  notAnItem,
  readItems,
  readKeys,
} from "../protocol/commands/metadump.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import { allEnded } from "../waiting/promises.ts";
import { pause } from "../waiting/timers.ts";

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

/** What has arrived together. */
interface Portion<Entry> {
  readonly lines: LineReader;
  readonly entries: Entry[];
}

/** Reads lines of a list. */
type ReadLines<Entry> = (lines: Uint8Array, server: string) => ListedLines<Entry>;

/**
 * Lists the items of the servers.
 *
 * @param keys How keys are stored; items whose keys have another form are left out.
 * @returns The items in portions, because a step of an asynchronous generator costs more than reading an item.
 */
export async function* listItems(
  nodes: readonly ServerHandle[],
  signal: AbortSignal | undefined,
  keys: KeyFormat | undefined,
): AsyncGenerator<Iterable<ItemMetadata>, void, undefined> {
  for await (const portion of list(nodes, signal, readItems)) yield whileOpen(portion, keys);
}

/** Lists the keys of the servers, as {@linkcode listItems}. No portion is empty. */
export async function* listKeys(
  nodes: readonly ServerHandle[],
  signal: AbortSignal | undefined,
  keys: KeyFormat | undefined,
): AsyncGenerator<string[], void, undefined> {
  for await (const { entries } of list(nodes, signal, readKeys)) {
    const portion = keys?.decode === undefined
      ? entries
      : entries.flatMap((key) => callersKey(key, keys) ?? []);
    if (portion.length > 0) yield portion;
  }
}

/**
 * Lists one server after another, with one connection for each. If a server fails, the others are listed before the
 * error is thrown.
 */
async function* list<Entry>(
  nodes: readonly ServerHandle[],
  signal: AbortSignal | undefined,
  read: ReadLines<Entry>,
): AsyncGenerator<Portion<Entry>, void, undefined> {
  // Each connects when it is its turn, even if its server has left the list meanwhile.
  const readers: LineReader[] = [];
  try {
    for (const node of nodes) {
      readers.push(node.openReader((options) => new LineReader(options, signal)));
    }
    const outcome: ListOutcome = { failures: new Map(), results: new Map() };
    for (const lines of readers) {
      for await (const entries of listServer(lines, read, outcome)) yield { lines, entries };
      lines.end();
    }
    signal?.throwIfAborted();
    if (outcome.failures.size > 0) {
      throw withCallersStack(serverFailure("list the items of", outcome));
    }
  } finally {
    await allEnded(readers.map(end));
  }
}

async function end(lines: LineReader): Promise<void> {
  lines.end();
  await lines.closed;
}

/** The items of a portion, with the client's keys. It ends early when the reader ends. */
function* whileOpen(
  { lines, entries }: Portion<ItemMetadata>,
  keys: KeyFormat | undefined,
): Generator<ItemMetadata, void, undefined> {
  for (const item of entries) {
    if (lines.isEnded) return;
    if (keys?.decode === undefined) yield item;
    else {
      const key = callersKey(item.key, keys);
      if (key !== undefined) yield { ...item, key };
    }
  }
}

/** What the caller's format makes of a key; `undefined` for one that is left out. */
function callersKey(sent: string, keys: KeyFormat): string | undefined {
  const action = `decode key ${quote(sent)}`;
  let key: unknown;
  try {
    key = keys.decode?.(sent);
  } catch (error) {
    throw new ClientException(`Cannot ${action}: ${messageOf(error)}`, sent, { cause: error });
  }
  if (typeof key === "string" || key === undefined) return key;
  throw new ClientException(`Cannot ${action}: keys.decode gave no string`, sent);
}

/** Lists one server, and records the number of its items or the error. */
async function* listServer<Entry>(
  lines: LineReader,
  read: ReadLines<Entry>,
  { failures, results }: ListOutcome,
): AsyncGenerator<Entry[], void, undefined> {
  let count = 0;
  try {
    for await (const entries of readPortions(lines, read)) {
      count += entries.length;
      yield entries;
      // The portion has ended early then.
      lines.signal.throwIfAborted();
    }
    results.set(lines.server, count);
  } catch (error) {
    failures.set(lines.server, error);
  }
}

async function* readPortions<Entry>(
  lines: LineReader,
  read: ReadLines<Entry>,
): AsyncGenerator<Entry[], void, undefined> {
  let bytes = await askForItems(lines);
  lines.readAhead(MOST_AHEAD);
  for (;; bytes = await lines.nextLines()) {
    const { entries, other } = read(bytes, lines.server);
    yield entries;
    if (other === undefined) continue;
    if (isMetadumpEnd(other)) return;
    throw notAnItem(other, lines.server);
  }
}

/**
 * Sends the command that lists every item, or the older command if the server does not know it; resolves to the first
 * lines of the list.
 */
async function askForItems(lines: LineReader): Promise<Uint8Array> {
  const first = await askCrawler(lines, HASH_METADUMP_REQUEST);
  return isUnknownMetadump(textOf(first)) ? await askCrawler(lines, METADUMP_REQUEST) : first;
}

/** Sends the command until the crawler is free, or has been busy for too long; resolves to the first lines. */
async function askCrawler(lines: LineReader, request: string): Promise<Uint8Array> {
  const { clock, timeout } = lines;
  const deadline = clock.now() + timeout;
  let first = await askOnce(lines, request);
  for (const delay of DELAYS) {
    if (!isCrawlerBusy(textOf(first)) || clock.now() + delay > deadline) return first;
    await pause(clock, delay, lines.signal);
    first = await askOnce(lines, request);
  }
  return first;
}

/** Sends the command; resolves to the first lines of the list, without a line that only announces it. */
async function askOnce(lines: LineReader, request: string): Promise<Uint8Array> {
  const first = await lines.ask(request);
  return isMetadumpStart(first) ? await lines.nextLines() : new TextEncoder().encode(`${first}\n`);
}

/** The beginning of lines: an answer that is not a list is short. */
function textOf(lines: Uint8Array): string {
  return new TextDecoder().decode(lines.subarray(0, 64));
}
