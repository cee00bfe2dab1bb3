/** What a command reads and writes: the runtime's process, or what a test puts in its place. @module */

import { Buffer } from "node:buffer";
import { setMaxListeners } from "node:events";
import { readFileSync, writeSync } from "node:fs";
import process from "node:process";

/** What a command sees of the process that it runs in. */
export interface Terminal {
  /** The environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the output is a terminal. */
  readonly isTerminal: boolean;
  /** Whether messages go to a terminal that can draw: only there is progress worth its lines. */
  readonly showsProgress: boolean;
  /** How many columns the terminal has. */
  readonly columns: number;
  /** The whole screen and the keys, where input and output are a terminal that can draw. */
  readonly screen?: FullScreen | undefined;
  /** Is aborted by Ctrl-C, SIGTERM and SIGHUP: what goes on for long ends with what it has. */
  readonly interrupted: AbortSignal;
  /**
   * Milliseconds that what is under way has left after Ctrl-C: a server that answers does so in this time. 500 by
   * default.
   */
  readonly lastMoment?: number;
  /** Writes to standard output; resolves when more may be written. */
  write(data: string | Uint8Array): Promise<void>;
  /** Writes to standard error. */
  warn(text: string): void;
  /** Reads standard input to its end; rejects after Ctrl-C. */
  read(): Promise<Uint8Array>;
  /** Reads standard input piece by piece, to its end or until Ctrl-C. */
  input(): AsyncIterable<Uint8Array>;
}

/** The whole screen of a terminal. */
export interface FullScreen {
  /** How large it is now. */
  size(): { readonly columns: number; readonly rows: number };
  /**
   * Takes the screen: what it shows is kept, and shown again at the end, however the process ends. Ctrl-Z gives it back
   * until the process is continued.
   *
   * @param onInput Gets what is typed, Ctrl-C included.
   * @param onChange Called when the screen has another size, or is empty again.
   * @returns Gives the screen back.
   */
  enter(onInput: (text: string) => void, onChange: () => void): () => void;
}

/** The process itself. */
export function processTerminal(): Terminal {
  // Node warns of a leak when more than ten servers or items wait, which all listen for Ctrl-C.
  setMaxListeners(0);
  const interruption = new AbortController();
  const { stdin, stdout, stderr, env } = process;
  let isClosed = false;
  let fault: unknown;
  // `moecache keys | head` closes the pipe when it has enough: that is no fault.
  stdout.on("error", (error: Error & { code?: string }) => {
    isClosed = true;
    if (!isWithoutReader(error)) fault = error;
    interruption.abort(OUTPUT_CLOSED);
  });
  // `2>&1 | head` closes both. A message without a reader is dropped.
  stderr.on("error", () => {});
  abortOnSignals(interruption);
  return {
    env,
    isTerminal: stdout.isTTY === true,
    showsProgress: stderr.isTTY === true && env.TERM !== "dumb",
    // `moecache dump > FILE` shows its progress on the terminal all the same.
    columns: stdout.columns || stderr.columns || 80,
    screen: stdin.isTTY && stdout.isTTY && env.TERM !== "dumb" ? new ProcessScreen() : undefined,
    interrupted: interruption.signal,
    async write(data) {
      if (fault !== undefined) throw fault;
      if (isClosed) return;
      // Not `drain`, which Bun 1.2 may leave out.
      await new Promise<void>((resolve, reject) => {
        stdout.write(data, (error?: Error & { code?: string } | null) => {
          if (error && !isWithoutReader(error)) reject(error);
          else resolve();
        });
      });
    },
    warn(text) {
      try {
        stderr.write(text);
      } catch {
        // A message without a reader is dropped; some runtimes throw here, and send no event.
      }
    },
    async read() {
      const parts: Uint8Array[] = [];
      for await (const part of untilAborted(stdin, interruption.signal)) parts.push(bytesOf(part));
      // Half of a value is none.
      interruption.signal.throwIfAborted();
      return new Uint8Array(Buffer.concat(parts));
    },
    async *input() {
      for await (const part of untilAborted(stdin, interruption.signal)) yield bytesOf(part);
    },
  };
}

/** Interrupts the program when it gets a signal that ends programs. */
function abortOnSignals(interruption: AbortController): void {
  const onSignal = (reason?: Error) => {
    // A second Ctrl-C ends what does not end by itself.
    if (interruption.signal.aborted) process.exit(codeOfSignal(reason));
    interruption.abort(reason);
  };
  // Deno ends by SIGHUP as soon as it listens to another signal, also where it was to be ignored.
  const goesOn = ignoresHangup();
  process.on("SIGINT", () => onSignal());
  process.on("SIGTERM", () => onSignal(TERMINATED));
  process.on("SIGHUP", goesOn ? () => {} : () => onSignal(HUNG_UP));
}

/** Whether what is written has no reader any more: a pipe is closed, or a terminal. */
function isWithoutReader({ code }: { readonly code?: string }): boolean {
  return code === "EPIPE" || code === "EIO" && process.stdout.isTTY;
}

/** Whether `nohup` has started the program, which goes on without its terminal. Only Linux says it, and not in Node. */
function ignoresHangup(): boolean {
  if (process.platform !== "linux") return false;
  const path = "/proc/self/status";
  // On a terminal, Deno would ask the user for a permission that is missing.
  const permission = globalThis.Deno?.permissions.querySync({ name: "read", path });
  if (permission !== undefined && permission.state !== "granted") return false;
  try {
    const status = readFileSync(path, "utf8");
    // The last digit has the signals 1 to 4; SIGHUP is the first.
    return /^SigIgn:.*[13579bdf]$/m.test(status);
  } catch {
    // Where it cannot be known, the signal ends the program as it does without `nohup`.
    return false;
  }
}

/**
 * Another screen, without a cursor; lines that are too long are cut off. And back again: the screen is cleared first,
 * because tmux shows the rest of one whose size has changed.
 */
const ENTER_SCREEN = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE_SCREEN = "\x1b[?2026l\x1b[0m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h\x1b[?1049l";

/** What a raw terminal sends for Ctrl-Z. */
const CONTROL_Z = "\x1a";

/** The ends of a process that give the screen back. */
const ENDS = ["exit", "uncaughtExceptionMonitor"] as const;

/**
 * Whether the process may stop: Windows has no signal for that, and Deno may be allowed to send none. `deno task` goes on
 * when its program stops, so the shell would never come back; what npm and npx run stops together with them.
 */
function canStop(): boolean {
  const { npm_config_user_agent: starter = "" } = process.env;
  if (process.platform === "win32" || starter.startsWith("deno/")) return false;
  const permission = globalThis.Deno?.permissions.querySync({ name: "run" });
  return (permission?.state ?? "granted") === "granted";
}

/** The screen of the process. */
class ProcessScreen implements FullScreen {
  size() {
    const { columns, rows } = process.stdout;
    // Some pseudo-terminals have no size yet, which is 0.
    return { columns: columns || 80, rows: rows || 24 };
  }

  enter(onInput: (text: string) => void, onChange: () => void): () => void {
    const { stdin, stdout } = process;
    const decoder = new TextDecoder();
    let isTaken = false;
    const take = () => {
      isTaken = true;
      stdin.setRawMode(true);
      writeSync(stdout.fd, ENTER_SCREEN);
    };
    const restore = () => {
      if (!isTaken) return;
      isTaken = false;
      try {
        // A process that ends writes nothing later.
        writeSync(stdout.fd, LEAVE_SCREEN);
        stdin.setRawMode(false);
      } catch (error) {
        if (!isWithoutReader(Object(error))) throw error;
      }
    };
    const onContinued = () => {
      // The shell has had the terminal meanwhile.
      restore();
      take();
      onChange();
    };
    const onData = (data: string | Uint8Array) => {
      const text = decoder.decode(bytesOf(data), { stream: true });
      if (text.includes(CONTROL_Z) && canStop()) {
        restore();
        // As the terminal does it where it is not raw: for what has started this process too, such as a script.
        process.kill(0, "SIGTSTP");
        // Without a shell that controls jobs, nothing has stopped.
        onContinued();
      }
      onInput(text);
    };
    // Deno and Bun end by an error that nothing catches without "exit".
    for (const end of ENDS) process.on(end, restore);
    process.on("SIGCONT", onContinued);
    stdout.on("resize", onChange);
    stdin.on("data", onData);
    take();
    stdin.resume();
    return () => {
      for (const end of ENDS) process.removeListener(end, restore);
      process.removeListener("SIGCONT", onContinued);
      stdout.removeListener("resize", onChange);
      stdin.removeListener("data", onData);
      stdin.pause();
      restore();
    };
  }
}

/** The exit code of a program that Ctrl-C has ended, as shells have it. */
export const INTERRUPTED = 130;

/** The reason of {@linkcode Terminal.interrupted} after SIGTERM. */
const TERMINATED: Error = new Error("The program must end");

/** The reason of {@linkcode Terminal.interrupted} after SIGHUP: the terminal is closed. */
const HUNG_UP: Error = new Error("The terminal is closed");

/** The exit code of a program that a signal has ended, as shells have it, by the reason; that of Ctrl-C by default. */
export function codeOfSignal(reason: unknown): number {
  if (reason === TERMINATED) return 143;
  return reason === HUNG_UP ? 129 : INTERRUPTED;
}

/**
 * Ends the process by SIGHUP if its terminal has been closed. Node 20 would end with a core dump instead: it wants to
 * reset the terminal.
 */
export function endIfHungUp({ interrupted }: Terminal): void {
  const { stdin, stdout, stderr } = process;
  const hadTerminal = [stdin, stdout, stderr].some(({ isTTY }) => isTTY);
  if (interrupted.reason !== HUNG_UP || !hadTerminal) return;
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}

/** The reason of {@linkcode Terminal.interrupted} when the output has been closed, as by `| head`. */
export const OUTPUT_CLOSED: Error = new Error("The output is closed");

/** The exit code of work that has an end of its own: another one where Ctrl-C has ended it before. */
export function codeAtEnd({ interrupted }: Terminal, code: number): number {
  return interrupted.aborted ? INTERRUPTED : code;
}

/** Waits for Ctrl-C. */
export async function untilInterrupted({ interrupted }: Terminal): Promise<void> {
  await resolvedOrAborted(new Promise<never>(() => {}), interrupted);
}

/**
 * What a promise gives, unless Ctrl-C ends the waiting.
 *
 * @throws The reason of {@linkcode Terminal.interrupted} when that has ended it.
 */
export async function inTime<Value>(
  { interrupted, lastMoment = 500 }: Terminal,
  promise: Promise<Value>,
): Promise<Value> {
  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onInterrupted = () => timer = setTimeout(() => ended.abort(), lastMoment);
  if (interrupted.aborted) onInterrupted();
  else interrupted.addEventListener("abort", onInterrupted);
  try {
    const settled = promise.then((value) => ({ value }));
    const answer = await resolvedOrAborted(settled, ended.signal);
    if (answer === undefined) throw interrupted.reason;
    return answer.value;
  } finally {
    clearTimeout(timer);
    interrupted.removeEventListener("abort", onInterrupted);
  }
}

/** What a source gives until a signal is aborted, also while it gives nothing. Then the source is closed. */
export async function* untilAborted<Part>(
  source: AsyncIterable<Part>,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    while (!signal.aborted) {
      const next = await resolvedOrAborted(iterator.next(), signal);
      if (next === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    // Not waited for: it ends only after a read that is under way.
    void iterator.return?.();
  }
}

/** What a promise gives; `undefined` if the signal is aborted first, or was before. */
export function resolvedOrAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined);
    // A signal that was aborted before sends no event any more.
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function bytesOf(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? new TextEncoder().encode(part) : part;
}
