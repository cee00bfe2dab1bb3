/** What clients do right now, from the events that servers log. @module */

import { type Client, ClientException, SocketError, type WatchEvent } from "../../../mod.ts";
import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import type { Fleet } from "../fleet.ts";
import { firstPart, HotKeys, type HotKeysReport, type Traffic } from "../hot_keys.ts";
import { globFilter, ttlField } from "../item_filter.ts";
import { decodedKey } from "../keys_of_bytes.ts";
import { say } from "../messages.ts";
import { pauseShown } from "../progress.ts";
import type { Row } from "../printer.ts";
import { printable } from "../shown_text.ts";
import { countOf, readCount, readInterval, showShare } from "../quantities.ts";
import { inTime, resolvedOrAborted, type Terminal } from "../terminal.ts";
import { EXIT, isServerFault, messageOf, UsageFault } from "../usage.ts";

interface HotOptions {
  readonly count?: string;
  readonly for?: string;
  readonly by?: string;
  readonly reads?: boolean;
  readonly writes?: boolean;
  readonly misses?: boolean;
}

interface MonitorOptions {
  readonly match?: string;
  readonly count?: string;
}

/** Adds `hot` and `monitor`. */
export function addTrafficCommands(program: Command, runner: Runner): void {
  define<HotOptions>(program, runner, {
    usage: "hot",
    summary: "Show the keys that are used most, from the events that the servers log.",
    options: [
      ["-n, --count <n>", "how many keys (20)"],
      ["--for <duration>", "how long to watch (10s)"],
      ["--by <what>", "count each key, or each prefix up to the first colon (key)"],
      ["--reads", "only commands that look an item up"],
      ["--writes", "only commands that store an item"],
      ["--misses", "only reads that found nothing"],
    ],
    examples: ["hot --for 10s", "hot -n 5 --by prefix --misses --for 10s"],
    run: hot,
  });
  define<MonitorOptions>(program, runner, {
    usage: "monitor",
    summary: "Print what is read, stored and evicted, as it happens, until Ctrl-C.",
    options: [
      ["--match <glob>", "only keys of this pattern: *, ? and [abc]"],
      ["-n, --count <n>", "end after so many events"],
    ],
    examples: ["monitor -n 100", "monitor --match 'user:*' -n 5 --json"],
    run: monitor,
  });
}

async function hot({ options, printer, terminal, fleet }: Job<HotOptions>): Promise<number> {
  const { by = "key" } = options;
  if (by !== "key" && by !== "prefix") throw new UsageFault(`--by is key or prefix, not "${by}"`);
  const most = readCount("--count", options.count ?? "20");
  const milliseconds = readInterval("--for", options.for ?? "10s");
  const traffic = trafficOf(options);
  const nameOf = by === "prefix" ? (key: string) => firstPart(key) : (key: string) => key;
  const counting = new HotKeys(await fleet(), { ...traffic, nameOf });
  let report: HotKeysReport;
  try {
    await resolvedOrAborted(counting.start(), terminal.interrupted);
    const isAnyWatched = counting.faults.length < (await fleet()).names.length;
    if (isAnyWatched) await pauseShown(terminal, "watching", milliseconds);
    await inTime(terminal, counting.account()).catch((error) => {
      // Then the figures are not scaled.
      if (!terminal.interrupted.aborted) throw error;
    });
    report = counting.report(most);
  } finally {
    await counting.close();
  }
  for (const { message } of counting.faults) say(terminal, message);
  const { seen, keys } = report;
  const rows = keys.map(({ key, share, perSecond, servers }): Row => ({
    ...{ [by]: key, share, perSecond: Math.round(perSecond * 10) / 10, seen, servers },
  }));
  if (printer.shape === "text" && rows.length > 0) {
    await printer.table(rows.map(({ seen: _, ...row }) => row), {
      show: {
        share: (share) => showShare(Number(share), 1),
        servers: showServers,
      },
    });
    const shown = `${showShare(seen, 1)} of the events were seen`;
    const why = "; a busy server is watched part of the time, and the figures are scaled by it";
    await printer.line(printer.strong(seen < 1 ? `${shown}${why}` : shown));
  } else {
    await printer.table(rows);
  }
  if (counting.faults.length > 0) return EXIT.server;
  return rows.length === 0 ? EXIT.nothing : EXIT.done;
}

/** The server with the most events, and how many others there are. */
function showServers(field: Row[string]): string {
  const [first = "", ...others] = Array.isArray(field) ? field.map(String) : [];
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

function trafficOf({ reads, writes, misses }: HotOptions): Traffic {
  if (misses && (reads || writes)) {
    throw new UsageFault(
      "--misses is about some of the reads: give it without --reads or --writes",
    );
  }
  if (misses) return { reads: false, writes: false, misses: true };
  const isAll = !reads && !writes;
  return { reads: isAll || reads === true, writes: isAll || writes === true, misses: false };
}

/** The events that have a key, and what a line says of them. */
type KeyEvent = Extract<WatchEvent, { key: string }>;

const KINDS = ["fetchers", "mutations", "evictions"];

/** Milliseconds that an event waits at most before it is shown. */
const FLUSH_INTERVAL = 100;

async function monitor(job: Job<MonitorOptions>): Promise<number> {
  const { options, printer, terminal, fleet } = job;
  const isMatch = options.match === undefined ? undefined : globFilter(options.match);
  let left = options.count === undefined ? Infinity : readCount("--count", options.count);
  const servers = await fleet();
  const ended = new AbortController();
  const signal = AbortSignal.any([terminal.interrupted, ended.signal]);
  const sayDropped = watchDropped(servers, terminal);
  let shown = 0;
  let code: number = EXIT.done;
  let fault: unknown;
  // Few events are shown soon, and many in few writes.
  const timer = setInterval(() => {
    printer.flush().catch((error) => {
      fault = error;
      ended.abort();
    });
  }, FLUSH_INTERVAL);
  await Promise.all(servers.names.map(async (name) => {
    try {
      for await (const event of servers.at(name).watch(KINDS, { signal })) {
        if (event.type === "skipped") {
          say(terminal, `${name} left ${countOf(event.count, "event")} out`);
          continue;
        }
        if (!("key" in event) || signal.aborted) continue;
        const key = decodedKey(event.key);
        if (isMatch !== undefined && !isMatch(key)) continue;
        await printer.record(recordOf(event, key), lineOf(event, key));
        shown++;
        if (--left === 0) ended.abort();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ClientException || error instanceof SocketError)) throw error;
      say(terminal, messageOf(error));
      code = EXIT.server;
    }
  })).finally(() => clearInterval(timer));
  if (fault !== undefined) throw fault;
  await sayDropped();
  return code === EXIT.done && shown === 0 ? EXIT.nothing : code;
}

/** Notes how many events the servers have dropped; returns a function that says how many more there are at the end. */
function watchDropped(servers: Fleet, terminal: Terminal): () => Promise<void> {
  const before = servers.names.map((name) => droppedBy(servers.at(name)));
  return async () => {
    const growths = servers.names.map(async (name, i) => {
      const first = await before[i] ?? NaN;
      const growth = Number.isNaN(first) ? 0 : await droppedBy(servers.at(name)) - first;
      if (growth > 0) say(terminal, `${name} left ${countOf(growth, "event")} out`);
    });
    await inTime(terminal, Promise.all(growths)).catch((error) => {
      if (!terminal.interrupted.aborted) throw error;
    });
  };
}

/** How many events a server has dropped, which it tells nowhere else; not a number if it says nothing of it. */
async function droppedBy(client: Client): Promise<number> {
  try {
    return Number((await client.stats())[0]?.log_worker_dropped ?? NaN);
  } catch (error) {
    if (isServerFault(error)) return NaN;
    throw error;
  }
}

/** The fields of all kinds of events, for a head that fits all of them. */
const EVENT_FIELDS = {
  ...{ time: undefined, server: undefined, connection: undefined, type: undefined },
  ...{ command: undefined, status: undefined, key: undefined, size: undefined, ttl: undefined },
  ...{ slabClass: undefined, fetched: undefined, lastAccess: undefined },
};

function recordOf(event: KeyEvent, key: string): Row {
  const { time, gid: _, ...rest } = event;
  const row = { ...EVENT_FIELDS, ...rest, time: new Date(time), key };
  if (event.type === "item_get") return row;
  return { ...row, ttl: ttlField(event.ttl, event.type === "item_store" ? 0 : -1) };
}

function lineOf(event: KeyEvent, key: string): string {
  // The time of this place, as `stat` shows it.
  const time = new Date(event.time);
  const at = `${time.toTimeString().slice(0, 8)}.${
    String(time.getMilliseconds()).padStart(3, "0")
  }`;
  return `${at}  ${event.server}  ${verbOf(event).padEnd(18)}  ${printable(key)}`;
}

function verbOf(event: KeyEvent): string {
  if (event.type === "item_get") return event.status === "found" ? "hit" : `miss ${event.status}`;
  if (event.type === "item_store") {
    return event.status === "stored" ? event.command : `${event.command} ${event.status}`;
  }
  return event.fetched ? "evicted" : "evicted unread";
}
