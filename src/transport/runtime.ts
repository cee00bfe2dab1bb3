/** The sizes of reads, and whether this is a worker: what the other modules of this folder share. @module */

/** The size of the read buffer: larger ones gain little, and the chunks of the runtimes' streams are smaller. */
export const READ_SIZE: number = 1 << 17;

/** From this size on, reading into a vacancy is faster, although it may take one more read. */
export const LARGE_VACANCY: number = 1 << 17;

/** Whether this is a Cloudflare Worker; Node 20 has no `navigator`. */
export function isWorker(): boolean {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers";
}
