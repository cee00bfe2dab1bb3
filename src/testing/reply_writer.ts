/**
 * Replies on their way to a client.
 *
 * @module
 */

import { type BufferPool, ByteBuffer } from "./buffers.ts";
import type { ItemMemory } from "./items/item_memory.ts";
import type { ItemReply, Reply } from "./outcome.ts";

/** Replies are handed out when they have reached this length, so that they never pile up. */
const REPLY_LENGTH = 64 * 1024;

/** Bytes to send, or how many milliseconds to wait before anything else. */
export type Step = Uint8Array | number;

/** Gathers replies, and hands them out in parts. A part holds until the next one is asked for. */
export class ReplyWriter {
  readonly #buffer: ByteBuffer;
  readonly #memory: ItemMemory;

  /** Takes where its own memory comes from, and where items lie. */
  constructor(buffers: BufferPool, memory: ItemMemory) {
    this.#buffer = new ByteBuffer(buffers);
    this.#memory = memory;
  }

  /** Adds a line, without its end. */
  append(line: string): void {
    this.#buffer.appendText(line);
    this.#buffer.appendLineEnd();
  }

  /** Whether so much has been gathered that it should be handed out. */
  get isLong(): boolean {
    return this.#buffer.byteLength >= REPLY_LENGTH;
  }

  /** Hands out what has been gathered. */
  *flush(): Generator<Step, void> {
    if (this.#buffer.byteLength > 0) yield this.#buffer.take();
  }

  /** Adds a reply, and hands out what becomes too much. */
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

  /** Hands out what has been gathered, and then only the first bytes of a reply. */
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

  /** Forgets what has not been handed out, and gives its memory back. */
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
