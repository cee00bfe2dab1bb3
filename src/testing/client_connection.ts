/**
 * One client's connection: passes what the client sends to a {@linkcode Session}, and the replies back.
 *
 * @module
 */

import { writeAll } from "../transport/byte_channel.ts";
import { systemClock } from "../waiting.ts";
import { pause } from "../waiting/timers.ts";
import { type CloseReason, describeArrival, describeDeparture, type Peer } from "./event_lines.ts";
import type { Watcher } from "./event_log.ts";
import { describeAddress, isDisconnection, type ServerConnection } from "./server_connection.ts";
import type { ConnectionInfo, ServerState } from "./server_state.ts";
import { Session } from "./session.ts";

/** The buffer of a connection that waits for a request. It is small, because there may be ten thousand of them. */
const SMALL_READ = 2048;
/** The buffer of a connection that sends a lot. */
const LARGE_READ = 64 * 1024;
/** How many connections may have a large buffer at the same time. */
const MAX_LARGE_READS = 64;

/** The longest time of a timer. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** One client's connection. */
export class ClientConnection implements ConnectionInfo {
  /** The connection's number, unique in its server, from 1. */
  readonly id: number;
  /** The client's address, as `stats conns` prints it. */
  readonly peer: string;

  readonly #connection: ServerConnection;
  readonly #state: ServerState;
  readonly #session: Session;
  readonly #onClose: (connection: ClientConnection) => void;
  readonly #small = new Uint8Array(SMALL_READ);
  #large: Uint8Array<ArrayBuffer> | undefined;
  /** When the last command came, in milliseconds since 1970. */
  #lastCommandTime: number;
  #hasEnded = false;
  /** Ends a delay that a test asked for. */
  #waiting: AbortController | undefined;

  /** Takes a connection, and a function to call when it has ended. */
  constructor(
    connection: ServerConnection,
    state: ServerState,
    id: number,
    onClose: (connection: ClientConnection) => void,
  ) {
    connection.setNoDelay?.();
    this.id = id;
    this.peer = describeAddress(connection.remoteAddr);
    this.#connection = connection;
    this.#state = state;
    this.#session = new Session(state, id);
    this.#onClose = onClose;
    this.#lastCommandTime = state.now();
    state.events.log("connevents", () => describeArrival(this.#peer));
  }

  /** When the last command came, in seconds since 1970. */
  get lastCommandTime(): number {
    return Math.floor(this.#lastCommandTime / 1000);
  }

  /** Answers the client until either side ends the connection. */
  async converse(): Promise<void> {
    let reason: CloseReason = "error";
    try {
      reason = await this.#converse();
    } catch (error) {
      if (!isDisconnection(error) && !this.#hasEnded) throw error;
    } finally {
      this.close(reason);
      this.#session.close();
      this.#giveBack();
    }
  }

  /** Ends the connection at once. */
  close(reason: CloseReason = "error"): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#waiting?.abort();
    this.#state.events.log("connevents", () => describeDeparture(this.#peer, reason));
    this.#connection.close();
    this.#onClose(this);
  }

  /** Ends the connection when no command has come for `timeout` milliseconds. */
  closeIfIdle(timeout: number): void {
    // memcached does not time out unix sockets. A watcher sends no commands.
    if (this.#connection.remoteAddr.hostname === undefined) return;
    if (this.#session.watcher !== undefined) return;
    if (this.#state.now() - this.#lastCommandTime < timeout) return;
    this.#state.statistics.count("idle_kicks");
    this.close("idle_timeout");
  }

  get #peer(): Peer {
    const { hostname, port } = this.#connection.remoteAddr;
    return { id: this.id, hostname, port };
  }

  async #converse(): Promise<CloseReason> {
    const session = this.#session;
    let buffer: Uint8Array = this.#small;
    while (!session.closed) {
      const byteLength = await this.#connection.read(buffer);
      if (byteLength === null) return "normal";
      this.#lastCommandTime = this.#state.now();
      this.#state.statistics.count("bytes_read", byteLength);
      await this.#answer(buffer.subarray(0, byteLength));
      if (session.watcher !== undefined && !session.closed) {
        return await this.#feed(session.watcher);
      }
      buffer = this.#bufferBehind(byteLength);
    }
    return session.closeReason ?? "normal";
  }

  /**
   * Answers what was read. Each reply is made after the last one has been written. So a client that does not read its
   * replies makes the server wait, and does not make its memory grow.
   */
  async #answer(bytes: Uint8Array): Promise<void> {
    for (const step of this.#session.receive(bytes)) {
      // What was read or written just before the end; a delay that began now would never be ended.
      if (this.#hasEnded) return;
      if (typeof step === "number") await this.#wait(step);
      else {
        await this.#send(step);
        this.#state.statistics.count("bytes_written", step.byteLength);
      }
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    this.#waiting = new AbortController();
    await pause(systemClock, Math.min(milliseconds, LONGEST_DELAY), this.#waiting.signal);
    this.#waiting = undefined;
  }

  /** Writes the events that the client watches, until it disconnects. */
  async #feed(watcher: Watcher): Promise<CloseReason> {
    const end = () => {
      watcher.close();
      this.close();
    };
    await Promise.all([
      this.#readToEnd().finally(end),
      this.#writeEach(watcher).finally(end),
    ]);
    return "error";
  }

  async #readToEnd(): Promise<void> {
    while (await this.#connection.read(this.#small) !== null);
  }

  #send(bytes: Uint8Array): Promise<void> {
    return writeAll(this.#connection, bytes);
  }

  async #writeEach(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) await this.#send(chunk);
  }

  /** The buffer for the next read; its size depends on the length of the last one. */
  #bufferBehind(byteLength: number): Uint8Array {
    if (byteLength < SMALL_READ) this.#giveBack();
    else if (this.#large === undefined && this.#state.largeReads < MAX_LARGE_READS) {
      this.#state.largeReads += 1;
      this.#large = this.#state.buffers.take(LARGE_READ);
    }
    return this.#large ?? this.#small;
  }

  #giveBack(): void {
    if (this.#large === undefined) return;
    this.#state.largeReads -= 1;
    this.#state.buffers.give(this.#large);
    this.#large = undefined;
  }
}
