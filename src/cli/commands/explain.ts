/** Which server has a key, and why. @module */

import { type Client, type ItemInfo, ValidationException } from "../../../mod.ts";
import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { askEach } from "../each_server.ts";
import type { Fleet } from "../fleet.ts";
import { timesOf } from "../item_inspection.ts";
import { ringOf, RINGS } from "../known_rings.ts";
import type { Row } from "../printer.ts";
import { countOf, showDuration } from "../quantities.ts";
import { printable } from "../shown_text.ts";
import { INTERRUPTED } from "../terminal.ts";
import { EXIT } from "../usage.ts";

interface ExplainOptions {
  readonly everywhere?: boolean;
}

/** Adds `explain`. */
export function addExplain(program: Command, runner: Runner): void {
  define<ExplainOptions>(program, runner, {
    usage: "explain <keys...>",
    summary: "Show which server a key is on, and why; --ring may be given more than once.",
    options: [[
      "--everywhere",
      "ask each server whether it has the key, and find the ring that says so",
    ]],
    examples: [
      "explain user:1",
      "explain user:1 user:2 --ring ketama --ring moecache",
      "explain user:1 --everywhere",
    ],
    run: explain,
  });
}

async function explain(job: Job<ExplainOptions>): Promise<number> {
  const { args, options, printer, fleet } = job;
  const servers = await fleet();
  const names = options.ring ?? ["moecache"];
  const rings = names.map((name) => ({ name, client: servers.with(ringOf(name)) }));
  try {
    if (options.everywhere) return await explainEverywhere(job, servers, rings);
    const rows = args.flatMap((key) => rings.map(({ name, client }) => rowOf(name, client, key)));
    await printer.table(rows, {
      show: { point: (point) => point === undefined ? "" : pointText(point as RingRow["point"]) },
    });
    return EXIT.done;
  } finally {
    await Promise.all(rings.map(({ client }) => client.close()));
  }
}

interface Ring {
  readonly name: string;
  readonly client: Client;
}

type RingRow = ReturnType<Client["explain"]>;

function pointText(point: RingRow["point"]): string {
  return point === undefined ? "" : `${point.label} (${point.position} of ${point.of})`;
}

function rowOf(ring: string, client: Client, key: string): Row {
  const { server, keyHash, point, why } = client.explain(key);
  return { key, ring, server, hash: keyHash, point, why };
}

/** Asks every server, and compares with what the rings say. */
async function explainEverywhere(
  { args, printer, terminal }: Job<ExplainOptions>,
  fleet: Fleet,
  rings: readonly Ring[],
): Promise<number> {
  let code: number = EXIT.done;
  let isComplete = true;
  const all = knownRings(fleet);
  const said = new Map<string, Set<string>>();
  try {
    for (const key of args) {
      const shown = printable(key);
      const answers = await askEach(fleet, terminal, (client) => client.inspect(key), { said });
      // What was not asked for is not missing.
      if (terminal.interrupted.aborted) return INTERRUPTED;
      if (answers.code !== EXIT.done) code = answers.code;
      const holders = answers.results.flatMap(({ server, result }) =>
        result === undefined ? [] : [{ server, info: result }]
      );
      if (holders.length === 0) isComplete = false;
      for (const { name, client } of rings) {
        const { server } = client.locate(key);
        if (printer.shape === "text") {
          const answer = answers.results.find((answer) => answer.server === server);
          const outcome = outcomeOf(answer);
          await printer.sentences(`${shown}: the ring ${name} looks on ${server}, ${outcome}`);
        }
      }
      for (const { server, info } of holders) {
        const fitting = ringsThatSay(all, key, server);
        if (printer.shape === "text") {
          const what = `${countOf(info.size, "byte")}, ${ttlText(info)}`;
          const under = fitting.join(", ") || "no ring that is known here";
          await printer.sentences(`${shown}: found on ${server}, ${what}; right under: ${under}`);
        } else await printer.record(foundRow(key, server, info, fitting), "");
      }
      if (holders.length === 0 && printer.shape === "text") {
        await printer.sentences(`${shown}: no server that answered has it`);
      }
    }
  } finally {
    await Promise.all(all.map(({ client }) => client.close()));
  }
  return code !== EXIT.done ? code : isComplete ? EXIT.done : EXIT.nothing;
}

/** What a server has answered; one that has not may hold the key, or not. */
function outcomeOf(answer: { readonly result: ItemInfo | undefined } | undefined): string {
  if (answer === undefined) return "which has not answered";
  return answer.result === undefined ? "and it is not there" : "and it is there";
}

function foundRow(key: string, server: string, info: ItemInfo, rings: readonly string[]): Row {
  const { size, cas } = info;
  return { key, server, size, ...timesOf(info), cas, rings };
}

function ttlText({ ttl }: ItemInfo): string {
  if (ttl === undefined) return "lifetime not known";
  return ttl < 0 ? "for ever" : `${showDuration(ttl)} left`;
}

/** All rings that can take these servers: spymemcached's cannot take names of hosts. */
function knownRings(fleet: Fleet): Ring[] {
  return Object.entries(RINGS).flatMap(([name, ring]) => {
    const client = ifPossible(() => fleet.with(ring));
    return client === undefined ? [] : [{ name, client }];
  });
}

function ringsThatSay(rings: readonly Ring[], key: string, server: string): string[] {
  return rings.filter(({ client }) => ifPossible(() => client.locate(key))?.server === server)
    .map(({ name }) => name);
}

/** Some rings cannot take every list of servers, or every key: then it is not that ring. */
function ifPossible<Result>(ask: () => Result): Result | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof ValidationException) return undefined;
    throw error;
  }
}
