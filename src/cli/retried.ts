/** Work that a restart of a server must not lose. @module */

import { SocketError } from "../../mod.ts";
import { say, withoutCommands } from "./messages.ts";
import { pause } from "./pause.ts";
import type { Terminal } from "./terminal.ts";

/** How long a server may be away, in milliseconds, and how long to wait between two attempts. */
const LONGEST_OUTAGE = 30_000;
const DELAY = 250;

/** Milliseconds after which a message tells what is waited for. */
const LONGEST_SILENCE = 1500;

/** The servers that a message has named. */
const awaited = new WeakMap<Terminal, Set<string>>();

/**
 * Does something that may be done twice, again and again while the server cannot be reached. A message tells so, once.
 * The server must have answered before: what a restart does not mend, such as a wrong certificate, is found then.
 *
 * @param ended Ends that: Ctrl-C, or the failure of something else.
 */
export async function retried<Result>(
  terminal: Terminal,
  ended: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  const start = performance.now();
  let away: string | undefined;
  while (true) {
    try {
      const result = await work();
      if (away !== undefined) awaited.get(terminal)?.delete(away);
      return result;
    } catch (error) {
      const waited = performance.now() - start;
      const isLast = waited > LONGEST_OUTAGE || ended.aborted;
      if (isLast || !(error instanceof SocketError)) throw error;
      if (waited > LONGEST_SILENCE) away = sayAwaited(terminal, error);
      await pause(DELAY, ended);
    }
  }
}

/** Says which server is waited for, and why; returns its name. */
function sayAwaited(terminal: Terminal, error: SocketError): string {
  // Errors of several keys have the first one as their cause.
  const { message, server = message } = error.cause instanceof SocketError ? error.cause : error;
  const servers = awaited.get(terminal) ?? new Set();
  awaited.set(terminal, servers);
  if (!servers.has(server)) {
    say(terminal, `${withoutCommands(message)}: trying again for up to 30s`);
  }
  servers.add(server);
  return server;
}

/** Waits for a server's first answer. A message tells so when it takes long. */
export async function firstAnswer<Answer>(
  terminal: Terminal,
  server: string,
  asking: Promise<Answer>,
): Promise<Answer> {
  const answered = new AbortController();
  const signal = AbortSignal.any([terminal.interrupted, answered.signal]);
  pause(LONGEST_SILENCE, signal).then(() => {
    if (!signal.aborted) say(terminal, `waiting for ${server}, which has not answered yet`);
  });
  try {
    return await asking;
  } finally {
    answered.abort();
  }
}
