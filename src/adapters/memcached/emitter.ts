/** Listeners by name, as Node's `EventEmitter` has them: events reach them in their order. @module */

interface Registration<Event> {
  readonly listener: (event: Event) => void;
  readonly isOnce: boolean;
  /** Whether a registration for one event has been called. */
  isSpent?: boolean;
}

/** Node's `EventEmitter`, with one argument for listeners, and without errors that have no listener. */
export class Emitter<Event> {
  #maxListeners = 10;
  readonly #registrations = new Map<string | symbol, readonly Registration<Event>[]>();

  #of(name: string | symbol): readonly Registration<Event>[] {
    return this.#registrations.get(name) ?? [];
  }

  #add(name: string | symbol, registration: Registration<Event>, isFirst = false): this {
    const others = this.#of(name);
    const all = isFirst ? [registration, ...others] : [...others, registration];
    this.#registrations.set(name, all);
    return this;
  }

  /** Removes a registration for one event; others of the same listener stay. */
  #spend(name: string | symbol, registration: Registration<Event>): void {
    registration.isSpent = true;
    this.#registrations.set(name, this.#of(name).filter((other) => other !== registration));
  }

  /** Adds a listener. */
  on(name: string | symbol, listener: (event: Event) => void): this {
    return this.#add(name, { listener, isOnce: false });
  }

  /** Adds a listener, as `on` does. */
  addListener(name: string | symbol, listener: (event: Event) => void): this {
    return this.on(name, listener);
  }

  /** Adds a listener for one event. */
  once(name: string | symbol, listener: (event: Event) => void): this {
    return this.#add(name, { listener, isOnce: true });
  }

  /** Adds a listener before the others. */
  prependListener(name: string | symbol, listener: (event: Event) => void): this {
    return this.#add(name, { listener, isOnce: false }, true);
  }

  /** Adds a listener for one event before the others. */
  prependOnceListener(name: string | symbol, listener: (event: Event) => void): this {
    return this.#add(name, { listener, isOnce: true }, true);
  }

  /** Removes a listener. */
  off(name: string | symbol, listener: (event: Event) => void): this {
    const at = this.#of(name).findLastIndex((other) => other.listener === listener);
    this.#registrations.set(name, this.#of(name).filter((_, i) => i !== at));
    return this;
  }

  /** Removes a listener, as `off` does. */
  removeListener(name: string | symbol, listener: (event: Event) => void): this {
    return this.off(name, listener);
  }

  /** Removes all listeners of an event, or of all. */
  removeAllListeners(name?: string | symbol): this {
    if (name === undefined) this.#registrations.clear();
    else this.#registrations.delete(name);
    return this;
  }

  /** Returns how many listeners an event has, or how often it has one of them. */
  listenerCount(name: string | symbol, listener?: (event: Event) => void): number {
    const all = this.listeners(name);
    return listener === undefined ? all.length : all.filter((other) => other === listener).length;
  }

  /** Returns the listeners of an event. */
  listeners(name: string | symbol): ((event: Event) => void)[] {
    return this.#of(name).map(({ listener }) => listener);
  }

  /** Returns the listeners of an event, as `listeners` does. */
  rawListeners(name: string | symbol): ((event: Event) => void)[] {
    return this.listeners(name);
  }

  /** Returns the names of the events that have listeners. */
  eventNames(): (string | symbol)[] {
    return [...this.#registrations].filter(([, all]) => all.length > 0).map(([name]) => name);
  }

  /** Has no effect but on `getMaxListeners`: no number of listeners is too large here. */
  setMaxListeners(count: number): this {
    this.#maxListeners = count;
    return this;
  }

  /** Returns what was set; 10 by default, as in Node. */
  getMaxListeners(): number {
    return this.#maxListeners;
  }

  /** Calls the listeners of an event, and returns whether there were any. */
  // deno-lint-ignore no-explicit-any -- a program may emit what it wants, as with Node's
  emit(name: string | symbol, event?: any): boolean {
    const registrations = this.#of(name);
    for (const registration of registrations) {
      // A listener may emit the event again: then this list still has what was called meanwhile.
      if (registration.isSpent) continue;
      if (registration.isOnce) this.#spend(name, registration);
      registration.listener.call(this, event);
    }
    return registrations.length > 0;
  }
}
