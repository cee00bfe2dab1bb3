/** One socket, and all that waits for it and on it. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import { type Command, type Exchange, NEVER, type Turn } from "../protocol/command.ts";
import type { Interruption } from "../protocol/refusal.ts";
import { afterTurn } from "../transport/runtime.ts";
import type { Transport } from "../transport/transport.ts";
import {
  connect,
  connectionEndedError,
  connectTimeoutError,
  type EndReason,
  withCommands,
} from "./connect.ts";
import { allEnded, type Clock, DeadlineTimer, lazily, lettingProcessEnd } from "../waiting.ts";
import type { SocketHolder, Sockets } from "./bounded_sockets.ts";
import { Fifo } from "./fifo.ts";
import type { Pipeline, PipelineObserver } from "./pipeline.ts";

const loadPipeline = /* @__PURE__ */ lazily(() => import("./pipeline.ts"));

/** What every connection of a server is made with. */
export interface ConnectionOptions {
  /** The server's name, for messages. */
  readonly server: string;
  /** Opens the socket. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
  /** Milliseconds an operation may take; `Infinity` for no limit. */
  readonly timeout: number;
  /** Milliseconds connecting may take; `Infinity` for no limit. */
  readonly connectTimeout: number;
  /** Whether the time of an operation begins when there is a connection; otherwise it covers both. */
  readonly timesConnectingApart: boolean;
  /** Milliseconds the server may send nothing while operations wait for it; `Infinity` for no limit. */
  readonly stallTimeout: number;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** The longest value that is accepted, in bytes. */
  readonly maxValueBytes: number;
  /** Whether to go round the Web Streams where the transport offers it. */
  readonly direct: boolean;
  /** The client's sockets, where their number is bounded. */
  readonly sockets?: Sockets | undefined;
}

/** How a connection has ended. */
export interface ConnectionEnd {
  readonly reason: EndReason;
  /**
   * Whether the server is to blame: it is not where the connection was told to end, or was idle, or where the
   * server has refused something.
   */
  readonly isFailure: boolean;
  /** Whether it has been idle for long, and the server has not been heard since. */
  readonly wasIdle: boolean;
  /** The commands that it has not begun to write, behind those that may be asked again. */
  readonly unwritten: readonly Command[];
}

/** Is told what becomes of a connection. */
export interface ConnectionObserver {
  /** The socket is open. */
  opened(connection: Connection): void;
  /** The server has answered for the first time, or for the first time since it was listened for. */
  answered(connection: Connection): void;
  /** The server cannot serve some key now, or has answered in a way that ends the connection. */
  refused?(): void;
  /** Whether several keys may be asked for in one request; they may by default. */
  sharesRequests?(): boolean;
  /** The connection takes no more commands, and ends as soon as nothing waits on it. */
  leaving?(connection: Connection): void;
  /** The connection has ended, for good. */
  ended(connection: Connection, end: ConnectionEnd): void;
}

let connectionCount = 0;

const resolved = /* @__PURE__ */ Promise.resolve();

/** A queue of this length is looked through for what nobody waits for any more. */
const FIRST_SWEEP = 1024;
/** Idle for this many milliseconds, a connection is looked at before it is written to. */
const LONG_IDLE = 100;

/**
 * Dials when it is made, gathers the commands submitted in one turn of the event loop into one
 * write, and gives each reply to the oldest request in flight. It ends once, for good: through
 * {@linkcode end}, a failure of the socket, a reply that makes no sense, one that is overdue, or a server
 * that sends nothing at all.
 */
export class Connection implements SocketHolder {
  /** Its number among all connections. */
  readonly id: number = ++connectionCount;
  /** Resolves when the connection has ended and its socket is closed. */
  readonly closed: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #observer: ConnectionObserver;
  readonly #queue = new Fifo<Command>();
  readonly #inFlight = new Fifo<Exchange>();
  /** What is set for an operation by it does not keep the process alive when the operation has ended. */
  readonly #clock: Clock;
  readonly #timer: DeadlineTimer;
  readonly #ending = new AbortController();
  #pipeline: Pipeline | undefined;
  #closing: Promise<void> | undefined;
  #dialled: Promise<void> | undefined;
  #pending = 0;
  #pendingBytes = 0;
  #nextSweep = FIRST_SWEEP;
  #flushScheduled = false;
  #cancelIdleCheck = (): void => {};
  #turn = NEVER;
  /** When it was last given something to do. */
  #lastWoken = 0;
  /** Whether the socket itself keeps the process alive while something waits on it. */
  #keepsProcess = false;
  /** Whether it does not, since nothing waits. */
  #isResting = false;
  #cancelRest: (() => void) | undefined;
  #hasAnswered = false;
  #isDraining = false;

  constructor(options: ConnectionOptions, observer: ConnectionObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#clock = { now: () => options.clock.now(), after: this.#after };
    this.#timer = new DeadlineTimer(this.#clock, () => this.#checkDeadlines());
    this.closed = this.#live();
    // That a socket fails to close is for those to know who wait for it.
    this.closed.catch(() => {});
  }

  /** How many operations wait on this connection: not written, or written and not answered. */
  get pending(): number {
    return this.#pending;
  }

  /** How many bytes of values those operations store. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether the socket is open. */
  get isOpen(): boolean {
    return this.#pipeline !== undefined;
  }

  /** When the server was last heard, by the clock. */
  get lastRead(): number {
    return this.#pipeline?.lastRead ?? 0;
  }

  /** Whether it has nothing to do, and has had nothing for so long that it may be lost without a sign. */
  get isLongIdle(): boolean {
    if (!this.isOpen || this.#pending > 0) return false;
    return this.#options.clock.now() - this.lastRead > LONG_IDLE;
  }

  /** Takes a command; it leaves together with all others of this turn. */
  submit(command: Command): void {
    if (!this.#flushScheduled) this.#scheduleFlush();
    if (this.#queue.length >= this.#nextSweep) this.sweep();
    command.carrier = this.id;
    this.#queue.push(command);
    this.#pendingBytes += command.byteLength;
    // From here on the process must not end.
    if (this.#pending++ === 0 && this.#isResting) this.#rest(false);
    // One that comes from a connection that ended goes on with the time it has left.
    if (command.deadline === Infinity) command.turn = this.#turn;
    else this.#timer.arm(command.deadline);
  }

  /** Ends the connection for this reason, which is what the requests in flight are rejected with. */
  end(reason: EndReason): void {
    this.#endAll(reason, false);
  }

  /** Part of {@linkcode SocketHolder}: the socket is needed more elsewhere. */
  leave(): void {
    this.#observer.leaving?.(this);
    this.drain();
  }

  /** Ends the connection as soon as nothing waits on it any more. */
  drain(): void {
    this.#isDraining = true;
    if (this.#pending === 0) this.end(this.#reasonFor(new SocketError("it is used no more")));
  }

  /** Has the observer told of the next answer as of the first. */
  listen(): void {
    this.#hasAnswered = false;
  }

  /** Forgets what was given up before it was written: while a write hangs, nothing else does. */
  sweep(): void {
    this.#queue.keep((command) => {
      if (command.settled) this.#done(command);
      return !command.settled;
    });
    // As long as the queue is twice as long each time, this costs each command next to nothing.
    this.#nextSweep = Math.max(FIRST_SWEEP, this.#queue.length * 2);
  }

  readonly #after = (delay: number, callback: () => void): () => void => {
    const { clock } = this.#options;
    return (this.#keepsProcess ? lettingProcessEnd(clock) : clock).after(delay, callback);
  };

  get #hasEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Whether it was idle for long when it was last woken, and nothing has come since. */
  get #wasIdle(): boolean {
    return this.#lastWoken - this.lastRead > LONG_IDLE;
  }

  /** Whether operations here can be overdue. */
  get #hasLimits(): boolean {
    const { timeout, timesConnectingApart } = this.#options;
    return timeout < Infinity || timesConnectingApart;
  }

  /** Whether waiting for the connection is counted apart from what follows. */
  get #connectsOnItsOwnTime(): boolean {
    return !this.isOpen && this.#options.timesConnectingApart;
  }

  /** Ends the connection over a reply of a server that is well; what may be asked again goes on elsewhere. */
  #interrupt(error: Interruption): void {
    this.#observer.answered(this);
    this.#observer.refused?.();
    const reason = this.#reasonFor(error);
    this.#end(() => reason, reason, false, true);
  }

  #answered(exchange: Exchange): void {
    this.#done(exchange);
    if (!this.#hasAnswered && !exchange.isTrivial) {
      this.#hasAnswered = true;
      this.#observer.answered(this);
    }
    if (this.#isDraining && this.#pending === 0) this.drain();
  }

  /** Takes note that some operations do not wait any more. */
  #done({ size, byteLength }: Exchange): void {
    this.#pending -= size;
    this.#pendingBytes -= byteLength;
    if (this.#pending === 0 && this.#keepsProcess) this.#restSoon();
  }

  /**
   * Lets the process end when nothing waits any more. Not at once: to say so takes Deno as long as a tenth of a
   * round trip, and most likely there is more to do.
   */
  #restSoon(): void {
    this.#cancelRest ??= this.#after(LONG_IDLE, () => {
      this.#cancelRest = undefined;
      if (this.#pending === 0) this.#rest(true);
    });
  }

  #rest(isResting: boolean): void {
    this.#isResting = isResting;
    this.#pipeline?.keepProcess(!isResting);
  }

  /** Dials, reads until the end, closes. */
  async #live(): Promise<void> {
    try {
      const pipeline = await this.#dial();
      this.#open(pipeline);
      await pipeline.receive();
      throw new SocketError("the server closed it");
    } catch (error) {
      const reason = this.#reasonFor(error);
      if (!this.isOpen) this.#failDial(reason);
      // A server may well close what nothing waits for.
      else this.#endAll(reason, this.#pending > 0);
    } finally {
      // A dial that was given up may go on for a while, and end with a socket after all.
      await allEnded([this.#closing, this.#dialled]);
    }
  }

  /** Rejects what waited for a dial that failed; after a timeout, only what has waited as long. */
  #failDial(reason: EndReason): void {
    const waited = reason instanceof TimeoutError
      ? Math.max(this.#options.clock.now(), this.#queue.peek()?.deadline ?? 0)
      : Infinity;
    const failed: Command[] = [];
    for (const command of this.#queue.drain()) {
      if (command.deadline <= waited) failed.push(command);
      else this.#queue.push(command);
    }
    // That the client has no socket left to dial with is not the server's fault.
    this.#endAll(reason, !this.#options.sockets?.refusals.has(reason));
    for (const command of failed) command.failUnsent(reason);
  }

  async #dial(): Promise<Pipeline> {
    const dial = (signal: AbortSignal) => {
      const dialled = dialWhileLoading(this.#options.dial, signal);
      this.#dialled = dialled.then(() => {}, () => {});
      return dialled;
    };
    const { signal } = this.#ending;
    const transport = await connect({ ...this.#options, dial, signal, holder: this });
    this.#keepsProcess = transport.ref !== undefined;
    const { openPipeline } = await loadPipeline();
    const ends = { clock: this.#clock, queue: this.#queue, inFlight: this.#inFlight };
    return await openPipeline(transport, { ...this.#options, ...ends }, this.#pipelineObserver());
  }

  #pipelineObserver(): PipelineObserver {
    return {
      dropped: (command) => this.#done(command),
      answered: (exchange) => this.#answered(exchange),
      refused: () => this.#observer.refused?.(),
      written: () => this.#flush(),
      isWaiting: () => this.#pending > 0,
      interrupted: (error) => this.#interrupt(error),
      failed: (error, isFailure) => this.#endAll(this.#reasonFor(error), isFailure),
    };
  }

  #open(pipeline: Pipeline): void {
    const restart = this.#connectsOnItsOwnTime;
    this.#pipeline = pipeline;
    if (!this.#hasEnded) this.#observer.opened(this);
    // What ended the connection since the dialer was done did not know of the socket.
    if (this.#hasEnded) this.#closing ??= pipeline.close();
    if (this.#pending === 0 && this.#keepsProcess) this.#restSoon();
    let earliest = Infinity;
    if (this.#hasLimits) {
      for (const { turn } of this.#queue) {
        if (restart && !turn.hasConnected) this.#start(turn);
        earliest = Math.min(earliest, turn.deadline);
      }
    }
    this.#flush();
    this.#arm(earliest);
  }

  #scheduleFlush(): void {
    this.#flushScheduled = true;
    this.#turn = this.#hasLimits ? { deadline: Infinity, hasConnected: false } : NEVER;
    const wakes = this.isOpen && this.#pending === 0;
    if (wakes) this.#lastWoken = this.#options.clock.now();
    if (wakes && this.#wasIdle) {
      // Whatever kept the whole process from running, a frozen function say, may have kept the end
      // of the stream from being read as well: one turn of the event loop brings it in.
      this.#cancelIdleCheck = afterTurn(this.#flushTurn);
    } else {
      // A microtask without the wrapping that runtimes give to queueMicrotask.
      resolved.then(this.#flushTurn);
    }
  }

  readonly #flushTurn = (): void => {
    const turn = this.#turn;
    this.#flushScheduled = false;
    this.#start(turn);
    this.#flush();
    this.#arm(turn.deadline);
  };

  /** Starts the time of a turn's operations: at its end, for a long turn is none of theirs. */
  #start(turn: Turn): void {
    const { timeout, connectTimeout, clock } = this.#options;
    if (turn === NEVER || this.#hasEnded) return;
    turn.deadline = clock.now() + (this.#connectsOnItsOwnTime ? connectTimeout : timeout);
    turn.hasConnected = this.isOpen;
  }

  /**
   * Sees to it that what is overdue then is noticed. What is about to be written goes first: the first timer of
   * a process takes a while to make. As long as there is no connection, dialing has a time of its own.
   */
  #arm(deadline: number): void {
    if (this.isOpen && !this.#hasEnded) this.#timer.arm(deadline);
  }

  #flush(): void {
    const pipeline = this.#pipeline;
    if (pipeline === undefined || pipeline.isWriting || this.#hasEnded) return;
    // A write that ended, or a dial, has come before the end of this turn.
    if (this.#flushScheduled) this.#start(this.#turn);
    pipeline.gather(this.#observer.sharesRequests?.() ?? true);
    // What it still waited for may all have been given up.
    if (this.#isDraining && this.#pending === 0) this.drain();
    if (!this.#hasEnded) pipeline.write();
  }

  #checkDeadlines(): void {
    const now = this.#options.clock.now();
    const overdue = this.#timeoutError();
    const oldest = this.#inFlight.peek();
    if (oldest !== undefined && oldest.deadline <= now) {
      const cause = new SocketError("the reply to an earlier operation is overdue");
      const behind = this.#reasonFor(cause);
      return this.#end(({ deadline }) => deadline <= now ? overdue : behind, overdue);
    }
    // The oldest is not overdue: others may be, that came from a connection that ended.
    for (const waiting of [this.#inFlight, this.#queue]) {
      for (const exchange of waiting as Iterable<Exchange>) {
        for (const command of exchange.commands()) {
          if (command.deadline <= now) command.fail(overdue);
          else if (!command.settled) this.#timer.arm(command.deadline);
        }
      }
    }
  }

  #endAll(reason: EndReason, isFailure = true): void {
    this.#end(() => reason, reason, isFailure);
  }

  #end(
    reasonOf: (command: Command) => EndReason,
    reason: EndReason,
    isFailure = true,
    asksAgain = false,
  ): void {
    if (this.#hasEnded) return;
    this.#ending.abort();
    this.#timer.stop();
    this.#cancelIdleCheck();
    this.#cancelRest?.();
    // Somebody may wait until the socket is closed.
    if (this.#isResting) this.#rest(false);
    this.#closing = this.#pipeline?.close();
    this.#closing?.catch(() => {});
    const lost: Command[] = [];
    const again: Command[] = [];
    for (const exchange of this.#inFlight.drain()) {
      for (const command of exchange.commands()) {
        (asksAgain && command.askAgain() ? again : lost).push(command);
      }
    }
    const waiting = again.concat(this.#queue.drain());
    const unwritten = waiting.filter((command) => this.#hasTime(command));
    // Before anything fails: what can go on elsewhere must not come back here.
    this.#observer.ended(this, { reason, isFailure, wasIdle: this.#wasIdle, unwritten });
    const named = isFailure && lost.length > 0 ? withCommands(reason, lost) : reason;
    for (const command of lost) {
      const own = reasonOf(command);
      command.fail(own === reason ? named : own);
    }
  }

  /** Whether somebody waits for a command and its time is not up; one whose time is, fails here. */
  #hasTime(command: Command): boolean {
    if (command.deadline <= this.#options.clock.now()) command.fail(this.#timeoutError());
    return !command.settled;
  }

  #timeoutError(): TimeoutError {
    const { server, timeout, connectTimeout } = this.#options;
    if (this.isOpen) {
      const within = timeout === Infinity ? "in time" : `within ${timeout} ms`;
      return new TimeoutError(`No reply from ${server} ${within}`, { server });
    }
    return connectTimeoutError(server, connectTimeout);
  }

  /** What operations are rejected with when this ended the connection. */
  #reasonFor(error: unknown): EndReason {
    return connectionEndedError(this.#options.server, error);
  }
}

/** Opens a socket while the code is loaded that uses it. */
async function dialWhileLoading(
  dial: ConnectionOptions["dial"],
  signal: AbortSignal,
): Promise<Transport> {
  const loading = loadPipeline();
  // Where dialling fails, that is what is told.
  loading.catch(() => {});
  const transport = await dial(signal);
  try {
    await loading;
  } catch (error) {
    await transport.close();
    throw error;
  }
  return transport;
}
