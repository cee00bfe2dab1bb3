/** JSON of what values may hold, also of what JSON has no form for. @module */

import { Buffer } from "node:buffer";

/** A value of other clients may be nested as deeply as it likes; what lies deeper than this is left out. */
const MOST_NESTED = 500;

/** An object or a list that is being written, and what is written in its place. */
interface Writing {
  readonly value: object;
  readonly shown: unknown;
}

/**
 * Numbers that JSON cannot hold become text, bytes base64, maps objects, sets lists; what holds itself is a text where it
 * does.
 */
export function jsonOf(value: unknown): string {
  // Most records: a function for each field would take several times as long.
  if (isFlat(value)) return JSON.stringify(value);
  const around: Writing[] = [];
  const json = JSON.stringify(value, function (this: unknown, _name: string, part: unknown) {
    if (typeof part === "bigint") return numberInJson(part);
    // Python and PHP store such numbers too; JSON would have null for them.
    if (typeof part === "number" && !Number.isFinite(part)) return String(part);
    if (typeof part !== "object" || part === null) return part;
    if (part instanceof Uint8Array) return base64Of(part);
    // JSON.stringify calls this for the parts of the object that it has written last, or of one around it.
    while (around.length > 0 && around.at(-1)?.shown !== this) around.pop();
    if (around.some(({ value }) => value === part)) return "(itself)";
    if (around.length >= MOST_NESTED) return "(more)";
    const shown = shownInJson(part);
    around.push({ value: part, shown });
    return shown;
  });
  return json ?? String(value);
}

/** Whether an object has nothing in it that JSON cannot hold. */
function isFlat(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const part of Object.values(value)) {
    const isHeld = part === null || part === undefined || typeof part === "string" ||
      typeof part === "boolean" || Number.isFinite(part);
    if (!isHeld) return false;
  }
  return true;
}

function shownInJson(value: object): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  return value instanceof Set ? [...value] : value;
}

/** A number that JSON can hold, or its text. */
export function numberInJson(number: bigint): number | string {
  return Number.isSafeInteger(Number(number)) ? Number(number) : String(number);
}

/** Bytes in base64. */
export function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
