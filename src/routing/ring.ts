/** Rings of points, and how a key finds its point. @module */

import type { NamedHash, TextHash } from "./hashes/text_hash.ts";
import { type Explanation, firstUp, type Locator, onlyServer, type Server } from "./locator.ts";

/** Takes a server's point, and the number of the label that it comes from. */
export type PutPoint = (point: number, number: number) => void;

/** Where servers stand on a ring. */
export interface RingPlacement {
  /** Says which placement it is, with all options that points depend on. */
  readonly name: string;
  /** Puts all points of a server. */
  place(server: Server, servers: readonly Server[], put: PutPoint): void;
  /** The text that some of them come from. */
  label(server: Server, number: number): string;
  /** Whether a later server takes a point that an earlier one has; by default the earlier one keeps it. */
  readonly laterOwns?: boolean;
}

/** How many labels of its own a server has. */
export type CountLabels = (server: Server, servers: readonly Server[]) => number;

/** What sets one placement of {@linkcode onePointPerLabel} apart from another. */
export interface PointPerLabel extends Omit<RingPlacement, "place"> {
  readonly labels: CountLabels;
  /** What a point is: the hash of its label. */
  readonly hash: TextHash;
}

/** The placement of a point for each label; labels are numbered from 0. */
export function onePointPerLabel({ labels, hash, ...rules }: PointPerLabel): RingPlacement {
  return {
    ...rules,
    place(server, servers, put) {
      const count = labels(server, servers);
      for (let i = 0; i < count; i++) put(hash(rules.label(server, i)), i);
    },
  };
}

/** A way of finding a key's point, and of telling in words why it is that one. */
export interface Search {
  /** An index into the points, of which there is at least one. */
  readonly find: (points: Uint32Array, hash: number) => number;
  why(points: Uint32Array, hash: number): string;
}

/** What a ring does. */
export interface RingRules {
  /** The name of the locator. */
  readonly algorithm: string;
  readonly placement: RingPlacement;
  /** What keys are hashed with. */
  readonly keyHash: NamedHash;
  readonly search: Search;
  /**
   * What a key is hashed to while its server is down: each hash is tried in turn, and a key has no server
   * after the last. Without it the client makes another ring of the servers that are up.
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

/** The first point not below the hash, past the last one the first: libmemcached's and most others'. */
export const CEILING: Search = { find: ceiling, why: whyCeiling };

/**
 * EnyimMemcached's: as {@linkcode CEILING}, but a hash below the first point goes to the *last* one. Its
 * code takes the complement of what .NET's `Array.BinarySearch` returns, and takes 0 for nothing found.
 */
export const ENYIM_CEILING: Search = {
  find: (points, hash) => hash < points[0]! ? points.length - 1 : ceiling(points, hash),
  why: (points, hash) =>
    hash < points[0]!
      ? "below the first point: the last point's owner, as EnyimMemcached's binary search has it"
      : whyCeiling(points, hash),
};

/** The index of the first point not below a hash; past the last point it is 0. */
export function ceiling(points: Uint32Array, hash: number): number {
  const last = points.length - 1;
  if (hash > points[last]!) return 0;
  // Written out, not called: it halves the time that a key takes.
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

/** The points of some servers. It does not change once it has been made. */
export interface Ring {
  /** The name of the placement. */
  readonly placement: string;
  readonly servers: readonly Server[];
  /** In ascending order. */
  readonly points: Uint32Array;
  /** The index of each point's server. */
  readonly owners: Uint32Array;
}

/** No deployment of memcached has more servers; point and owner stay within 53 bits. */
const OWNERS = 0x100000;

function makeRing(servers: readonly Server[], placement: RingPlacement): Ring {
  // Point and owner in one number, so that one sort of a typed array orders both.
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
  // The caller's list may change, and what is remembered and explained must not.
  const own = servers.map(({ name, weight }) => ({ name, weight }));
  return { placement: placement.name, servers: own, points, owners };
}

/** The label that a point comes from. */
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

/** A process has few server lists; the second bound, of 8 MiB, is for those that have large ones. */
const MAX_RINGS = 8;
const MAX_POINTS = 0x100000;

/** The most recently used first. */
const recentRings: Ring[] = [];

/**
 * The ring of a server list: of the last time, or made now. A ring takes up to milliseconds to make, and
 * programs that make a client per request, as on edge runtimes, make the same one each time.
 *
 * @param placement The name of the placement; the same name must mean the same ring.
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
