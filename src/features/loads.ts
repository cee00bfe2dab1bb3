/** The values that `getOrSet` is currently loading. Other callers may join. @module */

import type { ChangeListener } from "../protocol/command.ts";
import type { Session } from "../commands/session.ts";

/** A function of the caller's that is running, and others wait for. */
export interface Running {
  /** Whether later callers get the stale value that is being replaced. */
  readonly isServing: boolean;
  /** Those that this one waits for, because its function has asked for their values. */
  readonly waits: Set<{ readonly load: Running }>;
}

/** The loading of one value, from the first read until the value is known. */
export interface Load extends Running {
  /** The result for later callers; the signal ends their wait. */
  join(signal: AbortSignal | undefined): Promise<unknown>;
  /** Whether it fails when the server fails, even with `failover: "miss"`. */
  readonly isStrict: boolean;
}

/** The loads of one client, by key and then by session, because each session has its own format. */
export class Loads implements ChangeListener {
  readonly #loads = new Map<string, Map<Session, Load>>();

  /** The loads that can be joined. */
  get(session: Session, key: string): Load | undefined {
    return this.#loads.get(key)?.get(session);
  }

  /** Allows others to join. */
  add(session: Session, key: string, load: Load): void {
    const loads = this.#loads.get(key) ?? new Map<Session, Load>();
    this.#loads.set(key, loads.set(session, load));
  }

  /** Stops others from joining, unless another load has replaced it. */
  remove(session: Session, key: string, load: Load): void {
    if (this.get(session, key) === load) this.#loads.get(key)?.delete(session);
    if (this.#loads.get(key)?.size === 0) this.#loads.delete(key);
  }

  /** Stops others from joining the loads of a key, or of all keys, because the key has changed. */
  changed(key?: string): void {
    if (this.#loads.size === 0) return;
    if (key === undefined) this.#loads.clear();
    else this.#loads.delete(key);
  }
}

const loadsByClient = /* @__PURE__ */ new WeakMap<Session, Loads>();

/** Records the loads of a client, and removes those whose key changes. */
export function trackLoads(session: Session): void {
  const loads = new Loads();
  loadsByClient.set(session.root, loads);
  session.onChange(loads);
}

/** The loads of a session's client. */
export function loadsOf(session: Session): Loads {
  return loadsByClient.get(session.root)!;
}
