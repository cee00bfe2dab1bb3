/** Bytes from a caller's stream, and streams of bytes for a caller. @module */

import { ClientException, ValidationException } from "../../../mod.ts";

/**
 * Checks that what a caller passes is a stream that can be read.
 *
 * @throws {ValidationException} When it is none, or something else reads it.
 */
export function checkStream(stream: unknown): asserts stream is ReadableStream {
  if (!(stream instanceof ReadableStream)) {
    const why = "it must be a ReadableStream of Uint8Arrays";
    const type = stream === null ? "null" : typeof stream;
    throw new ValidationException(`Cannot set stream of type ${type}: ${why}`, stream);
  }
  if (stream.locked) {
    const why = "something else reads it";
    throw new ValidationException(`Cannot set a stream: ${why}`, stream);
  }
}

/**
 * Yields what a stream yields, and checks it.
 *
 * @param signal Ends it, with its reason, also while the stream yields nothing.
 */
export async function* bytesOf(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  // This ends a read that is waiting.
  const cancel = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    // It may have been aborted before the first chunk was asked for.
    signal.throwIfAborted();
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      if (!(value instanceof Uint8Array)) {
        const why = "it must yield Uint8Arrays";
        throw new ValidationException(
          `Cannot set stream that yields ${typeof value}: ${why}`,
          value,
        );
      }
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    reader.releaseLock();
  }
}

export function streamOfOne(key: string, value: unknown): ReadableStream<Uint8Array> {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  if (!(bytes instanceof Uint8Array)) {
    const why = "its value is neither bytes nor a string";
    throw new ClientException(`Cannot stream key ${JSON.stringify(key)}: ${why}`, value);
  }
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

export function streamOf(
  key: string,
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array | undefined, void>,
): ReadableStream<Uint8Array> {
  let next: Uint8Array | undefined = first;
  return new ReadableStream({
    async pull(controller) {
      if (next !== undefined) {
        controller.enqueue(next);
        next = undefined;
        return;
      }
      const { done, value } = await rest.next();
      if (done) return controller.close();
      if (value !== undefined) return controller.enqueue(value);
      const why = "memcached has dropped a part of it";
      throw new ClientException(`Cannot stream key ${JSON.stringify(key)}: ${why}`, key);
    },
    async cancel() {
      await rest.return();
    },
  }, { highWaterMark: 0 });
}
