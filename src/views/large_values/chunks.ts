/** Bytes in chunks, each under a key of its own. @module */

import { concat } from "@std/bytes/concat";
import {
  type Exptime,
  type KeyCommands,
  type OperationOptions,
  rawTranscoder,
  type Transcoder,
} from "../../../mod.ts";
import { type Session, sessionOf } from "../../commands/session.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { allEnded } from "../../waiting/promises.ts";
import type { WriteContext } from "../value_view/value_rules.ts";
import { strictly } from "../wrapped_commands.ts";

/** The keys of the chunks of a value. */
type KeyList = Pick<ChunkList, "keyOf" | "count">;

/** Where the chunks of a value are. */
export interface ChunkList {
  /** Makes the key of a chunk from its number, from 0 on. */
  readonly keyOf: (index: number) => string;
  /** How many there are. */
  readonly count: number;
  /** How long each must be; `undefined` where that is not known. */
  readonly lengthOf: (index: number) => number | undefined;
}

/** How chunks are stored. */
interface ChunkWriting {
  /** Makes the key of a chunk from its number, from 0 on. */
  readonly keyOf: ChunkList["keyOf"];
  /** When they expire, all of them. */
  readonly exptime: Exptime;
}

/** How a value is stored that is there as a whole. */
interface ValueWriting extends ChunkWriting {
  readonly chunkByteLength: number;
  readonly mustBeWhole: WriteContext["mustBeWhole"];
}

/** How a stream is stored. */
interface StreamWriting extends ChunkWriting {
  /** Called with each chunk whose memory may be used again. */
  readonly stored: (chunk: Uint8Array) => void;
  /**
   * Called when a chunk cannot be stored: the stream may yield nothing for a long time.
   *
   * @returns The error to fail with.
   */
  readonly failed: (error: unknown) => unknown;
}

/** How many chunks are on their way at once where they are streamed. */
const WINDOW = 8;
/** How many bytes are on their way at once where the whole value is there or wanted: they have to pass within `timeout`. */
const BATCH_BYTES = 16_000_000;
/** How many chunks these are where their length is not known. */
const FEWEST_AT_ONCE = 16;

/** How many chunks are touched or deleted at once. */
const CHANGED_AT_ONCE = 1000;

/** How many chunks of a value are asked for at once, in one request for each server. */
function batchOf({ lengthOf }: ChunkList): number {
  const length = lengthOf(0);
  return length === undefined ? FEWEST_AT_ONCE : atOnceOf(length);
}

function atOnceOf(length: number): number {
  return Math.max(FEWEST_AT_ONCE, Math.floor(BATCH_BYTES / length));
}

/** Runs an operation on the keys of all chunks, some at once; tells whether it said yes to all. */
async function forAll(
  { count, keyOf }: KeyList,
  operate: (keys: string[]) => Promise<boolean>,
): Promise<boolean> {
  let result = true;
  for (let start = 0; start < count; start += CHANGED_AT_ONCE) {
    const length = Math.min(CHANGED_AT_ONCE, count - start);
    const keys = Array.from({ length }, (_, i) => keyOf(start + i));
    result = await operate(keys) && result;
  }
  return result;
}

/** Reads and writes chunks. */
export class Chunks {
  readonly #client: KeyCommands;
  /** Sends bytes without a copy. */
  readonly #ownClient: KeyCommands;
  /** Views have none. They keep or copy what they read: from these, the transcoder of {@linkcode readerInto} reads no bytes. */
  readonly #session: Session | undefined;

  constructor(client: KeyCommands) {
    this.#session = sessionOf(client);
    this.#client = client.withTranscoder(rawTranscoder);
    this.#ownClient = client.withTranscoder(rawTranscoder({ handsOverData: true }));
  }

  /**
   * Stores bytes in chunks. They must not change before that has ended.
   *
   * @returns Whether all are stored, where `mustBeWhole`; `false` when the client drops one.
   */
  async write(
    bytes: Uint8Array,
    { keyOf, exptime, chunkByteLength, mustBeWhole }: ValueWriting,
    given: OperationOptions,
  ): Promise<boolean> {
    const hasSent = this.#hasSent(given);
    const drops = mustBeWhole && this.#session !== undefined && !hasSent;
    const options = drops ? strictly(given) : given;
    const client = hasSent ? this.#ownClient : this.#client;
    const atOnce = atOnceOf(chunkByteLength);
    const writing: Promise<void>[] = [];
    try {
      for (let index = 0; index * chunkByteLength < bytes.byteLength; index++) {
        const start = index * chunkByteLength;
        const chunk = bytes.subarray(start, start + chunkByteLength);
        const write = client.set(keyOf(index), chunk, exptime, options);
        write.catch(() => {});
        writing.push(write);
        if (writing.length === atOnce) await writing.shift();
      }
      await Promise.all(writing);
      return true;
    } catch (error) {
      if (drops && isUnreachable(error)) return false;
      throw error;
    } finally {
      await Promise.allSettled(writing);
    }
  }

  /**
   * Stores what a stream yields, a few chunks at a time. They must not change afterwards.
   *
   * @returns How many chunks there are, and how long they are together.
   */
  async writeStream(
    pieces: AsyncIterable<Uint8Array>,
    { keyOf, exptime, stored, failed }: StreamWriting,
    options: OperationOptions,
  ): Promise<{ count: number; byteLength: number }> {
    const writing: Promise<void>[] = [];
    const free = this.#hasSent(options) ? stored : () => {};
    let count = 0;
    let byteLength = 0;
    for await (const chunk of pieces) {
      byteLength += chunk.byteLength;
      const write = this.#ownClient.set(keyOf(count++), chunk, exptime, options)
        .then(() => free(chunk), (error) => {
          throw failed(error);
        });
      // What has failed is thrown when it is its turn.
      void Promise.allSettled([write]);
      writing.push(write);
      if (writing.length === WINDOW) await writing.shift();
    }
    await Promise.all(writing);
    return { count, byteLength };
  }

  /**
   * Whether a chunk that is stored has been sent as a whole, so that nothing reads its memory any more. A view may keep
   * it; and with `failover: "miss"`, a write that has been dropped may be on its way still.
   */
  #hasSent({ failover }: OperationOptions): boolean {
    if (this.#session === undefined) return false;
    return failover === "error" || this.#session.settings.failover !== "miss";
  }

  /** Reads all chunks, in one request per server for every 16 MB; `undefined` when one is missing or not as long as it must be. */
  async read(list: ChunkList, options: OperationOptions): Promise<Uint8Array | undefined> {
    const lengths = Array.from({ length: list.count }, (_, i) => list.lengthOf(i));
    const isKnown = lengths.every((length) => length !== undefined);
    return isKnown && this.#session !== undefined
      ? await this.#readInto(list, lengths, options)
      : await this.#readAll(list, options);
  }

  /** Reads chunks of known lengths into one array; long ones are read from the socket into it. */
  async #readInto(
    list: ChunkList,
    lengths: readonly number[],
    options: OperationOptions,
  ): Promise<Uint8Array | undefined> {
    const byteLength = lengths.reduce((sum, length) => sum + length, 0);
    let bytes: Uint8Array<ArrayBuffer> | undefined;
    // Made when the first chunk is there: a list that promises much gets no memory for it.
    const whole = () => bytes ??= new Uint8Array(byteLength);
    let end = 0;
    const places = lengths.map((length) => {
      const start = end;
      end += length;
      return { length, room: () => whole().subarray(start, start + length) };
    });
    const batch = batchOf(list);
    for (let start = 0; start < list.count; start += batch) {
      const found = await Promise.all(
        places.slice(start, start + batch).map((place, i) =>
          this.#client.withTranscoder(readerInto(place)).get(list.keyOf(start + i), options)
        ),
      );
      if (!found.every(Boolean)) return undefined;
    }
    return whole();
  }

  async #readAll(list: ChunkList, options: OperationOptions): Promise<Uint8Array | undefined> {
    const all: Uint8Array[] = [];
    const batch = batchOf(list);
    for (let start = 0; start < list.count; start += batch) {
      const part = await this.#readSome(list, start, Math.min(batch, list.count - start), options);
      if (part === undefined) return undefined;
      all.push(...part);
    }
    return concat(all);
  }

  /**
   * Reads the chunks one after the other, a few ahead; yields `undefined` in place of the first that is missing, or in
   * place of all, where that is known in time.
   */
  async *readEach(
    list: ChunkList,
    options: OperationOptions,
  ): AsyncGenerator<Uint8Array | undefined, void> {
    const ahead: Promise<Uint8Array[] | undefined>[] = [];
    const ask = (index: number) => {
      const chunk = this.#readSome(list, index, 1, options);
      chunk.catch(() => {});
      ahead.push(chunk);
    };
    for (let index = 0; index < Math.min(WINDOW, list.count); index++) ask(index);
    // When a caller has read one chunk, it is too late for a miss.
    const [isRestThere, ...first] = await Promise.all([this.#isRestThere(list, options), ...ahead]);
    if (!isRestThere || first.includes(undefined)) return yield undefined;
    for (let index = 0; index < list.count; index++) {
      const chunk = await ahead.shift();
      if (index + WINDOW < list.count) ask(index + WINDOW);
      yield chunk?.[0];
      if (chunk === undefined) return;
    }
  }

  /** Tells whether all chunks are there, without their bytes where memcached can do that. */
  async exist(list: ChunkList, options: OperationOptions): Promise<boolean> {
    return await forAll(list, async (keys) => {
      const found = await Promise.all(keys.map((key) => this.#client.inspect(key, options)));
      return found.every((info) => info !== undefined);
    });
  }

  /** Whether the chunks behind the first few are there, where that can be asked without reading them. */
  async #isRestThere({ count, keyOf }: ChunkList, options: OperationOptions): Promise<boolean> {
    if (this.#session === undefined || count <= WINDOW) return true;
    const inspect = (index: number) => this.#client.inspect(keyOf(index), options);
    const last = await inspect(count - 1);
    if (last === undefined) return false;
    // Without meta commands, the chunks would be read.
    if (last.ttl === undefined) return true;
    for (let start = WINDOW; start < count - 1; start += CHANGED_AT_ONCE) {
      const length = Math.min(CHANGED_AT_ONCE, count - 1 - start);
      const found = await Promise.all(Array.from({ length }, (_, i) => inspect(start + i)));
      if (found.includes(undefined)) return false;
    }
    return true;
  }

  /** Changes when the chunks expire; tells whether all were there. */
  async touch(list: ChunkList, exptime: Exptime, options: OperationOptions): Promise<boolean> {
    return await forAll(list, async (keys) => {
      const touches = keys.map((key) => this.#client.touch(key, exptime, options));
      await allEnded(touches);
      return (await Promise.all(touches)).every(Boolean);
    });
  }

  /** Deletes the chunks; tells whether all were there. */
  async delete(list: KeyList, options: OperationOptions): Promise<boolean> {
    return await forAll(list, async (keys) => {
      const found = await this.#client.deleteMany(keys, options);
      return [...found.values()].every(Boolean);
    });
  }

  async #readSome(
    list: ChunkList,
    start: number,
    length: number,
    options: OperationOptions,
  ): Promise<Uint8Array[] | undefined> {
    const keys = Array.from({ length }, (_, i) => list.keyOf(start + i));
    const found = await this.#client.getMany<Uint8Array>(keys, options);
    const chunks = keys.map((key) => found.get(key));
    const isWhole = chunks.every((chunk, i) => {
      const expected = list.lengthOf(start + i);
      return chunk !== undefined && (expected === undefined || chunk.byteLength === expected);
    });
    return isWhole ? chunks as Uint8Array[] : undefined;
  }
}

/** Where a chunk belongs. */
interface Place {
  readonly length: number;
  /** The part of the whole value's memory. */
  readonly room: () => Uint8Array<ArrayBuffer>;
}

/** Makes a transcoder that puts a chunk in its place; what it reads says whether the chunk has the right length. */
function readerInto({ length, room }: Place): Transcoder {
  return {
    ...rawTranscoder,
    borrowsData: true,
    place: (byteLength) => byteLength === length ? room() : undefined,
    decode: ({ data }) => {
      if (data.byteLength !== length) return false;
      const place = room();
      if (data.buffer !== place.buffer) place.set(data);
      return true;
    },
  };
}

/**
 * Cuts what a stream yields into chunks of one length; the last may be shorter.
 *
 * @param spare Chunks whose memory is used again.
 */
export async function* rechunked(
  stream: AsyncIterable<Uint8Array>,
  chunkByteLength: number,
  spare: Uint8Array[],
): AsyncGenerator<Uint8Array, void> {
  const next = () => spare.pop() ?? new Uint8Array(chunkByteLength);
  let chunk = next();
  let length = 0;
  for await (const piece of stream) {
    for (let start = 0; start < piece.byteLength;) {
      const taken = Math.min(piece.byteLength - start, chunkByteLength - length);
      chunk.set(piece.subarray(start, start + taken), length);
      start += taken;
      length += taken;
      if (length < chunkByteLength) continue;
      yield chunk;
      // The one that was yielded is on its way.
      chunk = next();
      length = 0;
    }
  }
  if (length > 0) yield chunk.slice(0, length);
}
