/** The largest of many items, and how many there are of each size. @module */

import type { ItemMetadata } from "../../mod.ts";
import { showSize } from "./quantities.ts";

/** Keeps the largest items that it is shown, and counts all by their size. */
export class LargestItems {
  readonly #most: number;
  #candidates: ItemMetadata[] = [];
  /** The size that an item needs at least to be one of the largest. */
  #least = 0;
  readonly #sizes = new Map<number, number>();
  #count = 0;

  /** @param most How many items are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many items were added. */
  get count(): number {
    return this.#count;
  }

  /** The largest, the largest first. */
  get items(): readonly ItemMetadata[] {
    this.#choose();
    return this.#candidates;
  }

  /** Looks at an item. */
  add(item: ItemMetadata): void {
    this.#count++;
    const power = 2 ** Math.ceil(Math.log2(Math.max(64, item.size)));
    this.#sizes.set(power, (this.#sizes.get(power) ?? 0) + 1);
    if (item.size <= this.#least) return;
    // To sort them seldom costs less than to put each in its place.
    if (this.#candidates.push(item) >= 2 * this.#most) this.#choose();
  }

  #choose(): void {
    const sorted = this.#candidates.toSorted((a, b) => b.size - a.size);
    this.#candidates = sorted.slice(0, this.#most);
    if (sorted.length >= this.#most) this.#least = this.#candidates.at(-1)?.size ?? 0;
  }

  /** How many items there are of each size, the smallest first: up to 64 bytes, up to 128 bytes and so on. */
  sizes(): Map<number, number> {
    return new Map([...this.#sizes].toSorted(([a], [b]) => a - b));
  }

  /** The same, for people: `up to 64 B`, `up to 128 B` and so on. */
  namedSizes(): Map<string, number> {
    return new Map(Array.from(this.sizes(), ([size, count]) => [`up to ${showSize(size)}`, count]));
  }
}
