/**
 * Events as `watch` prints them, in the words of memcached's `logger.c`.
 *
 * @module
 */

import { escapeKey } from "./byte_text.ts";

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
export type CloseReason = "error" | "normal" | "idle_timeout";

/** What lines say of an item. */
interface ItemEvent {
  readonly key: string;
  /** The number of its slab class; 0 where there is no item. */
  readonly slabClass: number;
  /** The length of its value in bytes. */
  readonly valueLength: number;
}

/** A lookup and what came of it. */
export interface FetchEvent extends ItemEvent {
  readonly status: FetchStatus;
}

/** What was stored or was to be, and with which command. */
export interface StoreEvent extends ItemEvent {
  readonly status: StoreStatus;
  readonly command: string;
  /** How long it is to live, in seconds; absent where it is for ever. */
  readonly remaining: number | undefined;
}

/** An item that had to make room. */
export interface EvictionEvent extends ItemEvent {
  readonly fetched: boolean;
  /** How long it was to live, in seconds; absent where it was for ever. */
  readonly remaining: number | undefined;
  /** How long ago it was used, in seconds. */
  readonly age: number;
}

/** The other end of a connection. */
export interface Peer {
  readonly id: number;
  /** IP address; absent for a unix socket. */
  readonly hostname?: string | undefined;
  readonly port?: number | undefined;
}

/** `fetchers`: somebody looked for an item, whatever for. */
export function describeFetch(event: FetchEvent, connectionId: number): string {
  return `type=item_get key=${escapeKey(event.key)} status=${event.status} ` +
    describePlace(event, connectionId);
}

/** `mutations`: somebody stored an item, or tried to. */
export function describeStore(event: StoreEvent, connectionId: number): string {
  return `type=item_store key=${escapeKey(event.key)} status=${event.status} ` +
    `cmd=${event.command} ttl=${event.remaining ?? 0} ${describePlace(event, connectionId)}`;
}

/** `evictions`: an item had to make room. */
export function describeEviction(event: EvictionEvent): string {
  return `type=eviction key=${escapeKey(event.key)} fetch=${event.fetched ? "yes" : "no"} ` +
    `ttl=${event.remaining ?? -1} la=${event.age} ` +
    `clsid=${event.slabClass} size=${event.valueLength}`;
}

/** `connevents`: a client came. */
export function describeArrival(peer: Peer): string {
  return `type=conn_new ${describePeer(peer)} cfd=${peer.id}`;
}

/** `connevents`: a client went. */
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
