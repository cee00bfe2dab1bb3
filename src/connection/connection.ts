/** One socket, and all that waits for it and on it. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import {
  type Command,
  DONE,
  type Exchange,
  NEVER,
  REFUSED,
  type Turn,
} from "../protocol/command.ts";
import { Interruption } from "../protocol/refusal.ts";
import { NO_DATA, type ReplyHandler, ReplyParser } from "../protocol/reply_parser.ts";
import { RequestBuffer } from "../protocol/request_buffer.ts";
import { type ByteChannel, openChannel } from "../transport/byte_channel.ts";
import { afterTurn } from "../transport/runtime.ts";
import type { Receiver, Transport } from "../transport/transport.ts";
import {
  connect,
  connectionEndedError,
  connectTimeoutError,
  type EndReason,
  stallError,
} from "./connect.ts";
import { allEnded, type Clock, DeadlineTimer, lettingProcessEnd, StallTimer } from "../waiting.ts";
import type { SocketHolder, Sockets } from "./bounded_sockets.ts";
import { Fifo } from "./fifo.ts";

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

/** Requests are written in portions of about this many bytes. */
const WRITE_SIZE = 1 << 18;
/** A value that is larger is written in as many pieces as it takes. */
const PIECE_SIZE = 1 << 20;
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
export class Connection implements ReplyHandler, Receiver, SocketHolder {
  /** Its number among all connections. */
  readonly id: number = ++connectionCount;
  /** Resolves when the connection has ended and its socket is closed. */
  readonly closed: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #observer: ConnectionObserver;
  readonly #parser: ReplyParser;
  readonly #requests = new RequestBuffer();
  readonly #queue = new Fifo<Command>();
  readonly #inFlight = new Fifo<Exchange>();
  readonly #timer: DeadlineTimer;
  readonly #stall: StallTimer;
  readonly #ending = new AbortController();
  #channel: ByteChannel | undefined;
  #closing: Promise<void> | undefined;
  #dialled: Promise<void> | undefined;
  #pending = 0;
  #pendingBytes = 0;
  #nextSweep = FIRST_SWEEP;
  #writing = false;
  #flushScheduled = false;
  #cancelIdleCheck = (): void => {};
  #turn = NEVER;
  #lastRead = 0;
  /** When it was last given something to do. */
  #lastWoken = 0;
  /** Whether the socket itself keeps the process alive while something waits on it. */
  #keepsProcess = false;
  /** Whether it does not, since nothing waits. */
  #isResting = false;
  #cancelRest: (() => void) | undefined;
  /** How often the timer had looked when the write that is under way began. */
  #looksBefore = 0;
  #hasAnswered = false;
  #isDraining = false;

  constructor(options: ConnectionOptions, observer: ConnectionObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#parser = new ReplyParser(this, options.maxValueBytes);
    const clock = { now: () => options.clock.now(), after: this.#after };
    this.#timer = new DeadlineTimer(clock, () => this.#checkDeadlines());
    const stalled = () => this.#stalled();
    this.#stall = new StallTimer({ ...options, clock }, () => this.#pending > 0, stalled);
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
    return this.#channel !== undefined;
  }

  /** When the server was last heard, by the clock. */
  get lastRead(): number {
    return this.#lastRead;
  }

  /** Whether it has nothing to do, and has had nothing for so long that it may be lost without a sign. */
  get isLongIdle(): boolean {
    if (!this.isOpen || this.#pending > 0) return false;
    return this.#options.clock.now() - this.#lastRead > LONG_IDLE;
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

  /** Calls back after a while. What is set for an operation must not keep the process alive when it has ended. */
  readonly #after = (delay: number, callback: () => void): () => void => {
    const { clock } = this.#options;
    return (this.#keepsProcess ? lettingProcessEnd(clock) : clock).after(delay, callback);
  };

  /** Whether it was idle for long when it was last woken, and nothing has come since. */
  get #wasIdle(): boolean {
    return this.#lastWoken - this.#lastRead > LONG_IDLE;
  }

  /** Whether operations here can be overdue. */
  get #hasLimits(): boolean {
    const { timeout, timesConnectingApart } = this.#options;
    return timeout < Infinity || timesConnectingApart;
  }

  /** Whether waiting for the connection is counted apart from what follows. */
  get #connectsOnItsOwnTime(): boolean {
    return this.#channel === undefined && this.#options.timesConnectingApart;
  }

  /** Part of {@linkcode ReplyHandler}: the oldest request in flight reads the line. */
  line(bytes: Uint8Array, start: number, end: number): number {
    const exchange = this.#inFlight.peek();
    if (exchange === undefined) throw new SocketError("the server answered what nobody asked");
    return this.#advance(exchange.line(bytes, start, end));
  }

  /** Part of {@linkcode ReplyHandler}: the oldest request in flight reads the data block. */
  data(bytes: Uint8Array, start: number, end: number): void {
    this.#advance(this.#inFlight.peek()!.data(bytes, start, end));
  }

  /** Part of {@linkcode Receiver}: the parser takes the chunk apart. */
  push(chunk: Uint8Array): void {
    this.#lastRead = this.#options.clock.now();
    this.#stall.heard();
    try {
      this.#parser.push(chunk);
    } catch (error) {
      if (error instanceof Interruption) this.#interrupt(error);
      throw error;
    }
  }

  /** Part of {@linkcode Receiver}: where the rest of a large value belongs. */
  get vacancy(): Uint8Array<ArrayBuffer> | undefined {
    return this.#parser.vacancy;
  }

  /** Part of {@linkcode Receiver}: some more of it has come. */
  filled(count: number): void {
    this.#stall.heard();
    this.#parser.filled(count);
  }

  #advance(outcome: number): number {
    if (outcome === REFUSED) this.#observer.refused?.();
    if (outcome === DONE || outcome === REFUSED) this.#answered(this.#inFlight.shift()!);
    return outcome < 0 ? NO_DATA : outcome;
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
    if (isResting) this.#channel?.unref();
    else this.#channel?.ref();
  }

  /** Dials, reads until the end, closes. */
  async #live(): Promise<void> {
    try {
      this.#open(await this.#dial());
      await this.#channel!.receive(this);
      throw new SocketError("the server closed it");
    } catch (error) {
      const reason = this.#reasonFor(error);
      if (this.#channel === undefined) this.#failDial(reason);
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

  async #dial(): Promise<ByteChannel> {
    const dial = (signal: AbortSignal) => {
      const dialled = this.#options.dial(signal);
      this.#dialled = dialled.then(() => {}, () => {});
      return dialled;
    };
    const { signal } = this.#ending;
    const transport = await connect({ ...this.#options, dial, signal, holder: this });
    this.#keepsProcess = transport.ref !== undefined;
    try {
      return openChannel(transport, this.#options.direct);
    } catch (error) {
      // Its streams are somebody else's already.
      await transport.close();
      throw error;
    }
  }

  #open(channel: ByteChannel): void {
    const restart = this.#connectsOnItsOwnTime;
    this.#channel = channel;
    this.#lastRead = this.#options.clock.now();
    if (!this.#ending.signal.aborted) this.#observer.opened(this);
    // What ended the connection since the dialer was done did not know of the socket.
    if (this.#ending.signal.aborted) this.#closing ??= channel.close();
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
    if (turn === NEVER || this.#ending.signal.aborted) return;
    turn.deadline = clock.now() + (this.#connectsOnItsOwnTime ? connectTimeout : timeout);
    turn.hasConnected = this.#channel !== undefined;
  }

  /**
   * Sees to it that what is overdue then is noticed. What is about to be written goes first: the first timer of
   * a process takes a while to make. As long as there is no connection, dialing has a time of its own.
   */
  #arm(deadline: number): void {
    if (this.#channel !== undefined && !this.#ending.signal.aborted) this.#timer.arm(deadline);
  }

  #flush(): void {
    if (this.#channel === undefined || this.#writing || this.#ending.signal.aborted) return;
    this.#gatherRequests();
    // What it still waited for may all have been given up.
    if (this.#isDraining && this.#pending === 0) this.drain();
    if (this.#requests.byteLength === 0 || this.#ending.signal.aborted) return;
    this.#writing = true;
    this.#looksBefore = this.#stall.looks;
    const chunks = this.#requests.chunks();
    const isLarge = this.#requests.byteLength > PIECE_SIZE + WRITE_SIZE;
    const written = isLarge ? this.#writePieces(chunks) : this.#channel.write(chunks);
    written.then(this.#written, this.#writeFailed);
    this.#stall.start();
  }

  async #writePieces(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE_SIZE) {
        await this.#channel!.write([chunk.subarray(at, at + PIECE_SIZE)]);
        this.#noteProgress();
      }
    }
  }

  /** A server that takes what had to wait for it is alive, whatever it answers. */
  #noteProgress(): void {
    const { looks } = this.#stall;
    if (looks !== this.#looksBefore) this.#stall.heard();
    this.#looksBefore = looks;
  }

  readonly #written = (): void => {
    this.#noteProgress();
    this.#writing = false;
    this.#requests.clear();
    this.#flush();
  };

  readonly #writeFailed = (error: unknown): void => this.#endAll(this.#reasonFor(error));

  /** Writes what is queued into the buffer, neighbours together where they allow it. */
  #gatherRequests(): void {
    // A write that ended, or a dial, has come before the end of this turn.
    if (this.#flushScheduled) this.#start(this.#turn);
    const shares = this.#observer.sharesRequests?.() ?? true;
    while (this.#requests.byteLength < WRITE_SIZE) {
      const command = this.#nextWanted();
      if (command === undefined) return;
      this.#queue.shift();
      const exchange = command.open();
      for (let next; shares && (next = this.#nextWanted()) && exchange.admit(next);) {
        this.#queue.shift();
      }
      this.#inFlight.push(exchange);
      if (!this.#gather(exchange)) return;
    }
  }

  #gather(exchange: Exchange): boolean {
    try {
      exchange.write(this.#requests);
      return true;
    } catch (error) {
      // Out of memory, say. Half a request is in the buffer: what follows cannot be sent here.
      for (const command of exchange.commands()) command.fail(error);
      this.end(this.#reasonFor(error));
      return false;
    }
  }

  /** The oldest queued command that somebody still waits for; those before it are dropped. */
  #nextWanted(): Command | undefined {
    let command = this.#queue.peek();
    while (command?.settled) {
      this.#dropOldest();
      command = this.#queue.peek();
    }
    return command;
  }

  #dropOldest(): void {
    this.#done(this.#queue.shift()!);
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

  #stalled(): void {
    const { server, stallTimeout } = this.#options;
    this.#endAll(stallError(server, stallTimeout));
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
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#timer.stop();
    this.#stall.stop();
    this.#cancelIdleCheck();
    this.#cancelRest?.();
    // Somebody may wait until the socket is closed.
    if (this.#isResting) this.#rest(false);
    this.#closing = this.#channel?.close();
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
    for (const command of lost) command.fail(reasonOf(command));
  }

  /** Whether somebody waits for a command and its time is not up; one whose time is, fails here. */
  #hasTime(command: Command): boolean {
    if (command.deadline <= this.#options.clock.now()) command.fail(this.#timeoutError());
    return !command.settled;
  }

  #timeoutError(): TimeoutError {
    const { server, timeout, connectTimeout } = this.#options;
    if (this.#channel !== undefined) {
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
