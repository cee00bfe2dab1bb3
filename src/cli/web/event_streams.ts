/** Server-sent events for many readers. @module */

/** Where a reader's events go: the response of `node:http`. */
export interface EventSink {
  /** Writes; `false` when no more should be written before `drain`. */
  write(text: string): boolean;
  on(event: "drain" | "close", listener: () => void): unknown;
  end(): unknown;
  destroy(): unknown;
}

/** After how many milliseconds in which a reader takes nothing its connection is closed. */
const PATIENCE = 30_000;

/** One open stream. */
export interface EventReader {
  /** Sends an event to this reader only. */
  send(name: string, data: unknown): void;
}

/** The open streams. Of what a slow reader cannot take yet, only the newest event of each name is kept. */
export class EventStreams<Options> {
  readonly #readers = new Map<Reader, Options>();
  readonly #changed: () => void;
  readonly #now: () => number;

  /**
   * @param changed Called when there is one more reader, or one less.
   * @param now A clock in milliseconds.
   */
  constructor(changed: () => void, now: () => number = () => performance.now()) {
    this.#changed = changed;
    this.#now = now;
  }

  /** How many streams are open. */
  get size(): number {
    return this.#readers.size;
  }

  /** What the readers have asked for. */
  get wishes(): Iterable<Options> {
    return this.#readers.values();
  }

  /** Adds a reader, until its connection ends. */
  add(sink: EventSink, options: Options): EventReader {
    const reader = new Reader(sink, this.#now);
    this.#readers.set(reader, options);
    sink.on("close", () => {
      this.#readers.delete(reader);
      this.#changed();
    });
    this.#changed();
    return reader;
  }

  /** Sends an event to every reader that wants it. */
  send(name: string, data: unknown, isWanted: (options: Options) => boolean = () => true): void {
    let text: string | undefined;
    for (const [reader, options] of this.#readers) {
      if (isWanted(options)) reader.put(name, text ??= encoded(name, data));
    }
  }

  /** Ends all streams. */
  close(): void {
    for (const reader of this.#readers.keys()) reader.end();
    this.#readers.clear();
  }
}

class Reader implements EventReader {
  readonly #sink: EventSink;
  readonly #now: () => number;
  readonly #waiting = new Map<string, string>();
  #blockedSince: number | undefined;

  constructor(sink: EventSink, now: () => number) {
    this.#sink = sink;
    this.#now = now;
    sink.on("drain", () => {
      this.#blockedSince = undefined;
      this.#flush();
    });
  }

  send(name: string, data: unknown): void {
    this.put(name, encoded(name, data));
  }

  put(name: string, text: string): void {
    this.#waiting.set(name, text);
    if (this.#blockedSince === undefined) this.#flush();
    // The browser opens the stream again when it is there again.
    else if (this.#now() - this.#blockedSince > PATIENCE) this.#sink.destroy();
  }

  end(): void {
    this.#sink.end();
  }

  #flush(): void {
    for (const [name, text] of this.#waiting) {
      this.#waiting.delete(name);
      if (this.#sink.write(text)) continue;
      this.#blockedSince = this.#now();
      return;
    }
  }
}

/** Makes the text of an event. JSON has no line ends, so the data cannot begin another event. */
function encoded(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
