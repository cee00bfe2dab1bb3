/**
 * Events as `watch` prints them, in the words of memcached's `logger.c`.
 *
 * @module
 */

import type { Item, ItemContent } from "./item.ts";
import type { ItemStore } from "./item_store.ts";
import { escapeKey } from "./key_text.ts";

/** What came of a lookup. */
export type FetchStatus = "not_found" | "found" | "flushed" | "expired";

/** What came of a command that stores, or the value was too much for it. */
export type StoreStatus =
  | "not_stored"
  | "stored"
  | "exists"
  | "not_found"
  | "too_large"
  | "no_memory";

/** Why a connection ended. */
export type CloseReason = "error" | "normal";

/** A lookup and what came of it. */
export interface FetchEvent {
  readonly key: string;
  readonly status: FetchStatus;
  /** The item, where there is one. */
  readonly item: Item | undefined;
}

/** What was stored or was to be, and with which command. */
export interface StoreEvent {
  readonly content: ItemContent;
  readonly status: StoreStatus;
  readonly command: string;
}

/** The other end of a connection. */
export interface Peer {
  readonly id: number;
  /** IP address; absent for a unix socket. */
  readonly hostname?: string | undefined;
  readonly port?: number | undefined;
}

/** `fetchers`: somebody looked for an item, whatever for. */
export function describeFetch(
  store: ItemStore,
  { key, status, item }: FetchEvent,
  connectionId: number,
): string {
  const slabClass = item === undefined ? 0 : store.slabClassOf(item);
  const size = item?.value.byteLength ?? 0;
  return `type=item_get key=${escapeKey(key)} status=${status} clsid=${slabClass} ` +
    `cfd=${connectionId} size=${size}`;
}

/** `mutations`: somebody stored an item, or tried to. */
export function describeStore(
  store: ItemStore,
  { content, status, command }: StoreEvent,
  connectionId: number,
): string {
  return `type=item_store key=${escapeKey(content.key)} status=${status} cmd=${command} ` +
    `ttl=${store.remaining(content.exptime) ?? 0} clsid=${store.slabClassOf(content)} ` +
    `cfd=${connectionId} size=${content.value.byteLength}`;
}

/** `evictions`: an item had to make room. */
export function describeEviction(store: ItemStore, item: Item): string {
  return `type=eviction key=${escapeKey(item.key)} fetch=${item.fetched ? "yes" : "no"} ` +
    `ttl=${store.remaining(item.exptime) ?? -1} la=${store.time - item.lastAccess} ` +
    `clsid=${store.slabClassOf(item)} size=${item.value.byteLength}`;
}

/** `connevents`: a client came. */
export function describeArrival(peer: Peer): string {
  return `type=conn_new ${describePeer(peer)} cfd=${peer.id}`;
}

/** `connevents`: a client went. */
export function describeDeparture(peer: Peer, reason: CloseReason): string {
  return `type=conn_close ${describePeer(peer)} reason=${reason} cfd=${peer.id}`;
}

function describePeer({ hostname, port }: Peer): string {
  if (hostname === undefined) return "rip=unix rport=0 transport=local";
  return `rip=${hostname} rport=${port} transport=tcp`;
}
