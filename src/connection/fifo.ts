/** A queue. @module */

/** First in, first out, without moving what waits. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;

  /** How many items wait. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** The oldest item. */
  peek(): Item | undefined {
    return this.#items[this.#head];
  }

  /** Takes the oldest item out. */
  shift(): Item | undefined {
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.#items.length = this.#head = 0;
    else if (this.#head > 1024 && this.#head * 2 > this.#items.length) this.#compact();
    return item;
  }

  /** Takes all items out, oldest first. */
  drain(): Item[] {
    const items = this.#items.slice(this.#head) as Item[];
    this.#items = [];
    this.#head = 0;
    return items;
  }

  /** The items that wait, oldest first. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (let at = this.#head; at < this.#items.length; at++) yield this.#items[at]!;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
