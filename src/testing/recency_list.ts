/**
 * The order in which items were used. A `Map` in insertion order would keep it too, but finding its
 * first entry means walking over all that were deleted before it.
 *
 * @module
 */

/** What can stand in a {@linkcode RecencyList}, and in one only. */
export interface RecencyListEntry<T> {
  /** The neighbour used before. Of no concern to anybody but the list. */
  older?: T | undefined;
  /** The neighbour used after. Of no concern to anybody but the list. */
  newer?: T | undefined;
}

/** A doubly linked list from the entry used longest ago to the one used last. */
export class RecencyList<T extends RecencyListEntry<T>> {
  #oldest: T | undefined;
  #newest: T | undefined;

  /** The entry used longest ago. */
  get oldest(): T | undefined {
    return this.#oldest;
  }

  /** Adds an entry that is in no list, as the one used last. */
  add(entry: T): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  /** Removes an entry of this list. */
  remove(entry: T): void {
    const { older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    entry.older = undefined;
    entry.newer = undefined;
  }

  /** Makes an entry of this list the one used last. */
  refresh(entry: T): void {
    if (entry === this.#newest) return;
    this.remove(entry);
    this.add(entry);
  }
}
