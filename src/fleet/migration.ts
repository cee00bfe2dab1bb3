/** Operations on keys that move from one server to another. @module */

import "../loaded_already.ts";
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
import { SET_ANSWERS, StorageCommand, STORED_ANSWERS } from "../protocol/commands/storage.ts";
import { checkExptime } from "../protocol/exptime.ts";
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
  return move.combine?.(result, mirrored) ?? result;
}

/** An item that is brought over, and in how many seconds it expires; never where negative. */
interface Copy {
  readonly flags: string;
  readonly data: Uint8Array;
  readonly ttl: number;
}

/**
 * The lifetime, in seconds, of a copy from a server that does not report the item's remaining lifetime. While the item
 * exists, it is copied again.
 */
const UNKNOWN_TTL = 60;

/** Copies an item with its remaining lifetime, unless the new server has one by now. */
async function bringOver(key: string, places: Places): Promise<void> {
  const { next, formerNode, options: { dialect } } = places;
  await learnVersion(places);
  const item = dialect === "classic" || (formerNode !== undefined && isClassic(formerNode))
    ? await readByClassic(key, places)
    : await readByMeta(key, places);
  if (item === undefined) return;
  const { data, ttl } = item;
  const exptime = ttl < 0 ? 0 : checkExptime(Math.max(1, ttl), Date.now);
  const flags = Number(item.flags);
  const request = {
    verb: "ms",
    key,
    flags: ["ME", `F${item.flags}`, `T${exptime}`],
    data,
  } as const;
  // A number holds flags of 32 bits; a server with more knows meta commands.
  if (Number.isSafeInteger(flags)) {
    await run(next, new StorageCommand("add", key, { flags, exptime, data }, STORED_ANSWERS));
  } else {
    await run(next, new MetaCommand(request));
  }
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
    return { kind: "change", ...onBoth(() => new TouchCommand(command.key, command.exptime)) };
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
  return {
    kind: verb === "set" ? "write" : "change",
    isMiss: () => false,
    again: () => new StorageCommand(verb, key, item, answers),
    mirror: (result) => {
      if (result === false || result === "exists" || result === "not_found") return undefined;
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
  if (verb === "mn" || verb === "me") return undefined;
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

function isUndefined(result: unknown): boolean {
  return result === undefined;
}
