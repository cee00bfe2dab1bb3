/**
 * Leases: who may compute a value. One is a stub, an item that only one client can add and that expires by
 * itself, so a winner that dies frees the others.
 *
 * memcached has an election of its own (`mg` with `N` or `R`, answered by `W`, `Z` and `X`). It cannot do
 * here: `N` makes stubs under flags 0, which look like values, and the right that `W` gives is given once for
 * an item and never again, so a winner that dies leaves a stale item stale. Where there is no value the
 * stub stands in its place; where there is a stale one, beside it, under a key of its own on the same server.
 *
 * What a winner does at last depends on a cas unique. memcached counts those from the start again when it
 * restarts, so another's item may have the same one by then: before it counts, the stub is read once more,
 * and must hold the same text, which occurs nowhere else. Where a stub beside a stale value has expired, it
 * is the value that must have the same bytes.
 *
 * @module
 */

import { equals } from "@std/bytes/equals";
import type { OperationOptions } from "./client_options.ts";
import { MetaCommand, type MetaReply, type MetaRequest } from "./protocol/commands/meta.ts";
import { reservedKey } from "./reserved_keys.ts";
import type { Session } from "./session.ts";
import { LEASE_FLAGS, type SendableItem } from "./transcoding/item_codec.ts";

/** An item as it is read for somebody who might compute it anew. */
export interface LeasedItem {
  /** The client flags. */
  readonly flags: number;
  /** The bytes. */
  readonly data: Uint8Array;
  /** The cas unique, as memcached writes it. */
  readonly cas: string;
  /** Seconds until it expires; -1 for never. */
  readonly ttl: number;
  /** Whether it has been invalidated. */
  readonly isInvalid: boolean;
}

/** An item that somebody relies on to be there still. */
interface Known {
  readonly key: string;
  /** The bytes. */
  readonly data: Uint8Array;
  /** The cas unique, as memcached writes it. */
  readonly cas: string;
}

/** The right to compute the value of a key. */
export interface Lease {
  /** The key of the value. */
  readonly key: string;
  /** What keeps the others from it. */
  readonly stub: Known;
  /** What the value is to replace: the stub itself, or a stale value. */
  readonly replaced: Known;
}

/** What is stored, and for how long in seconds. */
export interface LeaseContent extends SendableItem {
  readonly exptime: number;
}

/** Stands for a reply where the client takes what it cannot reach for a miss: nothing is won, or stored. */
const UNREACHABLE: MetaReply = { status: "NF", flags: {} };
const NO_BYTES = new Uint8Array(0);
const encoder = new TextEncoder();

/** Leases on the servers of a session. */
export class Leases {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Reads an item; where the client takes what it cannot reach for a miss, that is told from one. */
  async read(key: string): Promise<LeasedItem | "unreachable" | undefined> {
    const reply = await this.#send(key, { verb: "mg", key, flags: ["f", "c", "t", "v"] });
    if (reply === UNREACHABLE) return "unreachable";
    if (reply.status !== "VA") return undefined;
    const { f, c, t, X } = reply.flags;
    const data = reply.value ?? NO_BYTES;
    return { flags: Number(f), data, cas: c ?? "", ttl: Number(t), isInvalid: X !== undefined };
  }

  /**
   * Tries to win the right to make a value where there is none.
   *
   * @param seconds How long the right lasts.
   * @param cas What is to give way: the cas unique of an invalidated stub.
   * @returns The lease, or `undefined` when another was first.
   */
  async claim(key: string, seconds: number, cas?: string): Promise<Lease | undefined> {
    const condition = cas === undefined ? "ME" : `C${cas}`;
    const stub = await this.#addStub(key, key, [condition, `T${seconds}`]);
    return stub === undefined ? undefined : { key, stub, replaced: stub };
  }

  /**
   * Tries to win the right to replace an item.
   *
   * @param seconds How long the right lasts.
   * @param item The item as it was read.
   * @returns The lease; `undefined` when another has it; `"changed"` when the item is no longer that one.
   */
  async claimRefresh(
    key: string,
    seconds: number,
    item: LeasedItem,
  ): Promise<Lease | "changed" | undefined> {
    // The transcoder may have handed the bytes themselves to callers, who are free to change them.
    const replaced = { key, cas: item.cas, data: item.data.slice() };
    const stub = await this.#addStub(key, reservedKey(key, "lease"), ["ME", `T${seconds}`]);
    if (stub === undefined) return undefined;
    const lease = { key, stub, replaced };
    // Whoever had the lease before may have stored, and given it back, since the item was read.
    const { flags } = await this.#send(key, { verb: "mg", key, flags: ["c"] });
    if (flags.c === item.cas) return lease;
    await this.release(lease);
    return "changed";
  }

  /** Stores the value that a lease was won for, unless it comes too late, and ends the lease. */
  async fulfil(lease: Lease, content: LeaseContent): Promise<void> {
    const { key, stub, replaced } = lease;
    // A stub that is gone may only have expired; what it was won for can still be the same.
    const isValid = await this.#isThere(key, stub) ||
      (stub !== replaced && await this.#isThere(key, replaced));
    if (isValid) await this.#replace(key, replaced, content);
    if (stub !== replaced) await this.release(lease);
  }

  /** Leaves something in the stub's place, which keeps the others from computing for as long. */
  async replaceStub({ key, stub }: Lease, content: LeaseContent): Promise<void> {
    if (await this.#isThere(key, stub)) await this.#replace(key, stub, content);
  }

  /** Gives a lease back. */
  async release({ key, stub }: Lease): Promise<void> {
    if (!await this.#isThere(key, stub)) return;
    await this.#send(key, { verb: "md", key: stub.key, flags: [`C${stub.cas}`] });
  }

  /** Marks an item as stale; resolves to whether there was one. */
  async invalidate(
    key: string,
    seconds: number | undefined,
    options: OperationOptions,
  ): Promise<boolean> {
    const flags = seconds === undefined ? ["I"] : ["I", `T${seconds}`];
    const { status } = await new Promise<MetaReply>((resolve, reject) => {
      const command = new MetaCommand({ verb: "md", key, flags }, resolve, reject);
      command.absent = UNREACHABLE;
      this.#session.submitChange(key, command, options);
    });
    return status === "HD";
  }

  async #addStub(
    key: string,
    stubKey: string,
    terms: readonly string[],
  ): Promise<Known | undefined> {
    const data = encoder.encode(crypto.randomUUID());
    const flags = [...terms, `F${LEASE_FLAGS}`, "c"];
    const reply = await this.#send(key, { verb: "ms", key: stubKey, flags, data });
    if (reply.status !== "HD") return undefined;
    return { key: stubKey, data, cas: reply.flags.c ?? "" };
  }

  async #replace(key: string, known: Known, content: LeaseContent): Promise<void> {
    const { flags: clientFlags, exptime } = content;
    const data = typeof content.data === "string" ? encoder.encode(content.data) : content.data;
    const flags = [`C${known.cas}`, `F${clientFlags}`, `T${exptime}`];
    await this.#send(key, { verb: "ms", key: known.key, flags, data });
  }

  async #isThere(key: string, known: Known): Promise<boolean> {
    const { flags, value } = await this.#send(key, {
      verb: "mg",
      key: known.key,
      flags: ["c", "v"],
    });
    return flags.c === known.cas && value !== undefined && equals(value, known.data);
  }

  /** Stubs go to the server of the value, whatever server their own key would belong to. */
  #send(key: string, request: MetaRequest): Promise<MetaReply> {
    return new Promise((resolve, reject) => {
      const command = new MetaCommand(request, resolve, reject);
      command.absent = UNREACHABLE;
      this.#session.submit(key, command, undefined);
    });
  }
}
