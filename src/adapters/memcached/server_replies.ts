/** The replies of servers, in the forms that npm's memcached gives them. @module */

import type { Stats } from "../../../mod.ts";

/** Statistics of one server by name, or by slab and name; numbers where they are whole. */
export type ServerReply = Record<string, unknown>;

function readNumber(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** `stats` and `stats settings`: by name. */
export function plainReply(server: string, stats: Stats): ServerReply {
  const entries = Object.entries(stats).map(([name, value]) => [name, readNumber(value)]);
  return entries.length === 0 ? {} : { server, ...Object.fromEntries(entries) };
}

/** `stats slabs` and `stats items`: the names are `1:chunk_size` and `items:1:number`. */
export function groupedReply(server: string, stats: Stats, prefix: "" | "items:"): ServerReply {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(stats)) {
    const [group = "", inner = "undefined"] = name.slice(prefix.length).split(":");
    (groups[group] ??= {})[inner] = readNumber(value);
  }
  return Object.keys(groups).length === 0 ? {} : { server, ...groups };
}

/** `version`: the last three numbers. */
export function versionReply(server: string, text: string): ServerReply {
  const [version = text, major = 0, minor = 0, bugfix = 0] = /(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return { server, version, major, minor, bugfix };
}

/** `stats cachedump`: the size of each item in bytes and when it expires, `[5 b; 1700000000 s]`. */
export function cachedumpReply(stats: Stats): ServerReply[] {
  return Object.entries(stats).map(([key, text]) => {
    const [, bytes, expires] = /(\d+) b; (-?\d+) s/.exec(text) ?? [];
    return { key, b: Number(bytes), s: Number(expires) };
  });
}
