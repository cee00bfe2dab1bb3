/**
 * How other servers differ from memcached 1.6.18: their commands and replies.
 *
 * @module
 */

/**
 * A server to imitate: a version of memcached from 1.4.0 to 1.6.18, such as `1.4.26`; or twemproxy before version 0.5,
 * or from it on.
 */
export type ImitatedServer = `1.${4 | 5 | 6}.${number}` | "twemproxy 0.4" | "twemproxy 0.5";

/** The commands of a server, and the form of its replies. */
export interface Dialect {
  /** The version that the server reports. */
  readonly version: string;
  /** Whether it has a command of memcached 1.6.18; absent when it has all. */
  readonly knows: ((command: string) => boolean) | undefined;
  /** Whether it closes the connection at an unknown command. memcached replies `ERROR`. */
  readonly hangsUp: boolean;
  /** Whether it prints client flags of 2^31 and more as negative numbers. */
  readonly hasSignedFlags: boolean;
  /** How `lru_crawler metadump` differs. */
  readonly metadump: MetadumpDialect;
  /** How meta commands differ; absent when the server has none. */
  readonly meta: MetaDialect;
}

/** How `lru_crawler metadump` differs. */
export interface MetadumpDialect {
  readonly isKnown: boolean;
  /** Whether lines have `cls` and `size`, and `END` follows the last one. */
  readonly isComplete: boolean;
  /** Whether it accepts `hash`. */
  readonly takesHash: boolean;
}

/** How meta commands differ. */
export interface MetaDialect {
  /** Whether they are the first draft: `S` for the length of a value, `OK` for `HD`, no keys in base64. */
  readonly isDraft: boolean;
  /** Whether the flags for proxies, `P` and `L`, are ignored. */
  readonly takesProxyFlags: boolean;
  /** Whether `ms` tells the cas unique that it has given, and no 0. */
  readonly tellsNewCas: boolean;
  /** Whether `mg` answers a miss with opaque and key, and takes a key alone. */
  readonly isPolished: boolean;
}

/** Which version of memcached introduced which command. Commands that are not listed are older than 1.4. */
const COMMANDS_SINCE: readonly (readonly [version: string, commands: string])[] = [
  ["1.4.8", "touch"],
  ["1.4.18", "lru_crawler"],
  ["1.4.26", "watch"],
  ["1.4.27", "cache_memlimit"],
  ["1.5.3", "gat gats"],
  ["1.5.19", "mg ms md mn me"],
  ["1.6.0", "ma"],
];

const TWEMPROXY_COMMANDS: readonly string[] = [
  ...["get", "gets", "set", "add", "replace", "append", "prepend", "cas"],
  ...["delete", "incr", "decr", "touch", "quit"],
];

/** The version that the server imitates by default, with a suffix that distinguishes it from memcached. */
const OWN_VERSION = "1.6.18";
const OWN_NAME = `${OWN_VERSION}-moecache`;

/** Whether the server can be imitated. */
export function canImitate(server: unknown): server is ImitatedServer {
  if (server === "twemproxy 0.4" || server === "twemproxy 0.5") return true;
  if (typeof server !== "string" || !/^1\.[456]\.\d{1,3}$/.test(server)) return false;
  return isSince(OWN_VERSION, server);
}

/** The dialect of a server; by default that of memcached 1.6.18. */
export function dialectOf(server: ImitatedServer | undefined): Dialect {
  if (server !== undefined && !server.startsWith("twemproxy ")) return memcachedDialect(server);
  const own = { ...memcachedDialect(OWN_VERSION), version: OWN_NAME };
  if (server === undefined) return own;
  const commands = new Set(TWEMPROXY_COMMANDS);
  // twemproxy passes the command to one of its servers, and returns its reply.
  if (server !== "twemproxy 0.4") commands.add("version");
  return { ...own, hangsUp: true, knows: (command) => commands.has(command) };
}

function memcachedDialect(version: string): Dialect {
  const has = (since: string) => isSince(version, since);
  const missing = new Set(
    COMMANDS_SINCE.filter(([since]) => !has(since)).flatMap(([, commands]) => commands.split(" ")),
  );
  return {
    version,
    knows: missing.size === 0 ? undefined : (command) => !missing.has(command),
    hangsUp: false,
    hasSignedFlags: !has("1.4.27"),
    metadump: {
      isKnown: has("1.4.31"),
      isComplete: has("1.5.4"),
      takesHash: has("1.6.9"),
    },
    meta: {
      isDraft: !has("1.6.10"),
      takesProxyFlags: has("1.6.14"),
      tellsNewCas: has("1.6.13"),
      isPolished: has("1.6.18"),
    },
  };
}

/** Whether a version is the same as another one, or later. */
function isSince(version: string, other: string): boolean {
  const numbers = version.split(".").map(Number);
  for (const [index, number] of other.split(".").map(Number).entries()) {
    const difference = (numbers[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
