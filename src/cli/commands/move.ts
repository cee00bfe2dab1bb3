/** Items to a file, and from a file. @module */

import type { EncodedValue, ItemMetadata } from "../../../mod.ts";
import type { Command } from "commander";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { define, type Job, type Runner } from "../definition.ts";
import { decodeItem, type DumpedItem, encodeItem } from "../dumped_item.ts";
import { filterOf } from "../item_filter.ts";
import {
  batchesOf,
  dumped,
  type ItemStore,
  MOST_BYTES,
  MOST_ITEMS,
  reachable,
  valuesOf,
} from "../item_transfer.ts";
import { type ListedExtent, Listing } from "../listing.ts";
import { say } from "../messages.ts";
import { OutputFile } from "../output_file.ts";
import { pause } from "../pause.ts";
import { Printer } from "../printer.ts";
import { Progress } from "../progress.ts";
import { countOf } from "../quantities.ts";
import { storeUntilKept, watchSources } from "../restarts.ts";
import { codeAtEnd, INTERRUPTED, inTime, type Terminal } from "../terminal.ts";
import { EXIT, UsageFault } from "../usage.ts";

interface DumpOptions {
  readonly values?: boolean;
  readonly prefix?: string;
  readonly output?: string;
}

interface LoadOptions {
  readonly rate?: string;
  readonly skipExisting?: boolean;
}

/** Adds `dump` and `load`. */
export function addMoveCommands(program: Command, runner: Runner): void {
  define<DumpOptions>(program, runner, {
    usage: "dump",
    summary: "Write every item as a line of JSON: key, expiry and, with --values, flags and bytes.",
    options: [
      ["--values", "with flags and values, for load"],
      ["--prefix <text>", "only keys that begin so"],
      ["-o, --output <file>", "write to this file"],
    ],
    examples: ["dump --prefix user:", "dump --values -o items.jsonl"],
    run: dump,
  });
  define<LoadOptions>(program, runner, {
    usage: "load [file]",
    summary: "Store the items of a dump, from a file or standard input, with their lifetime.",
    options: [
      ["--rate <n>", "no more than this many items a second: 500, 20k"],
      ["--skip-existing", "keep what is there already"],
    ],
    examples: ["load items.jsonl", "load items.jsonl --rate 20k --skip-existing"],
    run: load,
  });
}

async function dump(job: Job<DumpOptions>): Promise<number> {
  const { options, terminal, fleet } = job;
  const isWanted = filterOf(options);
  // A variable of a script that is empty would be noticed only when all has been written.
  if (options.output === "") throw new UsageFault("the option --output is empty");
  const servers = await fleet();
  const file = options.output === undefined ? undefined : await OutputFile.open(options.output);
  const target = file === undefined ? terminal : {
    ...{ ...terminal, isTerminal: false },
    write: (data: string | Uint8Array) => file.write(data),
  };
  const { csv = false } = options;
  const printer = new Printer(target, { csv, json: !csv });
  const listing = new Listing({
    ...{ fleet: servers, terminal, what: "dumped" },
    asks: options.values === true,
  });
  const isAskedFor = options.values ? reachable(listing, isWanted) : isWanted;
  let isAnyRestarted = () => Promise.resolve(false);
  let written = 0;
  let extent: ListedExtent = "nothing";
  let place: string | undefined;
  try {
    if (options.values) isAnyRestarted = await watchSources(servers, terminal);
    for await (const batch of batchesOf(listing, isAskedFor)) {
      const items = options.values
        ? withValues(batch.items, await valuesOf(servers, batch, listing, terminal))
        : batch.items.map((item) => dumped(item, undefined));
      for (const item of items) await printer.record(encodeItem(item), "");
      written += items.length;
    }
    await printer.flush();
    // Without an item, the servers may be empty; or none has answered, and what the file had before is kept.
    const code = listing.code(written);
    if (written > 0 || code === EXIT.nothing) extent = code === INTERRUPTED ? "part" : "all";
  } finally {
    place = await file?.close(extent);
  }
  if (place !== undefined && extent === "part") {
    say(terminal, `the dump ended early: ${place} has only ${countOf(written, "item")}`);
  }
  if (file !== undefined && terminal.showsProgress) terminal.warn(`${countOf(written, "item")}\n`);
  return await isAnyRestarted() ? codeAtEnd(terminal, EXIT.server) : listing.code(written);
}

/** The items that are still there: what has expired or been deleted meanwhile has no value any more. */
function withValues(
  items: readonly ItemMetadata[],
  values: ReadonlyMap<string, EncodedValue | undefined>,
): DumpedItem[] {
  return items.flatMap((item) => {
    const value = values.get(item.key);
    return value === undefined ? [] : [dumped(item, value)];
  });
}

async function load(job: Job<LoadOptions>): Promise<number> {
  const { args: [path = "-"], options, printer, terminal } = job;
  const rate = options.rate === undefined ? Infinity : itemsOf(options.rate);
  const { count, isWhole } = await storeUntilKept({
    ...{ fleet: await job.fleet(), terminal, skipExisting: options.skipExisting },
    // A pipe that has a name gives its items once, as standard input does.
    canRepeat: path !== "-" && (await stat(path)).isFile(),
    storeAll: (store) => loadFrom(path, { store, rate, terminal }),
    print: (counts) => printer.details({ ...counts }),
  });
  if (!isWhole) return codeAtEnd(terminal, EXIT.server);
  // Items that are there already are what a second run finds: that is no miss.
  return codeAtEnd(terminal, count > 0 ? EXIT.done : EXIT.nothing);
}

interface Loading {
  readonly store: ItemStore;
  /** Items a second. */
  readonly rate: number;
  readonly terminal: Terminal;
}

/** Stores the items of a file, or of standard input for `-`. */
async function loadFrom(path: string, { store, rate, terminal }: Loading): Promise<void> {
  const isFile = path !== "-";
  const size = isFile ? (await stat(path)).size : 0;
  const input = isFile ? createReadStream(path) : terminal.input();
  const progress = new Progress(terminal, "loaded");
  const { counts } = store;
  const started = performance.now();
  let batch: DumpedItem[] = [];
  let [bytes, read, number] = [0, 0, 0];
  const flush = async () => {
    const items = batch;
    if (items.length === 0) return;
    [batch, bytes] = [[], 0];
    await inTime(terminal, Promise.all(items.map((item) => store.store(item))));
    if (size > 0) progress.expect(number * size / read);
    progress.add(items.length);
    const done = counts.loaded + counts.skipped;
    const early = done / rate * 1000 - (performance.now() - started);
    if (early > 0) await pause(early, terminal.interrupted);
  };
  const most = Math.min(MOST_ITEMS, Math.max(1, Math.ceil(rate / 10)));
  try {
    for await (const line of linesOf(input, terminal.interrupted)) {
      number++;
      read += line.length + 1;
      if (line.trim() === "") continue;
      batch.push(decodeItem(line, number));
      bytes += line.length;
      if (batch.length >= most || bytes > MOST_BYTES) await flush();
      if (terminal.interrupted.aborted) break;
    }
  } finally {
    // Also what stands before a line that is no item: the message names that line.
    await flush().finally(() => progress.end());
  }
}

function itemsOf(text: string): number {
  const [, number = "", unit] = /^(\d+(?:\.\d+)?)(k|m)?$/i.exec(text) ?? [];
  const rate = Number(number) * (unit === undefined ? 1 : /k/i.test(unit) ? 1000 : 1_000_000);
  if (rate > 0) return rate;
  throw new UsageFault(`"${text}" is not a number of items a second: write 500 or 20k`);
}

/** The lines of a text that comes in pieces. After Ctrl-C, the last piece may end within a line. */
async function* linesOf(
  input: AsyncIterable<unknown>,
  interrupted: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of input) {
    const [first = "", ...lines] = decoder.decode(piece as Uint8Array, { stream: true }).split(
      "\n",
    );
    // What has come of a line is not read again with each piece: a large value comes in thousands.
    rest += first;
    const last = lines.pop();
    if (last === undefined) continue;
    yield rest;
    yield* lines;
    rest = last;
  }
  if (rest !== "" && !interrupted.aborted) yield rest;
}
