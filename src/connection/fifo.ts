/** A queue. @module */

const INITIAL_LENGTH = 16;
/** A ring that has grown larger than this is not kept when it is empty. */
const LARGEST_KEPT = 1 << 16;

/** First in, first out, in a ring buffer that grows when it is full. */
export class Fifo<Item> {
  /** Its length is a power of two, so that positions wrap by a mask. */
  #ring: (Item | undefined)[] = new Array(INITIAL_LENGTH);
  #head = 0;
  #length = 0;

  /** The number of items. */
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

  /** Removes the oldest item. */
  shift(): Item | undefined {
    const item = this.#ring[this.#head];
    if (item === undefined) return undefined;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    if (--this.#length === 0 && this.#ring.length > LARGEST_KEPT) this.#renew();
    return item;
  }

  /** Removes all items, oldest first. */
  drain(): Item[] {
    const items = Array.from(this);
    this.#renew();
    return items;
  }

  /** Removes all items except the wanted ones. */
  keep(isWanted: (item: Item) => boolean): void {
    const mask = this.#ring.length - 1;
    let kept = 0;
    for (let i = 0; i < this.#length; i++) {
      const item = this.#ring[(this.#head + i) & mask]!;
      if (isWanted(item)) this.#ring[(this.#head + kept++) & mask] = item;
    }
    for (let i = kept; i < this.#length; i++) this.#ring[(this.#head + i) & mask] = undefined;
    this.#length = kept;
  }

  /** The items, oldest first. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (let i = 0; i < this.#length; i++) {
      yield this.#ring[(this.#head + i) & (this.#ring.length - 1)]!;
    }
  }

  #renew(): void {
    this.#ring = new Array(INITIAL_LENGTH);
    this.#head = this.#length = 0;
  }

  #grow(): void {
    const items = Array.from(this);
    items.length *= 2;
    this.#ring = items;
    this.#head = 0;
  }
}
