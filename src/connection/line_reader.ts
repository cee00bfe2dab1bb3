/** A separate connection for a reply that is read line by line. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import { withAction } from "../protocol/command.ts";
import { inTime, LONGEST_CLOSE } from "../transport/byte_channel.ts";
import type { Transport } from "../transport/transport.ts";
import type { Sockets } from "./sockets.ts";
import { connect, connectionEndedError, connectTimeoutError } from "./connect.ts";
import { stallError, StallTimer } from "./stall_timer.ts";
import { type Clock, DeadlineTimer } from "../waiting.ts";

/** The options of a {@linkcode LineReader}. */
export interface LineReaderOptions {
  /** The server's name, for messages. */
  readonly server: string;
  /** Opens the socket. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
  /** The time limit of the first line of a reply in milliseconds; `Infinity` means no limit. */
  readonly timeout: number;
  /** The time limit of connecting in milliseconds; `Infinity` means no limit. */
  readonly connectTimeout: number;
  /** Whether the time of the first line begins when the connection is open; otherwise it includes connecting. */
  readonly timesConnectingApart: boolean;
  /** How many milliseconds the server may send nothing while a line is expected; `Infinity` means no limit. */
  readonly stallTimeout: number;
  /** The clock. */
  readonly clock: Clock;
  /** The client's sockets, if their number is limited. */
  readonly sockets?: Sockets | undefined;
}

interface Socket {
  readonly transport: Transport;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
}

/**
 * The maximum length of a line. memcached's lines are much shorter; without a limit, a server could fill our memory.
 */
const LONGEST_LINE = 1 << 16;

/**
 * Sends a request to one server, and reads a reply of any length, line by line. Nothing is read from the socket until
 * {@linkcode next} is called, except what it reads ahead. It dials at the first request. It ends once: through
 * {@linkcode end}, the caller's signal, a failure of the socket, or a line that exceeds its time limit.
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
  /** What was asked last, for messages. */
  #request = "";
  #socket: Promise<Socket> | undefined;
  #dialled: Promise<void> | undefined;
  #isConnected = false;
  /** Whether a line is expected now. */
  #isDue = false;
  /** The bytes that have been read and not been split into lines. */
  readonly #ahead: Uint8Array[] = [];
  #bytesAhead = 0;
  #mostAhead = 0;
  /** The current read; a failed one is kept. */
  #reading: Promise<void> | undefined;
  /** Lines that have arrived and have not been returned. */
  #lines: string[] = [];
  #taken = 0;
  /** The beginning of a line whose end has not arrived yet. */
  #rest = "";

  /**
   * @param options The server and the time limits.
   * @param signal The caller's signal; it ends the reader with its reason.
   */
  constructor(options: LineReaderOptions, signal?: AbortSignal) {
    this.#options = options;
    this.#caller = signal;
    this.#timer = new DeadlineTimer(
      options.clock,
      () => this.end(withAction(this.#timeoutError(), this.#request)),
    );
    const { server, stallTimeout } = options;
    const stalled = () => this.end(withAction(stallError(server, stallTimeout), this.#request));
    this.#stall = new StallTimer(options, () => this.#isDue, stalled);
    this.closed = new Promise((resolve) => {
      this.signal.addEventListener("abort", () => resolve(this.#close()));
    });
    // A failure to close the socket is reported to the code that waits for closing.
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

  /** Aborted when the reader ends, with the error of all later calls. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * Sends a request, in ASCII and with its CRLF.
   *
   * @returns The first line of the reply.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
   */
  async ask(request: string): Promise<string> {
    const { timeout, timesConnectingApart, clock } = this.#options;
    this.#request = request.trimEnd();
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
   * Returns the next line of a reply, without its line end.
   *
   * @throws {SocketError} When the connection is lost before the end of a line.
   * @throws {TimeoutError} When it sends nothing for too long.
   */
  next(): Promise<string> {
    return this.#next(() => this.#readDue());
  }

  /** As {@linkcode next}, for a line that may come at any time, or never. */
  nextAnyTime(): Promise<string> {
    return this.#next(() => this.#read());
  }

  async #next(read: () => Promise<void>): Promise<string> {
    this.signal.throwIfAborted();
    while (this.#taken === this.#lines.length) await this.#attempt(read);
    const line = this.#lines[this.#taken++]!;
    // Within a reply, some lines end with CRLF and others with LF.
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  /** From now on, reads up to this many bytes ahead. */
  readAhead(most: number): void {
    this.#mostAhead = most;
    this.#readOn();
  }

  /** Ends the reader and pending calls with this reason; does nothing if it has ended. */
  end(reason?: unknown): void {
    this.#timer.stop();
    this.#stall.stop();
    this.#caller?.removeEventListener("abort", this.#abort);
    this.#ending.abort(reason);
  }

  readonly #abort = (): void => this.end(this.#caller!.reason);

  /** Calls a function. If it fails, the reader ends, and the first reason of its end is thrown. */
  async #attempt<Result>(action: () => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      const reason = connectionEndedError(this.#options.server, error);
      this.end(withAction(reason, this.#request));
      throw this.signal.reason;
    }
  }

  #connect(): Promise<Socket> {
    return this.#socket ??= this.#dial();
  }

  async #dial(): Promise<Socket> {
    const dialling = (ended: Promise<void>) => void (this.#dialled = ended);
    const transport = await connect({ ...this.#options, dialling, signal: this.signal });
    this.#isConnected = true;
    const { reader, writer } = await openStreams(transport);
    // A failure rejects the read or write, so `closed` is not awaited.
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

  /** Reads one chunk at a time, and reads ahead if allowed. */
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
    // A failure is reported after the lines before it have been returned.
    (this.#reading ??= this.#readChunk()).catch(() => {});
  }

  async #close(): Promise<void> {
    const [dialed] = await Promise.allSettled([this.#socket]);
    // A dial that was given up may end with a socket after all.
    if (this.#dialled !== undefined) await inTime(this.#dialled, LONGEST_CLOSE);
    if (dialed.status === "rejected" || dialed.value === undefined) return;
    const { transport, reader, writer } = dialed.value;
    await transport.close();
    // The streams of a closed socket may have failed; the reader has received that error from its own read or write.
    await Promise.allSettled([reader.cancel(), writer.abort()]);
  }

  #timeoutError(): TimeoutError {
    const { server, timeout } = this.#options;
    if (!this.#isConnected) return connectTimeoutError(server, timeout);
    return new TimeoutError(`No reply from ${server} within ${timeout} ms`, { server });
  }
}

/** Locks the streams of a transport; closes it if they are already locked. */
async function openStreams(transport: Transport): Promise<Omit<Socket, "transport">> {
  try {
    return { reader: transport.readable.getReader(), writer: transport.writable.getWriter() };
  } catch (error) {
    await transport.close();
    throw error;
  }
}
