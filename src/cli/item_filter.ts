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
  const pattern = match === undefined ? undefined : globPattern(match);
  return (key) => {
    const text = decodedKey(key);
    return text.startsWith(prefix ?? "") && (pattern === undefined || pattern.test(text));
  };
}

/** The remaining lifetime of an item in seconds; `undefined` for ever. */
export function ttlOf({ exptime }: ItemMetadata): number | undefined {
  return exptime === undefined ? undefined : Math.round((exptime.getTime() - Date.now()) / 1000);
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

/** A pattern of `*`, `?` and `[abc]`, as shells have it; it must match the whole key. */
export function globPattern(glob: string): RegExp {
  let source = "";
  for (const [part] of glob.matchAll(/\\.|\[[^\]]+\]|[^]/gu)) {
    if (part === "*") source += "[^]*";
    else if (part === "?") source += "[^]";
    else if (/^\[./.test(part) && part.length > 2) source += setPattern(part.slice(1, -1));
    else source += escaped(part.length > 1 && part[0] === "\\" ? part.slice(1) : part);
  }
  return new RegExp(`^${source}$`, "u");
}

function setPattern(letters: string): string {
  const isNegated = /^[!^]./.test(letters);
  const rest = (isNegated ? letters.slice(1) : letters).replace(/[\\\]^[]/g, "\\$&");
  return `[${isNegated ? "^" : ""}${rest}]`;
}

function escaped(letter: string): string {
  return letter.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
