/** Which items a command is about. @module */

import type { ItemMetadata } from "../../mod.ts";
import { decodedKey } from "./keys_of_bytes.ts";
import { readSize, readTtl } from "./quantities.ts";
import { UsageFault } from "./usage.ts";

/** The options that choose items. */
export interface FilterOptions {
  readonly prefix?: string;
  readonly match?: string;
  readonly minSize?: string;
  readonly ttl?: string;
}

/** Whether an item is one of those. */
export type ItemFilter = (item: ItemMetadata) => boolean;
/** Whether a key is one of those. */
export type KeyFilter = (key: string) => boolean;

/** Makes a filter of options. */
export function filterOf(options: FilterOptions): ItemFilter {
  const { minSize, ttl } = options;
  const tests: ItemFilter[] = [];
  const isWanted = keyFilterOf(options);
  if (isWanted !== undefined) tests.push(({ key }) => isWanted(key));
  if (minSize !== undefined) {
    const least = readSize(minSize);
    tests.push(({ size }) => size >= least);
  }
  if (ttl !== undefined) tests.push(ttlFilter(ttl));
  return (item) => tests.every((test) => test(item));
}

/** Makes a filter of those options that choose keys; `undefined` if every key is wanted. */
export function keyFilterOf({ prefix, match }: FilterOptions): KeyFilter | undefined {
  if (prefix === undefined && match === undefined) return undefined;
  const isMatch = match === undefined ? undefined : globFilter(match);
  return (key) => {
    const text = decodedKey(key);
    return text.startsWith(prefix ?? "") && (isMatch === undefined || isMatch(text));
  };
}

/** The remaining lifetime of an item in seconds; `undefined` for ever. */
export function ttlOf({ exptime }: ItemMetadata): number | undefined {
  if (exptime === undefined) return undefined;
  // The clock of memcached is up to two seconds late: it lists what has just expired.
  return Math.max(0, Math.round((exptime.getTime() - Date.now()) / 1000));
}

/** For how many seconds an item has not been used. */
export function idleOf({ lastAccess }: ItemMetadata): number {
  return Math.max(0, Math.round((Date.now() - lastAccess.getTime()) / 1000));
}

/**
 * The remaining lifetime in a record: `null` for ever, as {@linkcode ttlOf} has it there.
 *
 * @param ttl Seconds as memcached tells them; absent where a server cannot tell.
 * @param never What memcached tells for ever.
 */
export function ttlField(ttl: number | undefined, never: number = -1): number | null | undefined {
  return ttl === never ? null : ttl;
}

function ttlFilter(text: string): ItemFilter {
  if (text === "never") return ({ exptime }) => exptime === undefined;
  const [, sign, rest = ""] = /^([<>]=?)(.+)$/.exec(text) ?? [];
  if (sign === undefined) {
    throw new UsageFault(`"${text}" is not a condition on lifetimes: write '<60', '>=1h' or never`);
  }
  const bound = readTtl(rest);
  return (item) => {
    // What never expires has more left than anything else.
    const ttl = ttlOf(item) ?? Infinity;
    if (sign === "<") return ttl < bound;
    if (sign === "<=") return ttl <= bound;
    return sign === ">" ? ttl > bound : ttl >= bound;
  };
}

/**
 * Makes a test of a pattern of `*`, `?` and `[abc]`, as shells have it; it must match the whole key.
 *
 * The texts between two stars are looked for one after another, each as early as it can be. One regular expression for
 * all would try every way to share a key among many stars, which may take for ever.
 */
export function globFilter(glob: string): KeyFilter {
  const texts: string[] = [""];
  for (const [part] of glob.matchAll(/\\.|\[[^\]]+\]|[^]/gu)) {
    if (part === "*") texts.push("");
    else texts.push(`${texts.pop()}${letterPattern(part)}`);
  }
  const [first = "", ...others] = texts;
  const last = others.pop();
  if (last === undefined) return isMatched(`^${first}$`);
  const [start, end] = [new RegExp(`^${first}`, "u"), new RegExp(`${last}$`, "u")];
  const between = others.map((text) => new RegExp(text, "u"));
  return (key) => {
    let rest: string | undefined = key;
    for (const pattern of [start, ...between]) {
      rest = behind(pattern, rest);
      if (rest === undefined) return false;
    }
    return end.test(rest);
  };
}

function isMatched(source: string): KeyFilter {
  const pattern = new RegExp(source, "u");
  return (key) => pattern.test(key);
}

/** What stands behind the first match; `undefined` without one. */
function behind(pattern: RegExp, text: string): string | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : text.slice(match.index + match[0].length);
}

/** A part of a pattern that stands for one letter. */
function letterPattern(part: string): string {
  if (part === "?") return "[^]";
  if (/^\[./.test(part) && part.length > 2) return setPattern(part.slice(1, -1));
  return escaped(part.length > 1 && part[0] === "\\" ? part.slice(1) : part);
}

function setPattern(letters: string): string {
  const isNegated = /^[!^]./.test(letters);
  const rest = (isNegated ? letters.slice(1) : letters).replace(/[\\\]^[]/g, "\\$&");
  const source = `[${isNegated ? "^" : ""}${rest}]`;
  try {
    new RegExp(source, "u");
  } catch {
    // The only fault that is left is a range that ends before it begins.
    throw new UsageFault(`"[${letters}]" in a pattern is a range that ends before it begins`);
  }
  return source;
}

function escaped(letter: string): string {
  return letter.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
