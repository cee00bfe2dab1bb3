import { indexOfNeedle } from "./index_of_needle.ts";

/** Whether `needle` occurs in `source` at `start` or later. */
export function includesNeedle(source: Uint8Array, needle: Uint8Array, start = 0): boolean {
  return indexOfNeedle(source, needle, start) !== -1;
}
