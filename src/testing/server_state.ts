/**
 * The state that all sessions of one server share.
 *
 * @module
 */

import type { BufferPool } from "./buffers.ts";
import type { Dialect } from "./dialect.ts";
import type { EventLog } from "./event_log.ts";
import type { FaultHook } from "./faults.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { ItemStore } from "./items/item_store.ts";
import type { Statistics } from "./statistics.ts";

/** One client's connection, for `stats conns`. */
export interface ConnectionInfo {
  /** The connection's number, unique in its server. */
  readonly id: number;
  /** The client's address, as `stats conns` prints it. */
  readonly peer: string;
  /** When the last command came, in seconds since 1970. */
  readonly lastCommandTime: number;
}

/** The state that all sessions of one server share and that commands change. */
export interface ServerState {
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
  readonly store: ItemStore;
  readonly statistics: Statistics;
  /** Buffers for reading and writing. */
  readonly buffers: BufferPool;
  /** The commands of the server, and the form of its replies. */
  readonly dialect: Dialect;
  /** The size of client flags in bits. */
  readonly flagBits: 32 | 64;
  /** Checks the clients' credentials; absent without authentication. */
  readonly gatekeeper: Gatekeeper | undefined;
  /** Decides, in a test, whether and how each request fails. */
  readonly fault: FaultHook | undefined;
  /** The log behind `watch`. */
  readonly events: EventLog;
  /** The process id, for `stats`. */
  readonly pid: number;
  /** The server's address, as `stats conns` prints it. */
  readonly address: string;
  /** The server's hostname and port, for `stats settings`; empty and 0 for a unix socket. */
  readonly hostname: string;
  readonly port: number;
  /** The path of the unix socket, if the server listens on one. */
  readonly path: string | undefined;
  /** The maximum number of open connections. */
  readonly maxConnections: number;
  /** How long a connection may be idle, in milliseconds. */
  readonly idleTimeout: number;
  /** When the server started, in seconds since 1970. */
  readonly startTime: number;
  /** The level that `verbosity` has set. Nothing is logged at any level. */
  verbosity: number;
  /** Whether `lru_crawler` is enabled. */
  crawlerEnabled: boolean;
  /** How many `lru_crawler metadump` are running. */
  crawlersRunning: number;
  /** How many connections have a large read buffer. */
  largeReads: number;
  /**
   * The servers in the reply to `config get cluster`, `host:port`; `undefined` when the server does not have the
   * command.
   */
  cluster: readonly string[] | undefined;
  /** The version of this list, from 1. */
  clusterVersion: number;
  /** The open connections. */
  connections(): Iterable<ConnectionInfo>;
}
