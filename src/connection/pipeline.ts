/** Sends requests over an open socket, in order, and reads the replies. @module */

import { SocketError } from "../errors.ts";
import { type Command, DONE, type Exchange, REFUSED } from "../protocol/command.ts";
import { Interruption } from "../protocol/refusal.ts";
import { NO_DATA, type ReplyHandler, ReplyParser } from "../protocol/reply_parser.ts";
import { RequestBuffer } from "../protocol/request_buffer.ts";
import {
  type ByteChannel,
  checkCount,
  checkIdle,
  closeInTime,
  openChannel,
  writeAll,
} from "../transport/byte_channel.ts";
import type { Receiver, Transport } from "../transport/transport.ts";
import type { ConnectContext } from "../channel_contexts.ts";
import { Batches } from "./batches.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import type { Fifo } from "./fifo.ts";
import { stallError, StallTimer } from "./stall_timer.ts";

/** The options of a pipeline. */
export interface PipelineOptions extends
  Pick<
    ConnectionOptions,
    "server" | "maxValueBytes" | "keys" | "stallTimeout" | "direct" | "clock" | "counters"
  > {
  /** The server, for what is published. */
  readonly location?: ConnectContext | undefined;
  /** The commands that have not been written. */
  readonly queue: Fifo<Command>;
  /** The requests in flight, the oldest first. */
  readonly inFlight: Fifo<Exchange>;
}

/** Observes a pipeline. */
export interface PipelineObserver {
  /** An aborted command was removed from the queue. */
  dropped(command: Command): void;
  /** The reply to the oldest request in flight is complete. */
  answered(exchange: Exchange): void;
  /** The server has refused a key. */
  refused(): void;
  /** Everything has been written. */
  written(): void;
  /** Whether operations wait. */
  isWaiting(): boolean;
  /** It must end because of a reply, which is not a failure of the server. */
  interrupted(reason: Interruption): void;
  /**
   * It must end because of an error. If a command could not be written as a request, this is not a failure of the
   * server.
   */
  failed(error: unknown, isFailure: boolean): void;
}

/** Requests are written in parts of about this many bytes. */
const WRITE_SIZE = 1 << 18;
/** A larger value is written in several parts. */
const PIECE_SIZE = 1 << 20;

/** Makes the pipeline of a transport; closes the transport if its streams are already locked. */
export async function openPipeline(
  transport: Transport,
  options: PipelineOptions,
  observer: PipelineObserver,
): Promise<Pipeline> {
  try {
    return new Pipeline(await openChannel(transport, options.direct), options, observer);
  } catch (error) {
    await closeInTime(transport);
    throw error;
  }
}

/** Writes requests to an open socket, and passes each reply to the oldest request in flight. */
export class Pipeline implements ReplyHandler, Receiver {
  readonly #channel: ByteChannel;
  readonly #options: PipelineOptions;
  readonly #observer: PipelineObserver;
  readonly #parser: ReplyParser;
  readonly #requests: RequestBuffer;
  readonly #stall: StallTimer;
  readonly #batches: Batches;
  #lastRead: number;
  #isWriting = false;
  /** How many chunks in a row have been empty. */
  #empty = 0;
  /** The number of the timer's checks when the current write began. */
  #looksBefore = 0;

  constructor(channel: ByteChannel, options: PipelineOptions, observer: PipelineObserver) {
    this.#channel = channel;
    this.#options = options;
    this.#observer = observer;
    this.#parser = new ReplyParser(this, options.maxValueBytes);
    const { server, stallTimeout, counters, location, keys } = options;
    this.#batches = new Batches(counters, location);
    this.#requests = new RequestBuffer(keys && ((key) => keys.encode(key)));
    const stalled = () => observer.failed(stallError(server, stallTimeout), true);
    this.#stall = new StallTimer(options, observer.isWaiting, stalled);
    this.#lastRead = options.clock.now();
  }

  /** When the server was last heard, by the clock; initially when the socket was opened. */
  get lastRead(): number {
    return this.#lastRead;
  }

  /** Reads replies until the server closes the socket. */
  receive(): Promise<void> {
    return this.#channel.receive(this);
  }

  /**
   * Closes the socket.
   *
   * @param reason Why, for the requests in flight.
   */
  close(reason?: unknown): Promise<void> {
    this.#stall.stop();
    this.#batches.end(reason);
    return this.#channel.close();
  }

  /** Sets whether the socket keeps the process alive. */
  keepProcess(keeps: boolean): void {
    if (keeps) this.#channel.ref();
    else this.#channel.unref();
  }

  /**
   * Makes requests of the queued commands, and writes them, unless a write is under way: they wait for its end. Neighbours
   * share a request if they allow it.
   *
   * @param shares Whether several keys may share a request.
   * @param now The time, if it has been read from the clock.
   */
  flush(shares: boolean, now?: number): void {
    if (this.#isWriting) return;
    const { queue, inFlight } = this.#options;
    for (let command; this.#requests.byteLength < WRITE_SIZE && (command = this.#nextWanted());) {
      queue.shift();
      const exchange = command.open();
      for (let next; shares && (next = this.#nextWanted()) && exchange.admit(next);) {
        queue.shift();
      }
      inFlight.push(exchange);
      if (!this.#add(exchange)) return;
    }
    if (this.#requests.byteLength > 0) this.#write(now);
  }

  #write(now?: number): void {
    this.#isWriting = true;
    this.#looksBefore = this.#stall.looks;
    // Nearly always one write takes all bytes, and no function has to wait for more.
    if (this.#requests.byteLength > PIECE_SIZE) this.#written(0);
    else this.#channel.write(this.#requests.chunks()[0]!).then(this.#written, this.#writeFailed);
    this.#batches.written(now ?? this.#options.clock.now());
    this.#stall.start();
  }

  /** Part of {@linkcode ReplyHandler}: the oldest request in flight reads the line. */
  line(bytes: Uint8Array, start: number, end: number): number {
    const exchange = this.#oldest();
    return this.#advance(exchange, exchange.line(bytes, start, end));
  }

  /** Part of {@linkcode ReplyHandler}: the oldest request in flight reads the data block. */
  data(bytes: Uint8Array, start: number, end: number): void {
    const exchange = this.#oldest();
    this.#advance(exchange, exchange.data(bytes, start, end));
  }

  /** Part of {@linkcode ReplyHandler}: the oldest request in flight may have a buffer for the data block. */
  place(byteLength: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#oldest().place?.(byteLength);
  }

  /** Part of {@linkcode Receiver}: the parser splits the chunk. */
  push(chunk: Uint8Array): void {
    // A transport with a `receive` of its own may pass on nothing without end, and leave the event loop no turn.
    this.#empty = chunk.length > 0 ? 0 : this.#empty + 1;
    checkIdle(this.#empty, "gives");
    this.#lastRead = this.#options.clock.now();
    this.#options.counters.bytesIn += chunk.length;
    this.#stall.heard();
    try {
      this.#parser.push(chunk);
    } catch (error) {
      if (error instanceof Interruption) this.#observer.interrupted(error);
      throw error;
    }
  }

  /** Part of {@linkcode Receiver}: the buffer for the rest of a large value. */
  get vacancy(): Uint8Array<ArrayBuffer> | undefined {
    return this.#parser.vacancy;
  }

  /** Part of {@linkcode Receiver}: more bytes of it have arrived. */
  filled(count: number): void {
    this.#options.counters.bytesIn += count;
    this.#stall.heard();
    this.#parser.filled(count);
  }

  #oldest(): Exchange {
    const exchange = this.#options.inFlight.peek();
    if (exchange === undefined) throw new SocketError("the server sent an unexpected reply");
    return exchange;
  }

  #advance(exchange: Exchange, outcome: number): number {
    if (outcome === REFUSED) this.#observer.refused();
    if (outcome === DONE || outcome === REFUSED) {
      this.#options.inFlight.shift();
      this.#batches.answered(exchange, this.#lastRead);
      this.#observer.answered(exchange);
    }
    return outcome < 0 ? NO_DATA : outcome;
  }

  /** The oldest queued command that has not been aborted; those before it are removed. */
  #nextWanted(): Command | undefined {
    const { queue } = this.#options;
    let command = queue.peek();
    while (command?.settled) {
      queue.shift();
      this.#observer.dropped(command);
      command = queue.peek();
    }
    return command;
  }

  #add(exchange: Exchange): boolean {
    const before = this.#requests.byteLength;
    try {
      exchange.write(this.#requests);
      this.#batches.add(exchange, this.#requests.byteLength - before);
      return true;
    } catch (error) {
      // For example, out of memory. Half a request is in the buffer, so nothing more can be sent on this connection.
      for (const command of exchange.commands()) command.fail(error);
      this.#observer.failed(error, false);
      return false;
    }
  }

  /** Writes what follows the first bytes; resolves to the number of all. */
  async #writeRest(written: number): Promise<number> {
    for (const chunk of this.#requests.chunks()) {
      for (let at = checkCount(written, chunk.length); at < chunk.length; at += PIECE_SIZE) {
        await writeAll(this.#channel, chunk.subarray(at, at + PIECE_SIZE));
        this.#noteProgress();
      }
      written = 0;
    }
    return this.#requests.byteLength;
  }

  /** A server that accepts waiting data is alive, even if it does not reply. */
  #noteProgress(): void {
    const { looks } = this.#stall;
    if (looks !== this.#looksBefore) this.#stall.heard();
    this.#looksBefore = looks;
  }

  /** Takes note that this many bytes have been written. */
  readonly #written = (count: number): void => {
    if (count !== this.#requests.byteLength) {
      return void this.#writeRest(count).then(this.#written, this.#writeFailed);
    }
    this.#noteProgress();
    this.#isWriting = false;
    this.#requests.clear();
    this.#observer.written();
  };

  readonly #writeFailed = (error: unknown): void => this.#observer.failed(error, true);
}
