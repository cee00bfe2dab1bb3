/** Looks up the servers again and again. @module */

// Loaded with the byte channel everywhere, so that bundlers put both into one file.
import "../connection/stall_timer.ts";
import { randomDelay } from "../connection/connect.ts";
import { messageOf, SocketError, TimeoutError } from "../errors.ts";
import { LONGEST_TIMEOUT } from "../option_checks.ts";
import type { ServerAddress } from "../server_address.ts";
import { inTime, LONGEST_CLOSE } from "../transport/byte_channel.ts";
import { type Clock, untilAborted } from "../waiting.ts";
import { keepingProcess, lettingProcessEnd } from "../waiting/timers.ts";
import type { DiscoveredServers, Discovery, DiscoveryContext } from "./discovery.ts";

/** The options of a {@linkcode DiscoveryLoop}. */
export interface DiscoveryLoopOptions extends Omit<DiscoveryContext, "signal"> {
  readonly discovery: Discovery;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** The time limit of a look-up, in milliseconds. */
  readonly timeout: number;
  /** The minimum number of milliseconds between two look-ups when servers fail. */
  readonly shortestInterval: number;
  /** After a failed look-up, the next one follows after a random delay of up to this many milliseconds. */
  readonly retryDelay: number;
  /** That limit doubles with each failure, up to this many milliseconds. */
  readonly maxRetryDelay: number;
  /** Whether operations wait for the result. Then the process is kept alive, and retries come soon. */
  readonly isAwaited: () => boolean;
  /** Called with the servers when they have changed. If it throws, the look-up has failed. */
  readonly found: (servers: readonly ServerAddress[]) => void;
  /** Called with the error of a failed look-up. */
  readonly failed: (error: SocketError) => void;
}

const DEFAULT_INTERVAL = 60_000;
/** How many times in a row a source must return an older version before it is accepted. */
const OLDER_ANSWERS = 3;
/** The maximum time between two look-ups while operations wait, in milliseconds. */
const IMPATIENCE = 1_000;

/**
 * Looks up the servers at the start, then at each interval, after a failure with growing delays, and soon after a call
 * of `hurry`. It makes one look-up at a time.
 */
export class DiscoveryLoop {
  readonly #options: DiscoveryLoopOptions;
  readonly #ending = new AbortController();
  /** The look-ups that have not ended: the current one, and aborted ones that ignore their signal. */
  readonly #looking = new Set<Promise<unknown>>();
  #running: Promise<void> | undefined;
  #cancelNext: (() => void) | undefined;
  #due = Infinity;
  #begun = -Infinity;
  #isStarted = false;
  #isHurried = false;
  #isInBackground = false;
  #failures = 0;
  /** The last accepted list. */
  #list: string | undefined;
  #version: number | bigint | undefined;
  #olderAnswers = 0;

  constructor(options: DiscoveryLoopOptions) {
    this.#options = options;
  }

  /** Starts the first look-up. Further calls do nothing. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#lookUp();
  }

  /** As {@linkcode start}; the next look-up then comes soon, because an operation waits for it. */
  expect(): void {
    this.start();
    if (this.#running !== undefined || !this.#isInBackground) return;
    const due = Math.min(this.#due, this.#begun + IMPATIENCE);
    this.#due = Infinity;
    this.#schedule(due - this.#options.clock.now());
  }

  /** Makes a look-up come soon, because the servers may have changed. */
  hurry(): void {
    if (!this.#isStarted) return;
    if (this.#running !== undefined) this.#isHurried = true;
    else {
      const { shortestInterval, clock } = this.#options;
      this.#schedule(this.#begun + shortestInterval - clock.now());
    }
  }

  /**
   * Stops looking up servers, for this reason; resolves when the look-ups under way have ended. It does not wait long for
   * one that ignores its signal.
   */
  async stop(reason: SocketError): Promise<void> {
    this.#isStarted = true;
    this.#cancelNext?.();
    this.#ending.abort(reason);
    await inTime(Promise.allSettled([this.#running, ...this.#looking]), LONGEST_CLOSE);
  }

  #schedule(delay: number): void {
    const { clock } = this.#options;
    const isAwaited = this.#options.isAwaited();
    const wait = Math.max(0, Math.min(delay, isAwaited ? IMPATIENCE : LONGEST_TIMEOUT));
    const due = clock.now() + wait;
    if (due >= this.#due || this.#ending.signal.aborted) return;
    this.#cancelNext?.();
    this.#due = due;
    const timer = isAwaited ? keepingProcess(clock) : lettingProcessEnd(clock);
    this.#cancelNext = timer.after(wait, () => this.#lookUp());
    this.#isInBackground = !isAwaited;
  }

  #lookUp(): void {
    this.#cancelNext?.();
    this.#due = Infinity;
    this.#isHurried = false;
    this.#begun = this.#options.clock.now();
    this.#running = this.#attempt();
  }

  /** Looks up the servers once, and schedules the next look-up. */
  async #attempt(): Promise<void> {
    let delay;
    try {
      this.#take(await this.#ask());
      this.#failures = 0;
      const { interval = DEFAULT_INTERVAL } = this.#options.discovery;
      delay = interval * (0.9 + Math.random() / 5);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      const { retryDelay, maxRetryDelay } = this.#options;
      delay = randomDelay(this.#failures++, retryDelay, maxRetryDelay);
      this.#options.failed(this.#failure(error));
    }
    this.#running = undefined;
    this.#schedule(delay);
    if (this.#isHurried) this.hurry();
  }

  async #ask(): Promise<DiscoveredServers> {
    const { timeout, clock } = this.#options;
    const attempt = new AbortController();
    const end = () => attempt.abort(this.#ending.signal.reason);
    this.#ending.signal.addEventListener("abort", end);
    const overdue = () => attempt.abort(new TimeoutError(`no answer within ${timeout} ms`));
    const cancel = keepingProcess(clock).after(timeout, overdue);
    try {
      return await untilAborted(this.#look(attempt.signal), attempt.signal);
    } finally {
      cancel();
      this.#ending.signal.removeEventListener("abort", end);
    }
  }

  async #look(signal: AbortSignal): Promise<DiscoveredServers> {
    const { discovery, tls, connect } = this.#options;
    const looking = discovery.lookUp({ signal, tls, connect });
    this.#looking.add(looking);
    try {
      return await looking;
    } finally {
      this.#looking.delete(looking);
    }
  }

  #take(answer: DiscoveredServers | undefined): void {
    const { servers = undefined, version } = answer ?? {};
    if (!Array.isArray(servers)) throw new SocketError("it returned no list of servers");
    if (servers.length === 0) throw new SocketError("it returned an empty list of servers");
    // No other value tells which of two lists is newer: later lists would be ignored.
    if (version !== undefined && typeof version !== "bigint" && !Number.isFinite(version)) {
      throw new SocketError("its version is neither a number nor a bigint");
    }
    if (!this.#isNewer(version)) return;
    const list = JSON.stringify(servers);
    if (list !== this.#list) this.#options.found(servers);
    this.#list = list;
    this.#version = version;
  }

  #isNewer(version: number | bigint | undefined): boolean {
    const known = this.#version;
    if (version === undefined || known === undefined) return true;
    // Some nodes of a source may lag behind; a source that was created again counts from the beginning.
    const isOlder = version < known;
    this.#olderAnswers = isOlder ? (this.#olderAnswers + 1) % OLDER_ANSWERS : 0;
    return isOlder ? this.#olderAnswers === 0 : version > known;
  }

  #failure(error: unknown): SocketError {
    const { name } = this.#options.discovery;
    const message = `Cannot discover servers through ${name}: ${messageOf(error)}`;
    const options = { server: name, cause: error };
    return error instanceof TimeoutError
      ? new TimeoutError(message, options)
      : new SocketError(message, options);
  }
}
