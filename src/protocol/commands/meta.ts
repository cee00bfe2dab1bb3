/** The meta commands `mg`, `ms`, `md`, `ma`, `mn` and `me`, of memcached 1.6.10 and later. @module */

import { ClientException, quote, SocketError, ValidationException } from "../../errors.ts";
import { readFlags, readText } from "../bytes.ts";
import { Command, type CommandObserver, DONE, type LimitExptime, MORE } from "../command.ts";
import { namedAfterHangUp } from "../hang_up.ts";
import { checkKey } from "../key.ts";
import { Interruption, readRefusal, refusalError } from "../refusal.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/** A meta command: get, set, delete, arithmetic, no-op, debug. */
export type MetaVerb = "mg" | "ms" | "md" | "ma" | "mn" | "me";

/** The reply to a meta command. */
export interface MetaReply {
  /**
   * `HD` done, `VA` done with a value, `EN` a miss, `NF` not found, `NS` not stored, `EX` changed since (cas), `MN` to
   * `mn`, `ME` to `me`. With the flag `q`, a suppressed reply is returned as the status that it means.
   */
  readonly status: "HD" | "VA" | "EN" | "NF" | "NS" | "EX" | "MN" | "ME";
  /** The returned flags with their tokens, `""` without one: `{ s: "5", W: "" }`. */
  readonly flags: Readonly<Record<string, string>>;
  /** The item's bytes, with `VA`. */
  readonly value?: Uint8Array;
  /** The data of `me`, by name. */
  readonly debug?: Readonly<Record<string, string>>;
}

type MetaStatus = MetaReply["status"];

const VERBS = ["mg", "ms", "md", "ma", "mn", "me"];
const STATUSES = ["HD", "VA", "EN", "NF", "NS", "EX", "MN", "ME"];
const WITHOUT_OPAQUE = ["EN", "NF", "NS", "EX"];
/**
 * The maximum number of flags: memcached reads 17 words, including the length of `ms`; with more, it reads the value as
 * commands.
 */
const MOST_FLAGS = 16;
const LONGEST_FLAG = 64;
/** A flag whose token is an exptime. */
const EXPTIME_FLAG = /^[TN]\d+$/;
/** Flags without tokens: memcached ignores a token, but a reader may think that `q0` means no `q`. */
const WITHOUT_TOKEN = "bcfhklqstuvxI";
const LONGEST_OPAQUE = 31;
/** Refusals of `ms` after which memcached may read the value as commands. */
const LEAVES_VALUE_BEHIND =
  /^ERROR$|bad command line|options flags|decoding key|bad data chunk|invalid flag/;
/** Refusals of an `ms` that is right: by a server that knows no meta commands, or those of 1.6.6. */
const NOT_UNDERSTOOD = /^(ERROR|CLIENT_ERROR invalid flag)$/;
/** What older servers answer. Up to 1.6.9, the length of a value is a flag, and `OK` stands for `HD`. */
const TELLS_AGE = /^(ERROR|OK|CLIENT_ERROR invalid (or duplicate )?flag)( |$)/;
const NEEDS_NEWER = "meta commands need memcached 1.6.10 or later, some flags a later version";
/** The status of a successful command whose reply is suppressed. */
const QUIET_STATUS: Partial<Record<MetaVerb, MetaStatus>> = {
  mg: "EN",
  ms: "HD",
  md: "HD",
  ma: "HD",
};

/** A meta command before it is sent. */
export interface MetaRequest {
  readonly verb: MetaVerb;
  readonly key: string;
  readonly flags: readonly string[];
  readonly data?: Uint8Array | string | undefined;
  /**
   * Whether the value is a line that is not a command on any server: a server that does not understand `ms` reads the
   * value as a command, and refuses it too.
   */
  readonly isLine?: boolean;
  /** The connection that the cas unique in the flags was read through, if known. */
  readonly carrier?: number | undefined;
}

/**
 * Checks a meta command before it is sent.
 *
 * @throws {ValidationException} When memcached would refuse or misread it, or its reply could not be read.
 */
export function checkMetaRequest(request: MetaRequest): void {
  const { verb, key, flags, data } = request;
  if (!Array.isArray(flags)) refuse(quote(verb), "flags must be an array", flags);
  if (!VERBS.includes(verb)) {
    refuse(quote(verb), "it is not one of mg, ms, md, ma, mn and me", verb);
  }
  if (verb === "mn") {
    if (key !== "" || flags.length > 0) refuse("mn", "it takes no key and no flags", request);
  } else {
    checkKey(key, verb);
  }
  if ((data !== undefined) !== (verb === "ms")) {
    refuse(verb, "ms takes a value, the others do not", data);
  }
  if (verb === "me" && flags.length > 0) refuse("me", "it takes no flags", flags);
  checkFlags(verb, flags);
}

function checkFlags(verb: MetaVerb, flags: readonly unknown[]): void {
  if (flags.length > MOST_FLAGS) refuse(verb, `it takes ${MOST_FLAGS} flags at most`, flags);
  const letters = new Set<string>();
  for (const flag of flags) {
    if (typeof flag !== "string" || !/^[A-Za-z][!-~]*$/.test(flag) || flag.length > LONGEST_FLAG) {
      refuse(verb, `flag ${quote(flag)} is not a letter and a token`, flag);
    }
    const letter = (flag as string)[0]!;
    if (letters.has(letter)) refuse(verb, `flag ${letter} is given twice`, flags);
    letters.add(letter);
    if (WITHOUT_TOKEN.includes(letter) && (flag as string).length > 1) {
      refuse(verb, `flag ${letter} takes no token`, flag);
    }
    if (
      letter === "O" &&
      ((flag as string).length < 2 || (flag as string).length > LONGEST_OPAQUE + 1)
    ) {
      refuse(verb, `an opaque token has 1 to ${LONGEST_OPAQUE} characters`, flag);
    }
  }
  // The key of an item that mg created with b is returned as raw bytes, which may contain a line end.
  if (letters.has("b") && letters.has("k")) refuse(verb, "flags b and k do not go together", flags);
}

function refuse(what: string, why: string, item: unknown): never {
  throw new ValidationException(`Cannot send meta command ${what}: ${why}`, item);
}

/** The verbs that each server has answered. */
const answered = /* @__PURE__ */ new WeakMap<CommandObserver, Set<MetaVerb>>();

/** A meta command. Resolves to its reply; rejects when memcached refuses. */
export class MetaCommand extends Command<MetaReply> {
  /** The reply if the operation becomes a miss; `undefined` by default. */
  absent: MetaReply | undefined;
  request: MetaRequest;
  readonly #opaque: string | undefined;
  readonly #isQuiet: boolean;
  #reply: MetaReply | undefined;
  #refusal: string | undefined;

  /** @param request A checked request. */
  constructor(request: MetaRequest) {
    super();
    this.request = request;
    this.#opaque = request.flags.find((flag) => flag[0] === "O")?.slice(1);
    this.#isQuiet = request.flags.some((flag) => flag[0] === "q");
  }

  override get tie(): number | undefined {
    return this.request.carrier;
  }

  override untie(): void {
    this.succeed({ status: "EX", flags: {} });
  }

  override fail(error: unknown): void {
    const isKnown = this.observer && answered.get(this.observer)?.has(this.request.verb);
    super.fail(isKnown ? error : namedAfterHangUp(this.action, error));
  }

  override succeedAbsent(): boolean {
    if (this.absent !== undefined) this.succeed(this.absent);
    return this.absent !== undefined;
  }

  override get action(): string {
    const { verb, key } = this.request;
    return verb === "mn" ? verb : `${verb} key "${key}"`;
  }

  override get kind(): string {
    return this.request.verb;
  }

  override get byteLength(): number {
    return this.request.data?.length ?? 0;
  }

  /** Adds an exptime to a request that would otherwise store an item that never expires. */
  override limitExptime(limit: LimitExptime): () => void {
    const request = this.request;
    const { verb, flags } = request;
    const limited = flags.map((flag) =>
      EXPTIME_FLAG.test(flag) ? `${flag[0]}${limit(Number(flag.slice(1)))}` : flag
    );
    const isEndless = verb === "ms" && !flags.some((flag) => flag[0] === "T");
    this.request = { ...request, flags: isEndless ? [...limited, `T${limit(0)}`] : limited };
    return () => void (this.request = request);
  }

  write(buffer: RequestBuffer): void {
    const { verb, key, flags, data } = this.request;
    const words = flags.map((flag) => ` ${flag}`).join("");
    buffer.ascii(verb);
    if (verb !== "mn") buffer.key(key);
    if (typeof data === "string") buffer.textBlock(data, words);
    else if (data !== undefined) buffer.dataBlock(data, words);
    else buffer.ascii(words).ascii("\r\n");
    // The reply to the fence shows whether the reply to a quiet command was suppressed.
    if (this.#isQuiet) buffer.ascii("mn\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    const words = readText(bytes, start, end).split(" ");
    const [status] = words;
    if (this.#isQuiet && status === "MN") return this.#endQuietly();
    if (this.#refusal !== undefined) return this.#endRefused(words);
    if (!STATUSES.includes(status!)) return this.#refused(bytes, start, end);
    if (this.#reply !== undefined) throw new SocketError("a meta command got two replies");
    const reply = this.#readReply(status as MetaStatus, words);
    return status === "VA" ? this.#expectValue(words[1]!) : this.#complete(reply);
  }

  override data(bytes: Uint8Array, start: number, end: number): number {
    return this.#complete({ ...this.#reply!, value: bytes.slice(start, end) });
  }

  #readReply(status: MetaStatus, words: string[]): MetaReply {
    // It has its reply, even if the connection ends now.
    this.chances = 0;
    this.#noteAnswer();
    const hasMore = status === "VA" || status === "ME";
    // Before 1.6.18, memcached writes an extra space after some statuses.
    const rest = words.slice(hasMore ? 2 : 1).filter((word) => word !== "");
    if (status === "ME") return this.#reply = { status, flags: {}, debug: readDebug(rest) };
    const flags = Object.fromEntries(rest.map((word) => [word[0]!, word.slice(1)]));
    this.#checkOpaque(status, flags.O);
    return this.#reply = { status, flags };
  }

  #noteAnswer(): void {
    const { observer, request } = this;
    if (observer === undefined) return;
    const verbs = answered.get(observer);
    if (verbs === undefined) answered.set(observer, new Set([request.verb]));
    else verbs.add(request.verb);
  }

  /** Before 1.6.18, memcached does not return the opaque token with some statuses. */
  #checkOpaque(status: MetaStatus, opaque: string | undefined): void {
    const isMissing = opaque === undefined && WITHOUT_OPAQUE.includes(status);
    if (this.#opaque === undefined || opaque === this.#opaque || isMissing) return;
    throw new SocketError("the opaque token of a reply is not that of its request");
  }

  #expectValue(byteLength: string): number {
    if (/^\d{1,10}$/.test(byteLength)) return Number(byteLength);
    throw new SocketError("the header of a value is malformed");
  }

  #complete(reply: MetaReply): number {
    this.#reply = reply;
    if (this.#isQuiet) return MORE;
    this.succeed(reply);
    return DONE;
  }

  #endQuietly(): number {
    this.succeed(this.#reply ?? { status: QUIET_STATUS[this.request.verb]!, flags: {} });
    return DONE;
  }

  #refused(bytes: Uint8Array, start: number, end: number): number {
    const { verb, data, isLine = false } = this.request;
    const line = readText(bytes, start, end);
    const refusal = TELLS_AGE.test(line)
      ? refusalError(this, line.trimEnd(), NEEDS_NEWER)
      : readRefusal(bytes, start, end, this);
    // It has its reply, so the fence is refused.
    if (this.#reply !== undefined) return this.#endQuietly();
    this.#refusal = line;
    this.fail(refusal);
    if (isLine && NOT_UNDERSTOOD.test(line)) return MORE;
    if (data !== undefined && LEAVES_VALUE_BEHIND.test(line)) {
      throw new Interruption(`the server did not understand ${verb}`, { cause: refusal });
    }
    if (!this.#isQuiet) return DONE;
    // memcached's proxy may refuse only the fence.
    if (line.startsWith("SERVER_ERROR")) throw this.#interruption();
    return MORE;
  }

  /** Reads what follows a refusal: the fence, or the value, is refused as well by a server that does not know `ms`. */
  #endRefused([line]: string[]): number {
    const isExpected = this.request.isLine || this.#refusal === line;
    if (line === "ERROR" && isExpected) return DONE;
    throw this.#interruption();
  }

  #interruption(): Interruption {
    const { verb } = this.request;
    return new Interruption(`the server answered "${this.#refusal}" to a quiet ${verb}`);
  }
}

function readDebug(words: string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => {
    const [name, ...value] = word.split("=");
    return [name, value.join("=")];
  }));
}

/** The key of a request; with flag `b`, decoded from base64. */
export function plainKey({ key, flags }: MetaRequest): string {
  if (!flags.some((flag) => flag[0] === "b")) return key;
  try {
    return atob(key);
  } catch {
    // Not base64: any server will refuse it.
    return key;
  }
}

/** memcached's data about an item. */
export interface ItemInfo {
  /** The client flags. A `bigint` beyond 2^53 - 1, with a memcached whose flags have 64 bits. */
  readonly flags: number | bigint;
  /** The length of the value in bytes. */
  readonly size: number;
  /** The cas unique. */
  readonly cas: bigint;
  /** Seconds until it expires; -1 means never. Absent for a server without meta commands, as the two below. */
  readonly ttl?: number;
  /** Seconds since it was last read or written. */
  readonly lastAccess?: number;
  /** Whether it has been read since it was written. */
  readonly fetched?: boolean;
}

/** The flags that return a number about an item. */
type Told = "f" | "s" | "c" | "t" | "l" | "h";

const FORMS: Readonly<Record<Told, RegExp>> = {
  f: /^-?\d{1,20}$/,
  s: /^\d{1,15}$/,
  c: /^\d{1,20}$/,
  t: /^-?\d{1,15}$/,
  l: /^\d{1,15}$/,
  h: /^[01]$/,
};

/**
 * Reads the number of a returned flag.
 *
 * @throws {ClientException} When that makes no sense.
 * @throws {SocketError} When it says nothing.
 */
export function readToken({ flags }: MetaReply, flag: Told, key: string): string {
  const token = flags[flag];
  if (token !== undefined && FORMS[flag].test(token)) return token;
  const action = `Cannot read item of key ${quote(key)}`;
  if (token === undefined) throw new SocketError(`${action}: the reply has no flag ${flag}`);
  throw new ClientException(`${action}: the server gave ${quote(token)} for flag ${flag}`, token);
}

/**
 * Reads the reply to `mg` with the flags `f s c t l h`.
 *
 * @throws {ClientException} When one of them makes no sense.
 * @throws {SocketError} When one of them is missing.
 */
export function readItemInfo(reply: MetaReply, key: string): ItemInfo {
  const read = (flag: Told) => readToken(reply, flag, key);
  const flags = read("f");
  return {
    flags: readFlags(flags) ?? exactNumber(BigInt(flags)),
    size: Number(read("s")),
    cas: BigInt(read("c")),
    ttl: Number(read("t")),
    lastAccess: Number(read("l")),
    fetched: read("h") === "1",
  };
}

function exactNumber(exact: bigint): number | bigint {
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}
