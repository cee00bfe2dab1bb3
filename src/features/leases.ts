/**
 * Leases decide which client may compute a value. A lease is a stub: an item that only one client can add, and that
 * expires. So if its client crashes, others can continue.
 *
 * memcached has its own leases (`mg` with `N` or `R`, and the returned flags `W`, `Z` and `X`). They cannot be used
 * here: `N` makes stubs under flags 0, which look like values, and `W` is returned only once for an item, so if the
 * winner crashes, the item stays stale. If there is no value, the stub has the key of the value. If there is a stale
 * value, the stub has another key on the same server.
 *
 * Before the winner stores the value, it reads the stub once more. If the stub beside a stale value has expired, the
 * stale value must still have the same bytes.
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
import { CHANCES } from "../protocol/command.ts";
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
  type FoundItem,
  isDropped,
  type ItemCommands,
  type LeasedItem,
  makeStub,
  onItsServer,
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
  /** The stub that blocks the others. */
  readonly stub: Stub;
  /** The stale value to replace; without one, the value replaces the stub. */
  readonly stale?: Pick<LeasedItem, "data" | "cas">;
}

/** The command that reads an item. */
type Reading = Pick<ItemCommands, "gets">;

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

  /** Reads an item; `"unreachable"` if the client treats an unreachable server as a miss. */
  async read(key: string): Promise<LeasedItem | "unreachable" | undefined> {
    return await inDialect(this.#session, key, {
      meta: () => this.#readByMeta(key),
      classic: ({ rawItemsOf, readLeased }) =>
        readLeased(rawItemsOf(this.#session, key, this.#options)),
    });
  }

  async #readByMeta(key: string): Promise<LeasedItem | "unreachable" | undefined> {
    const request = { verb: "mg", key, flags: ["f", "c", "t", "v"] } as const;
    const reply = await this.#session.ask(key, () => makeMeta(request), this.#options);
    if (reply === UNREACHABLE) return "unreachable";
    if (reply.status !== "VA") return undefined;
    const item = leasedItemOf(key, reply);
    if (isReserved(item.flags)) return item;
    // Other clients may have left a mark that this way of reading does not see.
    await learnVersion(this.#session, key);
    return speaksClassic(this.#session, key) ? await this.read(key) : item;
  }

  /**
   * Tries to win the right to compute a value that does not exist.
   *
   * @param seconds How long the right lasts.
   * @param former An invalidated stub, which the new one replaces.
   * @returns The lease, or `undefined` when another client was faster.
   */
  async claim(key: string, seconds: number, former?: LeasedItem): Promise<Lease | undefined> {
    const found = former && await findItem(this.#reading, key, former);
    if (former !== undefined && found === undefined) return undefined;
    const stub = await this.#addStub(key, makeStub(key, seconds), found);
    return stub === undefined ? undefined : { key, stub };
  }

  /**
   * Tries to win the right to replace an item.
   *
   * @param seconds How long the right lasts.
   * @param item The item, as it was read.
   * @returns The lease; `undefined` when another client has it; `"changed"` when the item has changed.
   */
  async claimRefresh(
    key: string,
    seconds: number,
    item: LeasedItem,
  ): Promise<Lease | "changed" | undefined> {
    // The transcoder may have returned these bytes to callers, and they may change them.
    const stale = { cas: item.cas, data: item.data.slice() };
    const ownKey = reservedKey(key, "lease", this.#session.settings.keys);
    const stub = await this.#addStub(key, makeStub(ownKey, seconds));
    if (stub === undefined) return undefined;
    const lease = { key, stub, stale };
    // The client with the last lease may have stored its value and released the lease since the item was read.
    const [found] = await Promise.allSettled([findItem(this.#reading, key, stale)]);
    if (found.status === "fulfilled" && found.value !== undefined) return lease;
    await this.release(lease);
    if (found.status === "rejected") throw found.reason;
    return "changed";
  }

  /**
   * Stores the value for a lease, unless it is too late, and ends the lease. If the client drops writes to a server that
   * cannot be reached, it is released later.
   */
  async fulfil(lease: Lease, computed: Computed): Promise<void> {
    try {
      await this.#store(lease, computed);
    } catch (error) {
      if (!isDropped(this.#session, this.#options, error)) throw error;
      void this.release(lease);
    }
  }

  async #store(lease: Lease, { freshFor, ...content }: Computed): Promise<void> {
    const { key, stub, stale } = lease;
    const outcome = stale === undefined
      ? await replaceStub(this.#itemsAt(key), stub, content)
      : await this.#replaceStale(lease, stale, content);
    if (outcome === "stored" && freshFor !== undefined) {
      await inDialect(this.#session, key, {
        // Such a server reports the remaining lifetime of an item.
        meta: async () => {},
        classic: async ({ rawItemsOf, rememberFreshness }) => {
          const items = rawItemsOf(this.#session, key, this.#options);
          await rememberFreshness(items, stub.nonce, { ...content, freshFor });
        },
      });
    }
    if (stale !== undefined || outcome !== "stored") await this.release(lease);
  }

  async #replaceStale(
    { key, stub }: Lease,
    stale: NonNullable<Lease["stale"]>,
    { exptime, ...item }: Replacement,
  ): Promise<CasOutcome> {
    const items = this.#itemsAt(key);
    return await storeIfThere(
      // A missing stub may just have expired; the stale value may still be the same.
      async () => await findStub(items, stub) ?? await findItem(items, key, stale),
      // If either is there, the server has not restarted since the stale value was read.
      ({ carrier }) => items.cas(key, item, { cas: stale.cas, carrier }, exptime),
    );
  }

  /** Replaces the stub by another item, which blocks the others for its lifetime. */
  async replaceStub({ key, stub }: Lease, content: Replacement): Promise<void> {
    await replaceStub(this.#itemsAt(key), stub, content);
  }

  /** Releases a lease: now, or later if the server cannot be reached. It never fails. */
  async release({ key, stub: { cas: _, ...stub } }: Lease): Promise<void> {
    // An invalidated stub would block the others too, if it came back from the server that its key moves from.
    await dropStub(this.#itemsAt(key), stub);
  }

  /**
   * Adds a stub, or replaces an item by it, and gets its cas unique, which changes when the stub is marked as stale. If
   * this fails but the stub may have been added, it is removed later.
   */
  async #addStub(key: string, stub: Stub, replaced?: FoundItem): Promise<Stub | undefined> {
    try {
      const added = await inDialect(this.#session, key, {
        meta: () => this.#addByMeta(key, stub, replaced),
        classic: ({ rawItemsOf, placeStub }) => {
          const items = rawItemsOf(this.#session, key, this.#options);
          return placeStub(items, stub, replaced);
        },
      });
      if (added === "unreachable") void removeLater(this.#itemsAt(key), stub);
      if (added === undefined || added === "unreachable") return undefined;
      return onItsServer(added, this.#session, key);
    } catch (error) {
      removeAfterFailure(this.#itemsAt(key), stub, error);
      throw error;
    }
  }

  async #addByMeta(
    key: string,
    stub: Stub,
    replaced: FoundItem | undefined,
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
    // memcached before 1.6.13 does not return it here: such a stub is recognized by its random text only.
    return cas === 0n ? stub : { ...stub, cas };
  }

  /** Reads items as the caller wants them: an unreachable server may be a miss. */
  get #reading(): Reading {
    return { gets: (key) => readTied(this.#itemSession, key, this.#options) };
  }

  /**
   * Commands that are sent to the server of the value, not to the server of the stub's own key. They fail if the server
   * cannot be reached: a stub that only seems to be absent would stay, and block all others.
   */
  #itemsAt(key: string): ItemCommands {
    const session = this.#itemSession.routedAs(key);
    return {
      clock: session.settings.clock,
      session,
      add: (key, item, exptime) => add(session, key, item, exptime, STRICT),
      gets: (key) => readTied(session, key, STRICT),
      cas: (key, item, { cas, carrier }, exptime) => {
        const stored = { ...item, cas, carrier, exptime: checkExptime(exptime, Date.now) };
        return storeTied(session, key, stored, STRICT);
      },
    };
  }
}

/** For operations that must fail if the server cannot be reached. */
export const STRICT: OperationOptions = { failover: "error" };

/** Reads an item if it has not changed. */
async function findItem(
  items: Reading,
  key: string,
  { data, cas }: NonNullable<Lease["stale"]>,
): Promise<FoundItem | undefined> {
  const found = await items.gets(key);
  return found?.cas === cas && equals(found.value.data, data) ? found : undefined;
}

function makeMeta(request: MetaRequest): MetaCommand {
  const command = new MetaCommand(request);
  command.absent = UNREACHABLE;
  if (request.verb === "mg") command.chances = CHANCES;
  return command;
}

function readCas(key: string, reply: MetaReply): bigint {
  return BigInt(readToken(reply, "c", key));
}

/**
 * Reads the reply to `mg` with the flags `f c t v`.
 *
 * @throws {ClientException} When one of them makes no sense, or the item's flags do not fit into 32 bits.
 */
function leasedItemOf(key: string, reply: MetaReply): LeasedItem {
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
