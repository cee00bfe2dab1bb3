/** Rings of points, and how a key finds its point. @module */

import type { NamedHash } from "./hashes/key_hash.ts";
import type { Explanation, Locator, Server } from "./locator.ts";
import { onlyServer } from "./only_server.ts";
import { remembered } from "./remembered.ts";

/** All points in ascending order, and the index of each one's server. Never changed once made. */
export interface Ring {
  readonly points: Uint32Array;
  readonly owners: Uint32Array;
}

/** Takes a server's point, and the number of the label that it comes from. */
export type PutPoint = (point: number, number: number) => void;

/** Where servers stand on a ring. */
export interface Placement {
  /** Says which placement it is, with all options that points depend on. */
  readonly name: string;
  /** Puts all points of a server. */
  place(server: Server, servers: readonly Server[], put: PutPoint): void;
  /** The text that some of them come from. */
  label(server: Server, number: number): string;
  /** Whether a later server takes a point that an earlier one has; else the earlier one keeps it. */
  readonly laterOwns: boolean;
}

/** How a key finds its point: an index into the points, of which there is one at least. */
export type FindPoint = (points: Uint32Array, hash: number) => number;

/** What a ring does. */
export interface RingRules {
  /** The name of the locator. */
  readonly algorithm: string;
  readonly placement: Placement;
  /** What keys are hashed with. */
  readonly keyHash: NamedHash;
  readonly search: Search;
  /**
   * What a key is hashed to when its server is down: by the first attempt, 0, and by those that follow, as
   * many as there are servers. Without it the ring is made anew of the servers that are up.
   */
  readonly rehash?: (key: string, attempt: number) => number;
}

/** A way of finding a key's point, and of telling in words why it is that one. */
export interface Search {
  readonly find: FindPoint;
  why(points: Uint32Array, hash: number): string;
}

/** Makes the locator of a ring. Locating allocates nothing. */
export function ringLocator(servers: readonly Server[], rules: RingRules): Locator {
  const { algorithm, placement, search } = rules;
  const { hash, text: hashFunction } = rules.keyHash;
  if (servers.length === 1) return onlyServer(algorithm);
  const { points, owners } = remembered(
    placement.name,
    servers,
    () => makeRing(servers, placement),
  );
  const { find } = search;
  // The caller's list may change, and what is explained must not.
  const own = servers.map(({ name, weight }): Server => ({ name, weight }));

  function explain(key: string): Explanation {
    const keyHash = hash(key);
    const at = find(points, keyHash);
    const label = labelOf(own[owners[at]!]!, points[at]!, own, placement);
    const point = { hash: points[at]!, label, position: at + 1, of: points.length };
    return { algorithm, hashFunction, keyHash, point, why: search.why(points, keyHash) };
  }

  const locate = (key: string) => owners[find(points, hash(key))]!;
  const { rehash } = rules;
  if (rehash === undefined) return { locate, explain };

  function locateUp(key: string, isUp: (index: number) => boolean): number {
    let owner = locate(key);
    for (let attempt = 0; !isUp(owner); attempt++) {
      if (attempt === own.length) return -1;
      owner = owners[find(points, rehash!(key, attempt))]!;
    }
    return owner;
  }

  return { locate, locateUp, explain };
}

/** More servers than this are none of memcached's deployments; it keeps point and owner in 53 bits. */
const OWNERS = 2 ** 20;

function makeRing(servers: readonly Server[], { place, laterOwns }: Placement): Ring {
  // Point and owner in one number, so that one sort of a typed array orders both.
  const placed: number[] = [];
  servers.forEach((server, owner) =>
    place(server, servers, (point) => {
      placed.push(point * OWNERS + owner);
    })
  );
  const sorted = new Float64Array(placed).sort();
  const points = new Uint32Array(sorted.length);
  const owners = new Uint32Array(sorted.length);
  for (let i = sorted.length - 1; i >= 0; i--) {
    points[i] = Math.floor(sorted[i]! / OWNERS);
    const shared = laterOwns && points[i] === points[i + 1];
    owners[i] = shared ? owners[i + 1]! : sorted[i]! % OWNERS;
  }
  return { points, owners };
}

function labelOf(
  server: Server,
  point: number,
  servers: readonly Server[],
  { place, label }: Placement,
): string {
  let found = 0;
  place(server, servers, (other, number) => {
    if (other === point) found = number;
  });
  return label(server, found);
}
