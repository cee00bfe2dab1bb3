import { EventLog } from "../../src/testing/event_log.ts";
import { ItemStore } from "../../src/testing/item_store.ts";
import { decodeLatin1, encodeLatin1 } from "../../src/testing/latin1.ts";
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
}

/** An {@linkcode ItemStore} and its counters. */
export function createStore(
  settings: StoreSettings = {},
): { store: ItemStore; statistics: Statistics; events: EventLog } {
  const { clock = new Clock(), memoryLimit = 2 ** 26, maxItemSize = 2 ** 20 } = settings;
  const statistics = new Statistics();
  const events = new EventLog(clock.now);
  const store = new ItemStore({ now: clock.now, memoryLimit, maxItemSize, statistics, events });
  return { store, statistics, events };
}

/** A server's state without a server. */
export function createState(settings: StoreSettings = {}): ServerState {
  const { store, statistics, events } = createStore(settings);
  return {
    ...{ store, statistics, events, pid: 1, hostname: "127.0.0.1", port: 11211 },
    gatekeeper: undefined,
    ...{ startTime: store.time, verbosity: 0, crawlerEnabled: true, connections: () => [] },
    ...{ cluster: undefined, clusterVersion: 1 },
  };
}

/** A session on a state of its own. */
export function createSession(settings: StoreSettings = {}): Session {
  return new Session(createState(settings), 1);
}

/** What a session answers, a character per byte. */
export function answer(session: Session, text: string): string {
  return Array.from(session.receive(encodeLatin1(text)), decodeLatin1).join("");
}
