/**
 * Leases: who may compute a value. One is a stub, an item that only one client can add and that expires by
 * itself, so a winner that dies frees the others.
 *
 * memcached has an election of its own (`mg` with `N` or `R`, answered by `W`, `Z` and `X`). It cannot do
 * here: `N` makes stubs under flags 0, which look like values, and the right that `W` gives is given once for
 * an item and never again, so a winner that dies leaves a stale item stale. Where there is no value the
 * stub stands in its place; where there is a stale one, beside it, under a key of its own on the same server.
 *
 * Before the winner stores the value, the stub is read once more. Where a stub beside a stale value has
 * expired, the stale value must have the same bytes still.
 *
 * @module
 */

import { equals } from "@std/bytes/equals";
import { gets } from "../commands/read.ts";
import { reservedKey } from "../commands/reserved_key.ts";
import type { Session } from "../commands/session.ts";
import { add, cas } from "../commands/store.ts";
import { MetaCommand, type MetaRequest } from "../protocol/commands/meta.ts";
import { itemTranscoder, LEASE_FLAGS, type StoredItem } from "../transcoding/item_codec.ts";
import { UNREACHABLE } from "./meta.ts";
import {
  findStub,
  type ItemCommands,
  makeStub,
  removeStub,
  type Replacement,
  replaceStub,
  type Stub,
} from "./stub.ts";

/** An item as it is read for somebody who might compute it again. */
export interface LeasedItem extends StoredItem {
  /** The cas unique. */
  readonly cas: bigint;
  /** Seconds until it expires; -1 for never. */
  readonly ttl: number;
  /** Whether it has been invalidated. */
  readonly isInvalid: boolean;
}

/** The right to compute the value of a key. */
export interface Lease {
  /** The key of the value. */
  readonly key: string;
  /** What keeps the others from it. */
  readonly stub: Stub;
  /** The stale value that is to be replaced; without one, the stub itself is. */
  readonly stale?: Pick<LeasedItem, "data" | "cas">;
}

/** Leases on the servers of a session. */
export class Leases {
  readonly #session: Session;
  readonly #itemSession: Session;

  constructor(session: Session) {
    this.#session = session;
    this.#itemSession = session.withTranscoder(itemTranscoder);
  }

  /** Reads an item; where the client takes what it cannot reach for a miss, that is told from one. */
  async read(key: string): Promise<LeasedItem | "unreachable" | undefined> {
    const request = { verb: "mg", key, flags: ["f", "c", "t", "v"] } as const;
    const reply = await this.#session.ask(key, () => makeMeta(request), undefined);
    if (reply === UNREACHABLE) return "unreachable";
    const { status, value, flags: { f, c, t, X } } = reply;
    if (status !== "VA" || value === undefined || c === undefined) return undefined;
    return {
      flags: Number(f),
      data: value,
      cas: BigInt(c),
      ttl: Number(t),
      isInvalid: X !== undefined,
    };
  }

  /**
   * Tries to win the right to make a value where there is none.
   *
   * @param seconds How long the right lasts.
   * @param cas The cas unique of an invalidated stub, which gives way.
   * @returns The lease, or `undefined` when another was first.
   */
  async claim(key: string, seconds: number, cas?: bigint): Promise<Lease | undefined> {
    const stub = await this.#addStub(key, key, [
      cas === undefined ? "ME" : `C${cas}`,
      `T${seconds}`,
    ]);
    return stub === undefined ? undefined : { key, stub };
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
    const stale = { cas: item.cas, data: item.data.slice() };
    const stub = await this.#addStub(key, reservedKey(key, "lease"), ["ME", `T${seconds}`]);
    if (stub === undefined) return undefined;
    const lease = { key, stub, stale };
    // The client that had the lease before may have stored, and given it back, since the item was read.
    if (await isThere(this.#itemsAt(key), key, stale)) return lease;
    await this.release(lease);
    return "changed";
  }

  /** Stores the value that a lease was won for, unless it comes too late, and ends the lease. */
  async fulfil(lease: Lease, content: Replacement): Promise<void> {
    const { key, stub, stale } = lease;
    const items = this.#itemsAt(key);
    if (stale === undefined) return void await replaceStub(items, stub, content);
    // A stub that is gone may only have expired; the stale value can still be the same.
    if (await findStub(items, stub) !== undefined || await isThere(items, key, stale)) {
      const { exptime, ...item } = content;
      await items.cas(key, item, stale.cas, exptime);
    }
    await this.release(lease);
  }

  /** Leaves something in the stub's place, which keeps the others from computing for as long. */
  async replaceStub({ key, stub }: Lease, content: Replacement): Promise<void> {
    await replaceStub(this.#itemsAt(key), stub, content);
  }

  /** Gives a lease back. */
  async release({ key, stub }: Lease): Promise<void> {
    await removeStub(this.#itemsAt(key), stub);
  }

  /** Adds a stub, and learns its cas unique, which changes when it is marked as stale. */
  async #addStub(
    key: string,
    stubKey: string,
    terms: readonly string[],
  ): Promise<Stub | undefined> {
    const stub = makeStub(stubKey);
    const flags = [...terms, `F${LEASE_FLAGS}`, "c"];
    const make = () => makeMeta({ verb: "ms", key: stubKey, flags, data: stub.nonce });
    const reply = await this.#session.ask(key, make, undefined);
    return reply.status === "HD" ? { ...stub, cas: BigInt(reply.flags.c ?? 0) } : undefined;
  }

  /** Commands that go to the server of the value, whatever server the stub's own key would belong to. */
  #itemsAt(key: string): ItemCommands {
    return itemCommandsOf(this.#itemSession.routedAs(key));
  }
}

async function isThere(
  items: ItemCommands,
  key: string,
  { data, cas }: NonNullable<Lease["stale"]>,
): Promise<boolean> {
  const found = await items.gets<StoredItem>(key);
  return found !== undefined && found.cas === cas && equals(found.value.data, data);
}

function itemCommandsOf(session: Session): ItemCommands {
  return {
    add: (...args) => add(session, ...args),
    gets: (...args) => gets(session, ...args),
    cas: (...args) => cas(session, ...args),
  };
}

function makeMeta(request: MetaRequest): MetaCommand {
  const command = new MetaCommand(request);
  command.absent = UNREACHABLE;
  return command;
}
