/** The health of a server: failures, and probes while it is down. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import type { Clock } from "../waiting.ts";
import { lettingProcessEnd } from "../waiting/timers.ts";
import { randomDelay } from "./connect.ts";
import type { ServerEventType } from "./server_handle.ts";

/** The options of {@linkcode ServerHealth}. */
export interface ServerHealthOptions {
  /** The server's name, for messages. */
  readonly server: string;
  /** How many failures in a row make a server count as down. */
  readonly failuresBeforeDead: number;
  /** The upper limit of the delay before the first probe of a server that is down, in milliseconds. */
  readonly probeDelay: number;
  /** That limit doubles with each probe, up to this many milliseconds. */
  readonly maxProbeDelay: number;
  /** Whether operations dial a server that is down while it refuses connections. */
  readonly dialsRefusing: boolean;
  /** The clock. */
  readonly clock: Clock;
  /** Called with the events. */
  readonly report: (type: ServerEventType, error?: SocketError) => void;
}

/**
 * Counts a server's failures. After several failures in a row it is down, and its operations fail at once, until it
 * replies to a probe. Probes are sent one at a time, each after a {@linkcode randomDelay}.
 */
export class ServerHealth {
  readonly #options: ServerHealthOptions;
  /** Sends a probe; rejects when the server does not reply. */
  readonly #probe: () => Promise<void>;
  #failures = 0;
  #lastError: SocketError | undefined;
  /** The number of failures so far. Operations that failed together count as one failure. */
  #epoch = 0;
  #isDown = false;
  #cancelProbe: (() => void) | undefined;
  /** The number of probes since the server went down. */
  #attempt = 0;
  #isProbing = false;
  #isStopped = false;

  constructor(options: ServerHealthOptions, probe: () => Promise<void>) {
    this.#options = options;
    this.#probe = probe;
  }

  /** Whether the server counts as down. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** The number of failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** The error of the last failure, if it has failed since its last reply. */
  get lastError(): SocketError | undefined {
    return this.#lastError;
  }

  /** The current epoch, for {@linkcode failed}. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * The error of an operation while the server is down, or `undefined` when it may try. If connections are refused,
   * that takes no time, so without failover the next operation may always try: the first one after a restart succeeds.
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
   * @param epoch The epoch in which the failed operation began. An operation that began before the last failure does
   * not count again.
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

  /** Records that the server has replied. */
  answered(): void {
    this.#failures = 0;
    this.#lastError = undefined;
    this.#cancelProbe?.();
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#options.report("up");
  }

  /** Stops the probes. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelProbe?.();
  }

  #schedule(): void {
    // If a probe is still under way, because the server went up and down meanwhile, it continues.
    if (this.#isStopped || this.#isProbing) return;
    const { probeDelay, maxProbeDelay, clock } = this.#options;
    const delay = randomDelay(this.#attempt++, probeDelay, maxProbeDelay);
    // A probe does not keep the process alive.
    this.#cancelProbe = lettingProcessEnd(clock).after(delay, this.#sendProbe);
  }

  readonly #sendProbe = (): void => {
    this.#isProbing = true;
    // A failed connection has reported its error itself; only whether to continue matters here.
    const goOn = () => {
      this.#isProbing = false;
      if (this.#isDown) this.#schedule();
    };
    this.#probe().then(() => this.answered()).then(goOn, goOn);
  };
}
