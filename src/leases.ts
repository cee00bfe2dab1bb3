/**
 * Leases: who may compute a value. One is a stub, an item without bytes that only one client can add and
 * that expires by itself, so a winner that dies frees the others.
 *
 * memcached has an election of its own (`mg` with `N` or `R`, answered by `W`, `Z` and `X`). It cannot do
 * here: `N` makes stubs under flags 0, which look like values, and the right that `W` gives is given once for
 * an item and never again, so a winner that dies leaves a stale item stale. Where there is no value the
 * stub stands in its place; where there is a stale one, beside it, under a key of its own on the same server.
 *
 * @module
 */

import type { OperationOptions } from "./client_options.ts";
import { MetaCommand, type MetaReply, type MetaRequest } from "./protocol/commands/meta.ts";
import { MAX_KEY_LENGTH } from "./protocol/key.ts";
import type { Session } from "./session.ts";
import type { SendableItem } from "./transcoding/item_codec.ts";
import { LEASE_FLAGS } from "./transcoding/marks.ts";

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

/** The right to compute the value of a key. */
export interface Lease {
  /** The key of the value. */
  readonly key: string;
  /** The key of the stub. */
  readonly stubKey: string;
  /** The stub's cas unique. */
  readonly stubCas: string;
  /** The cas unique of the item that the value is to replace. */
  readonly cas: string;
}

/** What is stored, and for how long in seconds. */
export interface LeaseContent extends SendableItem {
  readonly exptime: number;
}

const NO_BYTES = new Uint8Array(0);
const STUB_SUFFIX = ":moel";

/** Leases on the servers of a session. */
export class Leases {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Reads an item. */
  async read(key: string): Promise<LeasedItem | undefined> {
    const reply = await this.#send(key, { verb: "mg", key, flags: ["f", "c", "t", "v"] });
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
    const stubCas = await this.#addStub(key, key, [condition, `T${seconds}`]);
    return stubCas === undefined ? undefined : { key, stubKey: key, stubCas, cas: stubCas };
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
    const stubKey = stubKeyOf(key);
    const stubCas = await this.#addStub(key, stubKey, ["ME", `T${seconds}`]);
    if (stubCas === undefined) return undefined;
    const lease = { key, stubKey, stubCas, cas: item.cas };
    // Whoever had the lease before may have stored, and given it back, since the item was read.
    const { flags } = await this.#send(key, { verb: "mg", key, flags: ["c"] });
    if (flags.c === item.cas) return lease;
    await this.release(lease);
    return "changed";
  }

  /** Stores the value that a lease was won for, unless it comes too late, and ends the lease. */
  async fulfil(lease: Lease, content: LeaseContent): Promise<void> {
    const { key, stubKey, cas } = lease;
    await this.#replace(key, key, cas, content);
    if (stubKey !== key) await this.release(lease);
  }

  /** Leaves something in the stub's place, which keeps the others from computing for as long. */
  async replaceStub({ key, stubKey, stubCas }: Lease, content: LeaseContent): Promise<void> {
    await this.#replace(key, stubKey, stubCas, content);
  }

  /** Gives a lease back. */
  async release({ key, stubKey, stubCas }: Lease): Promise<void> {
    await this.#send(key, { verb: "md", key: stubKey, flags: [`C${stubCas}`] });
  }

  /** Marks an item as stale; resolves to whether there was one. */
  async invalidate(
    key: string,
    seconds: number | undefined,
    options: OperationOptions,
  ): Promise<boolean> {
    const flags = seconds === undefined ? ["I"] : ["I", `T${seconds}`];
    const { status } = await this.#send(key, { verb: "md", key, flags }, options);
    return status === "HD";
  }

  async #addStub(
    key: string,
    stubKey: string,
    terms: readonly string[],
  ): Promise<string | undefined> {
    const flags = [...terms, `F${LEASE_FLAGS}`, "c"];
    const reply = await this.#send(key, { verb: "ms", key: stubKey, flags, data: NO_BYTES });
    return reply.status === "HD" ? reply.flags.c : undefined;
  }

  async #replace(key: string, itemKey: string, cas: string, content: LeaseContent): Promise<void> {
    const { flags: clientFlags, exptime } = content;
    const data = typeof content.data === "string"
      ? new TextEncoder().encode(content.data)
      : content.data;
    const flags = [`C${cas}`, `F${clientFlags}`, `T${exptime}`];
    await this.#send(key, { verb: "ms", key: itemKey, flags, data });
  }

  /** Stubs go to the server of the value, whatever server their own key would belong to. */
  #send(key: string, request: MetaRequest, options?: OperationOptions): Promise<MetaReply> {
    return new Promise((resolve, reject) => {
      this.#session.submit(key, new MetaCommand(request, resolve, reject), options);
    });
  }
}

/** Keys that are longer than 245 characters and differ in the last ones only share a stub: they wait for each other. */
function stubKeyOf(key: string): string {
  return key.slice(0, MAX_KEY_LENGTH - STUB_SUFFIX.length) + STUB_SUFFIX;
}
