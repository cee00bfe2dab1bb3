/** The replies of servers, in the forms that npm's memcached gives them. @module */

import type { Stats } from "../../../mod.ts";

/**
 * Statistics or settings of one server by name; numbers where they are whole. `slabs` and `items` have an object for each
 * slab, which the types of npm's memcached do not say.
 */
export interface MemcachedStatus {
  /** The server, as it was given to the client. */
  server?: string | undefined;
  /** What memcached calls it, and what it is. */
  [name: string]: string | boolean | number | undefined;
}

/** The version of one server. */
export interface MemcachedVersion extends MemcachedStatus {
  /** `1.6.18`, for example. */
  version: string;
  /** Its first number. */
  major: string;
  /** Its second number. */
  minor: string;
  /** Its third number. */
  bugfix: string;
}

/** An item, as `cachedump` lists it. */
export interface MemcachedItem {
  /** Its key. */
  key: string;
  /** Its size in bytes. */
  b: number;
  /** When it expires, in seconds since 1970. */
  s: number;
}

function readNumber(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** `stats` and `stats settings`: by name. */
export function plainReply(server: string, stats: Stats): MemcachedStatus {
  const entries = Object.entries(stats).map(([name, value]) => [name, readNumber(value)]);
  return entries.length === 0 ? {} : { server, ...Object.fromEntries(entries) };
}

/** `stats slabs` and `stats items`: the names are `1:chunk_size` and `items:1:number`. */
export function groupedReply(server: string, stats: Stats, prefix: "" | "items:"): MemcachedStatus {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(stats)) {
    const [group = "", inner = "undefined"] = name.slice(prefix.length).split(":");
    (groups[group] ??= {})[inner] = readNumber(value);
  }
  if (Object.keys(groups).length === 0) return {};
  return { server, ...groups as unknown as MemcachedStatus };
}

/** `version`: the last three numbers. */
export function versionReply(server: string, text: string): MemcachedVersion {
  const [version = text, major = "0", minor = "0", bugfix = "0"] =
    /(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return { server, version, major, minor, bugfix };
}

/** `stats cachedump`: the size of each item in bytes and when it expires, `[5 b; 1700000000 s]`. */
export function cachedumpReply(stats: Stats): MemcachedItem[] {
  return Object.entries(stats).map(([key, text]) => {
    const [, bytes, expires] = /(\d+) b; (-?\d+) s/.exec(text) ?? [];
    return { key, b: Number(bytes), s: Number(expires) };
  });
}
