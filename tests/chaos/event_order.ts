/** Checks what clients publish: each operation, batch and dial has its events, in their order, and each once. @module */

import diagnostics from "node:diagnostics_channel";
import { CHANNELS } from "../../mod.ts";
import type { CommandContext } from "../../src/channel_contexts.ts";
import type { Tally } from "./tally.ts";

/** The events of a tracing channel, and what each may follow. */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  start: ["nothing"],
  end: ["start"],
  error: ["end"],
  asyncStart: ["end", "error"],
  asyncEnd: ["asyncStart"],
};
const TRACED = [CHANNELS.command, CHANNELS.batch, CHANNELS.connect];

/** What happened to one context. */
interface Life {
  readonly channel: string;
  last: string;
  hasFailed: boolean;
}

/** Listens to all clients of the process until it is disposed of. */
export class EventOrder implements Disposable {
  /** What must not be, in words. */
  readonly wrong: string[] = [];
  /** Operations that were checked from their call to their result, how many failed, and how often one went on elsewhere. */
  readonly checked: Tally["observed"] = { operations: 0, failed: 0, failovers: 0 };
  readonly #lives = new Map<object, Life>();
  readonly #over = new WeakMap<object, Life>();
  readonly #ends: (() => void)[] = [];
  /** The operations that a call has begun. */
  #begun: CommandContext[] = [];

  constructor() {
    for (const channel of TRACED) {
      for (const event of Object.keys(ORDER)) {
        this.#listen(`tracing:${channel}:${event}`, (context) => {
          this.#hear(channel, event, context as { error?: unknown });
        });
      }
    }
    this.#listen(CHANNELS.failover, () => this.checked.failovers++);
  }

  /**
   * Calls a method of a client.
   *
   * @returns What the method returns; its events have been checked then.
   */
  async check<Result>(command: string, call: () => Promise<Result>): Promise<Result> {
    this.#begun = [];
    const promise = call();
    const [context, ...others] = this.#begun;
    if (context?.command !== command || others.length > 0) {
      this.wrong.push(`${command} began ${this.#begun.map(({ command }) => command)}`);
      return await promise;
    }
    if (this.#lives.get(context)?.last !== "end" && !this.#over.has(context)) {
      this.wrong.push(`${command} returned before its "end"`);
    }
    this.checked.operations++;
    try {
      const result = await promise;
      this.#conclude(context, false);
      return result;
    } catch (error) {
      this.checked.failed++;
      this.#conclude(context, true);
      if (context.error !== error) this.wrong.push(`${command} published another error: ${error}`);
      throw error;
    }
  }

  /** To be called when all clients are closed: enters what was found; nothing may be without an end. */
  conclude(tally: Tally): void {
    for (const { channel, last } of this.#lives.values()) {
      this.wrong.push(`${channel}: nothing after "${last}"`);
    }
    tally.wrong.push(...this.wrong.map((account) => `events: ${account}`));
    for (const name of ["operations", "failed", "failovers"] as const) {
      tally.observed[name] += this.checked[name];
    }
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #hear(channel: string, event: string, context: { error?: unknown }): void {
    const life = this.#lives.get(context) ?? this.#over.get(context) ??
      { channel, last: "nothing", hasFailed: false };
    if (!ORDER[event]?.includes(life.last)) {
      this.wrong.push(`${channel}: "${event}" after "${life.last}"`);
    }
    life.last = event;
    if (event === "error") life.hasFailed = true;
    if (event === "start") {
      this.#lives.set(context, life);
      if (channel === CHANNELS.command) this.#begun.push(context as CommandContext);
    }
    if (event !== "asyncEnd") return;
    if ("error" in context !== life.hasFailed) {
      this.wrong.push(`${channel}: the event "error" and its field do not agree`);
    }
    this.#lives.delete(context);
    this.#over.set(context, life);
  }

  #conclude(context: CommandContext, hasFailed: boolean): void {
    const life = this.#over.get(context);
    if (life?.hasFailed === hasFailed) return;
    const events = life === undefined ? "without its last event" : "with the events of the other";
    const outcome = hasFailed ? "rejected" : "resolved";
    this.wrong.push(`${context.command} was ${outcome} ${events}`);
  }

  #listen(name: string, listener: (message: unknown) => void): void {
    diagnostics.subscribe(name, listener);
    this.#ends.push(() => diagnostics.unsubscribe(name, listener));
  }
}
