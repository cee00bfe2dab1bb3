/** JSON of what values may hold, also of what JSON has no form for. @module */

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
  const around: Writing[] = [];
  const json = JSON.stringify(value, function (this: unknown, _name: string, part: unknown) {
    if (typeof part === "bigint") return isSafe(part) ? Number(part) : String(part);
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

function shownInJson(value: object): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  return value instanceof Set ? [...value] : value;
}

function isSafe(number: bigint): boolean {
  return Number.isSafeInteger(Number(number));
}

/** Bytes in base64. */
export function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
