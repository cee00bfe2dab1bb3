/** Waits for what takes turns of the event loop: sockets, modules that are loaded, other processes. @module */

/** Waits for a turn of the event loop: no promise has anything left to do then that waits for nothing from outside. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Waits for some turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

/** Waits until something is so, however long that takes. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Waits until a number has stood still for a tenth of a second: nothing tells when sockets take no more. */
export async function standstill(count: () => number): Promise<number> {
  for (let before = -1; before !== count();) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return count();
}
