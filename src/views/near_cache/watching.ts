/** What memcached tells of writes. @module */

import {
  ClientException,
  type WatchEvent,
  type WatchKind,
  type WatchStream,
} from "../../../mod.ts";
import { systemClock, untilAborted, watchSignal } from "../../waiting.ts";
import { type Deferred, deferred } from "../../waiting/promises.ts";
import { backoff, lettingProcessEnd } from "../../waiting/timers.ts";

/** After this many milliseconds watching has worked: when it is lost, it begins again at once. */
const LASTING = 1000;

/** Watches all servers for keys that are written; begins again when a connection is lost. */
export class Watching {
  /** Resolves when every server reports writes. */
  readonly ready: Promise<void>;
  readonly #watch: (kinds: readonly WatchKind[]) => WatchStream;
  readonly #written: (key: string | undefined) => void;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  /**
   * @param watch Begins to watch.
   * @param written Called with each key that is written; with none if memcached has left out events, or if what was
   * written meanwhile is not known.
   * @param closed Aborted when the client is closed.
   */
  constructor(
    watch: (kinds: readonly WatchKind[]) => WatchStream,
    written: (key: string | undefined) => void,
    closed: AbortSignal | undefined,
  ) {
    this.#watch = watch;
    this.#written = written;
    const ready = deferred<void>();
    this.ready = ready.promise;
    const forget = closed && watchSignal(closed, { abandon: () => this.#ending.abort() });
    this.#running = this.#run(ready).finally(forget);
  }

  /** Ends the watching. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(ready: Deferred<void>): Promise<void> {
    const { signal } = this.#ending;
    for (let attempt = 0; !signal.aborted;) {
      const start = systemClock.now();
      try {
        await this.#followAll(ready);
      } catch (error) {
        ready.reject(error);
        // It will not be allowed later either.
        if (error instanceof ClientException) return;
      }
      // From here on there are no events.
      this.#written(undefined);
      attempt = systemClock.now() - start < LASTING ? attempt + 1 : 0;
      await pauseWithoutHaste(backoff(attempt), signal);
    }
  }

  async #followAll(ready: Deferred<void>): Promise<void> {
    try {
      await this.#follow(["mutations", "deletions"], ready);
    } catch (error) {
      // A memcached that does not know deletions refuses both.
      if (!(error instanceof ClientException) || this.#ending.signal.aborted) throw error;
      await this.#follow(["mutations"], ready);
    }
  }

  async #follow(kinds: readonly WatchKind[], ready: Deferred<void>): Promise<void> {
    const { signal } = this.#ending;
    const stream = this.#watch(kinds);
    const reader = stream.getReader();
    let closing: Promise<unknown> | undefined;
    const close = () => closing ??= Promise.allSettled([reader.cancel()]);
    const forget = watchSignal(signal, { abandon: close });
    try {
      await stream.ready;
      // There were no events of what was written until now.
      this.#written(undefined);
      ready.resolve();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const key = keyOf(value);
        if (key !== undefined || value.type === "skipped") this.#written(key);
      }
    } finally {
      forget();
      await close();
    }
  }
}

/** Waits, and does not keep the process alive; returns also when the signal is aborted. */
async function pauseWithoutHaste(delay: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = deferred<void>();
  const cancel = lettingProcessEnd(systemClock).after(delay, resolve);
  await Promise.allSettled([untilAborted(promise, signal)]);
  cancel();
}

function keyOf(event: WatchEvent): string | undefined {
  // Deletions came later than the types that are read: their key is escaped as in a URL.
  if (event.type === "other") return decode(event.fields["key"]);
  return "key" in event ? event.key : undefined;
}

function decode(text: string | undefined): string | undefined {
  return text?.replace(/%([\dA-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
