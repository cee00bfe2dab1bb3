/** The options of npm's memcached, and what they are here. @module */

import type { ClientOptions, Failover, HostAddress, KeyFormat, PathAddress } from "../../../mod.ts";
import { checkAdapterOptions, clientOptionsFrom, withDefaults } from "../adapter_options.ts";
import {
  checkChoice,
  checkInteger,
  invalidOption,
  invalidPlace,
  type OptionTypes,
} from "../../option_checks.ts";
import { npmMemcachedKeys } from "../../keys/mod.ts";
import { byteString } from "../../routing/hashes/text_hash.ts";
import { ketama } from "../../routing/mod.ts";

/** One server, several, or the weights of several by their names: `host:port`, or the path of a unix socket. */
export type MemcachedServers = string | readonly string[] | Readonly<Record<string, number>>;

/** The options of npm's memcached that exist here; all are optional. Times are in milliseconds. */
export interface MemcachedOptions {
  /** The longest key in characters: 250, the default; or from 1 on where `keyCompression` is `false`. */
  maxKeySize?: number | undefined;
  /** Has no effect, as in npm's memcached. */
  maxExpiration?: number | undefined;
  /** The largest value in bytes, 1 to 2^30; 1,048,576 by default. */
  maxValue?: number | undefined;
  /** How many calls may be under way; -1, no limit, by default. */
  maxQueueSize?: number | undefined;
  /** The hash of the ring: `"md5"` by default, or `"sha1"`. */
  algorithm?: string | undefined;
  /** The ring: `"ketama"` by default, or `"hash_ring"`. */
  compatibility?: "ketama" | "hash_ring" | undefined;
  /** The former spelling of `compatibility`. */
  compatiblity?: "ketama" | "hash_ring" | undefined;
  /** Sockets per server, 1 to 1,024. It is 1 by default, which is enough: calls do not wait for each other. */
  poolSize?: number | undefined;
  /** How often `get`, `set`, `touch` and `del` are sent again when a server fails, 0 to 100; 0 by default. */
  retries?: number | undefined;
  /** How much longer each wait before that is than the one before; 3 by default. */
  factor?: number | undefined;
  /** The first of these waits in milliseconds; 1,000 by default. */
  minTimeout?: number | undefined;
  /** The longest of these waits in milliseconds; 60,000 by default. */
  maxTimeout?: number | undefined;
  /** Whether these waits are up to twice as long, at random; `false` by default. */
  randomize?: boolean | undefined;
  /** How many milliseconds at most until a server that is down is tried again; 18,000,000 by default. */
  reconnect?: number | undefined;
  /** The time limit of connecting in milliseconds; 5,000 by default. */
  timeout?: number | undefined;
  /** How many failures in a row mean that a server is down; 5 by default, and 0 counts as 1. */
  failures?: number | undefined;
  /** How many milliseconds at first until a server that is down is tried again; 30,000 by default. */
  retry?: number | undefined;
  /** How many milliseconds a server may send nothing while calls wait for it; 5,000 by default. */
  idle?: number | undefined;
  /** Whether a server that is down leaves the ring until it is back; `false` by default. */
  remove?: boolean | undefined;
  /** A server, or several, that take the place of one that has left the ring; without `remove`, they have no effect. */
  failOverServers?: string | readonly string[] | undefined;
  /** Whether a key that is too long is sent as its MD5; `true` by default. */
  keyCompression?: boolean | undefined;
  /** What all keys begin with; empty by default. */
  namespace?: string | undefined;
  /** Options of the client underneath, such as `tls`, which npm's memcached does not have. */
  clientOptions?: ClientOptions | undefined;
}

/** The options, checked and with defaults. */
export interface MemcachedSettings {
  readonly maxKeySize: number;
  readonly maxValue: number;
  readonly maxQueueSize: number;
  readonly keyCompression: boolean;
  readonly namespace: string;
  readonly failures: number;
  readonly removes: boolean;
  readonly retries: number;
  /** Returns the milliseconds before a retry, from 0 on. */
  readonly delay: (retry: number) => number;
  readonly clientOptions: ClientOptions;
}

const OPTION_TYPES: OptionTypes<MemcachedOptions> = {
  maxKeySize: "number",
  maxExpiration: "number",
  maxValue: "number",
  maxQueueSize: "number",
  algorithm: "string",
  compatibility: "string",
  compatiblity: "string",
  poolSize: "number",
  retries: "number",
  factor: "number",
  minTimeout: "number",
  maxTimeout: "number",
  randomize: "boolean",
  reconnect: "number",
  timeout: "number",
  failures: "number",
  retry: "number",
  idle: "number",
  remove: "boolean",
  failOverServers: "any",
  keyCompression: "boolean",
  namespace: "string",
  clientOptions: "any",
};

/** Options of npm's memcached that do not exist here, and what must stand in their place. */
const REFUSED: Readonly<Record<string, string>> = {
  redundancy: "absent or false: use the view replicas",
  debug: "absent or false: listen to issue and failure",
  failuresTimeout: "absent: only failures in a row count",
};

const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Checks options, and converts them to those of the client.
 *
 * @param given The caller's options.
 * @param defaults Those of the class, for what the caller has not given.
 * @throws {ValidationException} When one is unknown or invalid.
 */
export function settingsFrom(
  given: MemcachedOptions,
  defaults: MemcachedOptions,
): MemcachedSettings {
  const options = withoutRefused(given, defaults);
  checkAdapterOptions(options, OPTION_TYPES);
  const { maxKeySize = 250, maxValue = 2 ** 20, maxQueueSize = -1, namespace = "" } = options;
  const { keyCompression = true, remove = false, retries = 0, failures = 5 } = options;
  const { timeout = 5000, idle = 5000, retry = 30_000, reconnect = 18_000_000 } = options;
  // The MD5 of a shorter key is not made here.
  checkInteger("maxKeySize", maxKeySize, keyCompression ? 250 : 1, 250);
  checkInteger("maxValue", maxValue, 1, 2 ** 30);
  checkInteger("maxQueueSize", maxQueueSize, -1, Number.MAX_SAFE_INTEGER);
  checkInteger("retries", retries, 0, 100);
  checkInteger("failures", failures, 0, 1000);
  checkInteger("retry", retry, 1, LONGEST_TIMER);
  checkInteger("reconnect", reconnect, 1, LONGEST_TIMER);
  const others = options.failOverServers || [];
  const spares = typeof others === "string" ? [others] : others;
  if (!Array.isArray(spares)) throw invalidOption("failOverServers", spares, "a list of servers");
  return {
    ...{ maxKeySize, maxValue, maxQueueSize, keyCompression, namespace, failures, retries },
    removes: remove,
    delay: delayFrom(options),
    clientOptions: clientOptionsFrom(options.clientOptions, {
      locator: locatorFrom(options),
      keys: keyFormat(maxKeySize),
      connectTimeout: timeout,
      stallTimeout: idle,
      failuresBeforeDead: Math.max(1, failures),
      probeDelay: Math.min(retry, reconnect),
      maxProbeDelay: reconnect,
      ...options.poolSize !== undefined && { connections: options.poolSize },
      // Without `remove` they have no effect, as in npm's memcached.
      ...remove && { failover: failoverFrom(spares) },
    }),
  };
}

function withoutRefused(given: MemcachedOptions, defaults: MemcachedOptions): MemcachedOptions {
  const names = Object.keys({ ...OPTION_TYPES, ...REFUSED });
  const options = withDefaults(given, defaults, names) as Record<string, unknown>;
  for (const [name, instead] of Object.entries(REFUSED)) {
    const value = options[name];
    if (value !== undefined && value !== false) throw invalidOption(name, value, instead);
    delete options[name];
  }
  return options;
}

function delayFrom(options: MemcachedOptions): (retry: number) => number {
  const { factor = 3, minTimeout = 1000, maxTimeout = 60_000, randomize = false } = options;
  if (factor < 1) throw invalidOption("factor", factor, "a number from 1 on");
  checkInteger("maxTimeout", maxTimeout, 0, LONGEST_TIMER);
  checkInteger("minTimeout", minTimeout, 0, maxTimeout);
  return (retry) => {
    const stretch = randomize ? 1 + Math.random() : 1;
    return Math.min(minTimeout * factor ** retry * stretch, maxTimeout);
  };
}

function locatorFrom(options: MemcachedOptions): NonNullable<ClientOptions["locator"]> {
  const { algorithm = "md5", compatibility = options.compatiblity ?? "ketama" } = options;
  checkChoice("algorithm", algorithm, ["md5", "sha1"]);
  checkChoice("compatibility", compatibility, ["ketama", "hash_ring"]);
  const isKetama = compatibility === "ketama";
  return (servers) =>
    ketama(servers, {
      digest: algorithm as "md5" | "sha1",
      pointsPerDigest: isKetama ? 4 : 3,
      defaultPort: isKetama ? "omitted" : "written",
      arithmetic: "float64",
    });
}

function failoverFrom(spares: readonly string[]): Failover {
  if (spares.length === 0) return "remove";
  return { gutter: addressesOf(spares), maxExptime: 2_592_000 };
}

/** Keys in UTF-8, each character of what is sent a byte; the server is chosen by the key before its MD5. */
function keyFormat(maxKeySize: number): KeyFormat {
  const compress = npmMemcachedKeys.encode;
  return {
    encode: (key) => key.length > maxKeySize ? compress(key) : byteString(key),
    route: (key) => key,
  };
}

/** The names of servers, in their order. */
export function namesOf(servers: MemcachedServers | undefined): string[] {
  if (servers === undefined || servers === "") return ["localhost:11211"];
  if (typeof servers === "string") return [servers];
  if (!Array.isArray(servers)) return Object.keys(servers ?? {});
  return servers.length === 0 ? ["localhost:11211"] : [...servers];
}

/**
 * The addresses of servers.
 *
 * @throws {ValidationException} When there is none, or one is invalid.
 */
export function addressesOf(servers: MemcachedServers | undefined): (HostAddress | PathAddress)[] {
  const weights = typeof servers === "object" && !Array.isArray(servers) ? servers : {};
  return namesOf(servers).map((name) => {
    const weight = (weights as Readonly<Record<string, number>>)[name];
    return { ...addressOf(name), ...weight !== undefined && { weight } };
  });
}

function addressOf(name: string): HostAddress | PathAddress {
  if (typeof name !== "string") throw invalidPlace("server", name, "host:port or a path");
  if (name.startsWith("/")) return { path: name };
  const [, host = name, port = "11211"] = /^(.+):(\d+)$/.exec(name) ?? [];
  return { hostname: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
