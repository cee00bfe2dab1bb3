/** spymemcached's ketama. @module */

import { quote, ValidationException } from "../errors.ts";
import { checkChoice, checkNames } from "../option_checks.ts";
import { ipv6Groups } from "./ipv6_name.ts";
import { ketamaPlacement, LABELS_PER_SERVER, labelsInFloat32 } from "./ketama_placement.ts";
import { checkWholeWeights } from "./labels_and_weights.ts";
import { type Locator, onlyServer, type Server } from "./locator.ts";
import { CEILING, onePointPerLabel, ringLocator, type RingPlacement } from "./ring.ts";
import { type SpymemcachedHash, spymemcachedHash } from "./spymemcached_hash.ts";

/** What sets one {@linkcode spymemcachedKetama} apart from another. Every option may be left out. */
export interface SpymemcachedKetamaOptions {
  /** What `setHashAlg` is given; `"ketama"` by default, which is what `KetamaConnectionFactory` has. */
  readonly hash?: SpymemcachedHash;
  /**
   * spymemcached's `KetamaNodeKeyFormatter.Format`; `"spymemcached"` by default:
   *
   * - `"spymemcached"`: `host/ip:port-0`, or `ip:port-0` for a server given by its IP address
   * - `"libmemcached"`: `host-0`, or `host:port-0` when the port is not 11211. Java looks the name of an IP
   *   address up; where it finds one, give the server that name.
   */
  readonly labels?: "spymemcached" | "libmemcached";
  /**
   * The IP address that each host name has for the Java programs: `{ "cache.example.com": "10.0.0.1" }`.
   * Labels of format `"spymemcached"` hold it, so every host name needs one there.
   */
  readonly addresses?: Readonly<Record<string, string>>;
}

const ALGORITHM = "spymemcachedKetama";
const POINTS_PER_SERVER = 160;
const FURTHER_ATTEMPTS = 6;

/**
 * spymemcached's `KetamaNodeLocator` (`Locator.CONSISTENT`): 160 points per server, 4 from each MD5 of
 * `host/ip:port-0`, `host/ip:port-1`, …; with another hash than `"ketama"` each point is the hash of a label.
 * An IPv6 address is written as Java 14 and later write it, `[2001:db8:0:0:0:0:0:1]`.
 *
 * While a server is down and has left, its keys are hashed again as with spymemcached's
 * `FailureMode.Redistribute`, up to six times; a key that meets no server that is up has none.
 *
 * @param servers The servers. Weights count as soon as one of them is not 1, and must be whole numbers. A name
 * that Java has written, such as `"cache.example.com/10.0.0.1:11211"`, is taken as it is.
 * @param options `hash`, `labels`, `addresses`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When an option is not one of the names it can be, a weight is not whole, or the
 * address of a host name is missing.
 *
 * @example In a client
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { spymemcachedKetama } from "@moecache/moecache/rings";
 *
 * await using byAddress = new Client(["10.0.0.1", "10.0.0.2"], { locator: spymemcachedKetama });
 *
 * const addresses = { "cache-a.example.com": "10.0.0.1", "cache-b.example.com": "10.0.0.2" };
 * await using byName = new Client(["cache-a.example.com", "cache-b.example.com"], {
 *   locator: (servers) => spymemcachedKetama(servers, { addresses }),
 * });
 * ```
 */
export function spymemcachedKetama(
  servers: readonly Server[],
  options: SpymemcachedKetamaOptions = {},
): Locator {
  checkNames(options, ["hash", "labels", "addresses"]);
  const { hash = "ketama", labels = "spymemcached", addresses = {} } = options;
  checkChoice("labels", labels, ["spymemcached", "libmemcached"]);
  const keyHash = spymemcachedHash(hash);
  checkWholeWeights(servers, ALGORITHM);
  if (servers.length === 1) return onlyServer(ALGORITHM);
  const names = new Map(servers.map(({ name }) => [
    name,
    labels === "spymemcached" ? javaName(name, addresses) : libmemcachedName(name),
  ]));
  return ringLocator(servers, {
    algorithm: ALGORITHM,
    placement: placementOf(servers, names, hash),
    keyHash,
    search: CEILING,
    *furtherHashes(key) {
      let sum = keyHash.hash(key);
      for (let attempt = 0; attempt < FURTHER_ATTEMPTS; attempt++) {
        sum = (sum + keyHash.hash(`${attempt}${key}`)) >>> 0;
        yield sum;
      }
    },
  });
}

function placementOf(
  servers: readonly Server[],
  names: ReadonlyMap<string, string>,
  hash: SpymemcachedHash,
): RingPlacement {
  const weighted = servers.some(({ weight }) => weight !== 1);
  const rules = {
    name: `${ALGORITHM} ${hash} ${Array.from(names.values()).join(" ")}`,
    label: ({ name }: Server, number: number) => `${names.get(name)}-${number}`,
    laterOwns: true,
  };
  if (weighted) return ketamaPlacement({ ...rules, labels: labelsInFloat32 });
  if (hash === "ketama") return ketamaPlacement({ ...rules, labels: () => LABELS_PER_SERVER });
  const labels = () => POINTS_PER_SERVER;
  return onePointPerLabel({ ...rules, labels, hash: spymemcachedHash(hash).hash });
}

/** A socket address as Java writes it, without the slash at its beginning. */
function javaName(name: string, addresses: Readonly<Record<string, string>>): string {
  if (name.includes("/")) return name.replace(/^\//, "");
  const { host, port } = split(name);
  const suffix = port === undefined ? "" : `:${port}`;
  if (isAddress(host)) return bracketed(host) + suffix;
  const address = Object.hasOwn(addresses, host) ? addresses[host] : undefined;
  if (typeof address === "string" && isAddress(address)) {
    return `${host}/${bracketed(address)}${suffix}`;
  }
  const why = `${ALGORITHM} hashes its IP address too, and addresses has none for it`;
  throw new ValidationException(`Cannot use server ${quote(name)}: ${why}`, name);
}

/** A server's name as spymemcached writes it for libmemcached's sake. */
function libmemcachedName(name: string): string {
  const { host, port } = split(name);
  const suffix = port === undefined || port === "11211" ? "" : `:${port}`;
  return (host.includes(":") ? javaAddress(host) : host) + suffix;
}

function split(name: string): { host: string; port: string | undefined } {
  const [, ipv6, host, port] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(name) ?? [];
  return { host: ipv6 ?? host ?? name, port };
}

function isAddress(host: string): boolean {
  return /^\d+(\.\d+){3}$/.test(host) || (host.includes(":") && URL.canParse(`http://[${host}]`));
}

function bracketed(address: string): string {
  const written = javaAddress(address);
  return written.includes(":") ? `[${written}]` : written;
}

/** An IP address as Java's `InetAddress` writes it: nothing compressed, and no IPv6 for what is IPv4. */
function javaAddress(address: string): string {
  if (!address.includes(":")) return address;
  const groups = ipv6Groups(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) return groups.map((group) => group.toString(16)).join(":");
  return groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join(".");
}
