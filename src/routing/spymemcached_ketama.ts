/** spymemcached's ketama. @module */

import { quote, ValidationException } from "../errors.ts";
import { checkChoice, checkNames, holdsNames, invalidOption } from "../option_checks.ts";
import { ipv6Groups } from "./ipv6_name.ts";
import { ketamaPlacement, LABELS_PER_SERVER, labelsInFloat32 } from "./ketama_placement.ts";
import { checkWholeWeights } from "./labels_and_weights.ts";
import { type Locator, onlyServer, type Server } from "./locator.ts";
import { CEILING, onePointPerLabel, ringLocator, type RingPlacement } from "./ring.ts";
import { type SpymemcachedHash, spymemcachedHash } from "./spymemcached_hash.ts";

/** The options of {@linkcode spymemcachedKetama}; all are optional. */
export interface SpymemcachedKetamaOptions {
  /** The argument of `setHashAlg`; `"ketama"` by default, as in `KetamaConnectionFactory`. */
  readonly hash?: SpymemcachedHash | undefined;
  /**
   * spymemcached's `KetamaNodeKeyFormatter.Format`; `"spymemcached"` by default:
   *
   * - `"spymemcached"`: `host/ip:port-0`, or `ip:port-0` for a server given by its IP address
   * - `"libmemcached"`: `host-0`, or `host:port-0` when the port is not 11211. Java resolves IP addresses to names. If
   *   it finds a name, use that name for the server.
   */
  readonly labels?: "spymemcached" | "libmemcached" | undefined;
  /**
   * The IP address of each host name, as the Java programs resolve it: `{ "cache.example.com": "10.0.0.1" }`. Labels of
   * format `"spymemcached"` include it, so with this format every host name needs one.
   */
  readonly addresses?: Readonly<Record<string, string>> | undefined;
}

const ALGORITHM = "spymemcachedKetama";
const POINTS_PER_SERVER = 160;
const FURTHER_ATTEMPTS = 6;

/**
 * spymemcached's `KetamaNodeLocator` (`Locator.CONSISTENT`): 160 points per server, 4 from each MD5 of
 * `host/ip:port-0`, `host/ip:port-1`, …; with a hash other than `"ketama"`, each point is the hash of a label. An IPv6
 * address is written as in Java 14 and later, `[2001:db8:0:0:0:0:0:1]`.
 *
 * While a server is removed because it is down, its keys are hashed again as with spymemcached's
 * `FailureMode.Redistribute`, up to six times. A key for which none of these servers is up has no server.
 *
 * @param servers The servers. Weights are used if one of them is not 1, and must be whole numbers. A name in Java's
 * form, such as `"cache.example.com/10.0.0.1:11211"`, is used unchanged.
 * @param options `hash`, `labels`, `addresses`.
 * @returns The locator. Locating allocates nothing.
 * @throws {ValidationException} When an option is not one of its names, a weight is not a whole number, or the address
 * of a host name is missing.
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
  if (!holdsNames(addresses)) {
    throw invalidOption("addresses", addresses, "a plain object of IP addresses by host name");
  }
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

/** A socket address as Java writes it, without the leading slash. */
function javaName(name: string, addresses: Readonly<Record<string, string>>): string {
  if (name.includes("/")) return name.replace(/^\//, "");
  const { host, port } = split(name);
  const suffix = port === undefined ? "" : `:${port}`;
  if (isAddress(host)) return bracketed(host) + suffix;
  const address = Object.hasOwn(addresses, host) ? addresses[host] : undefined;
  if (typeof address === "string" && isAddress(address)) {
    return `${host}/${bracketed(address)}${suffix}`;
  }
  const why = `${ALGORITHM} also hashes its IP address, which is missing in the option addresses`;
  throw new ValidationException(`Cannot use server ${quote(name)}: ${why}`, name);
}

/** A server's name as spymemcached writes it for compatibility with libmemcached. */
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

/** An IP address as Java's `InetAddress` writes it: without compressed zeros, and an IPv4-mapped address as IPv4. */
function javaAddress(address: string): string {
  if (!address.includes(":")) return address;
  const groups = ipv6Groups(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) return groups.map((group) => group.toString(16)).join(":");
  return groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join(".");
}
