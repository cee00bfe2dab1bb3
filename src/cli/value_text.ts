/** Values as text. @module */

import { base64Of, jsonOf } from "./json_text.ts";
import type { Row } from "./printer.ts";
import { printable } from "./shown_text.ts";

/** A value as a field of a record: bytes have another name, since JSON has none. */
export function fieldOf(value: unknown): Row {
  return value instanceof Uint8Array
    ? { base64: base64Of(value) }
    : { value: value as Row[string] };
}

/** A value as text: strings as they are, bytes as UTF-8 or base64, everything else as JSON. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return textOfBytes(value) ?? base64Of(value);
  return ["bigint", "number"].includes(typeof value) ? String(value) : jsonOf(value);
}

/** Bytes as text, if they are UTF-8. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // No UTF-8.
    return undefined;
  }
}

/** Text for people: lines and tabs stay, what could do something else does not. */
export function safeText(text: string): string {
  return text.split(/(\n|\t)/).map((part) => /^[\n\t]$/.test(part) ? part : printable(part))
    .join("");
}
