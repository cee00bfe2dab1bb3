/** One server and the connections to it. @module */

import { SocketError } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { LineReader } from "./line_reader.ts";

/** What a server's connections are made with, and how many there may be. */
export interface ServerNodeOptions extends ConnectionOptions {
  /** How many sockets may be open at once. */
  readonly connections: number;
  /** How many operations may wait at once. */
  readonly maxPending: number;
}

/**
 * Opens connections when there is work for them, gives work to the one that has least, and replaces
 * those that ended.
 */
export class ServerNode {
  readonly #options: ServerNodeOptions;
  readonly #connections: Connection[] = [];
  /** Connections that have ended but whose sockets may not be closed yet. */
  readonly #closing = new Set<Connection>();
  /** Readers that have not ended, or whose sockets may not be closed yet. */
  readonly #readers = new Set<LineReader>();
  #closed: SocketError | undefined;

  constructor(options: ServerNodeOptions) {
    this.#options = options;
  }

  /**
   * Takes a command.
   *
   * @throws {SocketError} When the node is closed, or too many wait already.
   */
  submit(command: Command): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#pending() >= this.#options.maxPending) throw this.#tooManyPending();
    this.#connection().submit(command);
  }

  /** The server's name. */
  get name(): string {
    return this.#options.server;
  }

  /**
   * Makes a reader, which has a connection of its own.
   *
   * @param signal Ends the reader with its reason.
   * @throws {SocketError} When the node is closed.
   */
  openLines(signal: AbortSignal | undefined): LineReader {
    if (this.#closed !== undefined) throw this.#closed;
    const reader = new LineReader(this.#options, signal);
    this.#readers.add(reader);
    const forget = () => this.#readers.delete(reader);
    reader.closed.then(forget, forget);
    return reader;
  }

  /** Rejects all that is under way with this error, and whatever comes; resolves with all closed. */
  async close(error: SocketError): Promise<void> {
    this.#closed ??= error;
    for (const connection of [...this.#connections]) connection.end(error);
    for (const reader of this.#readers) reader.end(error);
    await Promise.all(Array.from([...this.#closing, ...this.#readers], ({ closed }) => closed));
  }

  #pending(): number {
    let pending = 0;
    for (const connection of this.#connections) pending += connection.pending;
    return pending;
  }

  #tooManyPending(): SocketError {
    const { server, maxPending } = this.#options;
    const state = `${maxPending} operations wait for it already, as many as maxPending allows`;
    return new SocketError(`Cannot use ${server}: ${state}`, { server });
  }

  #connection(): Connection {
    const first = this.#connections[0];
    if (first === undefined) return this.#dial();
    if (this.#options.connections === 1) return first;
    const idlest = this.#connections.reduce((a, b) => b.pending < a.pending ? b : a);
    const full = this.#connections.length === this.#options.connections;
    return full || idlest.pending === 0 ? idlest : this.#dial();
  }

  #dial(): Connection {
    const connection = new Connection(this.#options, this.#ended);
    this.#connections.push(connection);
    return connection;
  }

  readonly #ended = (connection: Connection, unwritten: Command[]): void => {
    this.#connections.splice(this.#connections.indexOf(connection), 1);
    this.#closing.add(connection);
    const forget = () => this.#closing.delete(connection);
    connection.closed.then(forget, forget);
    for (const command of unwritten) {
      if (this.#closed !== undefined) command.fail(this.#closed);
      else this.#connection().submit(command);
    }
  };
}
