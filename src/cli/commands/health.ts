/** How servers do over some time. @module */

import type { Client, Stats } from "../../../mod.ts";
import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { askEach } from "../each_server.ts";
import { printHistogram } from "../histogram.ts";
import { Latencies } from "../latencies.ts";
import { pause } from "../pause.ts";
import { readCount, readDuration, showShare } from "../quantities.ts";

interface LatencyOptions {
  readonly for?: string;
  readonly dist?: boolean;
}

interface StatOptions {
  readonly every?: string;
  readonly count?: string;
}

/** Adds `latency` and `stat`. */
export function addHealthCommands(program: Command, runner: Runner): void {
  define<LatencyOptions>(program, runner, {
    usage: "latency",
    summary: "Measure how long each server takes to answer, one request after another.",
    options: [
      ["--for <duration>", "how long (5s)"],
      ["--dist", "how many answers took how long"],
    ],
    examples: ["latency --for 200ms", "latency --for 200ms --dist"],
    run: latency,
  });
  define<StatOptions>(program, runner, {
    usage: "stat",
    summary: "Print a line every second: items, reads, hits, writes, evictions, connections.",
    options: [
      ["--every <duration>", "how often (1s)"],
      ["--count <n>", "how many lines; without it, until Ctrl-C"],
    ],
    examples: ["stat --every 100ms --count 2"],
    run: stat,
  });
}

async function latency({ options, printer, terminal, fleet }: Job<LatencyOptions>) {
  const milliseconds = readDuration(options.for ?? "5s") * 1000;
  const { results, code } = await askEach(await fleet(), terminal, async (client) => {
    // Connecting is not what is measured.
    await client.version();
    const latencies = new Latencies();
    const end = performance.now() + milliseconds;
    while (performance.now() < end && !terminal.interrupted.aborted) {
      const started = performance.now();
      await client.version();
      latencies.add(performance.now() - started);
    }
    return latencies;
  });
  await printer.table(results.map(({ server, result }) => ({
    ...{ server, n: result.count, p50: rounded(result.percentile(0.5)) },
    ...{ p90: rounded(result.percentile(0.9)), p99: rounded(result.percentile(0.99)) },
    ...{ p999: rounded(result.percentile(0.999)), max: rounded(result.max) },
  })));
  if (options.dist && printer.shape === "text") {
    for (const { server, result } of results) {
      await printer.line(`\n${server}, milliseconds`);
      const names = Array.from(
        result.doublings(),
        ([bound, count]): [string, number] => [`up to ${bound.toPrecision(2)}`, count],
      );
      await printHistogram(printer, "ms", new Map(names));
    }
  }
  return code;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

/** What `stat` adds up over all servers. */
const SUMMED = ["curr_items", "bytes", "limit_maxbytes", "curr_connections"] as const;
/** What `stat` shows a second. */
const COUNTED = ["cmd_get", "get_hits", "cmd_set", "evictions"] as const;
/** After how many lines the head is repeated. */
const LINES_TO_HEAD = 20;

const HEAD = [
  ...["TIME    ", "UP".padStart(5), "ITEMS".padStart(11), "FILL".padStart(6)],
  ...["GET/s".padStart(10), "HIT%".padStart(6), "SET/s".padStart(10), "EVICT/s".padStart(9)],
  "CONN".padStart(7),
].join(" ");

async function stat({ options, printer, terminal, fleet }: Job<StatOptions>): Promise<number> {
  const every = readDuration(options.every ?? "1s") * 1000;
  const lines = options.count === undefined ? Infinity : readCount(options.count);
  const servers = await fleet();
  const ask = async (client: Client) => (await client.stats())[0] ?? {};
  let before = await askEach(servers, terminal, ask);
  let at = performance.now();
  let code = before.code;
  for (let line = 0; line < lines; line++) {
    await pause(every, terminal.interrupted);
    if (terminal.interrupted.aborted) break;
    const after = await askEach(servers, terminal, ask);
    const now = performance.now();
    code = Math.max(code, after.code);
    const sample = sampleOf(before.results, after.results, (now - at) / 1000);
    if (line % LINES_TO_HEAD === 0 && printer.shape === "text") {
      await printer.line(printer.strong(HEAD));
    }
    const up = `${after.results.length}/${servers.names.length}`;
    await printer.record(
      { time: new Date(), up: after.results.length, ...sample },
      [
        ...[new Date().toTimeString().slice(0, 8), up.padStart(5)],
        ...[String(sample.items).padStart(11), showShare(sample.fill, 1).padStart(6)],
        ...[String(sample.gets).padStart(10), hitText(sample.hits).padStart(6)],
        ...[String(sample.sets).padStart(10), String(sample.evictions).padStart(9)],
        String(sample.connections).padStart(7),
      ].join(" "),
    );
    await printer.flush();
    [before, at] = [after, now];
  }
  return code;
}

function hitText(hits: number | null): string {
  return hits === null ? "-" : (hits * 100).toFixed(1);
}

interface ServerStats {
  readonly server: string;
  readonly result: Stats;
}

/** What has happened between two looks at the servers; a server that has been restarted counts from 0. */
function sampleOf(before: readonly ServerStats[], after: readonly ServerStats[], seconds: number) {
  const former = new Map(before.map(({ server, result }) => [server, result]));
  const [items, bytes, limit, connections] = SUMMED.map((name) =>
    after.reduce((sum, { result }) => sum + Number(result[name] ?? 0), 0)
  );
  const [gets, hits, sets, evictions] = COUNTED.map((name) =>
    after.reduce((sum, { server, result }) => {
      // A server that was down just now has no figure to compare with.
      const last = former.get(server);
      if (last === undefined) return sum;
      const now = Number(result[name] ?? 0);
      const change = now - Number(last[name] ?? 0);
      return sum + (change < 0 ? now : change);
    }, 0)
  );
  const perSecond = (count = 0) => Math.round(count / seconds);
  return {
    items: items ?? 0,
    fill: (bytes ?? 0) / Math.max(1, limit ?? 0),
    gets: perSecond(gets),
    hits: gets ? (hits ?? 0) / gets : null,
    sets: perSecond(sets),
    evictions: perSecond(evictions),
    connections: connections ?? 0,
  };
}
