/** One server and the connections to it. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import { RetrievalCommand } from "../protocol/commands/retrieval.ts";
import { allEnded, DeadlineTimer, deferred } from "../waiting.ts";
import {
  Connection,
  type ConnectionEnd,
  type ConnectionObserver,
  type ConnectionOptions,
} from "./connection.ts";
import type { EndReason } from "./connect.ts";
import { ServerHealth, type ServerHealthOptions } from "./server_health.ts";

/** What a server's connections are made with, how many there may be, and when it counts as down. */
export interface ServerNodeOptions extends ConnectionOptions, ServerHealthOptions {
  /** How many sockets may be open at once. */
  readonly connections: number;
  /** How many operations may wait at once. */
  readonly maxPending: number;
  /** How many bytes of values may wait at once to be stored. */
  readonly maxPendingBytes: number;
}

/**
 * What a server is doing: `idle` without a connection, as every server is before its first operation;
 * `connecting`; `up`; or `down` after `failuresBeforeDead` failures in a row.
 */
export type ServerState = "idle" | "connecting" | "up" | "down";

/** What goes on beside the connections that operations share, until it ends or the node is closed. */
export interface Reader {
  /** Resolves when it has ended, and its socket is closed. */
  readonly closed: Promise<void>;
  /** Ends it with this reason. */
  end(reason: unknown): void;
}

/** The longest a probe waits for its answer, in milliseconds, where the client's own times are longer. */
const PROBE_TIMEOUT = 5_000;

/**
 * How many milliseconds a server is asked for one key a request after it has refused some. With more keys than one
 * a refusal may end the connection.
 */
const APART = 10_000;

/**
 * A key that nobody has a value for. Behind a proxy each key may live on another server: probes ask for several, so
 * that one which is down does not stand for all.
 */
const PROBE_KEY = "~moecache-probe-";
const PROBE_KEYS = 10;

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
  /** Connections that take no more commands, and whose sockets may not be closed yet. */
  readonly #closing = new Set<Connection>();
  /** Readers that have not ended, or whose sockets may not be closed yet. */
  readonly #readers = new Set<Reader>();
  /** Operations whose replies have come and are being decoded. */
  readonly #decoding = new Set<Command>();
  readonly #decodingTimer: DeadlineTimer;
  #refusals = 0;
  /** Until when it is asked for one key a request. */
  #apartUntil = -Infinity;
  #hasLostOne = false;
  #isRetired = false;
  #closed: SocketError | undefined;

  constructor(options: ServerNodeOptions) {
    this.#options = options;
    this.#health = new ServerHealth(options, () => this.#probe());
    this.#decodingTimer = new DeadlineTimer(options.clock, () => this.#checkDecoding());
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
    this.#checkRoom(command);
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
    this.#add(reader);
    return reader;
  }

  /** Rejects all that is under way with this error, and whatever comes; resolves with all closed. */
  async close(error: SocketError): Promise<void> {
    this.#closed ??= error;
    this.#health.stop();
    this.#decodingTimer.stop();
    for (const connection of [...this.#connections, ...this.#closing]) connection.end(error);
    for (const reader of this.#readers) reader.end(error);
    await allEnded(Array.from([...this.#closing, ...this.#readers], ({ closed }) => closed));
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
    const ended: Promise<void>[] = [];
    // Those that are lost meanwhile may be replaced.
    while (this.#connections.length + this.#closing.size > 0) {
      ended.push(...Array.from([...this.#connections, ...this.#closing], ({ closed }) => closed));
      await Promise.allSettled(ended);
    }
    await allEnded(ended);
  }

  /** Has what a connection that began in this epoch has not written go to another. */
  #ended(
    connection: Connection,
    { reason, isFailure, wasIdle, unwritten }: ConnectionEnd,
    epoch: number,
  ): void {
    this.#takeOut(connection);
    if (connection.isOpen) this.#hasLostOne = true;
    // A server that does not know this client has answered.
    if (!(reason instanceof SocketError)) this.#health.answered();
    else if (isFailure) this.#failed(reason, epoch);
    if (isFailure && wasIdle) this.#endIdle(reason);
    for (const command of unwritten) this.#moveOn(command);
  }

  /** What the network has forgotten of one connection, it may have of all: none is to be tried after another. */
  #endIdle(reason: EndReason): void {
    for (const other of [...this.#connections]) if (other.isLongIdle) other.end(reason);
  }

  /** Gives a connection no more commands; it may have some under way. */
  #takeOut(connection: Connection): void {
    const at = this.#connections.indexOf(connection);
    if (at !== -1) this.#connections.splice(at, 1);
    this.#closing.add(connection);
    const forget = () => this.#closing.delete(connection);
    connection.closed.then(forget, forget);
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
    command.whenDecoding = this.#decode;
    connection.submit(command);
    if (this.#isRetired) connection.drain();
  }

  /**
   * Sees to it that there is room for a command.
   *
   * @throws {SocketError} When there is none.
   */
  #checkRoom({ byteLength }: Command): void {
    const full = this.#fullOf(byteLength);
    if (full === undefined) return;
    // Where thousands wait in earnest, they are not looked through for each that is refused.
    if (++this.#refusals * LOOKED_THROUGH >= this.pending) {
      this.#refusals = 0;
      for (const connection of this.#connections) connection.sweep();
      if (this.#fullOf(byteLength) === undefined) return;
    }
    const { server } = this.#options;
    throw new SocketError(`Cannot use ${server}: ${full}`, { server });
  }

  /** What there is no room for beside this many bytes, or `undefined`. */
  #fullOf(byteLength: number): string | undefined {
    const { maxPending, maxPendingBytes } = this.#options;
    let pending = 0;
    let bytes = byteLength;
    for (const connection of this.#connections) {
      pending += connection.pending;
      bytes += connection.pendingBytes;
    }
    if (pending >= maxPending) {
      return `${maxPending} operations wait for it already, as many as maxPending allows`;
    }
    if (bytes <= maxPendingBytes) return undefined;
    const waiting = `${bytes - byteLength} bytes of values wait for it already`;
    return `${waiting}, and ${byteLength} more are above the ${maxPendingBytes} of maxPendingBytes`;
  }

  #retiredError(): SocketError {
    const { server } = this.#options;
    return new SocketError(`Cannot use ${server}: it has left the list of servers`, { server });
  }

  #connection(): Connection {
    const first = this.#connections[0];
    if (first === undefined) return this.#dial();
    const { connections, sockets } = this.#options;
    if (connections === 1) return first;
    const idlest = this.#connections.reduce((a, b) => b.pending < a.pending ? b : a);
    const full = this.#connections.length === connections ||
      (sockets && sockets.open === sockets.max);
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
      refused: () => void (this.#apartUntil = this.#options.clock.now() + APART),
      sharesRequests: () => this.#apartUntil < 0 || this.#options.clock.now() >= this.#apartUntil,
      leaving: (connection) => this.#takeOut(connection),
      ended: (connection, end) => this.#ended(connection, end, epoch),
    };
  }

  #add(reader: Reader): void {
    this.#readers.add(reader);
    const forget = () => this.#readers.delete(reader);
    reader.closed.then(forget, forget);
  }

  /** Lets an operation whose reply is being decoded end with its time, or with the node. */
  readonly #decode = (command: Command): void => {
    const { promise: closed, resolve } = deferred<void>();
    this.#add({ closed, end: (reason) => command.failForGood(reason) });
    this.#decoding.add(command);
    this.#decodingTimer.arm(command.deadline);
    command.whenSettled(() => {
      this.#decoding.delete(command);
      // Nothing is to keep the process alive any more.
      if (this.#decoding.size === 0) this.#decodingTimer.stop();
      resolve();
    });
  };

  #checkDecoding(): void {
    const { server, timeout, clock } = this.#options;
    const now = clock.now();
    for (const command of this.#decoding) {
      if (command.deadline > now) this.#decodingTimer.arm(command.deadline);
      else {
        const state = `it has come from ${server}, and is still being decoded after ${timeout} ms`;
        command.failForGood(new TimeoutError(`Cannot read value: ${state}`, { server }));
      }
    }
  }

  /** Asks for some key through a connection that serves operations from then on: what answers no get is of no use. */
  #probe(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { timeout, connectTimeout, timesConnectingApart, clock } = this.#options;
      const limit = Math.min(
        timesConnectingApart ? connectTimeout + timeout : timeout,
        PROBE_TIMEOUT,
      );
      const key = PROBE_KEY + Math.floor(Math.random() * PROBE_KEYS);
      const command = new RetrievalCommand("get", key, () => {}).settleBy(() => resolve(), reject);
      command.turn = { deadline: clock.now() + limit, hasConnected: true };
      this.#connection().submit(command);
    });
  }
}
