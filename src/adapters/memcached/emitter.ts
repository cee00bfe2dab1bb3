/** Listeners by name, as Node's `EventEmitter` has them: events reach them in their order. @module */

interface Registration<Event> {
  readonly listener: (event: Event) => void;
  readonly isOnce: boolean;
  /** Whether a registration for one event has been called. */
  isSpent?: boolean;
}

/** The part of Node's `EventEmitter` that programs use of clients. */
export class Emitter<Name extends string, Event> {
  readonly #registrations = new Map<Name, readonly Registration<Event>[]>();

  #of(name: Name): readonly Registration<Event>[] {
    return this.#registrations.get(name) ?? [];
  }

  #add(name: Name, listener: (event: Event) => void, isOnce: boolean): this {
    this.#registrations.set(name, [...this.#of(name), { listener, isOnce }]);
    return this;
  }

  /** Removes a registration for one event; others of the same listener stay. */
  #spend(name: Name, registration: Registration<Event>): void {
    registration.isSpent = true;
    this.#registrations.set(name, this.#of(name).filter((other) => other !== registration));
  }

  /** Adds a listener. */
  on(name: Name, listener: (event: Event) => void): this {
    return this.#add(name, listener, false);
  }

  /** Adds a listener, as `on` does. */
  addListener(name: Name, listener: (event: Event) => void): this {
    return this.on(name, listener);
  }

  /** Adds a listener for one event. */
  once(name: Name, listener: (event: Event) => void): this {
    return this.#add(name, listener, true);
  }

  /** Removes a listener. */
  off(name: Name, listener: (event: Event) => void): this {
    const at = this.#of(name).findLastIndex((other) => other.listener === listener);
    this.#registrations.set(name, this.#of(name).filter((_, i) => i !== at));
    return this;
  }

  /** Removes a listener, as `off` does. */
  removeListener(name: Name, listener: (event: Event) => void): this {
    return this.off(name, listener);
  }

  /** Removes all listeners of an event, or of all. */
  removeAllListeners(name?: Name): this {
    if (name === undefined) this.#registrations.clear();
    else this.#registrations.delete(name);
    return this;
  }

  /** Returns how many listeners an event has. */
  listenerCount(name: Name): number {
    return this.#of(name).length;
  }

  /** Calls the listeners of an event, and returns whether there were any. */
  emit(name: Name, event: Event): boolean {
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
