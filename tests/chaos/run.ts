/**
 * The long form: the client under fire for as long as it is told, then the fuzzing and the recoveries
 * in full number. It ends by itself when nothing is left open; a timer or a socket that was left would
 * keep it from ending.
 *
 * @module
 */
// deno-lint-ignore-file no-console

import { FUZZED_FORMATS, fuzzFormat } from "../transcoding/formats/format_fuzz.ts";
import { fuzzPickles } from "../transcoding/pickle/fuzz.ts";
import { fuzzParser } from "./parser_fuzz.ts";
import { chooseSeed, Random } from "./random.ts";
import { recover } from "./recovery.ts";
import { runRound } from "./round.ts";
import { Tally } from "./tally.ts";

const USAGE = "deno task chaos --minutes N [--seed S]";
const ROUND = 5000;
const ROUNDS_PER_REPORT = 12;
const PARSER_CASES = 1_000_000;
const PICKLE_CASES = 250_000;
/** Of each foreign format. */
const FORMAT_CASES = 200_000;
const CYCLES = 200;
/** How many failures are shown of each part. */
const SHOWN = 20;
/** How many bytes the heap may have grown by after all cycles of recovery. */
const HEAP_GROWTH = 2 << 20;

interface Arguments {
  readonly minutes: number;
  readonly seed: number;
}

function readArguments(args: readonly string[]): Arguments {
  const given = new Map<string, number>();
  for (let at = 0; at < args.length; at += 2) given.set(args[at]!, Number(args[at + 1]));
  const { "--minutes": minutes = NaN, "--seed": seed = chooseSeed(), ...others } = Object
    .fromEntries(given);
  if (!(minutes >= 0) || Number.isNaN(seed) || Object.keys(others).length > 0) {
    console.error(`Usage: ${USAGE}`);
    Deno.exit(2);
  }
  return { minutes, seed };
}

async function fight(seed: number, minutes: number): Promise<string[]> {
  const end = performance.now() + minutes * 60_000;
  const total = new Tally();
  for (let round = 0; performance.now() < end; round++) {
    total.add(await runRound(seed, round, ROUND));
    if (round % ROUNDS_PER_REPORT === ROUNDS_PER_REPORT - 1) report(total);
  }
  report(total);
  return total.failures();
}

function report(total: Tally): void {
  console.log(`\n${total}\nheap: ${megabytes(Deno.memoryUsage().heapUsed)}`);
}

async function fuzz(seed: number): Promise<string[]> {
  const parser = await fuzzParser(new Random(seed), PARSER_CASES);
  console.log(
    `\nparser: ${parser.cases} cases, ${parser.answered} answered in full, ` +
      `${parser.dead} ended with the connection, ${parser.repeated} asked again; heap grown by ${
        megabytes(parser.growth)
      }`,
  );
  const pickles = await fuzzPickles(new Random(seed), PICKLE_CASES);
  console.log(
    `pickles: ${pickles.cases} cases, slowest ${pickles.slowest.toFixed(1)} ms, ` +
      `hungriest ${megabytes(pickles.hungriest)}`,
  );
  for (const format of FUZZED_FORMATS) {
    const { cases, values, slowest, hungriest } = await fuzzFormat(
      format,
      new Random(seed),
      FORMAT_CASES,
    );
    console.log(
      `${format.name}: ${cases} cases, ${values} of them values, ` +
        `slowest ${slowest.toFixed(1)} ms, hungriest ${megabytes(hungriest)}`,
    );
  }
  return [];
}

async function restart(seed: number): Promise<string[]> {
  const { cycles, rejected, worstOverrun, first, last } = await recover(new Random(seed), CYCLES);
  console.log(
    `recovery: ${cycles} cycles, ${rejected} operations rejected, ` +
      `longest overrun ${worstOverrun.toFixed(1)} ms, ` +
      `handles ${first.handles} at first and ${last.handles} at last, ` +
      `heap ${megabytes(first.heap)} and ${megabytes(last.heap)}`,
  );
  return [
    ...(last.handles > first.handles ? ["handles were left open"] : []),
    ...(last.heap - first.heap > HEAP_GROWTH ? ["memory has grown"] : []),
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

/** Runs a part; what it throws is one more failure. */
async function attempt(part: () => Promise<string[]>): Promise<string[]> {
  try {
    return await part();
  } catch (error) {
    return [error instanceof Error ? error.stack ?? error.message : String(error)];
  }
}

const { minutes, seed } = readArguments(Deno.args);
console.log(`seed: ${seed}`);
const parts = [() => fight(seed, minutes), () => fuzz(seed), () => restart(seed)];
for (const part of parts) {
  const failures = await attempt(part);
  for (const failure of failures.slice(0, SHOWN)) console.log(`FAILED: ${failure}`);
  if (failures.length > 0) Deno.exitCode = 1;
}
console.log(Deno.exitCode === 0 ? "\nall is well" : `\nfailed; again with --seed ${seed}`);
