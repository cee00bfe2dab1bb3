/** Reading, writing and waiting as the proxy does. @module */

/** The next bytes, `undefined` at the end of the stream; a socket that failed has ended as well. */
export async function readSome(
  socket: Deno.Conn,
  into: Uint8Array,
): Promise<Uint8Array | undefined> {
  const count = await socket.read(into).catch(() => null);
  return count === null ? undefined : into.subarray(0, count);
}

/** Writes all bytes; resolves to whether the other end still takes them. */
export async function writeAll(socket: Deno.Conn, bytes: Uint8Array): Promise<boolean> {
  try {
    for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
    return true;
  } catch {
    // Reset or closed: an end like any other here.
    return false;
  }
}

/** Closes a socket that may be closed already. */
export function closeSocket(socket: { close(): void }): void {
  try {
    socket.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Ends one direction of a socket that may be closed already. */
export async function closeWrite(socket: Deno.Conn): Promise<void> {
  await socket.closeWrite().catch(() => {});
}

/** Waits for a time, or until the signal. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    signal?.addEventListener("abort", wake);
  });
}
