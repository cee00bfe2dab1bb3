/** A connection of its own for a reply that is read line by line. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import type { Transport } from "../transport/transport.ts";
import type { Sockets } from "./bounded_sockets.ts";
import { connect, connectionEndedError, connectTimeoutError } from "./connect.ts";
import { stallError, StallTimer } from "./stall_timer.ts";
import { type Clock, DeadlineTimer } from "../waiting.ts";

/** What a {@linkcode LineReader} is made with. */
export interface LineReaderOptions {
  /** The server's name, for messages. */
  readonly server: string;
  /** Opens the socket. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
  /** Milliseconds the first line of a reply may take; `Infinity` for no limit. */
  readonly timeout: number;
  /** Milliseconds connecting may take; `Infinity` for no limit. */
  readonly connectTimeout: number;
  /** Whether the time of the first line begins when there is a connection; otherwise it covers both. */
  readonly timesConnectingApart: boolean;
  /** Milliseconds the server may send nothing while a line is due; `Infinity` for no limit. */
  readonly stallTimeout: number;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** The client's sockets, where their number is bounded. */
  readonly sockets?: Sockets | undefined;
}

interface Socket {
  readonly transport: Transport;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
}

/** No line of memcached's comes near; without a bound a server could make us keep any amount. */
const LONGEST_LINE = 1 << 16;

/**
 * Asks one server and reads what it answers, however long, no faster than the lines are taken: nothing
 * is read from the socket while nobody waits for {@linkcode next}, except as far as it reads ahead. It dials when it is first asked
 * something, and ends once, for good: through {@linkcode end}, the caller's signal, a failure of the
 * socket, or a line that is overdue.
 */
export class LineReader {
  /** Resolves when the reader has ended and its socket is closed. */
  readonly closed: Promise<void>;
  readonly #options: LineReaderOptions;
  readonly #caller: AbortSignal | undefined;
  readonly #ending = new AbortController();
  readonly #timer: DeadlineTimer;
  readonly #stall: StallTimer;
  readonly #decoder = new TextDecoder();
  #socket: Promise<Socket> | undefined;
  #isConnected = false;
  /** Whether the server is to send something now. */
  #isDue = false;
  /** What has been read and not been taken apart. */
  readonly #ahead: Uint8Array[] = [];
  #bytesAhead = 0;
  #mostAhead = 0;
  /** What is being read; once that has failed, it stays. */
  #reading: Promise<void> | undefined;
  /** Lines that have come and have not been taken. */
  #lines: string[] = [];
  #taken = 0;
  /** The beginning of a line whose end has not come yet. */
  #rest = "";

  /**
   * @param options Whom to ask, and how long to wait.
   * @param signal The caller's; it ends the reader with its reason.
   */
  constructor(options: LineReaderOptions, signal?: AbortSignal) {
    this.#options = options;
    this.#caller = signal;
    this.#timer = new DeadlineTimer(options.clock, () => this.end(this.#timeoutError()));
    const { server, stallTimeout } = options;
    const stalled = () => this.end(stallError(server, stallTimeout));
    this.#stall = new StallTimer(options, () => this.#isDue, stalled);
    this.closed = new Promise((resolve) => {
      this.signal.addEventListener("abort", () => resolve(this.#close()));
    });
    // That a socket fails to close is for those to know who wait for it.
    this.closed.catch(() => {});
    if (signal?.aborted) this.end(signal.reason);
    else signal?.addEventListener("abort", this.#abort);
  }

  /** The server's name. */
  get server(): string {
    return this.#options.server;
  }

  /** Where it takes the time from. */
  get clock(): Clock {
    return this.#options.clock;
  }

  /** Aborted when the reader ends, with what everything it is asked for then is rejected with. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * Sends a request, in ASCII and with its CRLF.
   *
   * @returns The first line of the reply.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
   */
  async ask(request: string): Promise<string> {
    const { timeout, timesConnectingApart, clock } = this.#options;
    if (timesConnectingApart) await this.#attempt(() => this.#connect());
    this.#timer.arm(clock.now() + timeout);
    try {
      const { writer } = await this.#attempt(() => this.#connect());
      await this.#attempt(() => writer.write(new TextEncoder().encode(request)));
      return await this.next();
    } finally {
      this.#timer.stop();
    }
  }

  /**
   * Takes the next line of a reply, without its line end.
   *
   * @throws {SocketError} When the server is lost before the end of a line.
   * @throws {TimeoutError} When it sends nothing for too long.
   */
  next(): Promise<string> {
    return this.#next(() => this.#readDue());
  }

  /** As {@linkcode next}, for a line that comes when there is something to tell, if ever. */
  nextAnyTime(): Promise<string> {
    return this.#next(() => this.#read());
  }

  async #next(read: () => Promise<void>): Promise<string> {
    this.signal.throwIfAborted();
    while (this.#taken === this.#lines.length) await this.#attempt(read);
    const line = this.#lines[this.#taken++]!;
    // Of one reply, some lines end with CRLF and others with LF.
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  /** Reads on before the lines are asked for, from now on, up to so many bytes. */
  readAhead(most: number): void {
    this.#mostAhead = most;
    this.#readOn();
  }

  /** Ends the reader, and whatever waits for it, with this reason; does nothing once it has ended. */
  end(reason?: unknown): void {
    this.#timer.stop();
    this.#stall.stop();
    this.#caller?.removeEventListener("abort", this.#abort);
    this.#ending.abort(reason);
  }

  readonly #abort = (): void => this.end(this.#caller!.reason);

  /** Does something that may fail, which ends the reader; throws what ended it first. */
  async #attempt<Result>(action: () => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      this.end(connectionEndedError(this.#options.server, error));
      throw this.signal.reason;
    }
  }

  #connect(): Promise<Socket> {
    return this.#socket ??= this.#dial();
  }

  async #dial(): Promise<Socket> {
    const transport = await connect({ ...this.#options, signal: this.signal });
    this.#isConnected = true;
    const { reader, writer } = await openStreams(transport);
    // Their failure reaches whoever reads or writes; nobody waits for `closed` as well.
    for (const { closed } of [reader, writer]) closed.catch(() => {});
    return { transport, reader, writer };
  }

  async #readDue(): Promise<void> {
    this.#isDue = true;
    this.#stall.start();
    try {
      await this.#read();
    } finally {
      this.#isDue = false;
    }
  }

  async #read(): Promise<void> {
    while (this.#ahead.length === 0) await (this.#reading ??= this.#readChunk());
    const value = this.#ahead.shift()!;
    this.#bytesAhead -= value.length;
    this.#readOn();
    const lines = (this.#rest + this.#decoder.decode(value, { stream: true })).split("\n");
    this.#rest = lines.pop()!;
    if (this.#rest.length > LONGEST_LINE) throw new SocketError("a line of the reply has no end");
    this.#lines = lines;
    this.#taken = 0;
  }

  /** Reads a chunk to be taken later, one at a time; the next one where it may be read already. */
  async #readChunk(): Promise<void> {
    const { done, value } = await (await this.#connect()).reader.read();
    this.#stall.heard();
    if (done) throw new SocketError("the server closed it");
    this.#ahead.push(value);
    this.#bytesAhead += value.length;
    this.#reading = undefined;
    this.#readOn();
  }

  #readOn(): void {
    if (this.#bytesAhead >= this.#mostAhead) return;
    // That it fails shows when the lines before that have been taken.
    (this.#reading ??= this.#readChunk()).catch(() => {});
  }

  async #close(): Promise<void> {
    const [dialed] = await Promise.allSettled([this.#socket]);
    if (dialed.status === "rejected" || dialed.value === undefined) return;
    const { transport, reader, writer } = dialed.value;
    await transport.close();
    // The streams of a closed socket may have failed by now: the reader has had that from its own
    // read or write.
    await Promise.allSettled([reader.cancel(), writer.abort()]);
  }

  #timeoutError(): TimeoutError {
    const { server, timeout } = this.#options;
    if (!this.#isConnected) return connectTimeoutError(server, timeout);
    return new TimeoutError(`No reply from ${server} within ${timeout} ms`, { server });
  }
}

/** Takes the streams of a transport, which is closed where they are somebody else's already. */
async function openStreams(transport: Transport): Promise<Omit<Socket, "transport">> {
  try {
    return { reader: transport.readable.getReader(), writer: transport.writable.getWriter() };
  } catch (error) {
    await transport.close();
    throw error;
  }
}
