/** What is wrong with the servers, and what to do about it. @module */

import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { type Advice, figuresText, type Look } from "../doctor/advice.ts";
import { adviceOn } from "../doctor/rules.ts";
import { type Answers, askEach } from "../each_server.ts";
import { isRestarted } from "../figures.ts";
import { HotKeys, type HotKeysReport } from "../hot_keys.ts";
import { faultIn, say } from "../messages.ts";
import { GAP, type Printer } from "../printer.ts";
import { pauseShown } from "../progress.ts";
import { printable } from "../shown_text.ts";
import { countOf, readInterval } from "../quantities.ts";
import { type Snapshot, type StatsKind, takeSnapshot } from "../snapshot.ts";
import { resolvedOrAborted } from "../terminal.ts";
import { EXIT } from "../usage.ts";

interface DoctorOptions {
  readonly for?: string;
}

const KINDS: readonly StatsKind[] = ["items", "slabs", "settings", "conns"];
/** No more than this many keys can each have a tenth of all reads and writes. */
const MOST_HOT_KEYS = 10;

/** Adds `doctor`. */
export function addDoctor(program: Command, runner: Runner): void {
  define<DoctorOptions>(program, runner, {
    usage: "doctor",
    summary: "Say what is wrong with the servers, which figures show it, and what to do.",
    options: [["--for <duration>", "how long to look (5s)"]],
    examples: ["doctor --for 10s", "doctor --for 10s --json"],
    run: doctor,
  });
}

async function doctor({ options, printer, terminal, fleet }: Job<DoctorOptions>): Promise<number> {
  const milliseconds = readInterval("--for", options.for ?? "5s");
  const servers = await fleet();
  const said = new Map<string, Set<string>>();
  const ask = () => {
    return askEach(servers, terminal, (_, name) => takeSnapshot(servers, name, KINDS), { said });
  };
  const before = await ask();
  // One that does not answer now is not waited for a second time.
  const isAnyThere = before.results.length > 0;
  const counting = new HotKeys(servers, { reads: true, writes: true, misses: false });
  let after: Answers<Snapshot> = before;
  let hot: HotKeysReport | undefined;
  try {
    if (isAnyThere) {
      await resolvedOrAborted(counting.start(), terminal.interrupted);
      await pauseShown(terminal, "looking", milliseconds);
      after = await ask();
      for (const { server, result } of after.results) {
        counting.addStats(server, result.stats, result.at);
      }
      hot = counting.report(MOST_HOT_KEYS);
    }
  } finally {
    await counting.close();
  }
  const former = new Map(before.results.map(({ server, result }) => [server, result]));
  const looks = after.results.map(({ server, result }): Look => ({
    before: former.get(server),
    now: result,
  }));
  const restarted = new Set(
    looks.filter(({ before, now }) => before !== undefined && isRestarted(before.stats, now.stats))
      .map(({ now }) => now.server),
  );
  for (const server of restarted) {
    say(terminal, `${server} was started again meanwhile: its figures are those since then`);
  }
  const unwatched = counting.faults.filter(({ server, message, isRefusal }) =>
    !said.get(server)?.has(faultIn(message)) && (isRefusal || !restarted.has(server))
  );
  const lacks = [...after.results.flatMap(({ result }) => result.refused), ...unwatched];
  for (const { message } of lacks) say(terminal, message);
  const advice = adviceOn({ servers: looks, hot });
  await print(printer, advice, looks.length);
  const code = Math.max(before.code, after.code, restarted.size > 0 ? EXIT.server : EXIT.done);
  if (code !== EXIT.done) return code;
  return advice.some(({ severity }) => severity !== "notice") ? EXIT.nothing : EXIT.done;
}

async function print(printer: Printer, all: readonly Advice[], servers: number): Promise<void> {
  if (printer.shape !== "text") {
    for (const { rule, server, severity, finding, figures, action } of all) {
      await printer.record({ server, severity, rule, finding, figures, action }, "");
    }
    return;
  }
  for (const { server, severity, finding, figures, action } of all) {
    await printer.line(printer.strong(`${severity.toUpperCase()}  ${server}`));
    await printer.sentences(finding, GAP);
    await printer.sentences(printable(figuresText(figures)), GAP);
    await printer.sentences(`${action}\n`, GAP);
  }
  if (servers === 0) return;
  const looked = countOf(servers, "server");
  await printer.line(
    all.length === 0 ? `${looked}: nothing is wrong` : `${looked}; findings: ${all.length}`,
  );
}
