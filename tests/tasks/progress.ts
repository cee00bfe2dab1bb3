/** Lines that say how far a long task has come. @module */

const BAR_WIDTH = 20;
/** Milliseconds between two lines where they cannot be drawn over: in a file, or in CI. */
const QUIET_INTERVAL = 10_000;
/** Milliseconds between two drawings on a terminal. */
const DRAW_INTERVAL = 100;

/** Where a {@linkcode Progress} draws; the screen by default. */
export interface ProgressOptions {
  /** Whether a line can be drawn over. */
  readonly isTerminal?: boolean;
  /** How many columns the terminal has; its own by default. */
  readonly columns?: number;
  /** Writes text as it is. */
  readonly write?: (text: string) => void;
  /** The time in milliseconds, from any start. */
  readonly now?: () => number;
}

/** How far a task has come. */
export interface Step {
  /** How much of the work is done, from 0 to 1. */
  readonly part: number;
  /** What has been counted, such as `120 of 1,800 tests`. */
  readonly text: string;
  /** Milliseconds that are left, where that is known better than from the part that is done. */
  readonly left?: number;
}

/** A line at the foot of the screen with a bar, a count and the time left. */
export class Progress implements Disposable {
  readonly #name: string;
  readonly #isTerminal: boolean;
  readonly #columns: number | undefined;
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  readonly #started: number;
  #step: Step = { part: 0, text: "" };
  #drawn = -Infinity;
  #isShown = false;

  /**
   * Begins a task.
   *
   * @param name What every line begins with.
   * @param options Where to draw.
   */
  constructor(name: string, options: ProgressOptions = {}) {
    this.#name = name;
    this.#isTerminal = options.isTerminal ?? Deno.stdout.isTerminal();
    this.#columns = options.columns;
    this.#write = options.write ?? writeToScreen;
    this.#now = options.now ?? (() => performance.now());
    this.#started = this.#now();
    // The first line in a file comes after the first pause: what is short needs none.
    if (!this.#isTerminal) this.#drawn = this.#started;
  }

  /** Tells how far the task has come; draws it when it is time. */
  update(step: Step): void {
    this.#step = step;
    const interval = this.#isTerminal ? DRAW_INTERVAL : QUIET_INTERVAL;
    if (this.#now() - this.#drawn < interval) return;
    this.#drawn = this.#now();
    this.#draw();
  }

  /** Prints lines above the progress; on a terminal they break between words. */
  print(text: string): void {
    this.#clear();
    const lines = text.replace(/\n$/, "").split("\n");
    const columns = this.#isTerminal ? this.#columns ?? columnsOfScreen() : Infinity;
    this.#write(`${lines.flatMap((line) => broken(line, columns)).join("\n")}\n`);
    if (this.#isTerminal) this.#draw();
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    this.#clear();
  }

  #draw(): void {
    const { part, text } = this.#step;
    const done = Math.round(Math.min(Math.max(part, 0), 1) * BAR_WIDTH);
    const bar = "█".repeat(done) + "░".repeat(BAR_WIDTH - done);
    const time = this.#timeLeft();
    const joined = (text: string) => [this.#name, bar, text, time].filter(Boolean).join("  ");
    this.#isShown = this.#isTerminal;
    if (!this.#isTerminal) return this.#write(`${joined(text)}\n`);
    // A line that wraps cannot be drawn over: the terminal clears its last part only.
    const room = (this.#columns ?? columnsOfScreen()) - 1;
    const excess = joined(text).length - room;
    const short = excess > 0 ? `${text.slice(0, Math.max(0, text.length - excess - 1))}…` : text;
    this.#write(`\r\x1b[2K${joined(short).slice(0, room)}`);
  }

  #clear(): void {
    if (this.#isShown) this.#write("\r\x1b[2K");
    this.#isShown = false;
  }

  #timeLeft(): string {
    const { part, left } = this.#step;
    const elapsed = this.#now() - this.#started;
    // What has hardly begun tells nothing about the rest.
    if (left === undefined && part < 0.02) return `${formatTime(elapsed)} so far`;
    return `about ${formatTime(left ?? elapsed / part * (1 - part))} left`;
  }
}

/** A time in milliseconds as a person would say it: `42 s`, `3 min 5 s`. */
export function formatTime(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return rest === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${rest} s`;
}

/** Breaks a line between words, with two blanks before what follows; a longer word stays whole. */
function broken(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const at = line.lastIndexOf(" ", columns);
  if (at < 0 || line.slice(0, at).trim() === "") return [line];
  return [line.slice(0, at), ...broken(`  ${line.slice(at + 1)}`, columns)];
}

/** The width of the terminal. One that does not tell its width may be as narrow as terminals mostly are. */
function columnsOfScreen(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

function writeToScreen(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
