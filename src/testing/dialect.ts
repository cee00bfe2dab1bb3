/**
 * What other servers than memcached 1.6.18 know, and how they say it.
 *
 * @module
 */

/**
 * A server to imitate: a version of memcached from 1.4.0 to 1.6.18, such as `1.4.26`, or twemproxy before or since
 * version 0.5.
 */
export type ImitatedServer = `1.${4 | 5 | 6}.${number}` | "twemproxy 0.4" | "twemproxy 0.5";

/** What a server knows, and how it says it. */
export interface Dialect {
  /** What the server calls its version. */
  readonly version: string;
  /** Whether it knows a command of memcached 1.6.18; absent where it knows all. */
  readonly knows: ((command: string) => boolean) | undefined;
  /** Whether it ends the connection at a command it does not know, where memcached answers `ERROR`. */
  readonly hangsUp: boolean;
  /** Whether it prints client flags from 2^31 up as negative numbers. */
  readonly hasSignedFlags: boolean;
  /** How `lru_crawler metadump` goes. */
  readonly metadump: MetadumpDialect;
  /** How meta commands go, where there are any. */
  readonly meta: MetaDialect;
}

/** How `lru_crawler metadump` goes. */
export interface MetadumpDialect {
  readonly isKnown: boolean;
  /** Whether lines have `cls` and `size`, and an `END` comes behind them. */
  readonly isComplete: boolean;
  /** Whether it takes `hash`. */
  readonly takesHash: boolean;
}

/** How meta commands go. */
export interface MetaDialect {
  /** Whether they are the first draft: `S` for the length of a value, `OK` for `HD`, no keys in base64. */
  readonly isDraft: boolean;
  /** Whether flags for proxies, `P` and `L`, are passed over. */
  readonly takesProxyFlags: boolean;
  /** Whether `ms` tells the cas unique that it has given, and no 0. */
  readonly tellsNewCas: boolean;
  /** Whether `mg` answers a miss with opaque and key, and takes a key alone. */
  readonly isPolished: boolean;
}

/** Which version of memcached brought which command; those that are not here are older than 1.4. */
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

/** The version whose answers the server gives by itself, and a word that tells the two apart. */
const OWN_VERSION = "1.6.18";
const OWN_NAME = `${OWN_VERSION}-moecache`;

/** Whether there is such a server to imitate. */
export function canImitate(server: unknown): server is ImitatedServer {
  if (server === "twemproxy 0.4" || server === "twemproxy 0.5") return true;
  if (typeof server !== "string" || !/^1\.[456]\.\d{1,3}$/.test(server)) return false;
  return isSince(OWN_VERSION, server);
}

/** What a server knows, and how it says it; this one's own, where none is to be imitated. */
export function dialectOf(server: ImitatedServer | undefined): Dialect {
  if (server !== undefined && !server.startsWith("twemproxy ")) return memcachedDialect(server);
  const own = { ...memcachedDialect(OWN_VERSION), version: OWN_NAME };
  if (server === undefined) return own;
  const commands = new Set(TWEMPROXY_COMMANDS);
  // twemproxy asks one of its servers, and answers what that says.
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

/** Whether a version is another one or comes behind it. */
function isSince(version: string, other: string): boolean {
  const numbers = version.split(".").map(Number);
  for (const [index, number] of other.split(".").map(Number).entries()) {
    const difference = (numbers[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
