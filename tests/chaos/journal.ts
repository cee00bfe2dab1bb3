/** What the proxies have done, for the model to know. @module */

import type { Fault } from "./faults.ts";
import type { Message } from "./framing.ts";

/** What a request asks for. */
export interface Request {
  /** `get`, `set`, `delete` or `stats`. */
  readonly command: string;
  readonly keys: readonly string[];
  /** What a `set` stores. */
  readonly version: number;
  /** Between when it came, as {@linkcode wallClock} counts: a proxy that is busy reads it later. */
  readonly since: number;
  readonly at: number;
}

/** An account of the faults, collected from all proxies when they are closed. */
export interface Journal {
  /** How often each fault was injected. */
  readonly faults: Partial<Record<Fault, number>>;
  /**
   * The requests whose replies the client cannot tell from others: those that were, or came to be, in
   * flight on a connection when a whole reply was dropped or sent twice. Text replies carry no id.
   */
  readonly shifted: readonly Request[];
}

/** Milliseconds on a clock that the threads of a process share. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

const latin1 = new TextDecoder("latin1");

/**
 * Reads what a request asks for.
 *
 * @param since When its connection was read from before.
 */
export function readRequest({ head, bytes, blocks }: Message, since: number): Request {
  const [command, ...args] = head.split(" ");
  return {
    command: command!,
    keys: command === "get" ? args : args.slice(0, 1),
    version: blocks[0] === undefined ? 0 : versionIn(bytes.subarray(...blocks[0])),
    since,
    at: wallClock(),
  };
}

/** Values say whose they are and which: `key#version#`. */
function versionIn(data: Uint8Array): number {
  return Number(/#(\d+)#/.exec(latin1.decode(data.subarray(0, 400)))?.[1]);
}
