/**
 * The options of a {@linkcode MemcachedServer}, and their checks.
 *
 * @module
 */

import { ValidationException } from "../errors.ts";
import {
  checkChoice,
  checkInteger,
  checkOptions,
  invalidOption,
  type OptionTypes,
} from "../option_checks.ts";
import { CheckedCredentials, type Credentials } from "../protocol/credentials.ts";
import { canImitate, type ImitatedServer } from "./dialect.ts";
import type { FaultHook } from "./faults.ts";
import type { AuthDialect } from "./gatekeeper.ts";
import type { ServerListener } from "./server_connection.ts";

const DEFAULT_HOSTNAME = "127.0.0.1";
const DEFAULT_MEMORY_LIMIT = 64 * 1024 * 1024;
const DEFAULT_MAX_ITEM_SIZE = 1024 * 1024;
/** memcached's maximum for `-I`. */
const LARGEST_ITEM_SIZE = 1024 * 1024 * 1024;
const LARGEST_PORT = 65535;
const IMITATED_SERVERS =
  `a version of memcached, "1.4.0" to "1.6.18", or "twemproxy 0.4" or "twemproxy 0.5"`;

/** The runtime's clock, or the one that a test has put in its place meanwhile. */
const presentTime = () => Date.now();

/** The options of a {@linkcode MemcachedServer}. */
export interface MemcachedServerOptions {
  /**
   * The clock, in milliseconds since 1970. With its own clock, a test can let items expire without waiting.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
  /**
   * The memory limit of all items, in bytes; memcached's `-m`, which is in megabytes. `cache_memlimit` changes it.
   *
   * @default {67108864}
   */
  readonly memoryLimit?: number | undefined;
  /**
   * The maximum size of an item, in bytes: its key, its value and about sixty bytes more; memcached's `-I`.
   *
   * @default {1048576}
   */
  readonly maxItemSize?: number | undefined;
  /**
   * Whether the least recently used items are evicted when memory is full. With `false`, new items are refused, as with
   * memcached's `-M`.
   *
   * @default {true}
   */
  readonly evictions?: boolean | undefined;
  /**
   * The maximum number of open connections; memcached's `-c`. Further ones are refused with `ERROR Too many open
   * connections`.
   *
   * @default {Infinity}
   */
  readonly maxConnections?: number | undefined;
  /**
   * How many milliseconds a connection may be idle before the server closes it; memcached's `-o idle_timeout`, which is
   * in seconds.
   *
   * @default {Infinity}
   */
  readonly idleTimeout?: number | undefined;
  /**
   * The user name and password that clients must send first, as with memcached's `-Y`. By default the server needs no
   * authentication.
   */
  readonly auth?: Credentials | undefined;
  /**
   * How clients send them: as with memcached, or as with MemCachier, where the user name is the key of a `set` and the
   * password its value.
   *
   * @default {"memcached"}
   */
  readonly authDialect?: AuthDialect | undefined;
  /**
   * The addresses, `host:port`, that `config get cluster` lists, as the configuration endpoint of an ElastiCache
   * cluster or a Memorystore instance does. By default the server does not have this command.
   */
  readonly cluster?: readonly string[] | undefined;
  /**
   * The server to imitate, with the commands it lacks and the replies that differ from memcached 1.6.18's: a version of
   * memcached from 1.4.0 to 1.6.18, such as `"1.4.26"`; or `"twemproxy 0.4"`, or `"twemproxy 0.5"`.
   */
  readonly imitate?: ImitatedServer | undefined;
  /**
   * The size of client flags in bits. memcached has 64 from 1.6.22 on if it was built with
   * `--enable-large-client-flags`.
   *
   * @default {32}
   */
  readonly flagBits?: 32 | 64 | undefined;
  /** Decides for each request whether it fails, and how. */
  readonly fault?: FaultHook | undefined;
}

/** The options of {@linkcode MemcachedServer.listen}: where to listen, and {@linkcode MemcachedServerOptions}. */
export interface ListenOptions extends MemcachedServerOptions {
  /**
   * The name or address to listen on.
   *
   * @default {"127.0.0.1"}
   */
  readonly hostname?: string | undefined;
  /**
   * The port to listen on; 0 means any free port.
   *
   * @default {0}
   */
  readonly port?: number | undefined;
}

/** All options of a server, with defaults filled in. */
export interface ServerSettings {
  readonly hostname: string;
  readonly port: number;
  readonly now: () => number;
  readonly memoryLimit: number;
  readonly maxItemSize: number;
  readonly evictions: boolean;
  readonly maxConnections: number;
  readonly idleTimeout: number;
  readonly auth: Credentials | undefined;
  readonly authDialect: AuthDialect;
  readonly cluster: readonly string[] | undefined;
  readonly imitate: ImitatedServer | undefined;
  readonly flagBits: 32 | 64;
  readonly fault: FaultHook | undefined;
}

const OPTION_TYPES: OptionTypes<ListenOptions> = {
  hostname: "string",
  port: "number",
  now: "function",
  memoryLimit: "number",
  maxItemSize: "number",
  evictions: "boolean",
  maxConnections: "number",
  idleTimeout: "number",
  auth: "any",
  authDialect: "string",
  cluster: "any",
  imitate: "string",
  flagBits: "number",
  fault: "function",
};

/**
 * Checks the options of a server, and fills in the defaults.
 *
 * @param options The caller's options.
 * @returns All options.
 * @throws {ValidationException} When an option is unknown or invalid.
 */
export function resolveOptions(options: ListenOptions): ServerSettings {
  checkOptions(options, OPTION_TYPES);
  const settings: ServerSettings = {
    hostname: options.hostname ?? DEFAULT_HOSTNAME,
    port: options.port ?? 0,
    now: options.now ?? presentTime,
    memoryLimit: options.memoryLimit ?? DEFAULT_MEMORY_LIMIT,
    maxItemSize: options.maxItemSize ?? DEFAULT_MAX_ITEM_SIZE,
    evictions: options.evictions ?? true,
    maxConnections: options.maxConnections ?? Infinity,
    idleTimeout: options.idleTimeout ?? Infinity,
    auth: options.auth,
    authDialect: options.authDialect ?? "memcached",
    cluster: options.cluster,
    imitate: options.imitate,
    flagBits: options.flagBits ?? 32,
    fault: options.fault,
  };
  checkSettings(settings);
  return settings;
}

/**
 * Checks the addresses for `config get cluster`.
 *
 * @throws {ValidationException} When they are not a list of `host:port`.
 */
export function checkCluster(addresses: unknown): void {
  const isList = Array.isArray(addresses) &&
    addresses.every((address) => typeof address === "string" && /^[^\s|]+:\d+$/.test(address));
  if (!isList) throw invalidOption("cluster", addresses, `a list of "host:port"`);
}

/**
 * Checks what a server listens with.
 *
 * @throws {ValidationException} When it is no listener.
 */
export function checkListener(listener: unknown): void {
  const { addr, close } = Object(listener) as Partial<ServerListener>;
  if (typeof addr === "object" && typeof close === "function") return;
  throw invalidOption(
    "listener",
    listener,
    "a listener, which MemcachedServer.listen makes itself",
  );
}

function checkSettings(settings: ServerSettings): void {
  const { hostname, auth, cluster, imitate } = settings;
  if (hostname === "") throw invalidOption("hostname", hostname, "a name or an address");
  checkInteger("port", settings.port, 0, LARGEST_PORT);
  checkInteger("memoryLimit", settings.memoryLimit, 1, Number.MAX_SAFE_INTEGER);
  checkInteger("maxItemSize", settings.maxItemSize, 1, LARGEST_ITEM_SIZE);
  checkBound("maxConnections", settings.maxConnections);
  checkBound("idleTimeout", settings.idleTimeout);
  checkChoice("authDialect", settings.authDialect, ["memcached", "memcachier"]);
  checkChoice("flagBits", settings.flagBits, [32, 64]);
  if (auth !== undefined) checkAuth(auth);
  if (cluster !== undefined) checkCluster(cluster);
  if (imitate === undefined || canImitate(imitate)) return;
  throw invalidOption("imitate", imitate, IMITATED_SERVERS);
}

function checkBound(name: string, value: number): void {
  if (value !== Infinity) checkInteger(name, value, 1, Number.MAX_SAFE_INTEGER);
}

function checkAuth(auth: unknown): void {
  new CheckedCredentials(auth, (why) => {
    throw new ValidationException(`Cannot start a server: ${why}`);
  });
}
