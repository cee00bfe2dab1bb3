/** The servers that a command works on. @module */

import {
  Client,
  type ClientOptions,
  type Credentials,
  type Discovery,
  type HostAddress,
  type LocatorFactory,
  type ServerAddress,
  type TlsOptions,
} from "../../mod.ts";
import { dns, elastiCache, serversFromEnv } from "../discovery/mod.ts";
import { readFile } from "node:fs/promises";
import { LISTED_KEYS } from "./keys_of_bytes.ts";
import { formatOf } from "./known_formats.ts";
import { readDuration } from "./quantities.ts";
import { inTime, type Terminal } from "./terminal.ts";
import { messageOf, UsageFault } from "./usage.ts";

/** The options of every command that say where the servers are, and how to talk to them. */
export interface FleetOptions {
  readonly servers?: string;
  readonly discover?: string;
  readonly ring?: readonly string[];
  readonly format?: string;
  readonly tlsCa?: string;
  readonly timeout?: string;
}

/** Where the servers are looked for when nothing says it. */
const DEFAULT_SERVER = "127.0.0.1:11211";
const DEFAULT_TIMEOUT = "5s";
/** For how many milliseconds a client lets a server be silent by default. */
const STALL_TIMEOUT = 10_000;
/** What timers take is a little more: three weeks, in milliseconds. */
const LONGEST_TIMEOUT = 1_814_400_000;

/** The servers, and clients for all of them and for each. */
export class Fleet {
  /** A client for all servers, which chooses one for each key. */
  readonly client: Client;
  /** The addresses of the servers. */
  readonly addresses: readonly ServerAddress[];
  readonly #options: ClientOptions;
  readonly #single = new Map<string, Client>();
  #encoded: Fleet | undefined;

  /** Takes over what {@linkcode Fleet.open} has read. */
  constructor(addresses: readonly ServerAddress[], options: ClientOptions) {
    this.addresses = addresses;
    this.#options = options;
    this.client = new Client(addresses, options);
  }

  /**
   * Reads the options, and looks the servers up.
   *
   * @param typed The keys of the command line; without any, keys are sent as the servers list them.
   * @throws {UsageFault} When an option makes no sense.
   */
  static async open(
    options: FleetOptions,
    terminal: Terminal,
    typed: readonly string[] = [],
  ): Promise<Fleet> {
    const settings = { ...await clientOptions(options, terminal), ...await keyFormatFor(typed) };
    const found = await addressesOf(options, settings, terminal);
    return new Fleet(found, settings);
  }

  /** The names of the servers, each once. */
  get names(): readonly string[] {
    return [...new Set(this.namesOfAddresses)];
  }

  /** The name of each address: a server that is listed twice has a larger part of some rings. */
  get namesOfAddresses(): readonly string[] {
    return this.client.servers.map(({ name }) => name);
  }

  /** A client for one of the servers alone: what it holds is found there, whatever the ring says. */
  at(name: string): Client {
    const known = this.#single.get(name);
    if (known !== undefined) return known;
    const address = this.addresses[this.namesOfAddresses.indexOf(name)];
    if (address === undefined) throw noSuchServer(name, this.names);
    const client = new Client([address], this.#options);
    this.#single.set(name, client);
    return client;
  }

  /** The same servers, for keys that the caller has written in base64. */
  get encoded(): Fleet {
    const { keys: _, ...options } = this.#options;
    return this.#encoded ??= new Fleet(this.addresses, options);
  }

  /** A client that chooses servers by another ring, or among other servers. */
  with(locator: LocatorFactory, addresses: readonly ServerAddress[] = this.addresses): Client {
    return new Client(addresses, { ...this.#options, locator });
  }

  /** Closes every socket. */
  async close(): Promise<void> {
    const open = [this.client, ...this.#single.values(), this.#encoded];
    await Promise.all(open.map((each) => each?.close()));
  }
}

/** The fault of an option that names a server which is not in this list. */
export function noSuchServer(name: string, names: readonly string[]): UsageFault {
  return new UsageFault(`there is no server "${withoutUser(name)}": ${names.join(", ")}`);
}

/** An address without a user name and password, which no message shows. */
function withoutUser(address: string): string {
  return address.replace(/^(\w+:\/\/)?.*@/s, "$1");
}

/** The options of a client for what `--timeout` says. */
export function timeoutsOf(
  text: string,
): Required<Pick<ClientOptions, "timeout" | "connectTimeout" | "stallTimeout">> {
  const timeout = Math.round(readDuration(text) * 1000);
  if (timeout < 1 || timeout > LONGEST_TIMEOUT) {
    throw new UsageFault("the option --timeout must be from 1ms to 3w");
  }
  // A server may be silent for as long as an operation may take.
  return { timeout, connectTimeout: timeout, stallTimeout: Math.max(timeout, STALL_TIMEOUT) };
}

async function clientOptions(options: FleetOptions, terminal: Terminal): Promise<ClientOptions> {
  const tls: TlsOptions | undefined = options.tlsCa === undefined
    ? undefined
    : { caCerts: [await readCertificate(options.tlsCa)] };
  const auth = credentialsOf(terminal.env);
  const ring = options.ring?.at(-1);
  return {
    ...timeoutsOf(options.timeout ?? DEFAULT_TIMEOUT),
    ...(ring === undefined ? {} : { locator: await ringNamed(ring) }),
    ...(options.format === undefined ? {} : { transcoder: await formatOf(options.format) }),
    ...(tls === undefined ? {} : { tls }),
    ...(auth === undefined ? {} : { auth }),
  };
}

/**
 * Sends keys that are not ASCII as UTF-8, as they are shown. Lists have no such arguments: this format would leave
 * out the keys that are no UTF-8.
 */
async function keyFormatFor(typed: readonly string[]): Promise<Pick<ClientOptions, "keys">> {
  if (typed.length === 0) return { keys: LISTED_KEYS };
  if (typed.every((key) => /^\p{ASCII}*$/u.test(key))) return {};
  const { utf8Keys } = await import("../keys/mod.ts");
  return { keys: utf8Keys };
}

async function ringNamed(name: string): Promise<LocatorFactory> {
  // All rings together take longer to load than most commands take.
  const { ringOf } = await import("./known_rings.ts");
  return ringOf(name);
}

async function readCertificate(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageFault(`the file of --tls-ca cannot be read: ${messageOf(error)}`);
  }
}

/** The credentials of the environment, for servers whose address has none. */
function credentialsOf(env: Terminal["env"]): Credentials | undefined {
  const { MEMCACHED_USERNAME: username, MEMCACHED_PASSWORD: password } = env;
  return username && password ? { username, password } : undefined;
}

async function addressesOf(
  options: FleetOptions,
  settings: ClientOptions,
  terminal: Terminal,
): Promise<readonly ServerAddress[]> {
  const { servers, discover } = options;
  if (servers !== undefined && discover !== undefined) {
    throw new UsageFault("either --servers or --discover says where the servers are, not both");
  }
  if (discover !== undefined) {
    return await inTime(terminal, lookUp(discoveryOf(discover), settings));
  }
  // A variable of a script that is empty must not be another server.
  if (servers?.trim() === "") throw new UsageFault("the option --servers is empty");
  const text = servers ?? (terminal.env.MEMCACHED_SERVERS?.trim() || DEFAULT_SERVER);
  return withPassword(text, terminal.env.MEMCACHED_PASSWORD);
}

/** Reads addresses, and fills the password in where an address names only the user. */
function withPassword(text: string, password: string | undefined): HostAddress[] {
  const filled = password
    ? text.replaceAll(
      /(memcacheds?:\/\/[^:@/,]+)@/g,
      (_, start: string) => `${start}:${encodeURIComponent(password)}@`,
    )
    : text;
  const path = filled.split(",").find((each) => /^\s*(unix:|\.{0,2}\/)/.test(each))?.trim();
  if (path !== undefined) {
    throw new UsageFault(
      `"${withoutUser(path)}" is a path: the command line takes servers as host:port only`,
    );
  }
  const user = /memcacheds?:\/\/([^:@/,]+)@/.exec(filled)?.[1];
  if (user !== undefined) {
    throw new UsageFault(`the user "${user}" has no password: put it in MEMCACHED_PASSWORD`);
  }
  return serversFromEnv({ MEMCACHED_SERVERS: filled });
}

function discoveryOf(text: string): Discovery {
  const [, endpoint] = /^elasticache:(.+)$/.exec(text) ?? [];
  if (endpoint !== undefined) return elastiCache(endpoint);
  const [, name, port] = /^dns:(.+?)(?::(\d+))?$/.exec(text) ?? [];
  if (name !== undefined) return dns(name, port === undefined ? {} : { port: Number(port) });
  const shown = withoutUser(text);
  throw new UsageFault(`--discover "${shown}" is neither elasticache:HOST:PORT nor dns:NAME`);
}

/** Looks the servers up once, with the client's own sockets. */
async function lookUp(
  discovery: Discovery,
  settings: ClientOptions,
): Promise<readonly ServerAddress[]> {
  let found: readonly ServerAddress[] = [];
  const remembering: Discovery = {
    ...discovery,
    async lookUp(context) {
      const result = await discovery.lookUp(context);
      found = result.servers;
      return result;
    },
  };
  const client = new Client([], { ...settings, discovery: remembering });
  try {
    // Whether the servers answer is what the command itself finds out.
    await client.version().catch((error) => {
      if (found.length === 0) throw error;
    });
  } finally {
    await client.close();
  }
  return found;
}
