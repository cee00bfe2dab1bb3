/** Looking up the servers again and again. @module */

import { messageOf, SocketError, TimeoutError } from "../errors.ts";
import type { ServerAddress } from "../server_address.ts";
import { letProcessEnd } from "../transport/runtime_features.ts";
import { untilAborted } from "../waiting.ts";
import type { DiscoveredServers, Discovery, DiscoveryContext } from "./discovery.ts";

/** What {@linkcode DiscoveryLoop} needs to know. */
export interface DiscoveryLoopOptions extends Omit<DiscoveryContext, "signal"> {
  readonly discovery: Discovery;
  /** Milliseconds a look-up may take. */
  readonly timeout: number;
  /** The fewest milliseconds from one look-up to the next one that a failing server brings about. */
  readonly rest: number;
  /** After a look-up that failed the next one follows a delay by chance, with this bound in milliseconds. */
  readonly retryDelay: number;
  /** What that bound, which doubles with each failure, grows to. */
  readonly maxRetryDelay: number;
  /** Whether somebody waits for the outcome: the process is kept alive for it, and it comes soon. */
  readonly isAwaited: () => boolean;
  /** Is told the servers when they are not those it was told before; what it throws is a failure. */
  readonly found: (servers: readonly ServerAddress[]) => void;
  /** Is told why they could not be looked up. */
  readonly failed: (error: SocketError) => void;
}

const DEFAULT_INTERVAL = 60_000;
/** How often a source has to name an older version than one it has named before, to be believed. */
const OLDER_ANSWERS = 3;
/** The longest from one look-up to the next while somebody waits, in milliseconds. */
const IMPATIENCE = 1_000;
/** What timers can count; beyond it they are due at once. */
const LONGEST_DELAY = 0x7fffffff;

/**
 * Looks up the servers when it is started, at each interval from then on, after failures with growing
 * delays, and soon when it is told to hurry. Only one look-up is under way at a time.
 */
export class DiscoveryLoop {
  readonly #options: DiscoveryLoopOptions;
  readonly #ending = new AbortController();
  /** Look-ups that have not ended: one, and those that did not when they were told to. */
  readonly #looking = new Set<Promise<unknown>>();
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Infinity;
  #begun = -Infinity;
  #isStarted = false;
  #isHurried = false;
  #isInBackground = false;
  #failures = 0;
  /** The last list that was taken. */
  #list: string | undefined;
  #version: number | bigint | undefined;
  #olderAnswers = 0;

  constructor(options: DiscoveryLoopOptions) {
    this.#options = options;
  }

  /** Begins with the first look-up; does nothing once it has begun. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#lookUp();
  }

  /** As {@linkcode start}, and has the next look-up come soon enough for somebody who waits for it. */
  expect(): void {
    this.start();
    if (this.#running !== undefined || !this.#isInBackground) return;
    const due = Math.min(this.#due, this.#begun + IMPATIENCE);
    this.#due = Infinity;
    this.#schedule(due - performance.now());
  }

  /** Has a look-up come soon, for there is reason to think that the servers have changed. */
  hurry(): void {
    if (!this.#isStarted) return;
    if (this.#running !== undefined) this.#isHurried = true;
    else this.#schedule(this.#begun + this.#options.rest - performance.now());
  }

  /** Ends it, for good, with this reason; resolves when the look-ups under way have ended. */
  async stop(reason: SocketError): Promise<void> {
    this.#isStarted = true;
    clearTimeout(this.#timer);
    this.#ending.abort(reason);
    await Promise.allSettled([this.#running, ...this.#looking]);
  }

  #schedule(delay: number): void {
    const isAwaited = this.#options.isAwaited();
    const wait = Math.max(0, Math.min(delay, isAwaited ? IMPATIENCE : LONGEST_DELAY));
    const due = performance.now() + wait;
    if (due >= this.#due || this.#ending.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#lookUp(), wait);
    this.#isInBackground = !isAwaited;
    if (this.#isInBackground) letProcessEnd(this.#timer);
  }

  #lookUp(): void {
    clearTimeout(this.#timer);
    this.#due = Infinity;
    this.#isHurried = false;
    this.#begun = performance.now();
    this.#running = this.#attempt();
  }

  /** Looks up once, and sees to the next time. */
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
      delay = Math.random() * Math.min(maxRetryDelay, retryDelay * 2 ** this.#failures++);
      this.#options.failed(this.#failure(error));
    }
    this.#running = undefined;
    this.#schedule(delay);
    if (this.#isHurried) this.hurry();
  }

  async #ask(): Promise<DiscoveredServers> {
    const { timeout } = this.#options;
    const attempt = new AbortController();
    const end = () => attempt.abort(this.#ending.signal.reason);
    this.#ending.signal.addEventListener("abort", end);
    const overdue = () => attempt.abort(new TimeoutError(`no answer within ${timeout} ms`));
    const timer = setTimeout(overdue, timeout);
    try {
      return await untilAborted(this.#look(attempt.signal), attempt.signal);
    } finally {
      clearTimeout(timer);
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
    if (!Array.isArray(servers)) throw new SocketError("it gave no list of servers");
    if (servers.length === 0) throw new SocketError("it names no server");
    if (!this.#isNewer(version)) return;
    const list = JSON.stringify(servers);
    if (list !== this.#list) this.#options.found(servers);
    this.#list = list;
    this.#version = version;
  }

  #isNewer(version: number | bigint | undefined): boolean {
    const known = this.#version;
    if (version === undefined || known === undefined) return true;
    // A source of many parts may lag behind in some; one that was made anew counts from the beginning.
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
