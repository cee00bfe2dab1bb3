/** Overviews of servers that do not run, for tests of what `top` draws. @module */

import type { Advice } from "../../../src/cli/doctor/advice.ts";
import { figuresOf, fleetFiguresOf } from "../../../src/cli/figures.ts";
import type { HotKey } from "../../../src/cli/hot_keys.ts";
import type { Overview, ServerUp, ServerView } from "../../../src/cli/overview.ts";
import type { Snapshot } from "../../../src/cli/snapshot.ts";

/** What a server has counted in the second before. */
export interface Counted {
  readonly server: string;
  readonly gets?: number;
  readonly hits?: number;
  readonly sets?: number;
  readonly evictions?: number;
  readonly items?: number;
  readonly bytes?: number;
}

const LIMIT = 1000;

/** A server that is up. */
export function serverUp(counted: Counted): ServerUp {
  const { server, gets = 0, hits = gets, sets = 0, evictions = 0, items = 0, bytes = 0 } = counted;
  const at = (time: number, factor: number): Snapshot => ({
    ...{ server, at: time, refused: [] },
    stats: {
      ...{ pid: "1", version: "1.6.45", uptime: "1036800", limit_maxbytes: String(LIMIT) },
      ...{ cmd_get: String(gets * factor), get_hits: String(hits * factor) },
      ...{ get_misses: String((gets - hits) * factor), get_expired: "0", threads: "4" },
      ...{ cmd_set: String(sets * factor), evictions: String(evictions * factor) },
      ...{ curr_items: String(items), bytes: String(bytes), curr_connections: "812" },
      max_connections: "1024",
    },
    items: { "items:5:number": String(items), "items:5:age": "11520", "items:5:evicted": "7" },
    slabs: {
      ...{ "5:chunk_size": "240", "5:total_pages": "2", "5:total_chunks": "10" },
      "5:free_chunks": "7",
    },
  });
  const look = { before: at(0, 1), now: at(1000, 2) };
  const figures = figuresOf(look.before, look.now);
  return { server, state: "up", figures, look, silent: 0, evictsMore: false, hitsLess: false };
}

/** Three servers: two that are busy, and one that is down. */
export const SERVERS: readonly ServerView[] = [
  serverUp({
    ...{ server: "10.0.0.1:11211", gets: 41_200, hits: 39_717, sets: 2100, evictions: 118 },
    ...{ items: 8_100_000, bytes: 970 },
  }),
  { server: "10.0.0.2:11211", state: "down", message: "Connection refused" },
  serverUp({
    server: "10.0.0.3:11211",
    gets: 12_000,
    hits: 3720,
    sets: 9400,
    items: 200_000,
    bytes: 30,
  }),
];

/** A hot key. */
export function hotKey(key: string, share = 0.178): HotKey {
  return { key, share, perSecond: 7400, servers: ["10.0.0.1:11211"] };
}

/** A piece of advice. */
export function advice(finding: string, severity: Advice["severity"] = "warning"): Advice {
  return {
    ...{ rule: "hot-key", server: "10.0.0.1:11211", severity, finding },
    ...{ figures: { share: 0.178 }, action: "Near cache it, or spread it" },
  };
}

/** An overview. */
export function overviewOf(given: Partial<Overview> = {}): Overview {
  const { servers = SERVERS } = given;
  return {
    time: new Date("2026-01-02T03:04:05.678Z"),
    servers,
    fleet: fleetFiguresOf(servers.flatMap((view) => view.state === "up" ? [view.figures] : [])),
    hot: { keys: [hotKey("user:0"), hotKey("feed:top", 0.033)], seen: 0.914, events: 1000 },
    big: [{ key: "feed:all", size: 933_888, times: 3 }],
    advice: [advice("user:0 alone is used 7400 times a second on 10.0.0.1:11211: 17.8% of all")],
    notes: [],
    ...given,
  };
}
