/** Whether a server can be counted on. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import { type Clock, lettingProcessEnd } from "../waiting.ts";

/** What happens to a server, as the client's events call it. */
export type ServerEventType = "up" | "down" | "reconnect" | "error";

/** What {@linkcode ServerHealth} needs to know. */
export interface ServerHealthOptions {
  /** The server's name, for messages. */
  readonly server: string;
  /** How many failures in a row make a server count as down. */
  readonly failuresBeforeDead: number;
  /** The bound of the delay before the first probe of a server that is down, in milliseconds. */
  readonly probeDelay: number;
  /** What that bound, which doubles with each probe, grows to. */
  readonly maxProbeDelay: number;
  /** Whether operations dial a server that is down as long as it answers with a refusal. */
  readonly dialsRefusing: boolean;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Called with what happens. */
  readonly report: (type: ServerEventType, error?: SocketError) => void;
}

/**
 * Counts a server's failures. One that has failed a few times in a row is down until it has answered a
 * probe: meanwhile nobody waits for it. Probes go out one at a time, each after a delay by chance whose
 * bound doubles, so that a fleet of clients does not ask a server all at once as it comes up.
 */
export class ServerHealth {
  readonly #options: ServerHealthOptions;
  /** Asks the server something; rejects when it does not answer. */
  readonly #probe: () => Promise<void>;
  #failures = 0;
  #lastError: SocketError | undefined;
  /** How many failures there have been, so that those who failed together count as one. */
  #epoch = 0;
  #isDown = false;
  #cancelProbe: (() => void) | undefined;
  /** How many probes have gone out since the server went down. */
  #attempt = 0;
  #isAsking = false;
  #isStopped = false;

  constructor(options: ServerHealthOptions, probe: () => Promise<void>) {
    this.#options = options;
    this.#probe = probe;
  }

  /** Whether the server has failed too often to be counted on. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** How many times in a row it has failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Why it failed last, if it has failed since it answered. */
  get lastError(): SocketError | undefined {
    return this.#lastError;
  }

  /** The present time as {@linkcode failed} counts it. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * What an operation is to be rejected with instead of waiting for the server, or `undefined` when it
   * may try. A refusal comes at once, so that where nothing else depends on it the next operation may
   * always try again: the first one after a restart succeeds.
   */
  get refusal(): SocketError | undefined {
    if (!this.#isDown) return undefined;
    const { server, dialsRefusing } = this.#options;
    if (dialsRefusing && !(this.#lastError instanceof TimeoutError)) return undefined;
    const why = `it is down after ${this.#failures} failures in a row`;
    const last = this.#lastError === undefined ? "" : `, the last: ${this.#lastError.message}`;
    return new SocketError(`Cannot use ${server}: ${why}${last}`, {
      server,
      cause: this.#lastError,
    });
  }

  /**
   * Counts a failure.
   *
   * @param epoch The time at which what has failed began. What began before the last failure tells
   * nothing new.
   */
  failed(epoch: number, error: SocketError): void {
    if (this.#isStopped || epoch < this.#epoch) return;
    this.#epoch++;
    this.#failures++;
    this.#lastError = error;
    this.#options.report("error", error);
    if (this.#isDown || this.#failures < this.#options.failuresBeforeDead) return;
    this.#isDown = true;
    this.#attempt = 0;
    this.#schedule();
    this.#options.report("down", error);
  }

  /** Takes note that the server has answered. */
  answered(): void {
    this.#failures = 0;
    this.#lastError = undefined;
    this.#cancelProbe?.();
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#options.report("up");
  }

  /** Ends the probing. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelProbe?.();
  }

  #schedule(): void {
    // One that is still out goes on by itself, if the server went up and down meanwhile.
    if (this.#isStopped || this.#isAsking) return;
    const { probeDelay, maxProbeDelay, clock } = this.#options;
    const bound = Math.min(maxProbeDelay, probeDelay * 2 ** this.#attempt++);
    // For a server that nobody asks anything no process needs to go on.
    this.#cancelProbe = lettingProcessEnd(clock).after(Math.random() * bound, this.#ask);
  }

  readonly #ask = (): void => {
    this.#isAsking = true;
    // A connection that failed has told so itself: here it matters only whether to go on.
    const goOn = () => {
      this.#isAsking = false;
      if (this.#isDown) this.#schedule();
    };
    this.#probe().then(() => this.answered()).then(goOn, goOn);
  };
}
