/** Rules about connections: their limit, and those that wait. @module */

import { showShare } from "../quantities.ts";
import { numberIn } from "../snapshot.ts";
import type { Advice, Look, ServerRule } from "./advice.ts";
import { growthOf, secondsOf } from "./looks.ts";

/** Parts of the limit of connections that are near, and very near. */
const NEAR = 0.8;
const VERY_NEAR = 0.95;
/** This part of all commands, or this many a second, that hand over to other connections is much. */
const MUCH_YIELDED = 0.001;
const OFTEN_YIELDED = 10;
const FEW_YIELDS = 100;

/** The rules about connections. */
export const CONNECTION_RULES: readonly ServerRule[] = [limit, refused, yields];

function limit({ now: { server, stats, settings } }: Look): Advice[] {
  const most = numberIn(stats, "max_connections") ?? numberIn(settings, "maxconns");
  const current = numberIn(stats, "curr_connections") ?? 0;
  // memcached refuses earlier: the limit is of its files, and its threads take some of them.
  const reserved = numberIn(stats, "reserved_fds");
  const share = current / ((most ?? NaN) - (reserved ?? 0));
  if (!most || !(share >= NEAR)) return [];
  return [{
    ...{ rule: "connections-near-limit", server },
    severity: share >= VERY_NEAR ? "critical" : "warning",
    finding: `${showShare(share, 1)} of the connections that the server allows are open`,
    figures: {
      ...{ ["curr_connections"]: current, ["max_connections"]: most },
      ...reserved === undefined ? {} : { ["reserved_fds"]: reserved },
      share,
    },
    action: "Raise -c (and the limit of open files), open fewer connections in each client, or " +
      "close idle ones with -o idle_timeout",
  }];
}

function refused(look: Look): Advice[] {
  const { now: { server, stats } } = look;
  const disabled = growthOf(look, "listen_disabled_num");
  const rejected = growthOf(look, "rejected_connections");
  const isClosed = stats.accepting_conns === "0";
  if (!isClosed && disabled.total === 0 && rejected.total === 0) return [];
  const isNow = isClosed || disabled.recent > 0 || rejected.recent > 0;
  return [{
    ...{ rule: "connections-refused", server, severity: isNow ? "critical" : "warning" },
    finding: isClosed
      ? "the server accepts no connection now: it has as many as it may have"
      : `the server had as many connections as it may have: clients ${
        isNow ? "wait or are refused" : "waited or were refused"
      }`,
    figures: {
      ["listen_disabled_num"]: disabled.total,
      ["rejected_connections"]: rejected.total,
      ["accepting_conns"]: stats.accepting_conns ?? "?",
      ["max_connections"]: numberIn(stats, "max_connections") ?? "?",
    },
    action: "Raise -c (and the limit of open files), or open fewer connections in each client",
  }];
}

function yields(look: Look): Advice[] {
  const { now: { server, settings } } = look;
  const { total, recent } = growthOf(look, "conn_yields");
  const commands = ["cmd_get", "cmd_set", "cmd_touch", "cmd_meta"]
    .reduce((sum, name) => sum + growthOf(look, name).total, 0);
  const perSecond = recent === 0 ? 0 : recent / secondsOf(look);
  const isMuch = total >= FEW_YIELDS && total / Math.max(1, commands) >= MUCH_YIELDED;
  if (!isMuch && perSecond < OFTEN_YIELDED) return [];
  const atOnce = numberIn(settings, "reqs_per_event");
  return [{
    ...{ rule: "connections-yield", server, severity: perSecond > 0 ? "warning" : "notice" },
    finding: "connections with many requests at once were interrupted in favour of others",
    figures: {
      ["conn_yields"]: total,
      commands,
      ...perSecond > 0 ? { perSecond } : {},
      ...atOnce === undefined ? {} : { ["reqs_per_event"]: atOnce },
    },
    action: "Send fewer requests in one write, spread them over several connections, or raise -R",
  }];
}
