/** What servers say of themselves. @module */

import {
  type Client,
  ClientException,
  SocketError,
  type Stats,
  TimeoutError,
} from "../../../mod.ts";
import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { askEach } from "../each_server.ts";
import { isRestarted } from "../figures.ts";
import { say } from "../messages.ts";
import type { Row } from "../printer.ts";
import { readInterval, showSize } from "../quantities.ts";
import { asksForPassword, metaLevelOf } from "../snapshot.ts";
import { pauseShown } from "../progress.ts";
import { EXIT, UsageFault } from "../usage.ts";

interface StatsOptions {
  readonly diff?: string;
}

const KINDS = ["general", "items", "slabs", "settings", "conns"];

/** Adds `stats` and `ping`. */
export function addServerCommands(program: Command, runner: Runner): void {
  define<StatsOptions>(program, runner, {
    usage: "stats [kind]",
    summary: "Show the statistics of each server: general, items, slabs, settings or conns.",
    options: [["--diff <duration>", "what has changed in this time, and how much a second"]],
    examples: ["stats", "stats settings --json", "stats --diff 100ms"],
    run: stats,
  });
  define(program, runner, {
    usage: "ping",
    summary: "Show the version of each server, and how long it took to answer.",
    examples: ["ping", "ping --json"],
    run: ping,
  });
}

/** Adds `capable`. */
export function addCapable(program: Command, runner: Runner): void {
  define(program, runner, {
    usage: "capable",
    summary:
      "Show what each server offers: meta commands, dump, watch, password, TLS, largest item.",
    examples: ["capable", "capable --csv"],
    run: capable,
  });
}

async function stats(job: Job<StatsOptions>): Promise<number> {
  const { args: [name = "general"], options: { diff }, printer, terminal, fleet } = job;
  if (!KINDS.includes(name)) throw new UsageFault(`stats are one of ${KINDS.join(", ")}`);
  // memcached has no name for these.
  const kind = name === "general" ? undefined : name;
  const milliseconds = diff === undefined ? undefined : readInterval("--diff", diff);
  const servers = await fleet();
  const said = new Map<string, Set<string>>();
  const ask = () => {
    return askEach(servers, terminal, async (client) => (await client.stats(kind))[0] ?? {}, {
      said,
    });
  };
  const { results, code } = await ask();
  if (milliseconds === undefined) {
    await printStats(job, results.map(({ server, result }) => ({ server, fields: result })));
    // `stats items` has no line for a server without items.
    const isEmpty = results.every(({ result }) => Object.keys(result).length === 0);
    return code === EXIT.done && isEmpty ? EXIT.nothing : code;
  }
  // What does not answer now has nothing to compare with.
  if (results.length === 0) return code;
  const started = Date.now();
  await pauseShown(terminal, "waiting", milliseconds);
  const later = await ask();
  const seconds = Math.max(0.001, (Date.now() - started) / 1000);
  const before = new Map(results.map(({ server, result }) => [server, result]));
  let isAnyRestarted = false;
  const rows = later.results.flatMap(({ server, result }) => {
    const first = before.get(server);
    if (first === undefined) return [];
    if (isRestarted(first, result)) {
      say(terminal, `${server} was started again: what has changed is not known`);
      isAnyRestarted = true;
      return [];
    }
    return changesOf(first, result).map(([name, change]): Row => ({
      ...{ server, name, change, perSecond: Math.round(Number(change) / seconds * 10) / 10 },
    }));
  });
  await printer.table(rows);
  if (isAnyRestarted) return EXIT.server;
  if (code !== EXIT.done || later.code !== EXIT.done) return Math.max(code, later.code);
  return rows.length === 0 ? EXIT.nothing : EXIT.done;
}

/** What is 0 in a slab class that memcached does not list, because it has no item, or no page. */
const ZERO_IF_UNLISTED = /:(number\w*|mem_requested|total_pages|\w+_chunks|cmd_set|\w+_hits)$/;

/** The statistics that are numbers and have changed, but for clocks. */
function changesOf(before: Stats, after: Stats): [name: string, change: number | bigint][] {
  const names = new Set([...Object.keys(after), ...Object.keys(before)]);
  return Array.from(names).flatMap((name): [string, number | bigint][] => {
    if (/^(time|uptime|pid)$/.test(name)) return [];
    const unlisted = ZERO_IF_UNLISTED.test(name) ? "0" : undefined;
    const change = differenceOf(before[name] ?? unlisted, after[name] ?? unlisted);
    return change ? [[name, change]] : [];
  });
}

/** The difference of two numbers; `undefined` where one is none. */
function differenceOf(before = "", after = ""): number | bigint | undefined {
  // Counters have 64 bits, and a number has only 53.
  if ([before, after].every((text) => /^-?\d+$/.test(text))) return BigInt(after) - BigInt(before);
  if (before === "" || after === "") return undefined;
  // Times have six decimals, which a difference of fractions would not have.
  const change = Math.round((Number(after) - Number(before)) * 1e6) / 1e6;
  return Number.isFinite(change) ? change : undefined;
}

interface ServerFields {
  readonly server: string;
  readonly fields: Stats;
}

/** A column for each server, or a record for each. */
async function printStats({ printer }: Job<StatsOptions>, all: readonly ServerFields[]) {
  if (printer.shape === "json") {
    for (const { server, fields } of all) await printer.record({ server, ...numbers(fields) }, "");
    return;
  }
  if (printer.shape === "csv") {
    await printer.table(
      all.flatMap(({ server, fields }) =>
        Object.entries(fields).map(([name, value]) => ({ server, name, value }))
      ),
    );
    return;
  }
  const names = new Set(all.flatMap(({ fields }) => Object.keys(fields)));
  await printer.table(Array.from(names, (name): Row => ({
    name,
    ...Object.fromEntries(all.map(({ server, fields }) => [server, fields[name]])),
  })));
}

/** Texts that are numbers which JSON can hold, as numbers. */
function numbers(fields: Stats): Row {
  return Object.fromEntries(
    Object.entries(fields).map(([name, text]) => {
      const number = Number(text);
      const isExact = /^-?\d+(\.\d+)?$/.test(text) && Math.abs(number) <= Number.MAX_SAFE_INTEGER;
      return [name, isExact ? number : text];
    }),
  );
}

async function ping({ printer, terminal, fleet }: Job<unknown>): Promise<number> {
  const { results, code } = await askEach(await fleet(), terminal, async (client) => {
    // The first answer needs a connection, the second does not.
    const started = performance.now();
    const [version] = await client.version();
    const connected = performance.now();
    await client.version();
    return {
      version,
      connectMs: rounded(connected - started),
      ms: rounded(performance.now() - connected),
    };
  });
  await printer.table(results.map(({ server, result }) => ({ server, ...result })));
  return code;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

async function capable({ printer, terminal, fleet }: Job<unknown>): Promise<number> {
  const { results, code } = await askEach(await fleet(), terminal, async (client) => {
    const [version] = await client.version();
    const settings = await offered(client, async () => (await client.stats("settings"))[0] ?? {});
    const largest = Number(settings?.item_size_max ?? NaN);
    const meta = await isOffered(client, () => client.meta("mn", ""));
    return {
      version,
      meta,
      metaLevel: meta ? metaLevelOf(version) : "none",
      dump: await isOffered(client, async () => {
        for await (const _ of client.items()) break;
      }),
      watch: await isOffered(client, () => canWatch(client)),
      statsItems: await isOffered(client, () => client.stats("items")),
      password: asksForPassword(settings),
      tls: settingOf(settings, "ssl_enabled"),
      largestItem: Number.isNaN(largest) ? undefined : largest,
    };
  });
  await printer.table(results.map(({ server, result }): Row => ({ server, ...result })), {
    show: {
      ...Object.fromEntries(
        ["meta", "dump", "watch", "statsItems", "password", "tls"].map((name) => [name, yesOrNo]),
      ),
      largestItem: (size) => size === undefined ? "?" : showSize(Number(size)),
    },
  });
  return code;
}

function yesOrNo(field: unknown): string {
  return field === undefined ? "?" : field ? "yes" : "no";
}

async function canWatch(client: Client): Promise<void> {
  const events = client.watch(["fetchers"]);
  try {
    await events.ready;
  } finally {
    await events.cancel().catch(() => {});
  }
}

async function isOffered(client: Client, ask: () => Promise<unknown>): Promise<boolean> {
  return await offered(client, async () => (await ask(), true)) ?? false;
}

/** The result, or `undefined` where the server refuses: proxies close the connection because of what they do not know. */
async function offered<Result>(
  client: Client,
  ask: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ClientException) return undefined;
    if (!(error instanceof SocketError) || error instanceof TimeoutError) throw error;
    // Otherwise the server is lost.
    await client.version();
    return undefined;
  }
}

function settingOf(settings: Stats | undefined, name: string): boolean | undefined {
  const text = settings?.[name];
  return text === undefined ? undefined : text === "yes" || text === "1";
}
