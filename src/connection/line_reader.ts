/** A separate connection for a reply that is read line by line. @module */

import type { ConnectContext } from "../channel_contexts.ts";
import { SocketError, TimeoutError } from "../errors.ts";
import { withAction } from "../protocol/command.ts";
import { closeInTime, inTime, LONGEST_CLOSE } from "../transport/byte_channel.ts";
import type { Transport } from "../transport/transport.ts";
import { connect, connectionEndedError, connectTimeoutError } from "./connect.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import { describeSeparate, publishSeparateEnd } from "./separate_connections.ts";
import { stallError, StallTimer } from "./stall_timer.ts";
import type { Clock } from "../waiting.ts";
import { DeadlineTimer, keepingProcess } from "../waiting/timers.ts";

/** The options of a {@linkcode LineReader}. `timeout` is the time limit of the first line of a reply. */
export type LineReaderOptions = Pick<
  ConnectionOptions,
  | "server"
  | "dial"
  | "timeout"
  | "connectTimeout"
  | "timesConnectingApart"
  | "stallTimeout"
  | "clock"
  | "sockets"
  | "location"
>;

interface Socket {
  readonly transport: Transport;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
}

/** The maximum length of a line, in bytes; see the parser of the other replies. */
const LONGEST_LINE = 1 << 16;
const LINE_FEED = 0x0a;
const NOTHING: Uint8Array = /* @__PURE__ */ new Uint8Array();

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
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** What was asked last, for messages. */
  #request = "";
  #socket: Promise<Socket> | undefined;
  #dialled: Promise<void> | undefined;
  #isConnected = false;
  /** What is published of the connection. */
  #context: ConnectContext | undefined;
  /** Why it has ended; `undefined` when its work is done. */
  #reason: unknown;
  #isEnded = false;
  /** Whether a line is expected now. */
  #isDue = false;
  /** The bytes that have been read and not been split into lines. */
  readonly #ahead: Uint8Array[] = [];
  #bytesAhead = 0;
  #mostAhead = 0;
  /** The current read; a failed one is kept. */
  #reading: Promise<void> | undefined;
  /** Whole lines that have arrived, until all of them have been returned. */
  #whole: Uint8Array = NOTHING;
  /** The same lines, when they are returned as text, and how many have been returned. */
  #lines: string[] | undefined;
  #taken = 0;
  /** The beginning of a line whose end has not arrived yet. */
  #rest: Uint8Array = NOTHING;

  /**
   * @param options The server and the time limits.
   * @param signal The caller's signal; it ends the reader with its reason.
   */
  constructor(options: LineReaderOptions, signal?: AbortSignal) {
    this.#options = options;
    this.#caller = signal;
    this.#timer = new DeadlineTimer(
      keepingProcess(options.clock),
      () => this.end(this.#named(this.#timeoutError())),
    );
    const { server, stallTimeout } = options;
    const stalled = () => this.end(this.#named(stallError(server, stallTimeout)));
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

  /** How long the first line of a reply may take, in milliseconds. */
  get timeout(): number {
    return this.#options.timeout;
  }

  /** Whether the reader has ended. */
  get isEnded(): boolean {
    return this.#isEnded;
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
      const written = this.#attempt(() => writer.write(new TextEncoder().encode(request)));
      // Some transports accept the request only when the reply is read.
      const line = this.next();
      await Promise.race([written, line]);
      return await line;
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
    await this.#arrival(read);
    const lines = this.#lines ??= this.#decoder.decode(this.#whole).split("\n");
    const line = lines[this.#taken++]!;
    // The last line ends with a line end, too, so there is nothing behind it.
    if (this.#taken === lines.length - 1) this.#forget();
    // Within a reply, some lines end with CRLF and others with LF.
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  /** Returns all next lines of a reply that have arrived, at least one, with their line ends; as {@linkcode next}. */
  async nextLines(): Promise<Uint8Array> {
    await this.#arrival(() => this.#readDue());
    const lines = this.#whole;
    let start = 0;
    for (let i = 0; i < this.#taken; i++) start = lines.indexOf(LINE_FEED, start) + 1;
    this.#forget();
    return lines.subarray(start);
  }

  /** Waits for a line that has not been returned. */
  async #arrival(read: () => Promise<void>): Promise<void> {
    this.signal.throwIfAborted();
    while (this.#whole.length === 0) await this.#attempt(read);
  }

  #forget(): void {
    this.#whole = NOTHING;
    this.#lines = undefined;
    this.#taken = 0;
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
    if (!this.#isEnded) this.#reason = reason;
    this.#isEnded = true;
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
      this.end(this.#named(reason));
      throw this.signal.reason;
    }
  }

  /** Names the request in an error. */
  #named(error: unknown): unknown {
    const own = withAction(error, this.#request, undefined, !this.#isConnected);
    if (own instanceof SocketError) own.client ??= this.#options.location?.client;
    return own;
  }

  #connect(): Promise<Socket> {
    return this.#socket ??= this.#dial();
  }

  async #dial(): Promise<Socket> {
    const dialling = (ended: Promise<void>) => void (this.#dialled = ended);
    const context = this.#context = describeSeparate(this.#options);
    const transport = await connect({ ...this.#options, dialling, signal: this.signal, context });
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
    const bytes = this.#rest.length === 0 ? value : joined(this.#rest, value);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    this.#rest = bytes.subarray(end);
    if (this.#rest.length > LONGEST_LINE) throw new SocketError("a line of the reply has no end");
    this.#whole = bytes.subarray(0, end);
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
    if (this.#isConnected) publishSeparateEnd(this.#context, this.server, this.#reason);
    // A dial that was given up may end with a socket after all.
    if (this.#dialled !== undefined) await inTime(this.#dialled, LONGEST_CLOSE);
    if (dialed.status === "rejected" || dialed.value === undefined) return;
    const { transport, reader, writer } = dialed.value;
    await closeInTime(transport);
    // The streams of a closed socket may have failed; the reader has received that error from its own read or write.
    await inTime(Promise.allSettled([reader.cancel(), writer.abort()]), LONGEST_CLOSE);
  }

  #timeoutError(): TimeoutError {
    const { server, timeout } = this.#options;
    if (!this.#isConnected) return connectTimeoutError(server, timeout);
    return new TimeoutError(`No reply from ${server} within ${timeout} ms`, { server });
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** Locks the streams of a transport; closes it if they are already locked. */
async function openStreams(transport: Transport): Promise<Omit<Socket, "transport">> {
  try {
    return { reader: transport.readable.getReader(), writer: transport.writable.getWriter() };
  } catch (error) {
    await closeInTime(transport);
    throw error;
  }
}
