/** The values that `getOrSet` is reading or computing, which other callers may join. @module */

import type { ChangeListener } from "../protocol/command.ts";
import type { Session } from "../commands/session.ts";

/** One value, from the first look at it until it is there. */
export interface Load {
  /** What callers are served who came later; the signal ends their waiting. */
  join(signal: AbortSignal | undefined): Promise<unknown>;
  /** Whether those who join are served the value that is being replaced. */
  readonly isServing: boolean;
  /** Whether it fails where the server does, whatever the client makes of that for others. */
  readonly isStrict: boolean;
  /** The loads that this one waits for, since what computes its value has asked for theirs. */
  readonly waits: Set<{ readonly load: Load }>;
}

/** What is under way for one client: by key, and then by session, since each has its own format. */
export class Loads implements ChangeListener {
  readonly #loads = new Map<string, Map<Session, Load>>();

  /** What can be joined. */
  get(session: Session, key: string): Load | undefined {
    return this.#loads.get(key)?.get(session);
  }

  /** Lets others join. */
  add(session: Session, key: string, load: Load): void {
    const loads = this.#loads.get(key) ?? new Map<Session, Load>();
    this.#loads.set(key, loads.set(session, load));
  }

  /** Lets nobody join any more, unless another has taken its place. */
  remove(session: Session, key: string, load: Load): void {
    if (this.get(session, key) === load) this.#loads.get(key)?.delete(session);
    if (this.#loads.get(key)?.size === 0) this.#loads.delete(key);
  }

  /** Lets nobody join what has begun for a key, or for any: a change may have overtaken it. */
  changed(key?: string): void {
    if (this.#loads.size === 0) return;
    if (key === undefined) this.#loads.clear();
    else this.#loads.delete(key);
  }
}

const loadsByClient = /* @__PURE__ */ new WeakMap<Session, Loads>();

/** Keeps the loads of a client, and forgets those that a change of their key overtakes. */
export function trackLoads(session: Session): void {
  const loads = new Loads();
  loadsByClient.set(session.root, loads);
  session.onChange(loads);
}

/** The loads of the client that a session belongs to. */
export function loadsOf(session: Session): Loads {
  return loadsByClient.get(session.root)!;
}
