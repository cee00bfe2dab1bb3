/** `watch` and its events, as memcached's `logger.c` prints them. @module */

import { refusalError } from "../refusal.ts";
import { refusalOf, strangeLine } from "./list_refusal.ts";

/**
 * The kinds of events in memcached 1.6.18. Later versions have more, such as `"deletions"`; a server refuses a kind
 * that it does not know.
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
  // deno-lint-ignore ban-types -- keeps the names above in the type
  | (string & {});

/**
 * An event of `Client.watch`; `type` says which one:
 *
 * - `item_get`: `fetchers`: a command looked up an item, to read or to change it.
 * - `item_store`: `mutations`: a command stored an item, or tried to.
 * - `eviction`: `evictions`: an item was evicted before it expired.
 * - `conn_new`: `connevents`: a client connected.
 * - `conn_close`: `connevents`: a client disconnected.
 * - `other`: any other event: of the kinds `sysevents` and `proxy…`, or of a newer server.
 * - `skipped`: the server left out events, because they came faster than they were read.
 */
export type WatchEvent =
  | {
    /** The name of the server, `host:port`. */
    readonly server: string;
    /** The time by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for the event, in the order of events. Events may arrive in a slightly different order. */
    readonly gid: number;
    /** The type of the event. */
    readonly type: "item_get";
    /** The key, as in `ItemMetadata`. */
    readonly key: string;
    /** The result: `"found"`, `"not_found"`, `"flushed"` or `"expired"`. */
    readonly status: string;
    /** The item's slab class; 0 without an item. */
    readonly slabClass: number;
    /** The server's number for the client's connection. */
    readonly connection: number;
    /** The value's length in bytes. */
    readonly size: number;
  }
  | {
    /** The name of the server, `host:port`. */
    readonly server: string;
    /** The time by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for the event, in the order of events. Events may arrive in a slightly different order. */
    readonly gid: number;
    /** The type of the event. */
    readonly type: "item_store";
    /** The key, as in `ItemMetadata`. */
    readonly key: string;
    /** The result: `"stored"`, `"not_stored"`, `"exists"`, `"not_found"`, `"too_large"`, … */
    readonly status: string;
    /** The command: `"set"`, `"add"`, `"append"`, … */
    readonly command: string;
    /** Seconds until the item expires; 0 means never. */
    readonly ttl: number;
    /** The item's slab class. */
    readonly slabClass: number;
    /** The server's number for the client's connection. */
    readonly connection: number;
    /** The value's length in bytes. */
    readonly size: number;
  }
  | {
    /** The name of the server, `host:port`. */
    readonly server: string;
    /** The time by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for the event, in the order of events. Events may arrive in a slightly different order. */
    readonly gid: number;
    /** The type of the event. */
    readonly type: "eviction";
    /** The key, as in `ItemMetadata`. */
    readonly key: string;
    /** Whether the item had been read since it was written. */
    readonly fetched: boolean;
    /** The item's remaining lifetime in seconds; -1 means that it never expires. */
    readonly ttl: number;
    /** Seconds since the item was last read or written. */
    readonly lastAccess: number;
    /** The item's slab class. */
    readonly slabClass: number;
    /** The value's length in bytes. */
    readonly size: number;
  }
  | {
    /** The name of the server, `host:port`. */
    readonly server: string;
    /** The time by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for the event, in the order of events. Events may arrive in a slightly different order. */
    readonly gid: number;
    /** The type of the event. */
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
    /** The name of the server, `host:port`. */
    readonly server: string;
    /** The time by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for the event, in the order of events. Events may arrive in a slightly different order. */
    readonly gid: number;
    /** The type of the event. */
    readonly type: "conn_close";
    /** The client's IP address; `"unix"` on a unix socket. */
    readonly remoteAddress: string;
    /** The client's port; 0 on a unix socket. */
    readonly remotePort: number;
    /** `"tcp"`, `"udp"` or `"local"`. */
    readonly transport: string;
    /** The reason: `"normal"`, `"error"`, `"idle_timeout"` or `"shutdown"`. */
    readonly reason: string;
    /** The server's number for the connection. */
    readonly connection: number;
  }
  | {
    /** The name of the server, `host:port`. */
    readonly server: string;
    /** The time by the server's clock: milliseconds since 1970, with microseconds as the fraction. */
    readonly time: number;
    /** The server's number for the event, in the order of events. Events may arrive in a slightly different order. */
    readonly gid: number;
    /** The type of the event. */
    readonly type: "other";
    /** memcached's name of its type: `"lru_crawler"`, `"slab_move"`, … */
    readonly name: string;
    /** The rest of the line, unchanged. */
    readonly fields: Readonly<Record<string, string>>;
  }
  | {
    /** The type of the event. */
    readonly type: "skipped";
    /** The name of the server, `host:port`. */
    readonly server: string;
    /** How many events the server has dropped, because this watcher was too slow. */
    readonly count: number;
  };

/**
 * Reads the first line of the reply to `watch`, without its line end.
 *
 * @param server The name of the server that sent it.
 * @throws {ClientException} When it is a refusal.
 * @throws {SocketError} When it is neither a refusal nor `OK`.
 */
export function checkWatching(line: string, server: string): void {
  if (line === "OK") return;
  const action = `watch ${server}`;
  throw line === "ERROR"
    ? refusalError(
      { action },
      line,
      "watch needs memcached 1.4.26 or later, some kinds a later version",
    )
    : refusalOf(line, { action, server });
}

const EVENT = /^ts=(\d+)\.(\d+) gid=(\d+) type=(\S+)(?: (.*))?$/;
const SKIPPED = /^skipped=(\d+)$/;
/**
 * A value may contain spaces, as those of memcached's proxy. A name begins at the beginning of a word, so that a long
 * word that is no name is searched once.
 */
const FIELD = /\b(\w+)=(.*?)(?= \w+=|$)/g;

/**
 * Reads an event's line, without its line end.
 *
 * @param server The name of the server that sent it.
 * @throws {SocketError} When it is not an event.
 */
export function readEvent(line: string, server: string): WatchEvent {
  const match = EVENT.exec(line);
  if (match === null) return readSkipped(line, server);
  const [, seconds, microseconds, gid, type, rest = ""] = match;
  // The microseconds are a number, not a fraction: memcached does not pad them with zeros.
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

/** memcached's name of a property, and the function that reads it. */
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

/** The properties of the events of each type. */
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

/** Reads an event of a known type; `undefined` when the type is unknown, or a property is missing. */
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

/**
 * Reads a key from a list of memcached, where it is escaped as in a URL.
 *
 * @returns The key, a character per byte.
 */
function unescapeKey(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([\dA-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
