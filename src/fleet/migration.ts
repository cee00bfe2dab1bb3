/** Operations on keys that move from one server to another. @module */

import "../loaded_already.ts";
import { equals } from "@std/bytes/equals";
import type { ResolvedOptions } from "../client_options.ts";
import type { ServerHandle } from "../connection/server_handle.ts";
import { CHANCES, type Command } from "../protocol/command.ts";
import {
  CounterCommand,
  DeleteCommand,
  TouchCommand,
  VersionCommand,
} from "../protocol/commands/answer.ts";
import {
  MetaCommand,
  type MetaReply,
  type MetaRequest,
  readToken,
} from "../protocol/commands/meta.ts";
import { RetrievalCommand } from "../protocol/commands/retrieval.ts";
import {
  CAS_ANSWERS,
  SET_ANSWERS,
  StorageCommand,
  STORED_ANSWERS,
  type StoredItem,
} from "../protocol/commands/storage.ts";
import { checkExptime, LONGEST_RELATIVE } from "../protocol/exptime.ts";
import {
  isClassic,
  isDialectKnown,
  isUnknownCommand,
  noteClassic,
  noteVersion,
} from "./dialects.ts";
import { parseMark } from "./mark.ts";
import { reservedKey } from "./reserved_key.ts";

/** Sends a command to one of the two servers. */
export type SubmitTo = (command: Command) => void;

/** The server that a key moves to, and the one that it moves from. */
export interface Places {
  readonly next: SubmitTo;
  readonly former: SubmitTo;
  /** The server that it moves from, if known. */
  readonly formerNode?: ServerHandle;
  /** The dialect of the servers, if the client's option sets it, the format of its keys, and what it counts. */
  readonly options: Pick<ResolvedOptions, "dialect" | "keys" | "counters">;
}

/**
 * Executes an operation on a key that moves. An operation that does not concern the former server is sent only to the
 * new one.
 */
export function submitMoving(key: string, command: Command, places: Places): void {
  const move = moveOf(command);
  if (move === undefined) return places.next(command);
  operateOnMovingKey(key, move, places, command.context).then(
    (result) => {
      if (command instanceof RetrievalCommand && !command.isStep) {
        places.options.counters[result === undefined ? "misses" : "hits"]++;
      }
      command.succeed(result);
    },
    (error) => command.fail(error),
  );
}

/** A retrieval that is a step of an operation on a key that moves: the operation is counted, on whichever server. */
function stepOf(...parameters: ConstructorParameters<typeof RetrievalCommand>): RetrievalCommand {
  const command = new RetrievalCommand(...parameters);
  command.isStep = true;
  return command;
}

/**
 * Executes an operation on the new server, and keeps both servers consistent. If an operation reads an item or depends
 * on it, and the item is missing, it is copied from the former server. An operation that changes an item is sent to the
 * former server too, after the new one.
 *
 * @param key The key.
 * @param move The kind of the operation.
 * @param context What is published of it: its server is the new one.
 * @returns The operation's result on the new server.
 */
async function operateOnMovingKey(
  key: string,
  move: Move,
  places: Places,
  context: Command["context"],
): Promise<unknown> {
  const { next, former } = places;
  const ask = (where = next) => {
    const command = move.again();
    if (where === next) command.context = context;
    return run(where, command);
  };
  if (move.kind === "remove") {
    // First on the former server, because readers would copy the item from there.
    const removed = await ask(former);
    // What is being copied by this client was read before.
    await copiesUnderWay(places).get(key);
    const result = await ask();
    return move.combine?.(result, removed) ?? result;
  }
  if (move.kind === "change") await bringOver(key, places);
  let result = await ask();
  if (move.kind === "read" && move.isMiss(result)) {
    await bringOver(key, places);
    // Another client may have been faster, and may have removed the former copy: only the reply tells.
    result = await ask();
  }
  const mirror = move.mirror(result);
  const mirrored = mirror === undefined ? undefined : await run(former, mirror);
  // Another client may have copied it again, after it was removed from the new server and before it was from the former.
  if (mirror !== undefined && move.removed) await removeCopy(key, move.removed, next);
  return move.combine?.(result, mirrored) ?? result;
}

/** An item that is brought over, and in how many seconds it expires; never where negative. */
interface Copy {
  readonly flags: string;
  readonly data: Uint8Array;
  readonly ttl: number;
}

/** Makes an item expire at once. */
const PAST = /* @__PURE__ */ new Date(0);
/**
 * The lifetime, in seconds, of a copy from a server that does not report the item's remaining lifetime. While the item
 * exists, it is copied again.
 */
const UNKNOWN_TTL = 60;

/** The copies that a client is making, by the server that they are from, and by key. */
const underWay = /* @__PURE__ */ new WeakMap<object, Map<string, Promise<unknown>>>();

function copiesUnderWay({ former, formerNode }: Places): Map<string, Promise<unknown>> {
  const from = formerNode ?? former;
  const copies = underWay.get(from) ?? new Map();
  underWay.set(from, copies);
  return copies;
}

/** Copies an item with its remaining lifetime, unless the new server has one by now. */
function bringOver(key: string, places: Places): Promise<void> {
  const copies = copiesUnderWay(places);
  const copied = copyItem(key, places);
  const all: Promise<unknown> = Promise.allSettled([copies.get(key), copied]).then(() => {
    if (copies.get(key) === all) copies.delete(key);
  });
  copies.set(key, all);
  return copied;
}

async function copyItem(key: string, places: Places): Promise<void> {
  await learnVersion(places);
  const item = isFormerClassic(places)
    ? await readByClassic(key, places)
    : await readByMeta(key, places);
  if (item === undefined) return;
  const remove = await addCopy(key, item, places);
  // A client that has removed the item meanwhile may have found no copy yet. It begins with the former server.
  if (remove !== undefined && !await isThere(key, places)) await remove();
}

function isFormerClassic({ formerNode, options: { dialect } }: Places): boolean {
  return dialect === "classic" || (formerNode !== undefined && isClassic(formerNode));
}

/**
 * Adds the copy.
 *
 * @returns A function that removes it, unless it has changed; `undefined` if the new server had an item.
 */
async function addCopy(
  key: string,
  { data, ttl, ...item }: Copy,
  { next }: Places,
): Promise<(() => Promise<unknown>) | undefined> {
  const exptime = ttl < 0 ? 0 : checkExptime(Math.max(1, ttl), Date.now);
  const flags = Number(item.flags);
  // A number holds flags of 32 bits; a server with more knows meta commands.
  if (Number.isSafeInteger(flags)) {
    const copy = { flags, exptime, data };
    const isAdded = await run(next, new StorageCommand("add", key, copy, STORED_ANSWERS));
    return isAdded ? () => removeCopy(key, copy, next) : undefined;
  }
  const words = ["ME", `F${item.flags}`, `T${exptime}`, "c"];
  const command = new MetaCommand({ verb: "ms", key, flags: words, data });
  const { status, flags: { c } } = await run(next, command);
  const { carrier } = command;
  const removal = { verb: "md", key, flags: [`C${c}`], carrier } as const;
  return status === "HD" ? () => run(next, new MetaCommand(removal)) : undefined;
}

/** Removes a copy by letting it expire, which depends on its cas unique. */
async function removeCopy(key: string, copy: StoredItem, next: SubmitTo): Promise<void> {
  const command = stepOf("gets", key, (flags, data, cas, _, carrier) => {
    const bytes = typeof copy.data === "string" ? new TextEncoder().encode(copy.data) : copy.data;
    const isSame = flags === copy.flags && equals(data, bytes);
    return isSame ? { ...copy, exptime: checkExptime(PAST, Date.now), cas, carrier } : undefined;
  });
  const found = await run(next, command) as StoredItem | undefined;
  if (found !== undefined) await run(next, new StorageCommand("cas", key, found, CAS_ANSWERS));
}

/**
 * Whether the former server still has an item. It may be another one than was copied: a client that stores an item
 * begins with the new server.
 */
async function isThere(key: string, places: Places): Promise<boolean> {
  if (isFormerClassic(places)) return await readByClassic(key, places) !== undefined;
  const command = new MetaCommand({ verb: "mg", key, flags: ["t"] });
  command.chances = CHANCES;
  const { status, flags } = await run(places.former, command);
  return status === "HD" && flags.X === undefined;
}

/** Requests the version of the former server, once: an older one does not tell that an item is stale. */
async function learnVersion({ former, formerNode, options: { dialect } }: Places): Promise<void> {
  if (dialect !== undefined || formerNode === undefined || isDialectKnown(formerNode)) return;
  const [version] = await Promise.allSettled([run(former, new VersionCommand())]);
  // An error here is ignored: reading the item will fail and report it.
  if (version.status === "fulfilled") noteVersion(formerNode, version.value);
}

async function readByMeta(key: string, places: Places): Promise<Copy | undefined> {
  const { former, formerNode, options: { dialect } } = places;
  const asked = { verb: "mg", key, flags: ["f", "t", "v"] } as const;
  try {
    const command = new MetaCommand(asked);
    command.chances = CHANCES;
    const reply = await run(former, command);
    // A stale item is not copied.
    if (reply.status !== "VA" || reply.value === undefined || reply.flags.X !== undefined) return;
    const ttl = Number(readToken(reply, "t", key));
    return { flags: readToken(reply, "f", key), data: reply.value, ttl };
  } catch (error) {
    if (dialect === "meta" || !isUnknownCommand(error)) throw error;
    if (formerNode !== undefined) noteClassic(formerNode);
    return await readByClassic(key, places);
  }
}

async function readByClassic(
  key: string,
  { former, options: { keys } }: Places,
): Promise<Copy | undefined> {
  const read = (key: string) =>
    run(
      former,
      stepOf("gets", key, (flags, data, cas) => ({ flags, data: data.slice(), cas })),
    ) as Promise<{ flags: number; data: Uint8Array; cas: bigint | undefined } | undefined>;
  const [item, marked] = await Promise.all([read(key), read(reservedKey(key, "mark", keys))]);
  if (item === undefined) return undefined;
  const mark = marked && parseMark(new TextDecoder().decode(marked.data));
  // The same, where the mark stands beside the item.
  if (mark !== undefined && mark.cas === item.cas && mark.freshness === undefined) return undefined;
  return { flags: `${item.flags}`, data: item.data, ttl: UNKNOWN_TTL };
}

function run<Result>(submit: SubmitTo, command: Command<Result>): Promise<Result> {
  return new Promise((resolve) => submit(command.settleBy(resolve)));
}

/** How an operation is executed for a key that moves. */
interface Move {
  /** Whether it reads the item, depends on it, ignores it, or removes it. */
  readonly kind: "read" | "change" | "write" | "remove";
  /** Whether this result means that the item does not exist. */
  isMiss(result: unknown): boolean;
  /** Makes the same operation again. */
  again(): Command;
  /** Makes the command for the former server after this result, if any. */
  mirror(result: unknown): Command | undefined;
  /** The item that the operation removes, where it begins on the new server. */
  readonly removed?: StoredItem | undefined;
  /** Combines the results of both servers; by default the result of the new one. */
  combine?(result: unknown, former: unknown): unknown;
}

/** How an operation is executed for a key that moves; `undefined` for one that concerns only one server. */
function moveOf(command: Command): Move | undefined {
  if (command instanceof RetrievalCommand) return moveOfRetrieval(command);
  if (command instanceof StorageCommand) return moveOfStorage(command);
  if (command instanceof MetaCommand) return moveOfMeta(command);
  if (command instanceof CounterCommand) {
    const again = () => new CounterCommand(command.request);
    return { kind: "change", isMiss: isUndefined, again, mirror: again };
  }
  if (command instanceof DeleteCommand) {
    return { kind: "remove", ...onBoth(() => new DeleteCommand(command.key)) };
  }
  if (command instanceof TouchCommand) {
    const { key, exptime } = command;
    const kind = expiresAtOnce(exptime) ? "remove" : "change";
    return { kind, ...onBoth(() => new TouchCommand(key, exptime)) };
  }
  return undefined;
}

/** Executes an operation on both servers: the item existed if it existed on either. */
function onBoth(again: Move["again"]): Omit<Move, "kind"> {
  return {
    isMiss: () => false,
    again,
    mirror: again,
    combine: (result, former) => result || former,
  };
}

function moveOfRetrieval(command: RetrievalCommand): Move {
  const again = () => stepOf(command.verb, command.key, command.readItem);
  // The item on the former server is touched as well.
  const mirror = () => command.isRepeatable ? undefined : again();
  return { kind: "read", isMiss: isUndefined, again, mirror };
}

function moveOfStorage({ verb, key, item, answers }: StorageCommand<unknown>): Move {
  const stored = answers.find(([line]) => line === "STORED")?.[1];
  return {
    kind: verb === "set" ? "write" : "change",
    // A stub is removed in this way, by an item of the same content.
    removed: expiresAtOnce(item.exptime) ? item : undefined,
    isMiss: () => false,
    again: () => new StorageCommand(verb, key, item, answers),
    mirror: (result) => {
      if (result !== stored) return undefined;
      // On the former server, conditions and cas uniques differ.
      const copy = { ...item, cas: undefined };
      // It changes the item's cas unique to invalidate it; the former copy would not be invalidated.
      if (verb === "append" && item.data.length === 0) return new DeleteCommand(key);
      return verb === "append" || verb === "prepend"
        ? new StorageCommand(verb, key, copy, STORED_ANSWERS)
        : new StorageCommand("set", key, copy, SET_ANSWERS);
    },
  };
}

/** The former copy is deleted: its cas unique and its marks differ. */
function moveOfMeta({ request }: MetaCommand): Move | undefined {
  const { verb, key, flags } = request;
  if (verb === "mn") return undefined;
  const drop = { verb: "md", key, flags: flags.includes("b") ? ["b"] : [] } as const;
  const statusOf = (result: unknown) => (result as MetaReply).status;
  return {
    kind: kindOfMeta(request),
    isMiss: (result) => statusOf(result) === "EN",
    again: () => new MetaCommand(request),
    mirror: (result) => {
      const isDone = verb !== "mg" && ["HD", "VA"].includes(statusOf(result));
      return isDone ? new MetaCommand(drop) : undefined;
    },
    // What is removed existed if it did on either.
    combine: (result, former) => {
      return verb === "md" && statusOf(result) === "NF" && former !== undefined ? former : result;
    },
  };
}

function kindOfMeta({ verb, flags }: MetaRequest): Move["kind"] {
  const has = (letters: string) => flags.some((flag) => letters.includes(flag[0]!));
  // With I an item is marked as stale, with C only a certain one is removed: it has to be there.
  if (verb === "md") return has("IC") ? "change" : "remove";
  // With N, a missing item is created.
  return verb === "mg" && !has("N") ? "read" : "change";
}

/** Whether an item that is sent with this exptime expires at once. */
function expiresAtOnce(exptime: number): boolean {
  return exptime > LONGEST_RELATIVE && exptime * 1000 <= Date.now();
}

function isUndefined(result: unknown): boolean {
  return result === undefined;
}
