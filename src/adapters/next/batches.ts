/** Work that many ask for at the same time, done once for all of them. @module */

/** A batch that has not begun, and what comes of it. */
interface Batch<Item, Result> {
  readonly items: Item[];
  readonly result: Promise<Result>;
}

/** Does one batch after the other: what is asked for while one is being done is in the next. */
export class Batches<Item, Result> {
  readonly #work: (items: readonly Item[]) => Promise<Result>;
  #waiting: Batch<Item, Result> | undefined;
  /** Resolves when the last batch that was made has ended, well or not. */
  #ended: Promise<unknown> = Promise.resolve();

  /** @param work Does a batch, of one item or more. */
  constructor(work: (items: readonly Item[]) => Promise<Result>) {
    this.#work = work;
  }

  /**
   * Adds an item to the next batch.
   *
   * @returns What comes of that batch, which begins after this call.
   */
  add(item: Item): Promise<Result> {
    const { items, result } = this.#waiting ??= this.#newBatch();
    items.push(item);
    return result;
  }

  #newBatch(): Batch<Item, Result> {
    const items: Item[] = [];
    const result = this.#ended.then(() => {
      this.#waiting = undefined;
      return this.#work(items);
    });
    this.#ended = result.catch(() => {});
    return { items, result };
  }
}
