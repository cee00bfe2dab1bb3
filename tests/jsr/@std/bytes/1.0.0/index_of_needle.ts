import { startsWith } from "./starts_with.ts";

/** Where `needle` first occurs in `source` at `start` or later; -1 where it does not. */
export function indexOfNeedle(source: Uint8Array, needle: Uint8Array, start = 0): number {
  const from = start < 0 ? Math.max(0, source.byteLength + start) : start;
  for (let i = from; i + needle.byteLength <= source.byteLength; i++) {
    if (startsWith(source.subarray(i), needle)) return i;
  }
  return -1;
}
