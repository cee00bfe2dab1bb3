/**
 * What all sessions of one server share.
 *
 * @module
 */

import type { Gatekeeper } from "./gatekeeper.ts";
import type { EventLog } from "./event_log.ts";
import type { ItemStore } from "./item_store.ts";
import type { Statistics } from "./statistics.ts";

/** One client's connection, for `stats conns`. */
export interface ConnectionInfo {
  /** Unique among the connections of this server. */
  readonly id: number;
  /** The client's address, `host:port`. */
  readonly peer: string;
  /** When its last command came, in seconds since 1970. */
  lastCommandTime: number;
}

/** What all sessions of one server share, and commands work on. */
export interface ServerState {
  readonly store: ItemStore;
  readonly statistics: Statistics;
  /** Whom clients have to convince before anything else, if anybody. */
  readonly gatekeeper: Gatekeeper | undefined;
  /** What `watch` shows. */
  readonly events: EventLog;
  /** Process id, for `stats`. */
  readonly pid: number;
  /** Where the server listens, for `stats`. */
  readonly hostname: string;
  readonly port: number;
  /** When the server started, in seconds since 1970. */
  readonly startTime: number;
  /** What `verbosity` set. Nothing is logged at any level. */
  verbosity: number;
  /** Whether `lru_crawler` was not disabled. */
  crawlerEnabled: boolean;
  /** The servers that `config get cluster` tells, `host:port`, if it is known. */
  cluster: readonly string[] | undefined;
  /** How often they have changed, from 1. */
  clusterVersion: number;
  /** The connections open now. */
  connections(): Iterable<ConnectionInfo>;
}
