/** Runs the command line inside the test's process. @module */

import { run } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

/** A terminal that shows nothing and has no input, for programs whose commands do not run. */
export const NO_TERMINAL: Terminal = {
  ...{ env: {}, isTerminal: false, showsProgress: false, columns: 100 },
  interrupted: new AbortController().signal,
  write: () => Promise.resolve(),
  warn: () => {},
  read: () => Promise.resolve(new Uint8Array()),
  input: () => ReadableStream.from([]),
};

/** What a command line did. */
export interface Ended {
  readonly code: number;
  readonly output: string;
  readonly messages: string;
}

/** What a command line is run with. */
export interface FakeTerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly isTerminal?: boolean;
  readonly interrupted?: AbortSignal;
  /** Milliseconds that what is under way has left after `interrupted`; the command line's default by default. */
  readonly lastMoment?: number;
  /** Gets each piece of output as it is written. */
  readonly onOutput?: (text: string) => void;
  /** Gets each message. */
  readonly onMessage?: (text: string) => void;
}

/** Runs a command line; the arguments are separated by spaces, or a list. */
export async function moecache(
  line: string | readonly string[],
  options: FakeTerminalOptions = {},
): Promise<Ended> {
  const { env = {}, input = "", isTerminal = false, onOutput, onMessage } = options;
  const { interrupted = new AbortController().signal, lastMoment } = options;
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const decoder = new TextDecoder();
  let output = "";
  let messages = "";
  const terminal: Terminal = {
    ...{ env, isTerminal, showsProgress: isTerminal, columns: 100, interrupted },
    ...(lastMoment === undefined ? {} : { lastMoment }),
    write: (data) => {
      const text = typeof data === "string" ? data : decoder.decode(data);
      output += text;
      onOutput?.(text);
      return Promise.resolve();
    },
    warn: (text) => {
      messages += text;
      onMessage?.(text);
    },
    read: () => Promise.resolve(bytes),
    input: () => ReadableStream.from([bytes]),
  };
  const code = await run(typeof line === "string" ? line.split(" ") : line, terminal);
  return { code, output, messages };
}
