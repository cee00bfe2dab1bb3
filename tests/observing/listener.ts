/** Listens to channels in tests. @module */

import diagnostics from "node:diagnostics_channel";
import process from "node:process";
import type { BatchContext, CommandContext } from "../../src/channel_contexts.ts";

/** Whether a client finds the channels here; it does not on Node before 20.16, and on Bun 1.2.0. */
const ARE_CHANNELS_FOUND = typeof process.getBuiltinModule === "function";

/** Registers a test of what is published. */
export function testChannels(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !ARE_CHANNELS_FOUND, fn });
}

/** Registers a test where nothing can be published; elsewhere nothing is missing without it. */
export function testWithoutChannels(name: string, fn: () => Promise<void>): void {
  if (!ARE_CHANNELS_FOUND) Deno.test(name, fn);
}

/** The events of a tracing channel. */
const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;
type Event = typeof EVENTS[number];

/** Everything that contexts may hold. */
export type Context = Partial<CommandContext & BatchContext & Record<string, unknown>>;

/** The context of a trace, and its events in the order in which they came. */
export interface Trace {
  readonly context: Context;
  readonly events: string[];
}

/** Takes note of what is published until it is disposed of. */
export class Listener implements Disposable {
  readonly #ends: (() => void)[] = [];
  /** What was traced, in the order of the starts. */
  readonly traces: Trace[] = [];
  /** What came from plain channels. */
  readonly messages: Context[] = [];

  /**
   * Listens to a tracing channel.
   *
   * @param called What is called at some of its events.
   */
  trace(name: string, called: Readonly<Partial<Record<Event, () => void>>> = {}): this {
    for (const event of EVENTS) {
      this.subscribe(`tracing:${name}:${event}`, (message) => {
        const context = message as Context;
        called[event]?.();
        const known = this.traces.find((trace) => trace.context === context);
        if (known !== undefined) known.events.push(event);
        else this.traces.push({ context, events: [event] });
      });
    }
    return this;
  }

  /** Listens to a plain channel. */
  listen(name: string): this {
    return this.subscribe(name, (message) => this.messages.push(message as Context));
  }

  /** Calls a function for what comes from a plain channel. */
  subscribe(name: string, listener: (message: unknown) => void): this {
    diagnostics.subscribe(name, listener);
    this.#ends.push(() => diagnostics.unsubscribe(name, listener));
    return this;
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) end();
  }
}

/** The events of an operation that succeeds, and of one that fails. */
export const SUCCESS: readonly string[] = ["start", "end", "asyncStart", "asyncEnd"];
export const FAILURE: readonly string[] = ["start", "end", "error", "asyncStart", "asyncEnd"];

/** Uncaught errors, which the runtime does not report while they are noted. */
export interface Uncaught extends Disposable {
  readonly errors: unknown[];
  /** Waits until what was thrown has been noted. */
  settle(): Promise<void>;
}

/** Notes uncaught errors until it is disposed of. */
export function noteUncaught(): Uncaught {
  const errors: unknown[] = [];
  const note = (error: unknown) => void errors.push(error);
  const events = ["uncaughtException", "unhandledRejection"] as const;
  for (const event of events) process.on(event, note);
  return {
    errors,
    settle: () => new Promise((resolve) => setTimeout(resolve, 0)),
    [Symbol.dispose]: () => {
      for (const event of events) process.off(event, note);
    },
  };
}
