/** A queue. @module */

/** First in, first out, in a ring that grows when it is full: nothing is ever moved or searched. */
export class Fifo<Item> {
  /** Its length is a power of two, so that positions wrap by a mask. */
  #ring: (Item | undefined)[] = new Array(16);
  #head = 0;
  #length = 0;

  /** How many items wait. */
  get length(): number {
    return this.#length;
  }

  push(item: Item): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length++) & (this.#ring.length - 1)] = item;
  }

  /** The oldest item. */
  peek(): Item | undefined {
    return this.#ring[this.#head];
  }

  /** Takes the oldest item out. */
  shift(): Item | undefined {
    const item = this.#ring[this.#head];
    if (item === undefined) return undefined;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    return item;
  }

  /** Takes all items out, oldest first. */
  drain(): Item[] {
    const items = Array.from(this);
    this.#ring = new Array(16);
    this.#head = this.#length = 0;
    return items;
  }

  /** The items that wait, oldest first. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (let i = 0; i < this.#length; i++) {
      yield this.#ring[(this.#head + i) & (this.#ring.length - 1)]!;
    }
  }

  #grow(): void {
    const items = Array.from(this);
    items.length *= 2;
    this.#ring = items;
    this.#head = 0;
  }
}
