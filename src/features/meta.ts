/** Meta commands, and the features that use them. @module */

import {
  type InvalidateOptions,
  type OperationOptions,
  operationOptions,
} from "../commands/operation_options.ts";
import { ValidationException } from "../errors.ts";
import { CHANCES } from "../protocol/command.ts";
import { checkExptime } from "../protocol/exptime.ts";
import { checkSeconds } from "../protocol/seconds.ts";
import { inDialect } from "./dialect.ts";
import { withExtras } from "./info_extras.ts";
import type { Session } from "../commands/session.ts";
import {
  checkMetaRequest,
  type ItemInfo,
  MetaCommand,
  type MetaReply,
  type MetaRequest,
  type MetaVerb,
  plainKey,
  readItemInfo,
} from "../protocol/commands/meta.ts";

/** The parts of a meta command besides the key. They do not change any more. */
export interface MetaParts {
  readonly verb: MetaVerb;
  readonly flags: readonly string[] | undefined;
  readonly value: string | Uint8Array | undefined;
}

/** The flags with which `mg` changes the item, or wins the right to. */
const CHANGES = /^[NRT]/;

/** Sends a meta command. */
export function meta(
  session: Session,
  key: string,
  { verb, flags = [], value }: MetaParts,
  options?: OperationOptions,
): Promise<MetaReply> {
  const given = { verb, key, flags, data: value };
  checkMetaRequest(given);
  const request = { ...given, flags: given.flags.map(withExptime) };
  if (session.settings.keys !== undefined && verb !== "mn") checkFormatted(session, request);
  const isRead = verb === "mg" && !request.flags.some((flag) => CHANGES.test(flag));
  const make = () => {
    const command = new MetaCommand(request);
    if (isRead) command.chances = CHANCES;
    return command;
  };
  // The other commands change no value.
  return ["ms", "md", "ma"].includes(verb)
    ? session.askChange(plainKey(request), make, options)
    : session.ask(plainKey(request), make, options);
}

/** Flags with seconds: an exptime, or the remaining time with which `R` compares. */
const SECONDS_FLAG = /^[TNR]\+?\d+$/;

/** Reads the seconds of a flag as the exptime of every other method. */
function withExptime(flag: string): string {
  if (!SECONDS_FLAG.test(flag)) return flag;
  const given = Number(flag.slice(1));
  const exptime = checkExptime(given, Date.now);
  // As the caller wrote it, with its zeros and its sign.
  return exptime === given ? flag : `${flag[0]}${exptime}`;
}

function checkFormatted(session: Session, { verb, key, flags }: MetaRequest): void {
  session.checkKey(key, verb);
  const refused = flags.find((flag) => flag[0] === "b" || flag[0] === "k");
  if (refused === undefined) return;
  const why = `flag ${refused[0]} does not go together with the client's option keys`;
  throw new ValidationException(`Cannot send meta command ${verb}: ${why}`, flags);
}

/** Gets memcached's data about an item. */
export async function inspect(
  session: Session,
  key: string,
  options?: OperationOptions,
): Promise<ItemInfo | undefined> {
  session.checkKey(key, "inspect");
  return await inDialect(session, key, {
    meta: () => inspectByMeta(session, key, options),
    classic: ({ inspect }) => inspect(session, key, options),
  });
}

async function inspectByMeta(
  session: Session,
  key: string,
  options: OperationOptions | undefined,
): Promise<ItemInfo | undefined> {
  const request = { verb: "mg", key, flags: ["f", "s", "c", "t", "l", "h", "u"] } as const;
  let command: MetaCommand | undefined;
  const reply = await session.ask(key, () => {
    command = new MetaCommand(request);
    command.absent = { status: "EN", flags: {} };
    command.chances = CHANCES;
    return command;
  }, options);
  if (reply.status === "EN") return undefined;
  const extras = { carrier: command?.carrier, isStale: reply.flags.X !== undefined };
  return withExtras(readItemInfo(reply, key), extras);
}

/** The reply if the client treats an unreachable server as a miss: no right is won, and nothing is stored. */
export const UNREACHABLE: MetaReply = { status: "NF", flags: {} };

/** Marks a value as stale; resolves to whether it existed. */
export async function invalidate(
  session: Session,
  key: string,
  options: InvalidateOptions = {},
): Promise<boolean> {
  session.checkKey(key, "invalidate");
  if (options.staleFor !== undefined) checkSeconds("staleFor", options.staleFor, 1);
  return await inDialect(session, key, {
    meta: () => invalidateByMeta(session, key, options),
    classic: ({ invalidate }) => invalidate(session, key, options),
  });
}

async function invalidateByMeta(
  session: Session,
  key: string,
  { staleFor, ...options }: InvalidateOptions,
): Promise<boolean> {
  const flags = staleFor === undefined ? ["I"] : ["I", `T${staleFor}`];
  const { status } = await session.askChange(key, () => {
    const command = new MetaCommand({ verb: "md", key, flags });
    command.absent = UNREACHABLE;
    return command;
  }, operationOptions(options));
  return status === "HD";
}
