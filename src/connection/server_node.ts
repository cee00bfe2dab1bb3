/** One server and its connections. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import type { Command, CommandObserver } from "../protocol/command.ts";
import { RetrievalCommand } from "../protocol/commands/retrieval.ts";
import { allEnded, deferred } from "../waiting/promises.ts";
import { DeadlineTimer, keepingProcess } from "../waiting/timers.ts";
import {
  Connection,
  type ConnectionEnd,
  type ConnectionObserver,
  type IdleTime,
  LONG_IDLE,
} from "./connection.ts";
import { type EndReason, longestWait } from "./connect.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import { pendingIn, Refusals, RoomCheck, type WaitingLimits } from "./refusals.ts";
import type { Reader, ServerHandle } from "./server_handle.ts";
import { ServerHealth, type ServerHealthOptions } from "./server_health.ts";

/** The options of a server: its connections, their number, and when it counts as down. */
export interface ServerNodeOptions extends ConnectionOptions, ServerHealthOptions, WaitingLimits {
  /** The maximum number of open sockets. */
  readonly connections: number;
}

/**
 * The state of a server: `idle` without a connection, as before the first operation; `connecting`; `up`; or `down`
 * after `failuresBeforeDead` failures in a row.
 */
export type ServerState = "idle" | "connecting" | "up" | "down";

/** The maximum time of a probe in milliseconds; less if the client's time limits are less. */
const PROBE_TIMEOUT = 5_000;

/**
 * For how many milliseconds after a refusal requests to a server have only one key. With several keys, a refusal may
 * end the connection.
 */
const APART = 10_000;

/**
 * Keys that no program uses, for probes. Behind a proxy, each key may belong to another server, so a probe reads
 * several: one server that is down does not mean that all are.
 */
const PROBE_KEY = "~moecache-probe-";
const PROBE_KEYS = 10;

/**
 * Opens connections when they are needed, sends each command on the least busy one, and replaces those that ended.
 * While the server is down, only probes are sent.
 */
export class ServerNode implements ServerHandle {
  readonly #options: ServerNodeOptions;
  readonly #room: RoomCheck;
  readonly #health: ServerHealth;
  readonly #connections: Connection[] = [];
  /** Connections that accept no more commands, and whose sockets may still be open. */
  readonly #closing = new Set<Connection>();
  /** Readers that have not ended, or whose sockets may still be open. */
  readonly #readers = new Set<Reader>();
  /** Operations whose replies have arrived and are being decoded. */
  readonly #decoding = new Set<Command>();
  readonly #decodingTimer: DeadlineTimer;
  readonly #commandObserver: CommandObserver;
  /** Until when requests have only one key. */
  #apartUntil = -Infinity;
  #hasLostOne = false;
  readonly #refusals = new Refusals();
  #isRetired = false;
  #closed: SocketError | undefined;

  constructor(options: ServerNodeOptions) {
    this.#options = options;
    this.#room = new RoomCheck(options);
    this.#health = new ServerHealth(options, () => this.#probe());
    const clock = keepingProcess(options.clock);
    this.#decodingTimer = new DeadlineTimer(clock, (now) => this.#checkDecoding(now));
    this.#commandObserver = {
      server: options.server,
      decoding: (command) => this.#decode(command),
      failed: (error) => {
        options.counters.failed(error);
        for (const each of this.#connections) each.releaseSoon();
        for (const each of this.#closing) each.releaseSoon();
      },
    };
  }

  submit(command: Command): void {
    if (this.#closed !== undefined) throw this.#closed;
    command.observer = this.#commandObserver;
    const { refusal } = this.#health;
    if (refusal !== undefined) {
      // The server is down.
      return this.#refusals.refuse(() => command.failUnsent(refusal));
    }
    if (this.#hasRoom(command)) this.#submitNow(command);
  }

  get name(): string {
    return this.#options.server;
  }

  /** Whether the server has failed too often to be counted on. */
  get isDown(): boolean {
    return this.#health.isDown;
  }

  /** The state of the server. */
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

  /** The number of open sockets. */
  get openConnections(): number {
    return this.#connections.filter(({ isOpen }) => isOpen).length;
  }

  /** The number of operations that wait for the server. */
  get pending(): number {
    return pendingIn(this.#connections);
  }

  openReader<Made extends Reader>(make: (options: ConnectionOptions) => Made): Made {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#isRetired) {
      const { server } = this.#options;
      throw new SocketError(`Cannot use ${server}: it has left the list of servers`, { server });
    }
    const reader = make(this.#options);
    keepUntilClosed(this.#readers, reader);
    return reader;
  }

  /** Rejects pending and later commands with this error; resolves when everything is closed. */
  async close(error: SocketError): Promise<void> {
    this.#closed ??= error;
    this.#health.stop();
    for (const each of [...this.#connections, ...this.#closing, ...this.#readers]) each.end(error);
    await allEnded(Array.from([...this.#closing, ...this.#readers], ({ closed }) => closed));
  }

  /** Resolves when all readers have ended. */
  async readersEnded(): Promise<void> {
    while (this.#readers.size > 0) {
      await Promise.allSettled(Array.from(this.#readers, ({ closed }) => closed));
    }
  }

  /** Resolves when all pending commands have ended and the sockets are closed. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    this.#health.stop();
    for (const connection of [...this.#connections]) connection.drain();
    const ended: Promise<void>[] = [];
    // Connections that are lost meanwhile may be replaced.
    while (this.#connections.length + this.#closing.size > 0) {
      ended.push(...Array.from([...this.#connections, ...this.#closing], ({ closed }) => closed));
      await Promise.allSettled(ended);
    }
    await allEnded(ended);
  }

  /**
   * Handles the end of a connection that began in this epoch: its unwritten commands continue on another connection.
   */
  #ended(
    connection: Connection,
    { reason, isFailure, idle, unwritten }: ConnectionEnd,
    epoch: number,
  ): void {
    this.#takeOut(connection);
    if (connection.isOpen) this.#hasLostOne = true;
    // A server that refuses the client's credentials has replied.
    if (!(reason instanceof SocketError)) this.#health.answered();
    else if (isFailure) {
      // The server may still reply on the other connections, or they may be lost too: both will be noticed.
      for (const other of this.#connections) other.expectAnswer();
      this.#health.failed(epoch, reason);
    }
    if (isFailure && idle !== undefined) this.#endIdle(idle, reason);
    for (const command of unwritten) this.#moveOn(command);
  }

  /**
   * If a connection was lost while it was idle, those that have been idle as long may be lost too: they are all closed,
   * instead of failing one after another. They are kept if a reply is only late: the server was heard on another
   * connection meanwhile, and this one had not been idle for long.
   */
  #endIdle({ from, to }: IdleTime, reason: EndReason): void {
    const isLate = reason instanceof TimeoutError && to - from <= LONG_IDLE &&
      this.#connections.some(({ lastRead }) => lastRead >= to);
    if (isLate) return;
    for (const other of [...this.#connections]) if (other.isIdleSince(to)) other.end(reason);
  }

  /** Stops sending commands on a connection; its pending commands continue. */
  #takeOut(connection: Connection): void {
    const at = this.#connections.indexOf(connection);
    if (at !== -1) this.#connections.splice(at, 1);
    keepUntilClosed(this.#closing, connection);
  }

  #moveOn(command: Command): void {
    const reason = this.#closed ?? this.#health.refusal;
    if (reason !== undefined) return command.failUnsent(reason);
    this.#submitNow(command);
  }

  /** A late command for a server that has left the list must not leave a connection open. */
  #submitNow(command: Command): void {
    const { tie } = command;
    const connection = tie === undefined
      ? this.#connection()
      : [...this.#connections, ...this.#closing].find(({ id }) => id === tie);
    if (connection === undefined) return command.untie();
    connection.submit(command);
    if (this.#isRetired) connection.drain();
  }

  /** Whether there is room for a command; fails it if there is none. */
  #hasRoom(command: Command): boolean {
    const full = this.#room.fullOf(this.#connections, command.byteLength);
    if (full === undefined) return true;
    const { server } = this.#options;
    const error = new SocketError(`Cannot use ${server}: ${full}`, { server });
    this.#refusals.refuse(() => command.refuse(error));
    return false;
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

  /** Makes the observer of a connection that begins now. */
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

  /** Ends an operation whose reply is being decoded when its time is over, or when the node is closed. */
  #decode(command: Command): void {
    const { promise: closed, resolve } = deferred<void>();
    keepUntilClosed(this.#readers, { closed, end: (reason) => command.failForGood(reason) });
    this.#decoding.add(command);
    this.#decodingTimer.arm(command.deadline);
    command.whenSettled(() => {
      this.#decoding.delete(command);
      // The timer must not keep the process alive any more.
      if (this.#decoding.size === 0) this.#decodingTimer.stop();
      resolve();
    });
  }

  #checkDecoding(now: number): void {
    const { server, timeout } = this.#options;
    for (const command of this.#decoding) {
      if (command.deadline > now) this.#decodingTimer.arm(command.deadline);
      else {
        const state = `it has come from ${server}, and is still being decoded after ${timeout} ms`;
        command.failForGood(new TimeoutError(`Cannot read value: ${state}`, { server }));
      }
    }
  }

  /**
   * Sends a get as a probe, through a connection that serves operations afterwards: a server that does not reply to a
   * get cannot be used.
   */
  #probe(): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = Math.min(longestWait(this.#options), PROBE_TIMEOUT);
      const key = PROBE_KEY + Math.floor(Math.random() * PROBE_KEYS);
      const command = new RetrievalCommand("get", key, () => {}).settleBy(() => resolve(), reject);
      command.isStep = true;
      command.turn = { deadline: this.#options.clock.now() + limit, hasConnected: true };
      this.#connection().submit(command);
    });
  }
}

/** Adds something to a list, and removes it when it is closed. */
function keepUntilClosed<Item extends Pick<Reader, "closed">>(list: Set<Item>, item: Item): void {
  list.add(item);
  const forget = () => list.delete(item);
  item.closed.then(forget, forget);
}
