/**
 * Collects replies and writes them in parts.
 *
 * @module
 */

import { type BufferPool, ByteBuffer } from "./buffers.ts";
import type { ItemMemory } from "./items/item_memory.ts";
import type { ItemReply, Reply } from "./outcome.ts";

/** Replies are written when they have reached this length, so that they do not accumulate. */
const REPLY_LENGTH = 64 * 1024;

/** Bytes to send, or how many milliseconds to wait before anything else. */
export type Step = Uint8Array | number;

/** Collects replies, and yields them in parts. A part is valid until the next one is requested. */
export class ReplyWriter {
  readonly #buffer: ByteBuffer;
  readonly #memory: ItemMemory;

  /** Takes the pool for its buffer, and the items' memory. */
  constructor(buffers: BufferPool, memory: ItemMemory) {
    this.#buffer = new ByteBuffer(buffers);
    this.#memory = memory;
  }

  /** Adds a line, without its end. */
  append(line: string): void {
    this.#buffer.appendText(line);
    this.#buffer.appendLineEnd();
  }

  /** Whether enough has been collected to be written. */
  get isLong(): boolean {
    return this.#buffer.byteLength >= REPLY_LENGTH;
  }

  /** Yields what has been collected. */
  *flush(): Generator<Step, void> {
    if (this.#buffer.byteLength > 0) yield this.#buffer.take();
  }

  /** Adds a reply, and yields parts whenever enough has been collected. */
  *write(reply: string | Reply | undefined): Generator<Step, void> {
    if (typeof reply === "string") this.append(reply);
    if (typeof reply !== "object") return;
    for (const part of reply.parts) {
      if (typeof part === "string") this.#buffer.appendText(part);
      else if (part.item.valueLength <= REPLY_LENGTH) this.#appendItem(part);
      else yield* this.#writeLargeItem(part);
      if (this.isLong) yield this.#buffer.take();
    }
  }

  /** Yields what has been collected, and then only the first bytes of a reply. */
  *cut(reply: string | Reply | undefined, byteLength: number): Generator<Step, void> {
    yield* this.flush();
    let left = byteLength;
    for (const step of this.#whole(reply)) {
      if (left === 0) return;
      if (!(step instanceof Uint8Array)) continue;
      const part = step.subarray(0, left);
      left -= part.byteLength;
      yield part;
    }
  }

  /** Discards what has not been yielded, and frees its memory. */
  release(): void {
    this.#buffer.release();
  }

  *#whole(reply: string | Reply | undefined): Generator<Step, void> {
    yield* this.write(reply);
    yield* this.flush();
  }

  #appendItem({ words, item }: ItemReply): void {
    this.#buffer.appendWords(words);
    this.#buffer.appendLineEnd();
    this.#buffer.appendWith(item.valueLength, (target, at) => item.copyValue(target, at));
    this.#buffer.appendLineEnd();
  }

  *#writeLargeItem({ words, item }: ItemReply): Generator<Step, void> {
    const value = item.openValue();
    this.#buffer.appendWords(words);
    this.#buffer.appendLineEnd();
    // While the client reads a part of it, others may change the item, or take its memory.
    this.#memory.beginReading(item);
    try {
      for (let left = item.valueLength; left > 0; left -= REPLY_LENGTH) {
        const byteLength = Math.min(left, REPLY_LENGTH);
        this.#buffer.appendWith(byteLength, (target, at) => value.read(target, at, byteLength));
        yield this.#buffer.take();
      }
    } finally {
      this.#memory.endReading(item);
    }
    this.#buffer.appendLineEnd();
  }
}
