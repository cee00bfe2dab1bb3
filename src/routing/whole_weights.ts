/** Weights that other programs can have. @module */

import { quote, ValidationException } from "../errors.ts";
import type { Server } from "./locator.ts";

/** What C programs keep a weight in. */
const LARGEST_WEIGHT = 2 ** 31 - 1;

/**
 * Checks that all weights are whole numbers, as they are in the programs whose choices are repeated: what
 * they would make of half a weight is nothing anybody could say.
 *
 * @throws {ValidationException} When one is not, or is above the largest.
 */
export function checkWholeWeights(
  servers: readonly Server[],
  algorithm: string,
  largest: number = LARGEST_WEIGHT,
): void {
  for (const { name, weight } of servers) {
    if (Number.isInteger(weight) && weight >= 1 && weight <= largest) continue;
    const why = `${algorithm} takes whole numbers from 1 to ${largest}`;
    throw new ValidationException(
      `Cannot give server ${quote(name)} a weight of ${weight}: ${why}`,
      weight,
    );
  }
}
