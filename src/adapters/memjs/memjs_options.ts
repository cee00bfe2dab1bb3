/** The options of memjs, its environment variables, and what they are here. @module */

import type { ClientOptions, Credentials, HostAddress } from "../../../mod.ts";
import { clientOptionsFrom } from "../adapter_options.ts";
import {
  checkFunction,
  checkInteger,
  checkObject,
  checkOptions,
  copyOptions,
  invalidOption,
  invalidPlace,
  type OptionTypes,
} from "../../option_checks.ts";
import type { NodeBuffer } from "../node_callbacks.ts";

/** Receives messages about failures: `console`, for example. */
export interface MemjsLogger {
  /** Takes the parts of a message. */
  log(...parts: unknown[]): void;
}

/** What is stored without a serializer. */
export type MemjsValue = string | Uint8Array | ArrayBuffer;

/**
 * Converts values, as memjs's option `serializer` does. `extras` are memcached's: flags in 4 bytes, and the expiration in 4
 * more when a value is stored; for `append` and `prepend` an empty string, which memjs's types do not say.
 */
export interface MemjsSerializer<Given, Read> {
  /** Converts a value to a string or bytes, and may set its flags in `extras`; `opcode` is that of the binary protocol. */
  serialize(
    opcode: number,
    value: Given,
    extras: NodeBuffer,
  ): { value: MemjsValue; extras: NodeBuffer };
  /** Converts an item's bytes, whose flags are in `extras`. */
  deserialize(
    opcode: number,
    value: NodeBuffer | null,
    extras: NodeBuffer,
  ): { value: Read; extras: NodeBuffer };
}

/** The options of `Client.create`; all are optional. */
export interface MemjsOptions<Given = MemjsValue, Read = NodeBuffer | null> {
  /** How often an operation is sent at most when its server fails, 0 to 100; 2 by default. */
  retries?: number | undefined;
  /** Seconds before it is sent again, 0 to 3,600; 0.2 by default. */
  "retry_delay"?: number | undefined;
  /** When values expire, in seconds, 0 to 2,147,483,647; 0 by default, which is never. */
  expires?: number | undefined;
  /** Receives messages about failures; `console` by default. */
  logger?: MemjsLogger | undefined;
  /** Whether the next server of the list takes the keys of one that is down; `false` by default. */
  failover?: boolean | undefined;
  /** Seconds until a server that was down is tried again, 0.001 to 2,147,483; 60 by default. */
  failoverTime?: number | undefined;
  /** Converts values; by default they are strings and bytes, and are read as bytes. */
  serializer?: MemjsSerializer<Given, Read> | undefined;
  /** The user name for servers that have none of their own. */
  username?: string | undefined;
  /** The password for servers that have none of their own. */
  password?: string | undefined;
  /** The time limit of an operation in seconds; 0.5 by default. */
  timeout?: number | undefined;
  /** The time limit of connecting in seconds; twice `timeout` by default. */
  conntimeout?: number | undefined;
  /** Whether idle connections are probed with TCP keep-alive; `false` by default. */
  keepAlive?: boolean | undefined;
  /** Options of the client underneath, such as `tls`, which memjs does not have. */
  clientOptions?: ClientOptions | undefined;
}

/** The options that memjs has for a server, and that it takes together with the others. */
export type MemjsServerOptions = Pick<
  MemjsOptions,
  "username" | "password" | "timeout" | "conntimeout" | "keepAlive"
>;

/** A server of a client. */
export interface MemjsAddress {
  /** Its host name or IP address. */
  readonly host: string;
  /** Its TCP port. */
  readonly port: number;
  /** The user name, if it has one of its own. */
  readonly username?: string | undefined;
  /** The password, if it has one of its own. */
  readonly password?: string | undefined;
  /** Its options; all servers of a client must have the same, but for names and passwords. */
  readonly options?: MemjsServerOptions | undefined;
}

/** The options, checked and with defaults. */
export interface MemjsSettings {
  /** How often an operation is sent at most. */
  readonly attempts: number;
  /** In milliseconds. */
  readonly delay: number;
  readonly expires: number;
  readonly logger: MemjsLogger;
  readonly failover: boolean;
  readonly serializer: MemjsSerializer<unknown, unknown> | undefined;
  readonly clientOptions: ClientOptions;
}

/** The largest exptime that memcached takes. */
export const LATEST: number = 2 ** 31 - 1;

const OPTION_TYPES: OptionTypes<MemjsOptions<unknown, unknown>> = {
  retries: "any",
  "retry_delay": "number",
  expires: "number",
  logger: "any",
  failover: "boolean",
  failoverTime: "number",
  serializer: "any",
  username: "string",
  password: "string",
  timeout: "number",
  conntimeout: "number",
  keepAlive: "boolean",
  clientOptions: "any",
};

/**
 * Copies options without those that are absent or `null`: memjs has its defaults in their place, too.
 *
 * @throws {ValidationException} When they are not an object.
 */
export function givenOptions<Given, Read>(
  options: MemjsOptions<Given, Read> | null | undefined,
): MemjsOptions<unknown, unknown> {
  if (options === null || options === undefined) return {};
  checkObject(options, "a plain object such as { expires }");
  const copy = copyOptions(options, Object.keys(OPTION_TYPES));
  return Object.fromEntries(
    Object.entries(copy).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** The options of a server that hold for all servers of a client. */
const SHARED = ["timeout", "conntimeout", "keepAlive", "keepAliveDelay"] as const;

/**
 * Adds the options of servers to those of their client, which come first.
 *
 * @throws {ValidationException} When servers have different ones.
 */
export function withServerOptions(
  options: MemjsOptions<unknown, unknown>,
  servers: readonly MemjsAddress[],
): MemjsOptions<unknown, unknown> {
  const all = servers.map((server) => {
    const given = Object(server?.options);
    const entries = SHARED.map((name) => [name, given[name]] as const);
    return Object.fromEntries(
      entries.filter(([, value]) => value !== undefined && value !== null),
    );
  });
  const [first] = all;
  const other = all.find((given) => JSON.stringify(given) !== JSON.stringify(first));
  if (other !== undefined) throw invalidOption("options of a server", other, "those of the others");
  return { ...first, ...options };
}

/**
 * Checks options, and converts them to those of the client.
 *
 * @throws {ValidationException} When one is unknown or invalid.
 */
export function settingsFrom(options: MemjsOptions<unknown, unknown>): MemjsSettings {
  const { keepAliveDelay } = Object(options);
  if (keepAliveDelay !== undefined) {
    throw invalidOption("keepAliveDelay", keepAliveDelay, "absent: the runtime has its own delay");
  }
  checkOptions(options, OPTION_TYPES);
  const { retries = 2, "retry_delay": delay = 0.2, expires = 0, logger = console } = options;
  const { failover = false, failoverTime = 60, keepAlive = false, serializer } = options;
  const { timeout = 0.5, conntimeout = 2 * timeout } = options;
  checkInteger("retries", retries, 0, 100);
  if (!(expires >= 0 && expires <= LATEST)) {
    throw invalidOption("expires", expires, `0 to ${LATEST} seconds`);
  }
  if (delay < 0 || delay > 3600) throw invalidOption("retry_delay", delay, "0 to 3,600 seconds");
  checkFunction("logger.log", logger?.log);
  if (serializer !== undefined) {
    checkFunction("serializer.serialize", serializer?.serialize);
    checkFunction("serializer.deserialize", serializer?.deserialize);
  }
  const attempts = Math.max(1, retries);
  const probeDelay = milliseconds("failoverTime", failoverTime);
  return {
    ...{ attempts, delay: delay * 1000, expires, logger, failover, serializer },
    clientOptions: clientOptionsFrom(options.clientOptions, {
      timeout: milliseconds("timeout", timeout),
      connectTimeout: milliseconds("conntimeout", conntimeout),
      keepAlive,
      ...failover && {
        failover: "remove",
        failuresBeforeDead: attempts,
        probeDelay,
        maxProbeDelay: probeDelay,
      },
    }),
  };
}

function milliseconds(name: string, seconds: number): number {
  if (seconds >= 0.001 && seconds <= 2_147_483) return seconds * 1000;
  throw invalidOption(name, seconds, "0.001 to 2,147,483 seconds");
}

/** `[user[:password]@]host[:port]`; the host may be an IPv6 address in brackets. */
const ADDRESS =
  /^(?:(?<username>[^:@]*)(?::(?<password>.*))?@)?(?<host>\[[^\]]+\]|[^:@[\]]+)(?::(?<port>\d+))?$/;

/** memjs writes numbers into 4 bytes, which drops their fraction, and takes none below 0. */
export function whole(name: string, value: number, most: number = Number.MAX_SAFE_INTEGER): number {
  return checkInteger(name, value > 0 ? Math.trunc(value) : value, 0, most);
}

/**
 * Reads the servers from a string, or from `MEMCACHIER_SERVERS` or `MEMCACHE_SERVERS`; `localhost:11211` by default.
 *
 * @throws {ValidationException} When an address is invalid.
 */
export function readServers(text: string | undefined): MemjsAddress[] {
  const servers = text || readVariable("MEMCACHIER_SERVERS") || readVariable("MEMCACHE_SERVERS") ||
    "localhost:11211";
  if (typeof servers !== "string") throw invalidPlace("servers", servers, "a string");
  return servers.split(",").map((address) => {
    const parts = ADDRESS.exec(address.trim())?.groups;
    if (parts === undefined) {
      // Without what stands before the host, which may be a password.
      const shown = address.slice(address.lastIndexOf("@") + 1);
      throw invalidOption("server", shown, "[user:password@]host[:port]");
    }
    const { host = "", port = "11211", username, password } = parts;
    return {
      ...{ host, port: Number(port) },
      ...username && { username },
      ...password && { password },
    };
  });
}

/** The addresses of servers. What their credentials lack comes from the options or the environment. */
export function addressesOf(
  servers: readonly MemjsAddress[],
  options: MemjsOptions<unknown, unknown>,
): HostAddress[] {
  const rest = restCredentials(options);
  return servers.map(({ host, port, username, password }) => {
    const auth = credentials({
      username: username || rest.username,
      password: password || rest.password,
    });
    const hostname = host.replace(/^\[(.*)\]$/, "$1");
    return { hostname, port, ...auth !== undefined && { auth } };
  });
}

function restCredentials({ username, password }: MemjsOptions<unknown, unknown>): GivenCredentials {
  const variable = (name: string) =>
    readVariable(`MEMCACHIER_${name}`) || readVariable(`MEMCACHE_${name}`);
  return {
    username: username || variable("USERNAME"),
    password: password || variable("PASSWORD"),
  };
}

/** A name and a password, as far as they are known. */
interface GivenCredentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/**
 * Credentials where both are known, as in memjs. MemCachier's variables tell that the servers are MemCachier's, which
 * authenticate with a command of their own.
 */
function credentials({ username, password }: GivenCredentials): Credentials | undefined {
  if (!username || !password) return undefined;
  const isMemCachier = ["SERVERS", "USERNAME"].some((name) => readVariable(`MEMCACHIER_${name}`));
  return { username, password, ...isMemCachier && { dialect: "memcachier" } };
}

/** Reads an environment variable, as memjs does; without a process there is none. */
function readVariable(name: string): string | undefined {
  const { process } = globalThis as unknown as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  };
  return process?.env?.[name];
}
