/** What was asked and what was answered, in order. @module */

import { wallClock } from "./journal.ts";

/** A version that no set has: the key does not exist. */
export const ABSENT = 0;

/** The moments between which something took effect, on a clock that ticks at every event. */
export interface Span {
  readonly start: number;
  /** `Infinity` for what may take effect at any later time, or never. */
  readonly end: number;
}

/** An operation on a key, and what came of it. */
export interface Operation {
  readonly command: "get" | "set" | "delete";
  readonly key: string;
  readonly start: number;
  /** When it came to an end, well or not. */
  end: number;
  /** What a set stores; what a get, answered well, has read. `undefined` is a value never stored. */
  version: number | undefined;
  /** How it ended; `unsent` is a failure before anything could be sent. */
  outcome: "open" | "answered" | "failed" | "unsent";
  /** What a delete has answered. */
  existed: boolean;
  /** Start and end by the clock that the proxies have as well. */
  readonly startedAt: number;
  settledAt: number;
}

/** A memcached that was killed and came back empty. */
export interface Restart extends Span {
  /** Which one, as the client counts its servers. */
  readonly server: number;
}

/** The account of a round. Events are counted, so that which came first is never in doubt. */
export class History {
  readonly operations: Operation[] = [];
  readonly restarts: Restart[] = [];
  readonly #versions = new Map<string, number>();
  #ticks = 0;

  /** The next moment. */
  tick(): number {
    return ++this.#ticks;
  }

  /** Enters an operation. */
  begin(command: Operation["command"], key: string): Operation {
    const operation: Operation = {
      command,
      key,
      start: this.tick(),
      end: Infinity,
      version: command === "set" ? this.#nextVersion(key) : undefined,
      outcome: "open",
      existed: false,
      startedAt: wallClock(),
      settledAt: Infinity,
    };
    this.operations.push(operation);
    return operation;
  }

  /** Enters how an operation ended. */
  settle(operation: Operation, outcome: "answered" | "failed" | "unsent"): void {
    operation.end = this.tick();
    operation.outcome = outcome;
    operation.settledAt = wallClock();
  }

  #nextVersion(key: string): number {
    const version = (this.#versions.get(key) ?? ABSENT) + 1;
    this.#versions.set(key, version);
    return version;
  }
}
