/** Timers that a process need not be kept alive for. @module */

/** Lets the process end although the timer has not; where a runtime has no means to, the timer keeps it. */
export function letProcessEnd(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === "number") globalThis.Deno?.unrefTimer?.(timer);
  else (timer as { unref?(): void }).unref?.();
}
