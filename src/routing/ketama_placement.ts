/** The points of ketama: several from each digest of a label. @module */

import { md5 } from "./hashes/md5.ts";
import type { Server } from "./locator.ts";
import type { CountLabels, RingPlacement } from "./ring.ts";

/** A digest, as little-endian words of four bytes. */
export type WordDigest = (text: string, into: Uint32Array) => void;

/** The rules of one ketama. */
export interface KetamaPlacement {
  /** The placement's name, including all options that the points depend on. */
  readonly name: string;
  readonly labels: CountLabels;
  readonly label: (server: Server, number: number) => string;
  readonly digest?: WordDigest;
  readonly pointsPerDigest?: number;
  readonly laterOwns?: boolean;
}

/** How many labels a server has with equal weights: 40, for 160 points. */
export const LABELS_PER_SERVER = 40;

const WORDS = /* @__PURE__ */ new Uint32Array(5);

/** Makes the placement; by default with 4 points from each MD5. */
export function ketamaPlacement(rules: KetamaPlacement): RingPlacement {
  const { name, labels, label, digest = md5, pointsPerDigest = 4, laterOwns = false } = rules;
  return {
    name,
    label,
    laterOwns,
    place(server, servers, put) {
      const count = labels(server, servers);
      for (let number = 0; number < count; number++) {
        digest(label(server, number), WORDS);
        for (let i = 0; i < pointsPerDigest; i++) put(WORDS[i]!, number);
      }
    },
  };
}

/**
 * A share by weight in single precision, as libmemcached and twemproxy compute it. Rounding matters: each of 25 or 47
 * equal servers gets 39 labels, not 40.
 */
export const labelsInFloat32: CountLabels = ({ weight }, servers) => {
  const { fround } = Math;
  const share = fround(fround(weight) / fround(totalWeight(servers)));
  const points = fround(fround(share * (LABELS_PER_SERVER * 4)) / 4);
  return Math.floor(fround(fround(points * servers.length) + 1e-10));
};

/** A share by weight in double precision, as npm `hashring` computes it. */
export const labelsInFloat64: CountLabels = ({ weight }, servers) =>
  Math.floor(weight / totalWeight(servers) * LABELS_PER_SERVER * servers.length);

function totalWeight(servers: readonly Server[]): number {
  return servers.reduce((total, { weight }) => total + weight, 0);
}
