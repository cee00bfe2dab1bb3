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

  /** Listens to a tracing channel. */
  trace(name: string, started: () => void = () => {}): this {
    for (const event of EVENTS) {
      this.#subscribe(`tracing:${name}:${event}`, (message) => {
        const context = message as Context;
        if (event === "start") started();
        const known = this.traces.find((trace) => trace.context === context);
        if (known !== undefined) known.events.push(event);
        else this.traces.push({ context, events: [event] });
      });
    }
    return this;
  }

  /** Listens to a plain channel. */
  listen(name: string): this {
    this.#subscribe(name, (message) => this.messages.push(message as Context));
    return this;
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) end();
  }

  #subscribe(name: string, listener: (message: unknown) => void): void {
    diagnostics.subscribe(name, listener);
    this.#ends.push(() => diagnostics.unsubscribe(name, listener));
  }
}

/** The events of an operation that succeeds, and of one that fails. */
export const SUCCESS: readonly string[] = ["start", "end", "asyncStart", "asyncEnd"];
export const FAILURE: readonly string[] = ["start", "end", "error", "asyncStart", "asyncEnd"];
