/**
 * The long form: the client under fire, then the fuzzing and the recoveries. It ends by itself when nothing
 * is left open; a timer or a socket that was left would keep it from ending. `deno task chaos` runs it, with the
 * minutes and the seed for arguments.
 *
 * @module
 */

import { Progress } from "../tasks/progress.ts";
import { FUZZED_FORMATS, fuzzFormat } from "../transcoding/formats/format_fuzz.ts";
import { fuzzPickles } from "../transcoding/pickle/fuzz.ts";
import { FUZZED_TRANSCODERS, fuzzForeign } from "../transcoding/formats/transcoder_fuzz.ts";
import { fuzzParser } from "./parser_fuzz.ts";
import { Random } from "./random.ts";
import { recover } from "./recovery.ts";
import { runRound } from "./round.ts";
import { Tally } from "./tally.ts";

/** Which share of the time each part has. */
const SHARES = { fire: 0.6, parser: 0.1, pickles: 0.05, formats: 0.15, recovery: 0.1 };
/** Milliseconds. */
const ROUND = 5000;
const ROUNDS_PER_REPORT = 12;
/** Milliseconds. */
const DRAWN_EVERY = 250;
const PARSER_CASES = 1_000_000;
const PICKLE_CASES = 250_000;
const TRANSCODER_CASES = 200_000;
/** Of each foreign format. */
const FORMAT_CASES = 200_000;
const CYCLES = 200;
/** How many failures are shown of each part. */
const SHOWN = 20;
/** How many bytes the heap may have grown by after all cycles of recovery. */
const HEAP_GROWTH = 2 << 20;

const start = performance.now();
const [minutes, seed] = Deno.args.map(Number) as [number, number];
const whole = minutes * 60_000;
using progress = new Progress("chaos");

/** Says how far a part is, and whether its time is up. */
class Part {
  readonly #name: keyof typeof SHARES;
  readonly #began = performance.now();
  readonly #time: number;

  /** A part with a share of the whole time, or with a portion of that, and with what is left of those before. */
  constructor(name: keyof typeof SHARES, portion = 1) {
    this.#name = name;
    const names = Object.keys(SHARES) as (keyof typeof SHARES)[];
    const before = names.slice(0, names.indexOf(name)).reduce((sum, one) => sum + SHARES[one], 0);
    const end = start + whole * (before + SHARES[name] * portion);
    this.#time = Math.max(0, end - this.#began);
  }

  /** Whether there is time for another case, of so many, when so many are over. */
  goesOn(done: number, most: number, what: string): boolean {
    const elapsed = performance.now() - this.#began;
    const left = Math.max(0, start + whole - performance.now());
    const cases = most === Infinity ? count(done) : `${count(done)} of ${count(most)}`;
    const part = (performance.now() - start) / Math.max(whole, 1);
    progress.update({ part, text: `${this.#name}: ${cases} ${what}`, left });
    return elapsed < this.#time;
  }
}

async function fight(): Promise<string[]> {
  const part = new Part("fire");
  const total = new Tally();
  const goesOn = () => part.goesOn(total.operations, Infinity, "operations");
  // A round starts workers, and while Deno loads these it clears the line that was drawn before.
  using _showing = often(goesOn);
  for (let round = 0; goesOn(); round++) {
    total.add(await runRound(seed, round, Math.min(ROUND, whole * SHARES.fire)));
    if (round % ROUNDS_PER_REPORT === ROUNDS_PER_REPORT - 1) report(total);
  }
  report(total);
  return total.failures();
}

/** Does something again and again, until it is disposed of. */
function often(action: () => void): Disposable {
  const timer = setInterval(action, DRAWN_EVERY);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function report(total: Tally): void {
  progress.print(`\n${total}\nheap: ${megabytes(Deno.memoryUsage().heapUsed)}`);
}

async function fuzz(): Promise<string[]> {
  const parser = await fuzzParser(
    new Random(seed),
    PARSER_CASES,
    goesOnIn("parser", PARSER_CASES, "cases"),
  );
  progress.print(
    `\nparser: ${parser.cases} cases, ${parser.answered} answered in full, ` +
      `${parser.dead} ended with the connection, ${parser.repeated} asked again; heap grown by ${
        megabytes(parser.growth)
      }`,
  );
  const pickles = await fuzzPickles(
    new Random(seed),
    PICKLE_CASES,
    goesOnIn("pickles", PICKLE_CASES, "cases"),
  );
  progress.print(
    `pickles: ${pickles.cases} cases, slowest ${pickles.slowest.toFixed(1)} ms, ` +
      `hungriest ${megabytes(pickles.hungriest)}`,
  );
  const formats = FUZZED_FORMATS.length + FUZZED_TRANSCODERS.length;
  for (const [at, format] of FUZZED_FORMATS.entries()) {
    const { cases, values, slowest, hungriest } = await fuzzFormat(
      format,
      new Random(seed),
      FORMAT_CASES,
      goesOnIn(
        "formats",
        FORMAT_CASES,
        `cases of ${format.name}`,
        (at + 1) / formats,
      ),
    );
    progress.print(
      `${format.name}: ${cases} cases, ${values} of them values, ` +
        `slowest ${slowest.toFixed(1)} ms, hungriest ${megabytes(hungriest)}`,
    );
  }
  for (const [at, fuzzed] of FUZZED_TRANSCODERS.entries()) {
    const cases = await fuzzForeign(
      fuzzed,
      new Random(seed),
      TRANSCODER_CASES,
      goesOnIn(
        "formats",
        TRANSCODER_CASES,
        `cases of ${fuzzed.name}`,
        (FUZZED_FORMATS.length + at + 1) / formats,
      ),
    );
    progress.print(`${fuzzed.name}: ${cases} cases`);
  }
  return [];
}

async function restart(): Promise<string[]> {
  const { cycles, rejected, worstOverrun, first, last } = await recover(
    new Random(seed),
    CYCLES,
    goesOnIn("recovery", CYCLES, "kills"),
  );
  progress.print(
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

/** At least one case is carried out, however short the time. */
function goesOnIn(
  name: keyof typeof SHARES,
  most: number,
  what: string,
  portion?: number,
): (done: number) => boolean {
  const part = new Part(name, portion);
  return (done) => part.goesOn(done, most, what) || done === 0;
}

function count(number: number): string {
  return number.toLocaleString("en");
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

progress.print(`seed: ${seed}`);
const parts = [fight, fuzz, restart];
for (const part of parts) {
  const failures = await attempt(part);
  for (const failure of failures.slice(0, SHOWN)) progress.print(`FAILED: ${failure}`);
  if (failures.length > 0) Deno.exitCode = 1;
}
progress.print(Deno.exitCode === 0 ? "\nall is well" : `\nfailed; again with --seed ${seed}`);
