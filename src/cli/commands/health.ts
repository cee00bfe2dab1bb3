/** How servers do over some time. @module */

import { TimeoutError } from "../../../mod.ts";
import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { askEach } from "../each_server.ts";
import { figuresOf, type FleetFigures, fleetFiguresOf } from "../figures.ts";
import type { Fleet } from "../fleet.ts";
import { printHistogram } from "../histogram.ts";
import { Latencies, percentilesOf } from "../latencies.ts";
import { say } from "../messages.ts";
import { pause } from "../pause.ts";
import type { Printer } from "../printer.ts";
import { Countdown } from "../progress.ts";
import { readCount, readInterval, showShare } from "../quantities.ts";
import { type Snapshot, takeSnapshot } from "../snapshot.ts";
import { resolvedOrAborted } from "../terminal.ts";
import { EXIT, isServerFault, messageOf } from "../usage.ts";

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
  const milliseconds = readInterval("--for", options.for ?? "5s");
  const { interrupted } = terminal;
  const countdown = new Countdown(terminal, "measuring", milliseconds);
  let isAnyLost = false;
  const turns = new Turns();
  const { results, code } = await askEach(await fleet(), terminal, async (client) => {
    const latencies = new Latencies();
    const answered = async () => {
      return await resolvedOrAborted(client.version(), interrupted) !== undefined;
    };
    // Connecting is not what is measured.
    let isAnswered = await answered();
    const end = performance.now() + milliseconds;
    try {
      while (isAnswered && performance.now() < end) {
        await turns.take(async () => {
          const started = performance.now();
          isAnswered = await answered();
          if (isAnswered) latencies.add(performance.now() - started);
        });
      }
    } catch (error) {
      // What was measured before is shown.
      if (!isServerFault(error)) throw error;
      say(terminal, messageOf(error));
      isAnyLost = true;
    }
    return latencies;
  }).finally(() => countdown.end());
  await printer.table(results.map(({ server, result }) => ({
    ...{ server, n: result.count, ...percentilesOf(result) },
    ...(options.dist && printer.shape !== "text" ? { dist: distributionOf(result) } : {}),
  })));
  if (options.dist && printer.shape === "text") {
    for (const { server, result } of results) {
      await printer.line(`\n${server}, milliseconds`);
      const names = Array.from(
        result.doublings(),
        ([bound, count]): [string, number] => [`up to ${Number(bound.toPrecision(2))}`, count],
      );
      await printHistogram(printer, "ms", new Map(names), "answers");
    }
  }
  return isAnyLost ? Math.max(code, EXIT.server) : code;
}

/** Milliseconds after which an answer is late, and does not keep other servers from being asked. */
const LATE = 10;

/** Lets one server be asked at a time: with all at once, an answer would wait until this process has read the others. */
class Turns {
  #last = Promise.resolve();

  /** Asks when it is the turn of this server. */
  async take(ask: () => Promise<void>): Promise<void> {
    const before = this.#last;
    let pass = () => {};
    this.#last = new Promise((resolve) => pass = resolve);
    await before;
    const timer = setTimeout(pass, LATE);
    try {
      await ask();
    } finally {
      clearTimeout(timer);
      pass();
    }
  }
}

/** How many answers took how long: the longest time of each part in milliseconds, and how many there are. */
function distributionOf(latencies: Latencies): [upTo: number, count: number][] {
  return Array.from(latencies.doublings(), ([bound, count]) => [
    Math.round(bound * 1000) / 1000,
    count,
  ]);
}

/** After how many lines the head is repeated. */
const LINES_TO_HEAD = 20;

/** Milliseconds that a line waits at least for a server. */
const LEAST_PATIENCE = 1000;

const HEAD = [
  ...["TIME    ", "UP".padStart(5), "ITEMS".padStart(11), "FILL".padStart(6)],
  ...["GET/s".padStart(10), "HIT%".padStart(6), "SET/s".padStart(10), "EVICT/s".padStart(9)],
  "CONN".padStart(7),
].join(" ");

async function stat({ options, printer, terminal, fleet }: Job<StatOptions>): Promise<number> {
  const every = readInterval("--every", options.every ?? "1s");
  const lines = options.count === undefined ? Infinity : readCount("--count", options.count);
  const servers = await fleet();
  const said = new Map<string, Set<string>>();
  const ask = askingWithin(Math.max(every, LEAST_PATIENCE), servers, said);
  const look = () => askEach(servers, terminal, (_, server) => ask(server), { said });
  let lookedAt = performance.now();
  let before = await look();
  let code = before.code;
  for (let line = 0; line < lines; line++) {
    await pause(Math.max(0, lookedAt + every - performance.now()), terminal.interrupted);
    if (terminal.interrupted.aborted) break;
    lookedAt = performance.now();
    const after = await look();
    // Servers that Ctrl-C did not let answer are not down.
    if (terminal.interrupted.aborted) break;
    code = Math.max(code, after.code);
    const former = new Map(before.results.map(({ server, result }) => [server, result]));
    const figures = fleetFiguresOf(
      after.results.map(({ server, result }) => figuresOf(former.get(server), result)),
    );
    if (line % LINES_TO_HEAD === 0 && printer.shape === "text") {
      await printer.line(printer.strong(HEAD));
    }
    await printSample(printer, figures, [after.results.length, servers.names.length]);
    before = after;
  }
  return code;
}

/**
 * Makes a function that asks a server for its statistics. If they are late, it rejects, and the next call waits for the
 * same answer.
 *
 * @param said The faults of each server since its last answer.
 */
function askingWithin(
  patience: number,
  fleet: Fleet,
  said: ReadonlyMap<string, ReadonlySet<string>>,
): (server: string) => Promise<Snapshot> {
  const asked = new Map<string, Promise<Snapshot>>();
  return async (server) => {
    const asking = asked.get(server) ??
      takeSnapshot(fleet, server).finally(() => asked.delete(server));
    asked.set(server, asking);
    const answer = await answerWithin(patience, asking);
    if (answer !== undefined) return answer;
    // What is known from before is no news.
    const [why = `No reply from ${server} within ${patience} ms`] = said.get(server) ?? [];
    throw new TimeoutError(why, { server });
  };
}

/** What a promise gives; `undefined` if that takes longer than these milliseconds. */
async function answerWithin<Answer>(
  milliseconds: number,
  asking: Promise<Answer>,
): Promise<Answer | undefined> {
  const ended = new AbortController();
  // What came while the process itself was held up is read before the second part ends.
  const late = pause(milliseconds * 0.9, ended.signal)
    .then(() => pause(milliseconds * 0.1, ended.signal));
  try {
    return await Promise.race([asking, late.then(() => undefined)]);
  } finally {
    ended.abort();
  }
}

async function printSample(
  printer: Printer,
  { items, fill, rates, hitRate, connections }: FleetFigures,
  [up, all]: readonly [up: number, all: number],
): Promise<void> {
  const [gets, sets, evictions] = [rates?.gets, rates?.sets, rates?.evictions]
    .map((rate = 0) => Math.round(rate));
  await printer.record(
    {
      ...{ time: new Date(), up, servers: all, items, fill, gets, hits: hitRate ?? null },
      ...{ sets, evictions, connections },
    },
    [
      ...[new Date().toTimeString().slice(0, 8), `${up}/${all}`.padStart(5)],
      ...[String(items).padStart(11), showShare(fill, 1).padStart(6)],
      ...[String(gets).padStart(10), hitText(hitRate).padStart(6)],
      ...[String(sets).padStart(10), String(evictions).padStart(9)],
      String(connections).padStart(7),
    ].join(" "),
  );
  await printer.flush();
}

function hitText(hitRate: number | undefined): string {
  return hitRate === undefined ? "-" : (hitRate * 100).toFixed(1);
}
