/** A connection: one socket, and the operations that wait for it. @module */

import type { ConnectContext } from "../channel_contexts.ts";
import { SocketError, TimeoutError } from "../errors.ts";
import { beginTurn, CHANNEL_NAMES, endTurn, publish } from "../observation.ts";
import { lookForChannels, noteCarrier } from "../observation/connections.ts";
import { type Command, type Exchange, NEVER, type Turn } from "../protocol/command.ts";
import type { Interruption } from "../protocol/refusal.ts";
import { inTime, LONGEST_CLOSE } from "../transport/byte_channel.ts";
import { afterTurn } from "../transport/event_loop.ts";
import {
  connect,
  connectionEndedError,
  connectTimeoutError,
  type EndReason,
  nextConnection,
  withLost,
} from "./connect.ts";
import type { Clock } from "../waiting.ts";
import { allEnded } from "../waiting/promises.ts";
import { DeadlineTimer, keepingProcess, lettingProcessEnd } from "../waiting/timers.ts";
import type { SocketHolder } from "./sockets.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import { Fifo } from "./fifo.ts";
import { openPipeline, type Pipeline, type PipelineObserver } from "./pipeline.ts";

/** The end of a connection. */
export interface ConnectionEnd {
  readonly reason: EndReason;
  /**
   * Whether it counts as a failure of the server. It does not if the client ended the connection, if the connection was
   * idle, or if the server refused something.
   */
  readonly isFailure: boolean;
  /** When it was idle last, if the server has not been heard since. */
  readonly idle: IdleTime | undefined;
  /** The commands that may be sent again, followed by those that have not been written. */
  readonly unwritten: readonly Command[];
}

/** A time in which nothing waited for the server. */
export interface IdleTime {
  /** When the server had been heard last, by the clock. */
  readonly from: number;
  /** When the connection was written to again. */
  readonly to: number;
}

/** Observes a connection. */
export interface ConnectionObserver {
  /** The socket is open. */
  opened(connection: Connection): void;
  /** The server has replied for the first time, or for the first time since {@linkcode Connection.expectAnswer}. */
  answered(connection: Connection): void;
  /** The server has refused a key, or has replied in a way that ends the connection. */
  refused?(): void;
  /** Whether several keys may share a request; by default they may. */
  sharesRequests?(): boolean;
  /** The connection accepts no more commands, and ends as soon as none waits for it. */
  leaving?(connection: Connection): void;
  /** The connection has ended. */
  ended(connection: Connection, end: ConnectionEnd): void;
}

/** How a connection ends. */
interface Ending {
  /** As in {@linkcode ConnectionEnd}; `false` by default. */
  readonly isFailure?: boolean;
  /** Whether commands without a reply that may be sent again continue on another connection; `false` by default. */
  readonly asksAgain?: boolean;
  /** The reason for each command that is lost; by default that of the connection, with the names of those lost. */
  readonly reasonOf?: (command: Command) => EndReason;
}

const resolved = /* @__PURE__ */ Promise.resolve();

/** A queue of this length is searched for aborted commands. */
const FIRST_SWEEP = 1024;
/** After being idle for this many milliseconds, a connection is checked before it is written to. */
export const LONG_IDLE = 100;

/**
 * Dials when it is made, collects the commands of one turn of the event loop into one write, and passes each reply to
 * the oldest request in flight. It ends once: through {@linkcode end}, a failure of the socket, a malformed reply, a
 * reply that exceeds its time limit, or a server that sends nothing.
 */
export class Connection implements SocketHolder {
  /** Its number among all connections; 0 when it has ended. */
  id: number = nextConnection();
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
  /** Whether there is a socket; {@linkcode isOpen} is true a little later. */
  #isConnected = false;
  /** What is published of it; nothing is if its server is not known. */
  readonly #context: ConnectContext | undefined;
  /** Publishes how it has ended. */
  #tellEnd: (() => void) | undefined;
  #pipeline: Pipeline | undefined;
  #closing: Promise<void> | undefined;
  #dialled: Promise<void> | undefined;
  #pending = 0;
  #pendingBytes = 0;
  #nextSweep = FIRST_SWEEP;
  #flushScheduled = false;
  #cancelIdleCheck = (): void => {};
  #turn = NEVER;
  /** When the first command was about to be written after none had been in flight. */
  #lastWoken = 0;
  /** Whether the socket keeps the process alive while commands wait for it. */
  #keepsProcess = false;
  /** Whether it does not, because no command waits. */
  #letsProcessEnd = false;
  #cancelRelease: (() => void) | undefined;
  #hasAnswered = false;
  #isDraining = false;

  constructor(options: ConnectionOptions, observer: ConnectionObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#context = options.location && { ...options.location, connectionEpoch: this.id };
    this.#clock = { now: () => options.clock.now(), after: this.#after };
    this.#timer = new DeadlineTimer(this.#clock, (now) => this.#checkDeadlines(now));
    this.closed = this.#live();
    // A failure to close the socket is reported to the code that waits for closing.
    this.closed.catch(() => {});
  }

  /** The number of operations that wait for this connection: not written, or without a reply. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether an operation waits for it; an aborted one does not, even if its reply is missing. */
  get isAwaited(): boolean {
    return !unsettled(this.#inFlight, this.#queue).next().done;
  }

  /** The total length of the values that those operations store, in bytes. */
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

  /** Whether nothing waits for the server, and it has not been heard since then, by the clock. */
  isIdleSince(time: number): boolean {
    return this.isOpen && this.#pending === 0 && this.lastRead < time;
  }

  /** Accepts a command. It is sent together with all others of this turn. */
  submit(command: Command): void {
    if (!this.#flushScheduled) this.#scheduleFlush();
    noteCarrier(command, this.#options.location);
    command.carrier = this.id;
    this.#queue.push(command);
    this.#pendingBytes += command.byteLength;
    // From here on, the process must stay alive.
    this.#pending++;
    if (this.#letsProcessEnd) this.#letProcessEnd(false);
    // A command from a connection that ended continues with its remaining time.
    if (command.deadline === Infinity) command.turn = this.#turn;
    else this.#timer.arm(command.deadline);
    // Not before: a connection that nothing waits for may end in it.
    if (this.#queue.length > this.#nextSweep) this.sweep();
  }

  /** Ends the connection for this reason, and rejects the requests in flight with it. */
  end(reason: EndReason): void {
    this.#end(reason);
  }

  /** Part of {@linkcode SocketHolder}: the socket is needed for another connection. */
  leave(): void {
    this.#observer.leaving?.(this);
    this.drain();
  }

  /** Ends the connection as soon as no operation waits for it. */
  drain(): void {
    this.#isDraining = true;
    if (!this.isAwaited) this.end(this.#reasonFor(new SocketError("it is not used any more")));
  }

  /**
   * Lets the process end when no operation waits, or ends a connection that is not used any more. Not at once: on Deno
   * this takes a tenth of a round trip, and another operation usually follows.
   */
  releaseSoon(): void {
    if (this.#cancelRelease !== undefined || this.#hasEnded) return;
    this.#cancelRelease = this.#after(LONG_IDLE, () => {
      this.#cancelRelease = undefined;
      if (this.isAwaited) return;
      if (this.#isDraining) this.drain();
      else this.#letProcessEnd(true);
      // Others may wait for a socket.
      this.#options.sockets?.idle?.();
    });
  }

  /** Makes the observer be called for the next reply, as for the first one. */
  expectAnswer(): void {
    this.#hasAnswered = false;
  }

  /**
   * Removes commands that were aborted before they were written. While a write hangs, they are not removed in any other
   * way.
   */
  sweep(): void {
    const over: Command[] = [];
    this.#queue.keep((command) => {
      if (command.settled) over.push(command);
      return !command.settled;
    });
    for (const command of over) this.#done(command);
    // Because the queue must double each time, this costs very little for each command.
    this.#nextSweep = Math.max(FIRST_SWEEP, this.#queue.length * 2);
  }

  readonly #after = (delay: number, callback: () => void): () => void => {
    const { clock } = this.#options;
    const timers = this.#keepsProcess ? lettingProcessEnd : keepingProcess;
    return timers(clock).after(delay, callback);
  };

  get #hasEnded(): boolean {
    return this.id === 0;
  }

  /** Whether operations have a time limit. */
  get #hasLimits(): boolean {
    const { timeout, timesConnectingApart } = this.#options;
    return timeout < Infinity || timesConnectingApart;
  }

  /** Whether connecting has a separate time limit. */
  get #connectsOnItsOwnTime(): boolean {
    return !this.isOpen && this.#options.timesConnectingApart;
  }

  /**
   * Ends the connection because of a reply, which is not a failure of the server. Commands that may be sent again
   * continue on another connection.
   */
  #interrupt(error: Interruption): void {
    this.#observer.answered(this);
    this.#observer.refused?.();
    this.#end(this.#reasonFor(error), { asksAgain: true });
  }

  #answered(exchange: Exchange): void {
    this.#done(exchange);
    if (!this.#hasAnswered && !exchange.isTrivial) {
      this.#hasAnswered = true;
      lookForChannels();
      this.#observer.answered(this);
    }
  }

  /** Records that some operations have ended. */
  #done({ size, byteLength }: Exchange): void {
    this.#pending -= size;
    this.#pendingBytes -= byteLength;
    // What is pending may have been aborted.
    this.releaseSoon();
    if (this.#pending > 0) return;
    this.#options.sockets?.idle?.();
    // Not before the replies have been handled: the next step of an operation may be tied to this connection.
    if (this.#isDraining) afterTurn(() => this.drain());
  }

  #letProcessEnd(lets: boolean): void {
    this.#letsProcessEnd = lets;
    // One that was set before the socket was open keeps the process alive.
    if (lets && this.#pending === 0) this.#timer.stop();
    try {
      this.#pipeline?.keepProcess(!lets);
    } catch (error) {
      // A caller's own transport may throw.
      this.#end(this.#reasonFor(error));
    }
  }

  /** Dials, reads until the end, and closes. */
  async #live(): Promise<void> {
    try {
      const pipeline = await this.#dial();
      this.#open(pipeline);
      await pipeline.receive();
      throw new SocketError("the server closed it");
    } catch (error) {
      const reason = this.#reasonFor(error);
      if (!this.isOpen) this.#failDial(reason);
      // A server may close an idle connection, even if operations are about to use it.
      else this.#end(reason, { isFailure: this.#inFlight.length > 0 });
    } finally {
      // An aborted dial may continue, and may still open a socket.
      await allEnded([this.#closing, this.#dialled && inTime(this.#dialled, LONGEST_CLOSE)]);
    }
  }

  /** Rejects the commands that waited for a failed dial; after a timeout, only those that have waited as long. */
  #failDial(reason: EndReason): void {
    const waited = reason instanceof TimeoutError
      ? Math.max(this.#options.clock.now(), this.#queue.peek()?.deadline ?? 0)
      : Infinity;
    const failed: Command[] = [];
    for (const command of this.#queue.drain()) {
      if (command.deadline <= waited) failed.push(command);
      else this.#queue.push(command);
    }
    // If `maxSockets` does not allow another socket, this is not a failure of the server.
    this.#end(reason, { isFailure: !this.#options.sockets?.refusals.has(reason) });
    for (const command of failed) command.failUnsent(reason);
  }

  async #dial(): Promise<Pipeline> {
    const dialling = (ended: Promise<void>) => {
      this.#dialled = ended;
      ended.then(() => this.#dialled = undefined, () => {});
    };
    const { signal } = this.#ending;
    const context = this.#context;
    const transport = await connect({ ...this.#options, dialling, signal, holder: this, context });
    this.#isConnected = true;
    this.#tellEnd?.();
    this.#keepsProcess = transport.ref !== undefined;
    const ends = { clock: this.#clock, queue: this.#queue, inFlight: this.#inFlight };
    const options = { ...this.#options, ...ends, location: context };
    return await openPipeline(transport, options, this.#pipelineObserver());
  }

  #pipelineObserver(): PipelineObserver {
    return {
      dropped: (command) => this.#done(command),
      answered: (exchange) => this.#answered(exchange),
      refused: () => this.#observer.refused?.(),
      written: () => this.#flush(),
      isWaiting: () => this.#pending > 0,
      interrupted: (error) => this.#interrupt(error),
      failed: (error, isFailure) => this.#end(this.#reasonFor(error), { isFailure }),
    };
  }

  #open(pipeline: Pipeline): void {
    const restart = this.#connectsOnItsOwnTime;
    this.#pipeline = pipeline;
    if (!this.#hasEnded) this.#observer.opened(this);
    // If the connection ended after the dialer resolved, the socket has not been closed yet.
    if (this.#hasEnded) this.#closing ??= pipeline.close(this.#ending.signal.reason);
    if (this.#pending === 0) this.releaseSoon();
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
    // A microtask without the overhead of queueMicrotask.
    beginTurn();
    resolved.then(this.#flushTurn);
  }

  readonly #flushTurn = (): void => {
    endTurn();
    // Read once for all of this, because it takes long.
    const now = this.#options.clock.now();
    if (this.isOpen && this.#inFlight.length === 0) {
      this.#lastWoken = now;
      if (now - this.lastRead > LONG_IDLE) {
        // If the whole process was stopped, for example a frozen serverless function, the end of the stream may not have
        // been read yet: it is read within one turn of the event loop. However long that takes in a busy process, the
        // turn is written then.
        this.#cancelIdleCheck = afterTurn(() => this.#writeTurn());
        return;
      }
    }
    this.#writeTurn(now);
  };

  #writeTurn(now?: number): void {
    const turn = this.#turn;
    this.#flushScheduled = false;
    this.#start(turn, now);
    this.#flush(now);
    this.#arm(turn.deadline);
  }

  /** Starts the time of a turn's operations at the end of the turn, so that a long turn does not count. */
  #start(turn: Turn, now: number = this.#options.clock.now()): void {
    const { timeout, connectTimeout } = this.#options;
    if (turn === NEVER || this.#hasEnded) return;
    turn.deadline = now + (this.#connectsOnItsOwnTime ? connectTimeout : timeout);
    turn.hasConnected = this.isOpen;
  }

  /**
   * Sets the timer for a deadline. The pending write comes first, because the first timer of a process is slow to
   * create. While there is no connection, dialing has its own time limit.
   */
  #arm(deadline: number): void {
    if (this.isOpen && !this.#hasEnded) this.#timer.arm(deadline);
  }

  #flush(now?: number): void {
    const pipeline = this.#pipeline;
    if (pipeline === undefined || this.#hasEnded) return;
    // The end of a write or of a dial has come before the end of this turn.
    if (this.#flushScheduled) this.#start(this.#turn);
    pipeline.flush(this.#observer.sharesRequests?.() ?? true, now);
  }

  #checkDeadlines(now: number): void {
    const overdue = this.#timeoutError();
    const oldest = this.#inFlight.peek();
    if (oldest !== undefined && oldest.deadline <= now) {
      const cause = new SocketError("the reply to an earlier operation is overdue");
      const behind = this.#reasonFor(cause);
      const reasonOf = ({ deadline }: Command) => deadline <= now ? overdue : behind;
      return this.#end(overdue, { isFailure: true, reasonOf });
    }
    // The oldest is not overdue, but commands from a connection that ended may be.
    for (const command of this.#queue) this.#hasTime(command, now, "failUnsent");
    for (const command of unsettled(this.#inFlight, this.#queue)) {
      if (command.deadline <= now) command.fail(overdue);
      else this.#timer.arm(command.deadline);
    }
  }

  #end(
    reason: EndReason,
    { isFailure = false, asksAgain, reasonOf }: Ending = {},
  ): void {
    if (this.#hasEnded) return;
    this.id = 0;
    this.#ending.abort();
    this.#timer.stop();
    this.#cancelIdleCheck();
    this.#cancelRelease?.();
    // Code may wait until the socket is closed.
    if (this.#letsProcessEnd) this.#letProcessEnd(false);
    this.#closing = this.#pipeline?.close(reason);
    this.#closing?.catch(() => {});
    const context = this.#context;
    const tell = this.#tellEnd = () => {
      if (context) {
        publish(CHANNEL_NAMES.connectionClosed, () => ({ ...context, reason, isFailure }));
      }
    };
    if (this.#isConnected) tell();
    const lost: Command[] = [];
    const again: Command[] = [];
    for (const command of unsettled(this.#inFlight.drain())) {
      (asksAgain && command.askAgain() ? again : lost).push(command);
    }
    const now = this.#options.clock.now();
    const unwritten = [
      ...again.filter((command) => this.#hasTime(command, now, "fail")),
      ...this.#queue.drain().filter((command) => this.#hasTime(command, now, "failUnsent")),
    ];
    // Before anything fails: commands that continue must not return to this connection.
    const idle = { from: this.lastRead, to: this.#lastWoken };
    const end = { reason, isFailure, idle: idle.from < idle.to ? idle : undefined, unwritten };
    this.#observer.ended(this, end);
    const named = withLost(reason, lost);
    for (const command of lost) command.fail(reasonOf?.(command) ?? named);
  }

  /** Whether a command has not been aborted and its time is not over; if its time is over, it fails in this way. */
  #hasTime(command: Command, now: number, fail: "fail" | "failUnsent"): boolean {
    if (command.deadline <= now) command[fail](this.#timeoutError());
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

  /** Makes the error of operations when the connection has ended for this reason. */
  #reasonFor(error: unknown): EndReason {
    return connectionEndedError(this.#options.server, error);
  }
}

/** The operations of these requests that have not ended. */
function* unsettled(...lists: readonly Iterable<Exchange>[]): Generator<Command, void> {
  for (const list of lists) {
    for (const exchange of list) {
      for (const command of exchange.commands()) if (!command.settled) yield command;
    }
  }
}
