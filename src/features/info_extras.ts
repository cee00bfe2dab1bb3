/**
 * What this client knows of an item beside memcached's data about it. Views need it, callers do not: so it is
 * remembered beside that data, and not a part of it.
 *
 * @module
 */

/** What is known of an item beside what its data tells. */
export interface InfoExtras {
  /** The connection that the data came through. */
  readonly carrier: number | undefined;
  /** Whether the item has been marked as stale. */
  readonly isStale: boolean;
}

const remembered = /* @__PURE__ */ new WeakMap<object, InfoExtras>();

/** Remembers what else is known of an item; returns memcached's data about it. */
export function withExtras<Info extends object>(info: Info, extras: InfoExtras | undefined): Info {
  if (extras !== undefined) remembered.set(info, extras);
  return info;
}

/** What {@linkcode withExtras} has remembered; nothing of other implementations' data. */
export function extrasOf(info: object): InfoExtras | undefined {
  return remembered.get(info);
}
