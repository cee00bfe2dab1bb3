/** What a session of the embedded server stands on, for tests without sockets: a clock, a store, a state. @module */

import { BufferPool } from "../../src/testing/buffers.ts";
import { decodeLatin1, encodeLatin1 } from "../../src/testing/byte_text.ts";
import { dialectOf, type ImitatedServer } from "../../src/testing/dialect.ts";
import { EventLog } from "../../src/testing/event_log.ts";
import type { FaultHook } from "../../src/testing/faults.ts";
import { ItemStore } from "../../src/testing/items/item_store.ts";
import type { ServerState } from "../../src/testing/server_state.ts";
import { Session } from "../../src/testing/session.ts";
import { Statistics } from "../../src/testing/statistics.ts";

/** A clock that stands still until it is set. */
export class Clock {
  /** Milliseconds since 1970. */
  time = 1_000_000_000_000;
  readonly now = (): number => this.time;

  /** Lets time pass. */
  advance(seconds: number): void {
    this.time += seconds * 1000;
  }
}

/** What a test may choose of the store. */
export interface StoreSettings {
  readonly clock?: Clock;
  readonly memoryLimit?: number;
  readonly maxItemSize?: number;
  readonly evictions?: boolean;
}

/** What a test may choose of a server's state. */
export interface StateSettings extends StoreSettings {
  readonly imitate?: ImitatedServer;
  readonly flagBits?: 32 | 64;
  readonly fault?: FaultHook;
}

/** An {@linkcode ItemStore} and its counters. */
export function createStore(
  settings: StoreSettings = {},
): { store: ItemStore; statistics: Statistics; events: EventLog } {
  const { clock = new Clock(), memoryLimit = 2 ** 26, maxItemSize = 2 ** 20 } = settings;
  const { evictions = true } = settings;
  const statistics = new Statistics();
  const events = new EventLog(clock.now);
  const limits = { memoryLimit, maxItemSize, evictions };
  const store = new ItemStore({ now: clock.now, ...limits, statistics, events });
  return { store, statistics, events };
}

/** A server's state without a server. */
export function createState(settings: StateSettings = {}): ServerState {
  const { clock = new Clock(), imitate, flagBits = 32, fault } = settings;
  const { store, statistics, events } = createStore({ ...settings, clock });
  return {
    ...{ store, statistics, events, pid: 1, hostname: "127.0.0.1", port: 11211 },
    ...{ now: clock.now, buffers: new BufferPool(), dialect: dialectOf(imitate), flagBits, fault },
    ...{ gatekeeper: undefined, address: "tcp:127.0.0.1:11211", path: undefined },
    ...{ maxConnections: Infinity, idleTimeout: Infinity, connections: () => [] },
    ...{ startTime: store.clock.time, verbosity: 0, crawlerEnabled: true, crawlersRunning: 0 },
    ...{ largeReads: 0, cluster: undefined, clusterVersion: 1 },
  };
}

/** A session on a state of its own. */
export function createSession(settings: StateSettings = {}): Session {
  return new Session(createState(settings), 1);
}

/** What a session answers to bytes, part by part; it must not have been asked to wait. */
export function* replies(session: Session, bytes: Uint8Array): Generator<Uint8Array> {
  for (const step of session.receive(bytes)) {
    if (typeof step === "number") throw new Error("Cannot wait: nobody asked for it");
    yield step;
  }
}

/** What a session does: text as it answers it, a character per byte, and the milliseconds it waits between. */
export function steps(session: Session, text: string): (string | number)[] {
  return Array.from(session.receive(encodeLatin1(text)), (step) => {
    return typeof step === "number" ? step : decodeLatin1(step);
  });
}

/** What a session answers, a character per byte. */
export function answer(session: Session, text: string): string {
  return steps(session, text).join("");
}
