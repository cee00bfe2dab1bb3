/** What the drop-ins for packages of Node share: callbacks, and `Buffer` where the runtime has it. @module */

/** Node's `Buffer` where its types are known, and `Uint8Array` elsewhere. */
export type NodeBuffer = typeof globalThis extends { Buffer: { readonly prototype: infer Buffer } }
  ? Buffer extends Uint8Array ? Buffer : Uint8Array
  : Uint8Array;

/** The part of Node's `Buffer` that is used here. */
interface BufferClass {
  from(buffer: ArrayBufferLike, byteOffset: number, length: number): NodeBuffer;
}

/** Makes a `Buffer` of the same memory, or returns the bytes where the runtime has no `Buffer`. */
export function toBuffer(bytes: Uint8Array): NodeBuffer {
  const { Buffer } = globalThis as unknown as { readonly Buffer?: BufferClass };
  if (Buffer === undefined) return bytes as NodeBuffer;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Calls back outside the promise, so that what the callback throws is an uncaught exception, as with the packages that
 * know no promises, and not an error of the promise.
 */
export function callBack(callback: () => void): void {
  queueMicrotask(callback);
}

/** Does something at once, as long as the caller's objects are what they were; its result or error is for later. */
export function doneNow<Result>(act: () => Result): () => Result {
  try {
    const result = act();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
