/** One socket, and all that waits for it and on it. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import { type Command, DONE, type Exchange, MORE } from "../protocol/command.ts";
import { NO_DATA, type ReplyHandler, ReplyParser } from "../protocol/reply_parser.ts";
import { RequestBuffer } from "../protocol/request_buffer.ts";
import { type ByteChannel, openChannel } from "../transport/byte_channel.ts";
import type { Transport } from "../transport/transport.ts";
import { connect, messageOf } from "./connect.ts";
import { DeadlineTimer } from "./deadline_timer.ts";
import { Fifo } from "./fifo.ts";

/** What every connection of a server is made with. */
export interface ConnectionOptions {
  /** The server's name, for messages. */
  readonly server: string;
  /** Opens the socket. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
  /** Milliseconds an operation may take, or `undefined` for ever. */
  readonly timeout: number | undefined;
  /** Milliseconds connecting may take, or `undefined` for as long as an operation. */
  readonly connectTimeout: number | undefined;
  /** The longest value that is accepted, in bytes. */
  readonly maxValueBytes: number;
  /** Whether to go round the Web Streams where the transport offers it. */
  readonly direct: boolean;
}

/** Told when a connection has ended, with the commands that it has not begun to write. */
export type ConnectionEnded = (connection: Connection, unwritten: Command[]) => void;

const resolved = Promise.resolve();

/** Requests are written in portions of about this many bytes. */
const WRITE_SIZE = 1 << 18;
/** Idle for this many milliseconds, a connection is looked at before it is written to. */
const LONG_IDLE = 1000;

/**
 * Dials when it is made, gathers the commands submitted in one turn of the event loop into one
 * write, and gives each reply to the oldest request in flight. It ends once, for good: through
 * {@linkcode end}, a failure of the socket, a reply that makes no sense, or one that is overdue.
 */
export class Connection implements ReplyHandler {
  /** Resolves when the connection has ended and its socket is closed. */
  readonly closed: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #onEnd: ConnectionEnded;
  readonly #parser: ReplyParser;
  readonly #requests = new RequestBuffer();
  readonly #queue = new Fifo<Command>();
  readonly #inFlight = new Fifo<Exchange>();
  readonly #deadlines = new DeadlineTimer(() => this.#checkDeadlines());
  readonly #ending = new AbortController();
  #channel: ByteChannel | undefined;
  #closing: Promise<void> | undefined;
  #pending = 0;
  #writing = false;
  #flushScheduled = false;
  #idleCheck: ReturnType<typeof setTimeout> | undefined;
  /** The time, as `performance.now()` counts, that all commands of one turn share. */
  #now = 0;
  #lastRead = 0;

  constructor(options: ConnectionOptions, onEnd: ConnectionEnded) {
    this.#options = options;
    this.#onEnd = onEnd;
    this.#parser = new ReplyParser(this, options.maxValueBytes);
    this.closed = this.#live();
    // That a socket fails to close is for those to know who wait for it.
    this.closed.catch(() => {});
  }

  /** How many operations wait on this connection: not written, or written and not answered. */
  get pending(): number {
    return this.#pending;
  }

  /** Takes a command; it leaves together with all others of this turn. */
  submit(command: Command): void {
    if (!this.#flushScheduled) this.#scheduleFlush();
    this.#queue.push(command);
    this.#pending++;
    this.#startClock(command);
  }

  /** Ends the connection for this reason, which is what the requests in flight are rejected with. */
  end(reason: SocketError): void {
    this.#end(() => reason);
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

  #advance(outcome: number): number {
    if (outcome === DONE) this.#pending -= this.#inFlight.shift()!.size;
    return outcome === DONE || outcome === MORE ? NO_DATA : outcome;
  }

  /** Dials, reads until the end, closes. */
  async #live(): Promise<void> {
    try {
      this.#open(await this.#dial());
      await this.#channel!.receive(this.#take);
      throw new SocketError("the server closed it");
    } catch (error) {
      this.end(this.#reasonFor(error));
    } finally {
      await this.#closing;
    }
  }

  async #dial(): Promise<ByteChannel> {
    const { server, dial, timeout, connectTimeout = timeout, direct } = this.#options;
    const { signal } = this.#ending;
    return openChannel(await connect({ server, dial, timeout: connectTimeout, signal }), direct);
  }

  #open(channel: ByteChannel): void {
    this.#channel = channel;
    // What ended the connection since the dialer was done did not know of the socket.
    if (this.#ending.signal.aborted) this.#closing = channel.close();
    this.#now = this.#lastRead = performance.now();
    if (this.#options.connectTimeout !== undefined) {
      for (const command of this.#queue) this.#startClock(command);
    }
    this.#flush();
  }

  readonly #take = (chunk: Uint8Array): void => {
    this.#lastRead = performance.now();
    this.#parser.push(chunk);
  };

  #scheduleFlush(): void {
    this.#flushScheduled = true;
    this.#now = performance.now();
    const idle = this.#channel !== undefined && this.#pending === 0;
    if (idle && this.#now - this.#lastRead > LONG_IDLE) {
      // Whatever kept the whole process from running, a frozen function say, may have kept the end
      // of the stream from being read as well: one turn of the event loop brings it in.
      this.#idleCheck = setTimeout(this.#flushTurn, 0);
    } else {
      // A microtask without the wrapping that runtimes give to queueMicrotask.
      resolved.then(this.#flushTurn);
    }
  }

  readonly #flushTurn = (): void => {
    this.#flushScheduled = false;
    this.#flush();
  };

  #flush(): void {
    if (this.#channel === undefined || this.#writing || this.#ending.signal.aborted) return;
    this.#gatherRequests();
    if (this.#requests.byteLength === 0) return;
    this.#writing = true;
    this.#channel.write(this.#requests.chunks()).then(this.#written, this.#writeFailed);
  }

  readonly #written = (): void => {
    this.#writing = false;
    this.#requests.clear();
    this.#flush();
  };

  readonly #writeFailed = (error: unknown): void => this.end(this.#reasonFor(error));

  /** Writes what is queued into the buffer, neighbours together where they allow it. */
  #gatherRequests(): void {
    while (this.#requests.byteLength < WRITE_SIZE) {
      const command = this.#nextWanted();
      if (command === undefined) return;
      this.#queue.shift();
      const exchange = command.open();
      for (let next; (next = this.#nextWanted()) && exchange.admit(next);) this.#queue.shift();
      exchange.write(this.#requests);
      this.#inFlight.push(exchange);
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

  #dropOldest(): Command {
    this.#pending--;
    return this.#queue.shift()!;
  }

  /** Gives a command its deadline, unless connecting has a time of its own and goes on. */
  #startClock(command: Command): void {
    const { timeout, connectTimeout } = this.#options;
    if (timeout === undefined) return;
    if (this.#channel === undefined && connectTimeout !== undefined) return;
    // A command that comes from a connection that ended keeps the deadline it has.
    if (command.deadline === Infinity) command.deadline = this.#now + timeout;
    this.#deadlines.arm(command.deadline, this.#now);
  }

  #checkDeadlines(): void {
    const now = performance.now();
    const oldest = this.#inFlight.peek();
    if (oldest !== undefined && oldest.deadline <= now) {
      const overdue = this.#timeoutError();
      const other = this.#reasonFor(
        new SocketError("the reply to an earlier operation is overdue"),
      );
      return this.#end((exchange) => exchange.deadline <= now ? overdue : other);
    }
    let queued = this.#nextWanted();
    for (; queued !== undefined && queued.deadline <= now; queued = this.#nextWanted()) {
      this.#dropOldest().fail(this.#timeoutError());
    }
    const next = Math.min(oldest?.deadline ?? Infinity, queued?.deadline ?? Infinity);
    this.#deadlines.arm(next, now);
  }

  #end(reasonOf: (exchange: Exchange) => SocketError): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#deadlines.stop();
    clearTimeout(this.#idleCheck);
    this.#closing = this.#channel?.close();
    this.#closing?.catch(() => {});
    for (const exchange of this.#inFlight.drain()) exchange.fail(reasonOf(exchange));
    const unwritten = this.#queue.drain();
    if (this.#channel === undefined) {
      for (const command of unwritten) command.fail(reasonOf(command));
      unwritten.length = 0;
    }
    this.#onEnd(this, unwritten);
  }

  #timeoutError(): TimeoutError {
    const { server, timeout } = this.#options;
    return new TimeoutError(`No reply from ${server} within ${timeout} ms`, { server });
  }

  /** What operations are rejected with when this ended the connection. */
  #reasonFor(error: unknown): SocketError {
    const { server } = this.#options;
    if (error instanceof SocketError && error.server !== undefined) return error;
    const cause = error instanceof SocketError ? error.cause : error;
    return new SocketError(`Connection to ${server} ended: ${messageOf(error)}`, { server, cause });
  }
}
