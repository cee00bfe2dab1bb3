/**
 * Events as `watch` prints them, in the words of memcached's `logger.c`.
 *
 * @module
 */

import { escapeKey } from "./byte_text.ts";

/** The result of a lookup. */
export type FetchStatus = "not_found" | "found" | "flushed" | "expired";

/** The result of a storage command; `too_large` and `no_memory` when there was no room for the value. */
export type StoreStatus =
  | "not_stored"
  | "stored"
  | "exists"
  | "not_found"
  | "too_large"
  | "no_memory";

/** Why a connection ended. */
export type CloseReason = "error" | "normal" | "idle_timeout";

/** What the lines say about an item. */
interface ItemEvent {
  readonly key: string;
  /** The number of its slab class; 0 without an item. */
  readonly slabClass: number;
  /** The length of its value in bytes. */
  readonly valueLength: number;
}

/** A lookup and its result. */
export interface FetchEvent extends ItemEvent {
  readonly status: FetchStatus;
}

/** An attempt to store an item, the command and the result. */
export interface StoreEvent extends ItemEvent {
  readonly status: StoreStatus;
  readonly command: string;
  /** Its lifetime in seconds; absent when it never expires. */
  readonly remaining: number | undefined;
}

/** An evicted item. */
export interface EvictionEvent extends ItemEvent {
  readonly fetched: boolean;
  /** Its remaining lifetime in seconds; absent when it never expires. */
  readonly remaining: number | undefined;
  /** How many seconds ago it was last used. */
  readonly age: number;
}

/** The other end of a connection. */
export interface Peer {
  readonly id: number;
  /** The IP address; absent for a unix socket. */
  readonly hostname?: string | undefined;
  readonly port?: number | undefined;
}

/** `fetchers`: a client looked up an item. */
export function describeFetch(event: FetchEvent, connectionId: number): string {
  return `type=item_get key=${escapeKey(event.key)} status=${event.status} ` +
    describePlace(event, connectionId);
}

/** `mutations`: a client stored an item, or tried to. */
export function describeStore(event: StoreEvent, connectionId: number): string {
  return `type=item_store key=${escapeKey(event.key)} status=${event.status} ` +
    `cmd=${event.command} ttl=${event.remaining ?? 0} ${describePlace(event, connectionId)}`;
}

/** `evictions`: an item was evicted. */
export function describeEviction(event: EvictionEvent): string {
  return `type=eviction key=${escapeKey(event.key)} fetch=${event.fetched ? "yes" : "no"} ` +
    `ttl=${event.remaining ?? -1} la=${event.age} ` +
    `clsid=${event.slabClass} size=${event.valueLength}`;
}

/** `connevents`: a client connected. */
export function describeArrival(peer: Peer): string {
  return `type=conn_new ${describePeer(peer)} cfd=${peer.id}`;
}

/** `connevents`: a client disconnected. */
export function describeDeparture(peer: Peer, reason: CloseReason): string {
  return `type=conn_close ${describePeer(peer)} reason=${reason} cfd=${peer.id}`;
}

function describePlace({ slabClass, valueLength }: ItemEvent, connectionId: number): string {
  return `clsid=${slabClass} cfd=${connectionId} size=${valueLength}`;
}

function describePeer({ hostname, port }: Peer): string {
  if (hostname === undefined) return "rip=unix rport=0 transport=local";
  return `rip=${hostname} rport=${port} transport=tcp`;
}
