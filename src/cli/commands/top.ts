/** All servers on a screen, every second. @module */

import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { FleetWatch } from "../fleet_watch.ts";
import { type Overview, recordOf, serverRecords, type ServerView } from "../overview.ts";
import { say } from "../messages.ts";
import { pause } from "../pause.ts";
import { readInterval } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { frameOf, type FrameOptions } from "../top/frame.ts";
import { textOf } from "../top/lines.ts";
import { TopScreen } from "../top/top_screen.ts";
import { FIRST_VIEW } from "../top/view.ts";
import { EXIT } from "../usage.ts";

interface TopOptions {
  readonly every?: string;
  readonly once?: boolean;
  readonly keys?: boolean;
}

/** Milliseconds: servers are not asked more often, and no longer waited for than this. */
const LEAST_INTERVAL = 100;
const LONGEST_WAIT = 1000;
/** How wide a frame is that no terminal shows, and how many lines it has at most besides those of the servers. */
const PLAIN_COLUMNS = 120;
const PLAIN_ROWS = 200;
/** What `$COLUMNS` may say. */
const MOST_COLUMNS = 1000;

/** Adds `top`. */
export function addTop(program: Command, runner: Runner): void {
  define<TopOptions>(program, runner, {
    usage: "top",
    summary: "Show all servers on a full screen, every second: load, hits, hot keys, advice.",
    options: [
      ["--every <duration>", "how often (1s)"],
      ["--once", "one frame, as plain text"],
      ["--no-keys", "do not watch the servers for hot keys and large values"],
    ],
    examples: ["top --once --every 100ms", "top --once --every 100ms --json"],
    run: top,
  });
}

async function top(job: Job<TopOptions>): Promise<number> {
  const { options, printer, terminal, fleet } = job;
  const { every = "1s", once = false, keys = true } = options;
  const milliseconds = readInterval("--every", every, LEAST_INTERVAL);
  const watch = new FleetWatch(await fleet(), { keys });
  const frame: FrameOptions = { every, keys };
  const { screen } = terminal;
  const ended = new AbortController();
  const signal = AbortSignal.any([terminal.interrupted, ended.signal]);
  const shown = screen !== undefined && !once && printer.shape === "text"
    ? new TopScreen({ terminal, screen, frame, colors: printer.colors, quit: () => ended.abort() })
    : undefined;
  let last: Overview | undefined;
  const look = async (patience: number) => {
    const overview = await watch.look(patience, signal);
    // A server that has been given no time to answer is not down.
    if (!signal.aborted) last = overview;
    return overview;
  };
  try {
    shown?.open();
    const patience = Math.min(milliseconds, LONGEST_WAIT);
    const first = await look(shown === undefined ? LONGEST_WAIT : patience);
    await shown?.show(first);
    while (!signal.aborted) {
      await pause(milliseconds, signal);
      if (signal.aborted) break;
      const next = await look(patience);
      if (signal.aborted) break;
      if (shown === undefined) await print(job, next, frame);
      else await shown.show(next);
      if (once) break;
    }
  } finally {
    shown?.close();
    await watch.close();
  }
  const faults = last?.servers.flatMap(faultOf) ?? [];
  for (const fault of faults) say(terminal, fault);
  return faults.length > 0 ? EXIT.server : EXIT.done;
}

/** Why a server is not shown at the end. */
function faultOf(view: ServerView): string[] {
  if (view.state === "up") return [];
  return [view.state === "down" ? view.message : `${view.server} has not answered`];
}

/** Writes a frame without a screen. */
async function print(
  { printer, terminal }: Job<TopOptions>,
  overview: Overview,
  options: FrameOptions,
): Promise<void> {
  if (printer.shape === "json") {
    await printer.record(recordOf(overview), "");
  } else if (printer.shape === "csv") {
    await printer.table(serverRecords(overview));
  } else {
    const rows = overview.servers.length + PLAIN_ROWS;
    const size = { columns: columnsOf(terminal), rows };
    const { lines } = frameOf(overview, FIRST_VIEW, size, options);
    // The keys of the head are of no use here.
    const [head = "", ...others] = lines.map(textOf);
    const time = overview.time.toISOString().replace(/\.\d+Z$/, "Z");
    const title = head.replace(/ {2,}q quit.*$/, "");
    await printer.line([`${title} · ${time}`, ...others, ""].join("\n"));
  }
  await printer.flush();
}

function columnsOf({ env, isTerminal, columns }: Terminal): number {
  if (isTerminal) return columns;
  const wanted = Math.floor(Number(env.COLUMNS));
  return wanted >= 1 && wanted <= MOST_COLUMNS ? wanted : PLAIN_COLUMNS;
}
