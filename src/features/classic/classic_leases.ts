/** The operations of leases with classic commands, which every server knows. @module */

import { equals } from "@std/bytes/equals";
import type { OperationOptions } from "../../commands/operation_options.ts";
import type { Session } from "../../commands/session.ts";
import { noCasError } from "../../commands/read.ts";
import { StorageCommand } from "../../protocol/commands/storage.ts";
import {
  isReserved,
  itemTranscoder,
  LEASE_FLAGS,
  type RawItem,
} from "../../transcoding/item_codec.ts";
import { StepRetrieval } from "../step_retrieval.ts";
import { type FoundItem, type LeasedItem, type Stub, textOf } from "../stub.ts";
import { Marks } from "./marks.ts";

/** How the raw items of a key are asked for. */
export interface RawItems {
  /** The session, whose values are raw items. */
  readonly session: Session;
  readonly key: string;
  readonly options: OperationOptions | undefined;
}

/**
 * Reads an item and its mark. Its remaining lifetime is unknown. So `ttl` is 0 if the value must be computed again, -1
 * for other values, as if they never expired, and 1 for a lease, which must not count as one that never expires.
 */
export async function readLeased(
  { session, key, options }: RawItems,
): Promise<LeasedItem | "unreachable" | undefined> {
  const marks = new Marks(session, key, options);
  const [item, { mark }, freshness] = await Promise.all([
    session.ask(key, () => new LeasedRetrieval(key, session), options) as Promise<ReadResult>,
    marks.read(),
    marks.readFreshness(),
  ]);
  if (item === undefined || item === "unreachable") return item;
  const isMarked = mark?.cas === item.cas;
  const isInvalid = isMarked && mark.freshness === undefined;
  const isDue = isMarked && mark.freshness !== freshness &&
    // Through another connection, the item may have been read before it was stored. The mark is stored later.
    mark.freshness !== await marks.readFreshness();
  return { ...item, ttl: isReserved(item.flags) ? 1 : isDue ? 0 : -1, isInvalid };
}

type ReadResult = (RawItem & { readonly cas: bigint }) | "unreachable" | undefined;

/** A `gets` that distinguishes an unreachable server from a miss. */
class LeasedRetrieval extends StepRetrieval {
  constructor(key: string, session: Session) {
    super("gets", key, async (flags, data, cas, key) => {
      if (cas === undefined) throw noCasError();
      return { ...await session.readItem(flags, data, cas, key) as RawItem, cas };
    });
  }

  override succeedAbsent(): boolean {
    this.succeed("unreachable");
    return true;
  }
}

/**
 * Adds a stub, or replaces an item by it, and gets its cas unique: an invalidation changes it.
 *
 * @returns The stub; `undefined` when another client was faster.
 */
export async function placeStub(
  { session, key, options }: RawItems,
  stub: Stub,
  replaced: FoundItem | undefined,
): Promise<Stub | "unreachable" | undefined> {
  const server = session.routedAs(key);
  const make = () => new StubPlacement(stub, replaced);
  const placed = await server.askChange(stub.key, make, options);
  if (placed !== "placed") return placed;
  const read = () => new LeasedRetrieval(stub.key, session);
  const found = await server.ask(stub.key, read, options) as ReadResult;
  if (found === undefined || found === "unreachable") return found;
  return textOf(found) === stub.nonce ? { ...stub, cas: found.cas } : undefined;
}

type Placement = "placed" | "unreachable" | undefined;

class StubPlacement extends StorageCommand<Placement> {
  constructor({ key, nonce, lifetime }: Stub, replaced: FoundItem | undefined) {
    const item = { flags: LEASE_FLAGS, exptime: lifetime, data: nonce };
    const { cas, carrier } = replaced ?? {};
    const refusal = replaced === undefined ? "NOT_STORED" : "EXISTS";
    super(replaced === undefined ? "add" : "cas", key, { ...item, cas, carrier }, [
      ["STORED", "placed"],
      [refusal, undefined],
      ["NOT_FOUND", undefined],
    ]);
  }

  override succeedAbsent(): boolean {
    this.succeed("unreachable");
    return true;
  }
}

/** A stored value, how long it stays fresh, and its lifetime. */
export interface FreshItem extends RawItem {
  readonly freshFor: number;
  readonly exptime: number;
}

/**
 * Stores a mark beside a value that was just stored, so that the value is computed again when it is not fresh any more.
 * Does nothing if another client has changed or marked the value since.
 *
 * @param text A unique text.
 */
export async function rememberFreshness(
  { session, key, options }: RawItems,
  text: string,
  { flags, data, freshFor, exptime }: FreshItem,
): Promise<void> {
  const marks = new Marks(session, key, options);
  const [[read, found]] = await Promise.all([
    marks.readWithItem(),
    // A value that is never fresh is stale at once, without a second item.
    freshFor > 0 ? marks.putFreshness(text, freshFor) : undefined,
  ]);
  if (found?.value.flags !== flags || !equals(found.value.data, data)) return;
  // An invalidation gives the same value another cas unique, and marks that.
  if (read.mark?.cas === found.cas) return;
  await marks.put({ cas: found.cas, freshness: text }, read, exptime);
}

/** The raw items of a key, from a session with any format. */
export function rawItemsOf(
  session: Session,
  key: string,
  options: OperationOptions | undefined,
): RawItems {
  return { session: session.withTranscoder(itemTranscoder), key, options };
}
