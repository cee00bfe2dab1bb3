/**
 * What all sessions of one server share.
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
  /** Unique among the connections of this server. */
  readonly id: number;
  /** The client's address, as `stats conns` prints it. */
  readonly peer: string;
  /** When its last command came, in seconds since 1970. */
  readonly lastCommandTime: number;
}

/** What all sessions of one server share, and commands work on. */
export interface ServerState {
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
  readonly store: ItemStore;
  readonly statistics: Statistics;
  /** Buffers for what is read and written. */
  readonly buffers: BufferPool;
  /** What the server knows, and how it says it. */
  readonly dialect: Dialect;
  /** How many bits client flags have. */
  readonly flagBits: 32 | 64;
  /** What clients have to convince before anything else, if anything. */
  readonly gatekeeper: Gatekeeper | undefined;
  /** What decides, in a test, what becomes of each request. */
  readonly fault: FaultHook | undefined;
  /** What `watch` shows. */
  readonly events: EventLog;
  /** Process id, for `stats`. */
  readonly pid: number;
  /** Where the server listens, as `stats conns` prints it. */
  readonly address: string;
  /** Where the server listens, for `stats settings`: empty and 0 for a unix socket. */
  readonly hostname: string;
  readonly port: number;
  /** The path of a unix socket, where the server listens on one. */
  readonly path: string | undefined;
  /** How many connections may be open at once. */
  readonly maxConnections: number;
  /** How long a connection may do nothing, in milliseconds. */
  readonly idleTimeout: number;
  /** When the server started, in seconds since 1970. */
  readonly startTime: number;
  /** What `verbosity` set. Nothing is logged at any level. */
  verbosity: number;
  /** Whether `lru_crawler` was not disabled. */
  crawlerEnabled: boolean;
  /** How many `lru_crawler metadump` are under way. */
  crawlersRunning: number;
  /** How many connections have a large buffer to read into. */
  largeReads: number;
  /** The servers that `config get cluster` names, `host:port`, if it is known. */
  cluster: readonly string[] | undefined;
  /** How often they have changed, from 1. */
  clusterVersion: number;
  /** The connections open now. */
  connections(): Iterable<ConnectionInfo>;
}
