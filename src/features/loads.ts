/** The values that `getOrSet` is currently loading. Other callers may join. @module */

import type { ChangeListener } from "../protocol/command.ts";
import type { Session } from "../commands/session.ts";
import type { KeyFormat } from "../protocol/key_format.ts";

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

/** The loads of one client, by the key that is sent and then by session, because each session has its own format. */
export class Loads implements ChangeListener {
  readonly #loads = new Map<string, Map<Session, Load>>();
  readonly #keys: KeyFormat | undefined;

  /** @param keys Makes the keys that are sent, where these are not the caller's: several may name one item. */
  constructor(keys: KeyFormat | undefined) {
    this.#keys = keys;
  }

  /** The load that can be joined. */
  get(session: Session, key: string): Load | undefined {
    return this.#loads.get(this.#sent(key))?.get(session);
  }

  /** Allows others to join. */
  add(session: Session, key: string, load: Load): void {
    const sent = this.#sent(key);
    const loads = this.#loads.get(sent) ?? new Map<Session, Load>();
    this.#loads.set(sent, loads.set(session, load));
  }

  /** Stops others from joining, unless another load has replaced it. */
  remove(session: Session, key: string, load: Load): void {
    const sent = this.#sent(key);
    const loads = this.#loads.get(sent);
    if (loads?.get(session) === load) loads.delete(session);
    if (loads?.size === 0) this.#loads.delete(sent);
  }

  /** Stops others from joining the loads of a key, or of all keys, because the key has changed. */
  changed(key?: string): void {
    if (this.#loads.size === 0) return;
    if (key === undefined) this.#loads.clear();
    else this.#loads.delete(this.#sent(key));
  }

  #sent(key: string): string {
    return this.#keys?.encode(key) ?? key;
  }
}

const loadsByClient = /* @__PURE__ */ new WeakMap<Session, Loads>();

/** Records the loads of a client, and removes those whose key changes. */
export function trackLoads(session: Session): void {
  const loads = new Loads(session.settings.keys);
  loadsByClient.set(session.root, loads);
  session.onChange(loads);
}

/** The loads of a session's client. */
export function loadsOf(session: Session): Loads {
  return loadsByClient.get(session.root)!;
}
