/** Rings of points, and the search for a key's point. @module */

import type { NamedHash, TextHash } from "./hashes/text_hash.ts";
import { type Explanation, firstUp, type Locator, onlyServer, type Server } from "./locator.ts";

/** Adds a point of a server, with the number of the label that it comes from. */
export type PutPoint = (point: number, number: number) => void;

/** How the points of servers are placed on a ring. */
export interface RingPlacement {
  /** The placement's name, including all options that the points depend on. */
  readonly name: string;
  /** Adds all points of a server. */
  place(server: Server, servers: readonly Server[], put: PutPoint): void;
  /** The label with a number: the text that points are hashed from. */
  label(server: Server, number: number): string;
  /** Whether a later server gets a point that an earlier server has too; by default the earlier one keeps it. */
  readonly laterOwns?: boolean;
}

/** The number of labels of a server. */
export type CountLabels = (server: Server, servers: readonly Server[]) => number;

/** The rules of one placement of {@linkcode onePointPerLabel}. */
export interface PointPerLabel extends Omit<RingPlacement, "place"> {
  readonly labels: CountLabels;
  /** Computes a point: the hash of its label. */
  readonly hash: TextHash;
}

/** Makes a placement with one point for each label; labels are numbered from 0. */
export function onePointPerLabel({ labels, hash, ...rules }: PointPerLabel): RingPlacement {
  return {
    ...rules,
    place(server, servers, put) {
      const count = labels(server, servers);
      for (let i = 0; i < count; i++) put(hash(rules.label(server, i)), i);
    },
  };
}

/** A search for a key's point, and its explanation in words. */
export interface Search {
  /** Returns an index into the points. There is at least one. */
  readonly find: (points: Uint32Array, hash: number) => number;
  why(points: Uint32Array, hash: number): string;
}

/** The rules of a ring. */
export interface RingRules {
  /** The name of the locator. */
  readonly algorithm: string;
  readonly placement: RingPlacement;
  /** The hash of keys. */
  readonly keyHash: NamedHash;
  readonly search: Search;
  /**
   * Further hashes of a key, for while its server is down. Each is tried in turn; after the last, the key has no
   * server. Without this function, the client makes another ring for the servers that are up.
   */
  readonly furtherHashes?: (key: string) => Iterable<number>;
}

/** Makes the locator of a ring. Locating allocates nothing. */
export function ringLocator(servers: readonly Server[], rules: RingRules): Locator {
  const { algorithm, placement, search, furtherHashes } = rules;
  const { hash, text: hashFunction } = rules.keyHash;
  if (servers.length === 1) return onlyServer(algorithm);
  const ring = rememberedRing(placement.name, servers, () => makeRing(servers, placement));
  const { points, owners } = ring;
  const { find } = search;

  function explain(key: string): Explanation {
    const keyHash = hash(key);
    const at = find(points, keyHash);
    const label = labelOf(at, ring, placement);
    const point = { hash: points[at]!, label, position: at + 1, of: points.length };
    return { algorithm, hashFunction, keyHash, point, why: search.why(points, keyHash) };
  }

  const locate = (key: string) => owners[find(points, hash(key))]!;
  if (furtherHashes === undefined) return { locate, explain };
  return {
    locate,
    locateUp(key, isUp) {
      const owner = locate(key);
      if (isUp(owner)) return owner;
      return firstUp(furtherHashes(key), (hash) => owners[find(points, hash)]!, isUp);
    },
    explain,
  };
}

/**
 * The search of libmemcached and most clients: the first point not below the hash; after the last point, the first one.
 */
export const CEILING: Search = { find: ceiling, why: whyCeiling };

/**
 * EnyimMemcached's search: as {@linkcode CEILING}, but a hash below the first point goes to the *last* one. Its code
 * complements the result of .NET's `Array.BinarySearch`, and treats 0 as not found.
 */
export const ENYIM_CEILING: Search = {
  find: (points, hash) => hash < points[0]! ? points.length - 1 : ceiling(points, hash),
  why: (points, hash) =>
    hash < points[0]!
      ? "below the first point: the last point's owner, as in EnyimMemcached"
      : whyCeiling(points, hash),
};

/** The index of the first point not below a hash; 0 after the last point. */
export function ceiling(points: Uint32Array, hash: number): number {
  const last = points.length - 1;
  if (hash > points[last]!) return 0;
  // Written inline, because a call would double the time for a key.
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (points[middle]! < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}

function whyCeiling(points: Uint32Array, hash: number): string {
  return hash > points[points.length - 1]!
    ? "past the last point: the first point's owner"
    : "the first point not below the key's hash";
}

/** The points of some servers. A ring never changes. */
export interface Ring {
  /** The name of the placement. */
  readonly placement: string;
  readonly servers: readonly Server[];
  /** The points in ascending order. */
  readonly points: Uint32Array;
  /** The index of each point's server. */
  readonly owners: Uint32Array;
}

/** The largest number of servers, so that a point and its server fit into 53 bits. */
const OWNERS = 0x100000;

function makeRing(servers: readonly Server[], placement: RingPlacement): Ring {
  // Point and server in one number, so that sorting one typed array orders both.
  const placed: number[] = [];
  servers.forEach((server, owner) =>
    placement.place(server, servers, (point) => {
      placed.push(point * OWNERS + owner);
    })
  );
  const sorted = new Float64Array(placed).sort();
  const points = new Uint32Array(sorted.length);
  const owners = new Uint32Array(sorted.length);
  for (let i = sorted.length - 1; i >= 0; i--) {
    points[i] = Math.floor(sorted[i]! / OWNERS);
    const shared = placement.laterOwns && points[i] === points[i + 1];
    owners[i] = shared ? owners[i + 1]! : sorted[i]! % OWNERS;
  }
  // A copy: the caller may change the list, and the remembered ring must not change.
  const own = servers.map(({ name, weight }) => ({ name, weight }));
  return { placement: placement.name, servers: own, points, owners };
}

/** The label that a point was hashed from. */
function labelOf(
  at: number,
  { servers, points, owners }: Ring,
  { place, label }: RingPlacement,
): string {
  const server = servers[owners[at]!]!;
  let found = 0;
  place(server, servers, (point, number) => {
    if (point === points[at]) found = number;
  });
  return label(server, found);
}

/**
 * How many rings are remembered, and how many points: a process has few lists of servers, and 8 MiB limit large ones.
 */
const MAX_RINGS = 8;
const MAX_POINTS = 0x100000;

/** The remembered rings, the most recently used first. */
const recentRings: Ring[] = [];

/**
 * The ring of a list of servers: a remembered one, or a new one. Making a ring takes up to a few milliseconds. Programs
 * that make a client for each request, as on edge runtimes, would make the same ring each time.
 *
 * @param placement The name of the placement; equal names must mean equal rings.
 * @param servers The servers; names, weights and order matter.
 * @param make Makes the ring.
 */
export function rememberedRing(
  placement: string,
  servers: readonly Server[],
  make: () => Ring,
): Ring {
  const at = recentRings.findIndex((ring) =>
    ring.placement === placement && areSame(ring.servers, servers)
  );
  const [ring = make()] = at < 0 ? [] : recentRings.splice(at, 1);
  recentRings.unshift(ring);
  if (at < 0) forgetOldRings();
  return ring;
}

function areSame(some: readonly Server[], others: readonly Server[]): boolean {
  return some.length === others.length &&
    some.every(({ name, weight }, i) => name === others[i]!.name && weight === others[i]!.weight);
}

function forgetOldRings(): void {
  let points = 0;
  const kept = recentRings.findIndex((ring, i) => {
    points += ring.points.length;
    return i === MAX_RINGS || points > MAX_POINTS;
  });
  if (kept >= 0) recentRings.length = kept;
}
