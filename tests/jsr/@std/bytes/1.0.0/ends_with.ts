import { equals } from "./equals.ts";

/** Whether `source` ends with `suffix`. */
export function endsWith(source: Uint8Array, suffix: Uint8Array): boolean {
  const start = Math.max(0, source.byteLength - suffix.byteLength);
  return equals(source.subarray(start), suffix);
}
