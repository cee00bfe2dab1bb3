/** What memcached tells of writes. @module */

import { ClientException, type WatchEvent, type WatchKind, type WatchStream } from "../../mod.ts";

/** Watches all servers for keys that are written. */
export class Watching {
  /** Resolves when every server reports writes. */
  readonly ready: Promise<void>;
  readonly #watch: (kinds: readonly WatchKind[]) => WatchStream;
  readonly #written: (key: string | undefined) => void;
  #reader: ReadableStreamDefaultReader<WatchEvent> | undefined;
  #reading: Promise<void> = Promise.resolve();
  #hasEnded = false;

  /**
   * @param watch Begins to watch.
   * @param written Called with each key that is written; with none if memcached has left out events.
   */
  constructor(
    watch: (kinds: readonly WatchKind[]) => WatchStream,
    written: (key: string | undefined) => void,
  ) {
    this.#watch = watch;
    this.#written = written;
    this.ready = this.#begin();
  }

  /** Ends the watching. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await Promise.allSettled([this.ready]);
    await Promise.allSettled([this.#reader?.cancel(), this.#reading]);
  }

  async #begin(): Promise<void> {
    try {
      await this.#follow(["mutations", "deletions"]);
    } catch (error) {
      // A memcached that does not know deletions refuses both.
      if (!(error instanceof ClientException) || this.#hasEnded) throw error;
      await this.#follow(["mutations"]);
    }
  }

  async #follow(kinds: readonly WatchKind[]): Promise<void> {
    const stream = this.#watch(kinds);
    const reader = stream.getReader();
    this.#reader = reader;
    this.#reading = this.#read(reader);
    this.#reading.catch(() => {});
    await stream.ready;
  }

  async #read(reader: ReadableStreamDefaultReader<WatchEvent>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const key = keyOf(value);
      if (key !== undefined || value.type === "skipped") this.#written(key);
    }
  }
}

function keyOf(event: WatchEvent): string | undefined {
  // Deletions came later than the types that are read: their key is escaped as in a URL.
  if (event.type === "other") return decode(event.fields["key"]);
  return "key" in event ? event.key : undefined;
}

function decode(text: string | undefined): string | undefined {
  return text?.replace(/%([\dA-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
