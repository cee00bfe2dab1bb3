/** Copies what fits of `src` into `dst` from `offset` on, and returns how much that was. */
export function copy(src: Uint8Array, dst: Uint8Array, offset = 0): number {
  const start = Math.min(Math.max(offset, 0), dst.byteLength);
  const fitting = src.subarray(0, dst.byteLength - start);
  dst.set(fitting, start);
  return fitting.byteLength;
}
