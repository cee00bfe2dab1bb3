/** `watch`, and the events it shows, as memcached's `logger.c` prints them. @module */

import { unescapeKey } from "../key.ts";
import { refusalOf, strangeLine } from "../refusal.ts";

/**
 * What there is to watch in memcached 1.6.18. A later server may know further kinds, `"deletions"` say; one
 * that does not know a kind refuses.
 */
export type WatchKind =
  | "fetchers"
  | "mutations"
  | "evictions"
  | "connevents"
  | "sysevents"
  | "rawcmds"
  | "proxyreqs"
  | "proxyevents"
  | "proxyuser"
  // deno-lint-ignore ban-types -- keeps the names above from dissolving into string
  | (string & {});

/**
 * What `Client.watch` shows; `type` tells which event it is:
 *
 * - `item_get`: `fetchers`: a command looked for an item, be it to read or to change it.
 * - `item_store`: `mutations`: a command stored an item, or tried to.
 * - `eviction`: `evictions`: an item that had not expired had to make room.
 * - `conn_new`: `connevents`: a client came.
 * - `conn_close`: `connevents`: a client went.
 * - `other`: any other event: of the kinds `sysevents` and `proxy…`, or of a newer server.
 * - `skipped`: events are missing here: they came faster than they were read.
 */
export type WatchEvent =
  | {
    /** The name of the server that it happened on, `host:port`. */
    readonly server: string;
    /** When, by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for it, in the order of events; they may come in a slightly different one. */
    readonly gid: number;
    /** Which event it is. */
    readonly type: "item_get";
    /** The key, as in `ItemMetadata`. */
    readonly key: string;
    /** What came of it: `"found"`, `"not_found"`, `"flushed"` or `"expired"`. */
    readonly status: string;
    /** The item's slab class; 0 when there is none. */
    readonly slabClass: number;
    /** The server's number for the connection that asked. */
    readonly connection: number;
    /** The value's length in bytes. */
    readonly size: number;
  }
  | {
    /** The name of the server that it happened on, `host:port`. */
    readonly server: string;
    /** When, by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for it, in the order of events; they may come in a slightly different one. */
    readonly gid: number;
    /** Which event it is. */
    readonly type: "item_store";
    /** The key, as in `ItemMetadata`. */
    readonly key: string;
    /** What came of it: `"stored"`, `"not_stored"`, `"exists"`, `"not_found"`, `"too_large"`, … */
    readonly status: string;
    /** Which command: `"set"`, `"add"`, `"append"`, … */
    readonly command: string;
    /** Seconds until the item expires; 0 for never. */
    readonly ttl: number;
    /** The item's slab class. */
    readonly slabClass: number;
    /** The server's number for the connection that stored. */
    readonly connection: number;
    /** The value's length in bytes. */
    readonly size: number;
  }
  | {
    /** The name of the server that it happened on, `host:port`. */
    readonly server: string;
    /** When, by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for it, in the order of events; they may come in a slightly different one. */
    readonly gid: number;
    /** Which event it is. */
    readonly type: "eviction";
    /** The key, as in `ItemMetadata`. */
    readonly key: string;
    /** Whether the item had been read since it was written. */
    readonly fetched: boolean;
    /** Seconds that the item had left; -1 for ever. */
    readonly ttl: number;
    /** Seconds since the item was last read or written. */
    readonly lastAccess: number;
    /** The item's slab class. */
    readonly slabClass: number;
    /** The value's length in bytes. */
    readonly size: number;
  }
  | {
    /** The name of the server that it happened on, `host:port`. */
    readonly server: string;
    /** When, by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for it, in the order of events; they may come in a slightly different one. */
    readonly gid: number;
    /** Which event it is. */
    readonly type: "conn_new";
    /** The client's IP address; `"unix"` on a unix socket. */
    readonly remoteAddress: string;
    /** The client's port; 0 on a unix socket. */
    readonly remotePort: number;
    /** `"tcp"`, `"udp"` or `"local"`. */
    readonly transport: string;
    /** The server's number for the connection. */
    readonly connection: number;
  }
  | {
    /** The name of the server that it happened on, `host:port`. */
    readonly server: string;
    /** When, by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for it, in the order of events; they may come in a slightly different one. */
    readonly gid: number;
    /** Which event it is. */
    readonly type: "conn_close";
    /** The client's IP address; `"unix"` on a unix socket. */
    readonly remoteAddress: string;
    /** The client's port; 0 on a unix socket. */
    readonly remotePort: number;
    /** `"tcp"`, `"udp"` or `"local"`. */
    readonly transport: string;
    /** Why: `"normal"`, `"error"`, `"idle_timeout"` or `"shutdown"`. */
    readonly reason: string;
    /** The server's number for the connection. */
    readonly connection: number;
  }
  | {
    /** The name of the server that it happened on, `host:port`. */
    readonly server: string;
    /** When, by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for it, in the order of events; they may come in a slightly different one. */
    readonly gid: number;
    /** Which event it is. */
    readonly type: "other";
    /** What memcached calls its type: `"lru_crawler"`, `"slab_move"`, … */
    readonly name: string;
    /** What it tells, as it stands. */
    readonly fields: Readonly<Record<string, string>>;
  }
  | {
    /** Which event it is. */
    readonly type: "skipped";
    /** The name of the server that left them out, `host:port`. */
    readonly server: string;
    /** How many. */
    readonly count: number;
  };

/**
 * Reads the first line of the reply to `watch`, without its line end.
 *
 * @param server The name of the server that sent it.
 * @throws {ClientException} When it is a refusal.
 * @throws {SocketError} When it is anything else but `OK`.
 */
export function checkWatching(line: string, server: string): void {
  if (line !== "OK") throw refusalOf(line, { action: `watch ${server}`, server });
}

const EVENT = /^ts=(\d+)\.(\d+) gid=(\d+) type=(\S+)(?: (.*))?$/;
const SKIPPED = /^skipped=(\d+)$/;
/** A value may have spaces in it: the proxy's have. */
const FIELD = /(\w+)=(.*?)(?= \w+=|$)/g;

/**
 * Reads an event's line, without its line end.
 *
 * @param server The name of the server that sent it.
 * @throws {SocketError} When it is no event.
 */
export function readEvent(line: string, server: string): WatchEvent {
  const match = EVENT.exec(line);
  if (match === null) return readSkipped(line, server);
  const [, seconds, microseconds, gid, type, rest = ""] = match;
  // Microseconds are a number and no fraction: memcached does not pad them with zeros.
  const time = Number(seconds) * 1000 + Number(microseconds) / 1000;
  const origin = { server, time, gid: Number(gid) };
  const fields = Object.fromEntries(Array.from(rest.matchAll(FIELD), ([, name, value]) => {
    return [name!, value!];
  }));
  return readFields(type!, fields, origin) ?? { type: "other", name: type!, ...origin, fields };
}

function readSkipped(line: string, server: string): WatchEvent {
  const match = SKIPPED.exec(line);
  if (match === null) throw strangeLine(line, server);
  return { type: "skipped", server, count: Number(match[1]) };
}

/** What memcached calls a property, and how it is read. */
type Source<Value> = readonly [field: string, read: (text: string) => Value];

type Known = Exclude<WatchEvent, { type: "other" | "skipped" }>;
type Origin = Pick<Known, "server" | "time" | "gid">;
type Properties<Event> = Omit<Event, "type" | keyof Origin>;
type Sources<Event> = {
  readonly [Name in keyof Properties<Event>]: Source<Properties<Event>[Name]>;
};

const key: Source<string> = ["key", unescapeKey];
const status: Source<string> = ["status", String];
const ttl: Source<number> = ["ttl", Number];
const slabClass: Source<number> = ["clsid", Number];
const connection: Source<number> = ["cfd", Number];
const size: Source<number> = ["size", Number];
const remoteAddress: Source<string> = ["rip", String];
const remotePort: Source<number> = ["rport", Number];
const transport: Source<string> = ["transport", String];

/** How the events of each type are read. */
const SOURCES: { readonly [Type in Known["type"]]: Sources<Extract<Known, { type: Type }>> } = {
  "item_get": { key, status, slabClass, connection, size },
  "item_store": { key, status, command: ["cmd", String], ttl, slabClass, connection, size },
  "eviction": {
    key,
    fetched: ["fetch", (text) => text === "yes"],
    ttl,
    lastAccess: ["la", Number],
    slabClass,
    size,
  },
  "conn_new": { remoteAddress, remotePort, transport, connection },
  "conn_close": { remoteAddress, remotePort, transport, reason: ["reason", String], connection },
};

/** Reads an event of a known type; `undefined` when it is none, or lacks what its type has. */
function readFields(
  type: string,
  fields: Readonly<Record<string, string>>,
  origin: Origin,
): Known | undefined {
  if (!Object.hasOwn(SOURCES, type)) return undefined;
  const event: Record<string, unknown> = { type, ...origin };
  for (const [name, [field, read]] of Object.entries(SOURCES[type as Known["type"]])) {
    const text = fields[field];
    if (text === undefined) return undefined;
    event[name] = read(text);
  }
  return event as unknown as Known;
}
