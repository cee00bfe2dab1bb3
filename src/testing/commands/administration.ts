/**
 * `flush_all`, `cache_memlimit`, `verbosity`, `version`, `watch`, `config` and `quit`.
 *
 * @module
 */

import { EVENT_KINDS, type EventKind } from "../event_log.ts";
import { parseInt32, parseUint32 } from "../number_parser.ts";
import type { Outcome } from "../outcome.ts";
import type { ServerState } from "../server_state.ts";
import { BAD_FORMAT, type Circumstances, type Command, INVALID_EXPTIME } from "./command.ts";

const MAX_VERBOSITY = 2;

const MEGABYTE = 1024 * 1024;
const LEAST_MEGABYTES = 8;
const MOST_MEGABYTES = 1_000_000_000;
const LIMIT_TOO_SMALL = "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m";
const LIMIT_TOO_LARGE = "MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes";

const WATCH_PIPELINED = "ERROR cannot pipeline other commands before watch";
const TOO_MANY_WATCHERS = "WATCHER_TOO_MANY log watcher limit reached";

/** `flush_all [delay] [noreply]` */
export const flushAll: Command = { minTokens: 1, maxTokens: 3, noreplyFrom: 1, run: runFlushAll };

/** `cache_memlimit <megabytes> [noreply]` */
export const cacheMemoryLimit: Command = {
  minTokens: 2,
  maxTokens: 3,
  noreplyFrom: 1,
  run: runCacheMemoryLimit,
};

/** `verbosity <level> [noreply]` */
export const verbosity: Command = { minTokens: 2, maxTokens: 3, noreplyFrom: 1, run: runVerbosity };

/** `version` */
export const version: Command = {
  minTokens: 1,
  run: ({ dialect }) => `VERSION ${dialect.version}`,
};

/** `watch [<kind>*]`: from then on the connection carries events only. */
export const watch: Command = { minTokens: 1, noreplyFrom: 1, run: runWatch };

/** `config get cluster`: a command of ElastiCache and Memorystore, not of memcached. */
export const config: Command = { minTokens: 1, run: runConfig };

/** `quit` */
export const quit: Command = { minTokens: 1, run: () => ({ kind: "quit" }) };

function runFlushAll({ store, statistics }: ServerState, tokens: readonly string[]): Outcome {
  statistics.count("cmd_flush");
  const [, delayToken = "0"] = tokens.at(-1) === "noreply" ? tokens.slice(0, -1) : tokens;
  const delay = parseInt32(delayToken);
  if (delay === undefined) return INVALID_EXPTIME;
  store.flush(delay);
  return "OK";
}

function runCacheMemoryLimit(
  { store }: ServerState,
  [, megabytesToken = ""]: readonly string[],
): Outcome {
  const megabytes = parseUint32(megabytesToken);
  if (megabytes === undefined) return "ERROR";
  if (megabytes < LEAST_MEGABYTES) return LIMIT_TOO_SMALL;
  if (megabytes > MOST_MEGABYTES) return LIMIT_TOO_LARGE;
  store.memoryLimit = megabytes * MEGABYTE;
  return "OK";
}

function runVerbosity(state: ServerState, [, levelToken = ""]: readonly string[]): Outcome {
  const level = parseUint32(levelToken);
  if (level === undefined) return BAD_FORMAT;
  state.verbosity = Math.min(level, MAX_VERBOSITY);
  return "OK";
}

function runWatch(
  { events }: ServerState,
  [, ...names]: readonly string[],
  { isPipelined }: Circumstances,
): Outcome {
  if (isPipelined) return WATCH_PIPELINED;
  const kinds = new Set(names.length === 0 ? ["fetchers"] : names);
  if (!areKinds(kinds)) return "ERROR";
  const watcher = events.watch(kinds);
  return watcher === undefined ? TOO_MANY_WATCHERS : { kind: "watch", watcher };
}

function areKinds(names: ReadonlySet<string>): names is ReadonlySet<EventKind> {
  return [...names].every((name) => (EVENT_KINDS as readonly string[]).includes(name));
}

function runConfig({ cluster, clusterVersion }: ServerState, tokens: readonly string[]): Outcome {
  // Without a cluster the command is unknown, as in memcached.
  if (cluster === undefined || tokens[1] !== "get") return "ERROR";
  if (tokens[2] !== "cluster" || tokens.length > 3) return "END";
  const text = `${clusterVersion}\n${cluster.map(describeNode).join(" ")}\n`;
  // A reply is a string with one character for each byte.
  const { length } = text;
  return { kind: "reply", parts: [`CONFIG cluster 0 ${length}\r\n${text}\r\nEND\r\n`] };
}

/** `host|ip|port`; the IP address is empty when the host is a name. */
function describeNode(address: string): string {
  const end = address.lastIndexOf(":");
  const hostname = address.slice(0, end).replace(/^\[(.*)\]$/, "$1");
  const ip = /^[\d.]+$|:/.test(hostname) ? hostname : "";
  return [hostname, ip, address.slice(end + 1)].join("|");
}
