/** One server and the connections to it. @module */

import { SocketError } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import { VersionCommand } from "../protocol/commands/answer.ts";
import {
  Connection,
  type ConnectionEnd,
  type ConnectionObserver,
  type ConnectionOptions,
} from "./connection.ts";
import { ServerHealth, type ServerHealthOptions } from "./server_health.ts";

/** What a server's connections are made with, how many there may be, and when it counts as down. */
export interface ServerNodeOptions extends ConnectionOptions, ServerHealthOptions {
  /** How many sockets may be open at once. */
  readonly connections: number;
  /** How many operations may wait at once. */
  readonly maxPending: number;
}

/**
 * What a server is doing: `idle` without a connection, as every server is before its first operation;
 * `connecting`; `up`; or `down` after `failuresBeforeDead` failures in a row.
 */
export type ServerState = "idle" | "connecting" | "up" | "down";

/** What reads from the server on a connection of its own. */
export interface Reader {
  /** Resolves when the reader has ended and its socket is closed. */
  readonly closed: Promise<void>;
  /** Ends the reader with this reason. */
  end(reason: unknown): void;
}

/** The longest a probe waits for its answer, in milliseconds, where the client's own times are longer. */
const PROBE_TIMEOUT = 5_000;

/** How many that wait are looked through, on average, for one that is refused. */
const LOOKED_THROUGH = 64;

/**
 * Opens connections when there is work for them, gives work to the one that has least, and replaces
 * those that ended. A server that fails again and again is left alone until it has answered a probe.
 */
export class ServerNode {
  readonly #options: ServerNodeOptions;
  readonly #health: ServerHealth;
  readonly #connections: Connection[] = [];
  /** Connections that have ended but whose sockets may not be closed yet. */
  readonly #closing = new Set<Connection>();
  /** Readers that have not ended, or whose sockets may not be closed yet. */
  readonly #readers = new Set<Reader>();
  #refusals = 0;
  #hasLostOne = false;
  #isRetired = false;
  #closed: SocketError | undefined;

  constructor(options: ServerNodeOptions) {
    this.#options = options;
    this.#health = new ServerHealth(options, () => this.#probe());
  }

  /**
   * Takes a command, which fails at once while the server is down.
   *
   * @throws {SocketError} When the node is closed, or too many wait already.
   */
  submit(command: Command): void {
    if (this.#closed !== undefined) throw this.#closed;
    const { refusal } = this.#health;
    if (refusal !== undefined) return command.failUnsent(refusal);
    if (!this.#hasRoom()) throw this.#tooManyPending();
    this.#submitNow(command);
  }

  /** The server's name. */
  get name(): string {
    return this.#options.server;
  }

  /** Whether the server has failed too often to be counted on. */
  get isDown(): boolean {
    return this.#health.isDown;
  }

  /** What the server is doing. */
  get state(): ServerState {
    if (this.isDown) return "down";
    if (this.#connections.length === 0) return "idle";
    return this.#connections.some(({ isOpen }) => isOpen) ? "up" : "connecting";
  }

  /** How many times in a row the server has failed. */
  get failures(): number {
    return this.#health.failures;
  }

  /** Why it failed last, if it has failed since it answered. */
  get lastError(): SocketError | undefined {
    return this.#health.lastError;
  }

  /** How many sockets are open. */
  get openConnections(): number {
    return this.#connections.filter(({ isOpen }) => isOpen).length;
  }

  /** How many operations wait for the server. */
  get pending(): number {
    let pending = 0;
    for (const connection of this.#connections) pending += connection.pending;
    return pending;
  }

  /**
   * Makes a reader, which has a connection of its own and ends with the node.
   *
   * @throws {SocketError} When the node is closed or retired.
   */
  openReader<Made extends Reader>(make: (options: ConnectionOptions) => Made): Made {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#isRetired) throw this.#retiredError();
    const reader = make(this.#options);
    this.#readers.add(reader);
    const forget = () => this.#readers.delete(reader);
    reader.closed.then(forget, forget);
    return reader;
  }

  /** Rejects all that is under way with this error, and whatever comes; resolves with all closed. */
  async close(error: SocketError): Promise<void> {
    this.#closed ??= error;
    this.#health.stop();
    for (const connection of [...this.#connections]) connection.end(error);
    for (const reader of this.#readers) reader.end(error);
    await Promise.all(Array.from([...this.#closing, ...this.#readers], ({ closed }) => closed));
  }

  /** Resolves when there is no reader that has not ended. */
  async readersEnded(): Promise<void> {
    while (this.#readers.size > 0) {
      await Promise.allSettled(Array.from(this.#readers, ({ closed }) => closed));
    }
  }

  /** Lets what is under way come to its end; resolves when it has, and its sockets are closed. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    this.#health.stop();
    for (const connection of [...this.#connections]) connection.drain();
    // Those that are lost meanwhile may be replaced.
    while (this.#connections.length + this.#closing.size > 0) {
      await Promise.all(
        Array.from([...this.#connections, ...this.#closing], ({ closed }) => closed),
      );
    }
  }

  /** Has what a connection that began in this epoch has not written go to another. */
  #ended(
    connection: Connection,
    { reason, isFailure, unwritten }: ConnectionEnd,
    epoch: number,
  ): void {
    const at = this.#connections.indexOf(connection);
    if (at !== -1) this.#connections.splice(at, 1);
    if (connection.isOpen) this.#hasLostOne = true;
    this.#closing.add(connection);
    const forget = () => this.#closing.delete(connection);
    connection.closed.then(forget, forget);
    // A server that does not know this client has answered.
    if (!(reason instanceof SocketError)) this.#health.answered();
    else if (isFailure) this.#failed(reason, epoch);
    for (const command of unwritten) this.#moveOn(command);
  }

  #failed(reason: SocketError, epoch: number): void {
    // The others may be as lost, or the server may answer through them: in either case it shows.
    for (const other of this.#connections) other.listen();
    this.#health.failed(epoch, reason);
  }

  #moveOn(command: Command): void {
    const reason = this.#closed ?? this.#health.refusal;
    if (reason !== undefined) return command.failUnsent(reason);
    this.#submitNow(command);
  }

  /** What comes late to a server that has left the list leaves no connection behind. */
  #submitNow(command: Command): void {
    const { tie } = command;
    const connection = tie === undefined
      ? this.#connection()
      : this.#connections.find(({ id }) => id === tie);
    if (connection === undefined) return command.untie();
    connection.submit(command);
    if (this.#isRetired) connection.drain();
  }

  #hasRoom(): boolean {
    const { maxPending } = this.#options;
    const { pending } = this;
    if (pending < maxPending) return true;
    // Where thousands wait in earnest, they are not looked through for each that is refused.
    if (++this.#refusals * LOOKED_THROUGH < pending) return false;
    this.#refusals = 0;
    for (const connection of this.#connections) connection.sweep();
    return this.pending < maxPending;
  }

  #retiredError(): SocketError {
    const { server } = this.#options;
    return new SocketError(`Cannot use ${server}: it has left the list of servers`, { server });
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
    const connection = new Connection(this.#options, this.#observer());
    this.#connections.push(connection);
    return connection;
  }

  /** Makes what observes a connection that begins now. */
  #observer(): ConnectionObserver {
    const { epoch } = this.#health;
    return {
      opened: () => {
        if (this.#hasLostOne) this.#options.report("reconnect");
      },
      answered: () => this.#health.answered(),
      ended: (connection, end) => this.#ended(connection, end, epoch),
    };
  }

  /** Asks for the version through a connection that serves operations from then on. */
  #probe(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { timeout, connectTimeout, timesConnectingApart, clock } = this.#options;
      const limit = Math.min(
        timesConnectingApart ? connectTimeout + timeout : timeout,
        PROBE_TIMEOUT,
      );
      const command = new VersionCommand().settleBy(() => resolve(), reject);
      command.turn = { deadline: clock.now() + limit, hasConnected: true };
      this.#connection().submit(command);
    });
  }
}
