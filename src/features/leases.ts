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
import type { OperationOptions } from "../commands/operation_options.ts";
import { reservedKey } from "../fleet/reserved_key.ts";
import type { Session } from "../commands/session.ts";
import { add } from "../commands/store.ts";
import { ClientException } from "../errors.ts";
import { readFlags } from "../protocol/bytes.ts";
import {
  MetaCommand,
  type MetaReply,
  type MetaRequest,
  readToken,
} from "../protocol/commands/meta.ts";
import type { CasOutcome } from "../protocol/commands/storage.ts";
import { checkExptime } from "../protocol/exptime.ts";
import { isReserved, itemTranscoder, LEASE_FLAGS } from "../transcoding/item_codec.ts";
import { inDialect, learnVersion, speaksClassic } from "./dialect.ts";
import { UNREACHABLE } from "./meta.ts";
import {
  dropStub,
  findStub,
  type ItemCommands,
  type LeasedItem,
  makeStub,
  type ReadItem,
  removeAfterFailure,
  removeLater,
  type Replacement,
  replaceStub,
  storeIfThere,
  type Stub,
} from "./stub.ts";
import { readTied, storeTied } from "./tied_cas.ts";

/** A value that was computed. */
export interface Computed extends Replacement {
  /**
   * The exptime at which it is to be computed again while the present one is served, for a server that does not tell
   * how long an item has to live; absent where it is served until it expires.
   */
  readonly freshFor?: number | undefined;
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
  readonly #options: OperationOptions | undefined;

  /** @param options Those of all its operations. */
  constructor(session: Session, options: OperationOptions | undefined) {
    this.#session = session;
    this.#options = options;
    this.#itemSession = session.withTranscoder(itemTranscoder);
  }

  /** Reads an item; `"unreachable"` where the client takes a server that it cannot reach for a miss. */
  async read(key: string): Promise<LeasedItem | "unreachable" | undefined> {
    return await inDialect(this.#session, key, {
      meta: () => this.#readByMeta(key),
      classic: ({ placeOf, readLeased }) => readLeased(placeOf(this.#session, key, this.#options)),
    });
  }

  async #readByMeta(key: string): Promise<LeasedItem | "unreachable" | undefined> {
    const request = { verb: "mg", key, flags: ["f", "c", "t", "v"] } as const;
    const reply = await this.#session.ask(key, () => makeMeta(request), this.#options);
    if (reply === UNREACHABLE) return "unreachable";
    if (reply.status !== "VA") return undefined;
    const item = readLeased(key, reply);
    if (isReserved(item.flags)) return item;
    // Other clients may have left a mark that this way of reading does not see.
    await learnVersion(this.#session, key);
    return speaksClassic(this.#session, key) ? await this.read(key) : item;
  }

  /**
   * Tries to win the right to make a value where there is none.
   *
   * @param seconds How long the right lasts.
   * @param former A stub that gives way, since it was invalidated.
   * @returns The lease, or `undefined` when another was first.
   */
  async claim(key: string, seconds: number, former?: LeasedItem): Promise<Lease | undefined> {
    const found = former && await findItem(this.#itemsAt(key), key, former);
    if (former !== undefined && found === undefined) return undefined;
    const stub = await this.#addStub(key, makeStub(key, seconds), found);
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
    const stub = await this.#addStub(key, makeStub(reservedKey(key, "lease"), seconds));
    if (stub === undefined) return undefined;
    const lease = { key, stub, stale };
    // The client that had the lease before may have stored, and given it back, since the item was read.
    if (await findItem(this.#itemsAt(key), key, stale) !== undefined) return lease;
    await this.release(lease);
    return "changed";
  }

  /** Stores the value that a lease was won for, unless it comes too late, and ends the lease. */
  async fulfil(lease: Lease, { freshFor, ...content }: Computed): Promise<void> {
    const { key, stub, stale } = lease;
    const outcome = stale === undefined
      ? await replaceStub(this.#itemsAt(key), stub, content)
      : await this.#replaceStale(lease, stale, content);
    if (outcome === "stored" && freshFor !== undefined) {
      await inDialect(this.#session, key, {
        // Such a server tells how long an item has to live.
        meta: async () => {},
        classic: async ({ placeOf, rememberFreshness }) => {
          const place = placeOf(this.#session, key, this.#options);
          await rememberFreshness(place, stub.nonce, { ...content, freshFor });
        },
      });
    }
    if (stale !== undefined) await this.release(lease);
  }

  async #replaceStale(
    { key, stub }: Lease,
    stale: NonNullable<Lease["stale"]>,
    { exptime, ...item }: Replacement,
  ): Promise<CasOutcome> {
    const items = this.#itemsAt(key);
    return await storeIfThere(
      // A stub that is gone may only have expired; the stale value can still be the same.
      async () => await findStub(items, stub) ?? await findItem(items, key, stale),
      // Where either is, the server has not restarted since the stale value was read.
      ({ carrier }) => items.cas(key, item, { cas: stale.cas, carrier }, exptime),
    );
  }

  /** Leaves something in the stub's place, which keeps the others from computing for as long. */
  async replaceStub({ key, stub }: Lease, content: Replacement): Promise<void> {
    await replaceStub(this.#itemsAt(key), stub, content);
  }

  /** Gives a lease back, now or, where the server cannot be reached, later; never fails. */
  async release({ key, stub }: Lease): Promise<void> {
    await dropStub(this.#itemsAt(key, STRICT), stub);
  }

  /**
   * Adds a stub, or replaces an item by it, and learns its cas unique, which changes when it is marked as stale. One
   * that may have been added although this fails is removed later.
   */
  async #addStub(key: string, stub: Stub, replaced?: ReadItem): Promise<Stub | undefined> {
    try {
      const added = await inDialect(this.#session, key, {
        meta: () => this.#addByMeta(key, stub, replaced),
        classic: ({ placeOf, placeStub }) => {
          const place = placeOf(this.#session, key, this.#options);
          return placeStub(place, this.#itemsAt(key), stub, replaced);
        },
      });
      if (added === "unreachable") void removeLater(this.#itemsAt(key, STRICT), stub);
      return added === "unreachable" ? undefined : added;
    } catch (error) {
      removeAfterFailure(this.#itemsAt(key, STRICT), stub, error);
      throw error;
    }
  }

  async #addByMeta(
    key: string,
    stub: Stub,
    replaced: ReadItem | undefined,
  ): Promise<Stub | "unreachable" | undefined> {
    const condition = replaced === undefined ? "ME" : `C${replaced.cas}`;
    const request = {
      verb: "ms",
      key: stub.key,
      flags: [condition, `T${stub.lifetime}`, `F${LEASE_FLAGS}`, "c"],
      data: stub.nonce,
      isLine: true,
      carrier: replaced?.carrier,
    } as const;
    const reply = await this.#session.ask(key, () => makeMeta(request), this.#options);
    if (reply === UNREACHABLE) return "unreachable";
    if (reply.status !== "HD") return undefined;
    const cas = readCas(key, reply);
    // memcached before 1.6.13 does not know it yet when it answers: such a stub is told by its nonce alone.
    return cas === 0n ? stub : { ...stub, cas };
  }

  /** Commands that go to the server of the value, whatever server the stub's own key would belong to. */
  #itemsAt(key: string, options = this.#options): ItemCommands {
    const session = this.#itemSession.routedAs(key);
    return {
      clock: session.settings.clock,
      add: (key, item, exptime) => add(session, key, item, exptime, options),
      gets: (key) => readTied(session, key, options),
      cas: (key, item, { cas, carrier }, exptime) => {
        const stored = { ...item, cas, carrier, exptime: checkExptime(exptime, Date.now) };
        return storeTied(session, key, stored, options);
      },
    };
  }
}

/** For what must not be taken for done where the server cannot be reached. */
export const STRICT: OperationOptions = { failover: "error" };

/** Reads an item if it is still that one. */
async function findItem(
  items: ItemCommands,
  key: string,
  { data, cas }: NonNullable<Lease["stale"]>,
): Promise<ReadItem | undefined> {
  const found = await items.gets(key);
  return found?.cas === cas && equals(found.value.data, data) ? found : undefined;
}

function makeMeta(request: MetaRequest): MetaCommand {
  const command = new MetaCommand(request);
  command.absent = UNREACHABLE;
  return command;
}

function readCas(key: string, reply: MetaReply): bigint {
  return BigInt(readToken(reply, "c", key));
}

/**
 * Reads the reply to `mg` with the flags `f c t v`.
 *
 * @throws {ClientException} When one of them makes no sense, or the item's flags are none of 32 bits.
 */
function readLeased(key: string, reply: MetaReply): LeasedItem {
  const token = readToken(reply, "f", key);
  const flags = readFlags(token);
  if (flags === undefined) {
    throw new ClientException(`Cannot read item of key "${key}": it has flags ${token}`, token);
  }
  return {
    flags,
    data: reply.value ?? new Uint8Array(),
    cas: readCas(key, reply),
    ttl: Number(readToken(reply, "t", key)),
    isInvalid: reply.flags.X !== undefined,
  };
}
