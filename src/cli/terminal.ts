/** What a command reads and writes: the runtime's process, or what a test puts in its place. @module */

import { Buffer } from "node:buffer";
import process from "node:process";

/** What a command sees of the process that it runs in. */
export interface Terminal {
  /** The environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the output is a terminal. */
  readonly isTerminal: boolean;
  /** Whether messages go to a terminal: only there is progress worth its lines. */
  readonly showsProgress: boolean;
  /** How many columns the terminal has. */
  readonly columns: number;
  /** Is aborted by Ctrl-C: what goes on for long ends with what it has. */
  readonly interrupted: AbortSignal;
  /** Writes to standard output; resolves when more may be written. */
  write(data: string | Uint8Array): Promise<void>;
  /** Writes to standard error. */
  warn(text: string): void;
  /** Reads standard input to its end. */
  read(): Promise<Uint8Array>;
  /** Reads standard input piece by piece. */
  input(): AsyncIterable<Uint8Array>;
}

/** The process itself. */
export function processTerminal(): Terminal {
  const interruption = new AbortController();
  const { stdin, stdout, stderr, env } = process;
  let isClosed = false;
  let fault: unknown;
  // `moecache keys | head` closes the pipe when it has enough: that is no fault.
  stdout.on("error", (error: Error & { code?: string }) => {
    isClosed = true;
    if (error.code !== "EPIPE") fault = error;
    interruption.abort();
  });
  const onSignal = () => {
    // A second Ctrl-C ends what does not end by itself.
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    env,
    isTerminal: stdout.isTTY === true,
    showsProgress: stderr.isTTY === true,
    columns: stdout.columns ?? 80,
    interrupted: interruption.signal,
    async write(data) {
      if (fault !== undefined) throw fault;
      if (isClosed) return;
      // Not `drain`, which Bun 1.2 may leave out. A failure is the business of `error`, above.
      await new Promise<void>((resolve) => stdout.write(data, () => resolve()));
    },
    warn: (text) => void stderr.write(text),
    async read() {
      const parts: Uint8Array[] = [];
      for await (const part of stdin) parts.push(bytesOf(part));
      return new Uint8Array(Buffer.concat(parts));
    },
    async *input() {
      for await (const part of stdin) yield bytesOf(part);
    },
  };
}

/** The exit code of a program that Ctrl-C has ended, as shells have it. */
export const INTERRUPTED = 130;

function bytesOf(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? new TextEncoder().encode(part) : part;
}
