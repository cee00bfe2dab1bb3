/** Servers and credentials in environment variables. @module */

import { ValidationException } from "../errors.ts";
import type { Credentials } from "../protocol/credentials.ts";
import { type HostAddress, readAddresses } from "../server_address.ts";

/** Environment variables: `process.env`, `Deno.env`, or the bindings of a worker. */
export type Environment =
  | Readonly<Record<string, unknown>>
  | { get(name: string): string | undefined };

/** What the variables of each provider begin with, and how it authenticates; the first that is set counts. */
const PROVIDERS: readonly (readonly [prefix: string, dialect: Credentials["dialect"]])[] = [
  ["MEMCACHIER", "memcachier"],
  ["MEMCACHEDCLOUD", undefined],
  ["MEMCACHED", undefined],
  ["MEMCACHE", undefined],
];

/**
 * Reads servers from environment variables: `MEMCACHIER_SERVERS`, `MEMCACHEDCLOUD_SERVERS`, `MEMCACHED_SERVERS` or
 * `MEMCACHE_SERVERS`, the first of them that is set and not empty. User name and password are in the variables with
 * `_USERNAME` and `_PASSWORD` in place of `_SERVERS`, where the servers demand them.
 *
 * The addresses are separated by commas; each is `host:port`, `host`, or a `memcached://` or `memcacheds://` URL, whose
 * own user name and password come first. `MEMCACHIER_*` authenticate as MemCachier does, all others as memcached does
 * with `-Y`. SASL is not supported: a server that knows nothing else refuses.
 *
 * @param env The variables, or an object with a method `get` such as `Deno.env`.
 * @returns The servers, for the client.
 * @throws {ValidationException} When none is set, an address is invalid, or only one of user name and password is set.
 *
 * @example The variables of MemCachier
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { serversFromEnv } from "@moecache/moecache/discovery";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const auth = { username: "user", password: "secret" };
 * await using server = await MemcachedServer.listen({ auth, authDialect: "memcachier" });
 * const env = {
 *   MEMCACHIER_SERVERS: server.address,
 *   MEMCACHIER_USERNAME: "user",
 *   MEMCACHIER_PASSWORD: "secret",
 * };
 *
 * await using client = new Client(serversFromEnv(env)); // or serversFromEnv(Deno.env)
 * await client.set("key", "value");
 * assertEquals(await client.get("key"), "value");
 * ```
 */
export function serversFromEnv(env: Environment): HostAddress[] {
  const read = readerOf(env);
  for (const [prefix, dialect] of PROVIDERS) {
    const servers = read(`${prefix}_SERVERS`);
    if (servers === undefined) continue;
    const auth = readCredentials(read, prefix, dialect);
    return readAddresses(servers).map((address) =>
      auth === undefined ? address : { auth, ...address }
    );
  }
  const names = PROVIDERS.map(([prefix]) => `${prefix}_SERVERS`).join(", ");
  throw new ValidationException(
    `Cannot read servers from the environment: none is set of ${names}`,
  );
}

/** Reads a variable; one that is empty counts as not set. */
type Read = (name: string) => string | undefined;

function readerOf(env: Environment): Read {
  if (typeof env !== "object" || env === null) {
    const why = "it must be an object of variables, or have a method get";
    throw new ValidationException(`Cannot read servers from the environment: ${why}`, env);
  }
  return (name) => {
    const value = typeof env.get === "function"
      ? env.get(name)
      : (env as Record<string, unknown>)[name];
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
}

function readCredentials(
  read: Read,
  prefix: string,
  dialect: Credentials["dialect"],
): Credentials | undefined {
  const [username, password] = [read(`${prefix}_USERNAME`), read(`${prefix}_PASSWORD`)];
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || password === undefined) {
    const why = `of ${prefix}_USERNAME and ${prefix}_PASSWORD only one is set`;
    throw new ValidationException(`Cannot read servers from the environment: ${why}`);
  }
  return { username, password, ...dialect && { dialect } };
}
