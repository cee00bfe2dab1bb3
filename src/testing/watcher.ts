/**
 * One who watches the server's events.
 *
 * @module
 */

import { deferred } from "../waiting.ts";
import { ByteBuffer } from "./byte_buffer.ts";
import type { EventKind } from "./event_log.ts";

/** memcached's `LOGGER_WATCHER_BUF_SIZE`, and the room it leaves for a line that tells of the gap. */
const CAPACITY = 256 * 1024;
const GAP_LINE_LENGTH = 128;

/** Gathers lines until they are taken. Those that find no room are counted, and told as a gap. */
export class Watcher implements AsyncIterable<Uint8Array> {
  /** What it is told. */
  readonly kinds: ReadonlySet<EventKind>;

  readonly #onClose: () => void;
  readonly #lines = new ByteBuffer();
  #news = deferred<void>();
  #skipped = 0;
  #closed = false;

  /** Takes what it is told, and who is to know when it is not to be told any more. */
  constructor(kinds: ReadonlySet<EventKind>, onClose: () => void) {
    this.kinds = kinds;
    this.#onClose = onClose;
  }

  /** Adds a line, its end included, of characters up to U+00FF. */
  push(line: string): void {
    if (this.#lines.byteLength + line.length + GAP_LINE_LENGTH > CAPACITY) {
      this.#skipped += 1;
      return;
    }
    if (this.#skipped > 0) this.#lines.appendText(`skipped=${this.#skipped}\n`);
    this.#skipped = 0;
    this.#lines.appendText(line);
    this.#news.resolve();
  }

  /** Takes the lines gathered so far. */
  take(): Uint8Array {
    return this.#lines.take().slice();
  }

  /** Ends the iteration, behind the lines it has not come to yet. */
  close(): void {
    this.#closed = true;
    this.#onClose();
    this.#news.resolve();
  }

  /** Yields lines as they come, several at once where they come faster than they are read. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    while (!this.#closed || this.#lines.byteLength > 0) {
      await this.#news.promise;
      this.#news = deferred();
      if (this.#lines.byteLength > 0) yield this.take();
    }
  }
}
