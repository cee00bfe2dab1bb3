/**
 * The line of a meta command: a key, and flags of a letter and an optional token.
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "../byte_text.ts";
import type { MetaDialect } from "../dialect.ts";
import { parseInt32, parseUint64 } from "../number_parser.ts";
import { BAD_FORMAT, KEY_MAX_LENGTH, MAX_VALUE_LENGTH } from "./command.ts";

/** The reply to an opaque of more than 31 bytes. */
export const OPAQUE_TOO_LONG = "CLIENT_ERROR opaque token too long";

const DUPLICATE_FLAG = "CLIENT_ERROR duplicate flag";
const INVALID_FLAG = "CLIENT_ERROR invalid flag";
const BAD_TOKEN = "CLIENT_ERROR bad token in command line format";

/** memcached's `MFLAG_MAX_OPT_LENGTH`, less one: memcached also counts an empty token at the end of each line. */
const MAX_TOKENS = 19;
const OPAQUE_MAX_LENGTH = 31;

/** A flag that memcached always refuses, because its table has 127 entries. */
const FIRST_UNKNOWN_LETTER = "\x7f";

/** A meta command's key and flags. */
export interface MetaRequest {
  /** The key, a character per byte. */
  readonly key: string;
  /** Whether the key came as base64. */
  readonly keyIsBinary: boolean;
  /** The tokens of the flags by letter, in the order of the line. */
  readonly flags: MetaFlags;
}

/** The tokens of the flags by letter, in the order of the line. */
export type MetaFlags = ReadonlyMap<string, string>;

/** Flags that only some versions accept. */
const PROXY_FLAGS = "PL";
const BASE64_FLAG = "b";
const LENGTH_FLAG = "S";

/** Which tokens a flag accepts, and the reply to others. */
interface FlagRule {
  readonly accepts: (argument: string, key: string) => boolean;
  /** Absent when the reply to another invalid flag takes precedence. */
  readonly refusal?: string;
}

const ANYTHING: FlagRule = { accepts: () => true };
const EXPTIME: FlagRule = { accepts: isInt32, refusal: BAD_TOKEN };

const FLAG_RULES: ReadonlyMap<string, FlagRule> = /* @__PURE__ */ createFlagRules();

function createFlagRules(): Map<string, FlagRule> {
  const rules = new Map<string, FlagRule>();
  for (const letter of "OPLkstcfvhlqIu") rules.set(letter, ANYTHING);
  for (const letter of "NTR") rules.set(letter, EXPTIME);
  rules.set(LENGTH_FLAG, { accepts: isLength, refusal: "CLIENT_ERROR invalid length" });
  rules.set(BASE64_FLAG, {
    accepts: (_, key) => decodeBase64(key) !== undefined,
    refusal: "CLIENT_ERROR error decoding key",
  });
  rules.set("F", { accepts: isUint64 });
  rules.set("C", { accepts: isUint64, refusal: BAD_TOKEN });
  rules.set("M", {
    accepts: (argument) => argument.length === 1,
    refusal: "CLIENT_ERROR incorrect length for M token",
  });
  rules.set("J", { accepts: isUint64, refusal: "CLIENT_ERROR invalid numeric initial value" });
  rules.set("D", { accepts: isUint64, refusal: "CLIENT_ERROR invalid numeric delta value" });
  return rules;
}

/**
 * Checks a line before its flags are read.
 *
 * @param tokens All tokens of the line.
 * @param tooManyFlags The reply to too many tokens.
 * @returns The reply that refuses the line, or `undefined` when it is valid.
 */
export function refuseLine(
  tokens: readonly string[],
  tooManyFlags = "CLIENT_ERROR options flags too long",
): string | undefined {
  const [, key = ""] = tokens;
  if (key.length > KEY_MAX_LENGTH) return BAD_FORMAT;
  return tokens.length > MAX_TOKENS ? tooManyFlags : undefined;
}

/**
 * Reads a key and its flags. The flags are the same for every meta command: each ignores those of the others.
 *
 * @param dialect The dialect of meta commands.
 * @param key The key as the client sent it.
 * @param tokens The flags.
 * @returns The request, or the reply that refuses it.
 */
export function parseMetaRequest(
  dialect: MetaDialect,
  key: string,
  tokens: readonly string[],
): MetaRequest | string {
  const flags = new Map<string, string>();
  let fault: string | undefined;
  for (const token of tokens) {
    const letter = token.charAt(0);
    if (letter >= FIRST_UNKNOWN_LETTER || flags.has(letter)) return DUPLICATE_FLAG;
    const rule = FLAG_RULES.get(letter);
    if (rule === undefined || !isKnown(dialect, letter)) return INVALID_FLAG;
    flags.set(letter, token.slice(1));
    if (!rule.accepts(token.slice(1), key)) fault = rule.refusal ?? fault ?? BAD_FORMAT;
  }
  return fault ?? createRequest(key, flags);
}

function isKnown({ isDraft, takesProxyFlags }: MetaDialect, letter: string): boolean {
  if (PROXY_FLAGS.includes(letter)) return takesProxyFlags;
  if (letter === LENGTH_FLAG) return isDraft;
  return letter !== BASE64_FLAG || !isDraft;
}

/**
 * Writes the reply to a meta command: its code and the flags.
 *
 * @param dialect The dialect of meta commands.
 * @param code The code as in memcached 1.6.18, for example `HD`.
 * @param flags The returned flags, each after a space.
 * @returns The line.
 */
export function formatCode({ isDraft }: MetaDialect, code: string, flags: string): string {
  return `${code === "HD" && isDraft ? "OK" : code}${flags}`;
}

/** As {@linkcode formatCode}, where versions before 1.6.18 write an extra space after the code. */
export function formatLooseCode(dialect: MetaDialect, code: string, flags: string): string {
  return formatCode(dialect, code, dialect.isPolished ? flags : ` ${flags}`);
}

/**
 * Reads the token of `N`, `T` or `R`.
 *
 * @param flags The flags.
 * @param letter Which.
 * @returns The exptime, or `undefined` without the flag.
 */
export function exptimeOf(flags: MetaFlags, letter: "N" | "T" | "R"): number | undefined {
  return parseInt32(flags.get(letter) ?? "");
}

/**
 * Reads the token of `C`, `D` or `J`.
 *
 * @param flags The flags.
 * @param letter Which.
 * @returns The number, or `undefined` without the flag.
 */
export function numberOf(flags: MetaFlags, letter: "C" | "D" | "J"): bigint | undefined {
  return parseUint64(flags.get(letter) ?? "");
}

/** Whether the opaque is too long to be sent back. */
export function isOpaqueTooLong(flags: MetaFlags): boolean {
  return (flags.get("O") ?? "").length > OPAQUE_MAX_LENGTH;
}

/**
 * Writes a flag that is returned with every reply, hit or miss.
 *
 * @param request The request.
 * @param letter The flag's letter.
 * @returns The opaque or the key after a space; an empty string for other flags.
 */
export function formatEcho({ key, keyIsBinary, flags }: MetaRequest, letter: string): string {
  if (letter === "O") return ` O${flags.get("O")}`;
  return letter === "k" ? formatKey(key, keyIsBinary) : "";
}

/**
 * Writes all returned flags, in the order of the request.
 *
 * @param request The request.
 * @param format Writes the flags that need the item; empty without an item.
 * @returns The returned flags, each after a space.
 */
export function formatFlags(
  request: MetaRequest,
  format: (letter: string) => string = () => "",
): string {
  const letters = [...request.flags.keys()];
  return letters.map((letter) => format(letter) + formatEcho(request, letter)).join("");
}

/**
 * Writes the key for flag `k`.
 *
 * @param key The key, a character per byte.
 * @param isBinary Whether it is sent as base64, followed by the flag `b`.
 * @returns The flags, each after a space.
 */
export function formatKey(key: string, isBinary: boolean): string {
  return isBinary ? ` k${encodeBase64(key)} b` : ` k${key}`;
}

function createRequest(key: string, flags: MetaFlags): MetaRequest {
  const decoded = flags.has("b") ? decodeBase64(key) : undefined;
  return { key: decoded ?? key, keyIsBinary: decoded !== undefined, flags };
}

function isInt32(text: string): boolean {
  return parseInt32(text) !== undefined;
}

function isLength(text: string): boolean {
  const length = parseInt32(text);
  return length !== undefined && length >= 0 && length <= MAX_VALUE_LENGTH;
}

function isUint64(text: string): boolean {
  return parseUint64(text) !== undefined;
}
