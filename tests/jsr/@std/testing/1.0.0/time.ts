/**
 * Time that a test moves by hand: a stand-in for the part of `jsr:@std/testing/time` that this
 * repository uses, for machines that cannot reach JSR.
 *
 * @module
 */

/** A wrong use of {@linkcode FakeTime}. */
export class TimeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TimeError";
  }
}

// deno-lint-ignore no-explicit-any
type Callback = (...args: any[]) => void;

interface Timer {
  readonly id: number;
  readonly callback: () => void;
  /** Milliseconds between calls; `undefined` for a timer that is called once. */
  readonly interval: number | undefined;
  readonly due: number;
}

/** What {@linkcode FakeTime} replaces. */
const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
};

let active: FakeTime | undefined;

/** Replaces `Date` and the timers until it is disposed of; time stands still unless it is moved. */
export class FakeTime implements Disposable {
  readonly #start: number;
  readonly #timers = new Map<number, Timer>();
  #now: number;
  #lastId = 0;

  constructor(start?: number | string | Date | null) {
    if (active) throw new TimeError("Cannot construct FakeTime: time is already faked");
    this.#start = new real.Date(start ?? real.Date.now()).getTime();
    if (Number.isNaN(this.#start)) throw new TimeError(`Cannot construct FakeTime: start ${start}`);
    this.#now = this.#start;
    active = this;
    this.#fake();
  }

  /** Ends the time that is faked now. */
  static restore(): void {
    if (!active) throw new TimeError("Cannot restore time: it is not faked");
    active.restore();
  }

  /** Runs `callback` with real time. */
  static async restoreFor<T>(
    // deno-lint-ignore no-explicit-any
    callback: (...args: any[]) => Promise<T> | T,
    // deno-lint-ignore no-explicit-any
    ...args: any[]
  ): Promise<T> {
    if (!active) throw new TimeError("Cannot restore time: it is not faked");
    const time = active;
    Object.assign(globalThis, real);
    try {
      return await callback(...args);
    } finally {
      time.#fake();
    }
  }

  /** Milliseconds since 1970 when the time began. */
  get start(): number {
    return this.#start;
  }

  /** Milliseconds since 1970; moving it calls the timers that become due, each at its own time. */
  get now(): number {
    return this.#now;
  }

  set now(value: number) {
    if (value < this.#now) throw new RangeError("Cannot set time: it does not go backwards");
    for (let timer = this.#first(); timer && timer.due <= value; timer = this.#first()) {
      this.#now = Math.max(this.#now, timer.due);
      this.#timers.delete(timer.id);
      if (timer.interval !== undefined) {
        this.#timers.set(timer.id, { ...timer, due: timer.due + timer.interval });
      }
      timer.callback();
    }
    this.#now = Math.max(this.#now, value);
  }

  /** Moves on by `ms`. */
  tick(ms = 0): void {
    this.now += ms;
  }

  /** Lets pending microtasks run, then moves on by `ms`. */
  async tickAsync(ms = 0): Promise<void> {
    await this.runMicrotasks();
    this.tick(ms);
  }

  /** Moves on to the next timer, if there is one. */
  next(): boolean {
    const timer = this.#first();
    if (timer) this.now = Math.max(this.#now, timer.due);
    return timer !== undefined;
  }

  /** Lets pending microtasks run, then moves on to the next timer, if there is one. */
  async nextAsync(): Promise<boolean> {
    await this.runMicrotasks();
    return this.next();
  }

  /** Moves on until no timer is left. */
  runAll(): void {
    while (this.next());
  }

  /** Moves on until no timer is left, letting pending microtasks run before each. */
  async runAllAsync(): Promise<void> {
    while (await this.nextAsync());
  }

  /** Lets pending microtasks run. */
  async runMicrotasks(): Promise<void> {
    await this.delay(0);
  }

  /** Waits in real time. */
  delay(ms: number, options: { signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const abort = () => {
        real.clearTimeout(id);
        reject(new DOMException("Delay was aborted.", "AbortError"));
      };
      const id = real.setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Ends the faking of time; timers still pending are never called. */
  restore(): void {
    if (active !== this) throw new TimeError("Cannot restore time: already restored");
    active = undefined;
    Object.assign(globalThis, real);
  }

  [Symbol.dispose](): void {
    this.restore();
  }

  #fake(): void {
    const clear = (id?: number) => void this.#timers.delete(id ?? 0);
    Object.assign(globalThis, {
      Date: this.#fakeDate(),
      setTimeout: (callback: Callback, ms?: number, ...args: unknown[]) =>
        this.#add(() => callback(...args), delayOf(ms)),
      clearTimeout: clear,
      setInterval: (callback: Callback, ms?: number, ...args: unknown[]) => {
        const interval = Math.max(1, delayOf(ms));
        return this.#add(() => callback(...args), interval, interval);
      },
      clearInterval: clear,
    });
  }

  /** The real `Date`, but for what the present is. */
  #fakeDate(): DateConstructor {
    const now = () => this.#now;
    return new Proxy(real.Date, {
      get: (target, name, receiver) => name === "now" ? now : Reflect.get(target, name, receiver),
      apply: () => new real.Date(now()).toString(),
      construct: (target, args, newTarget) =>
        Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    });
  }

  #add(callback: () => void, delay: number, interval?: number): number {
    const id = ++this.#lastId;
    this.#timers.set(id, { id, callback, interval, due: this.#now + delay });
    return id;
  }

  /** The timer due first; among equals the one set first, as a map keeps the order. */
  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (first === undefined || timer.due < first.due) first = timer;
    }
    return first;
  }
}

function delayOf(ms: number | undefined): number {
  return Math.max(0, Math.floor(ms ?? 0)) || 0;
}
