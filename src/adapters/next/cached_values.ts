/** The values of Next's `cacheHandler` as bytes: JSON, and beside it what JSON would make longer. @module */

import { concat } from "@std/bytes/concat";
import { ClientException, ValidationException } from "../../../mod.ts";
import { toBuffer } from "../node_callbacks.ts";

/** A value: a page, the response of a route or of `fetch`, or an image. */
export type CachedValue = Readonly<Record<string, unknown>>;

/** A property that is stored behind the JSON: text, bytes, or a map of bytes by their names. */
type Part =
  | readonly [property: string, type: "text" | "bytes", byteLength: number]
  | readonly [property: string, type: "map", entries: readonly (readonly [string, number])[]];

/** A value without what is in `parts`. */
export interface PackedValue {
  readonly value: CachedValue;
  readonly parts: readonly Part[];
}

/** Text from this length on is stored as it is, without JSON's escapes. */
const LONG = 256;

/**
 * Packs a value.
 *
 * @throws {ValidationException} When a map holds anything but bytes.
 */
export function packValue(value: CachedValue): { packed: PackedValue; body: Uint8Array } {
  const rest: Record<string, unknown> = {};
  const parts: Part[] = [];
  const pieces: Uint8Array[] = [];
  const add = (bytes: Uint8Array) => {
    pieces.push(bytes);
    return bytes.byteLength;
  };
  for (const [name, property] of Object.entries(value)) {
    if (typeof property === "string" && property.length >= LONG) {
      parts.push([name, "text", add(new TextEncoder().encode(property))]);
    } else if (property instanceof Uint8Array) {
      parts.push([name, "bytes", add(property)]);
    } else if (property instanceof Map) {
      const entries = Array.from(property as Map<string, unknown>, ([key, bytes]) => {
        if (bytes instanceof Uint8Array) return [key, add(bytes)] as const;
        const why = `the map ${name} must hold bytes, not ${typeof bytes}`;
        throw new ValidationException(`Cannot store page: ${why}`, bytes);
      });
      parts.push([name, "map", entries]);
    } else {
      rest[name] = property;
    }
  }
  return { packed: { value: rest, parts }, body: concat(pieces) };
}

/** Unpacks what {@linkcode packValue} made; bytes become `Buffer`s, where the runtime has them. */
export function unpackValue({ value, parts }: PackedValue, body: Uint8Array): CachedValue {
  let at = 0;
  const take = (byteLength: number) => {
    if (at + byteLength > body.byteLength) {
      throw new ClientException("Cannot read entry: it ends too early", body);
    }
    return body.subarray(at, at += byteLength);
  };
  const properties = parts.map(([name, type, content]) => {
    if (type === "map") {
      return [name, new Map(content.map(([key, length]) => [key, toBuffer(take(length))]))];
    }
    const bytes = take(content);
    return [
      name,
      type === "text"
        ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)
        : toBuffer(bytes),
    ];
  });
  return { ...value, ...Object.fromEntries(properties) };
}
