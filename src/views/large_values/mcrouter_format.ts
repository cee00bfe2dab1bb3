/** mcrouter's format of large values. @module */

import { isPromise } from "../../option_checks.ts";
import { type EncodedValue, type Transcoder, ValidationException } from "../../../mod.ts";
import { failWithKey } from "../../transcoding/item_codec.ts";
import { type Format, type Head, MOST_CHUNKS, type Sizes } from "./large_value_format.ts";

/** The bit of the flags that mcrouter marks a big value with: `MC_MSG_FLAG_BIG_VALUE` in its source. */
const BIG_VALUE = 0x8000;

/**
 * The format of mcrouter's `BigValueRoute`: under the key the text `1-<number of chunks>-<suffix>`, where 1 is the
 * version, and the chunks under `<key>:<index>:<suffix>`.
 */
export class McrouterFormat implements Format {
  readonly suffixLength: number = `:${MOST_CHUNKS}:${2n ** 64n}`.length;
  readonly #transcoder: Transcoder;

  constructor(transcoder: Transcoder) {
    this.#transcoder = transcoder;
  }

  encode(value: unknown, key: string): unknown {
    const failed = (error: unknown) => failWithKey(error, key, "set");
    return useNow(() => this.#transcoder.encode(value), checkUnmarked, failed);
  }

  async encodeStream(): Promise<EncodedValue> {
    const probe = new Uint8Array([0, 128, 255]);
    const encoded = checkUnmarked(await this.#transcoder.encode(probe));
    if (`${encoded.data}` === `${probe}`) return encoded;
    const why = "its transcoder must leave bytes as they are, as rawTranscoder does";
    throw new ValidationException(`Cannot set a stream: ${why}`, this.#transcoder);
  }

  bytesOf(encoded: unknown): Uint8Array | undefined {
    return (encoded as EncodedValue).data;
  }

  begin(key: string): { id: string; keyOf: (index: number) => string } {
    // mcrouter takes any number of 64 bits, and makes its own from 32 bits of a hash.
    const suffix = crypto.getRandomValues(new BigUint64Array(1)).join();
    return { id: suffix, keyOf: (index) => `${key}:${index}:${suffix}` };
  }

  head(suffix: string, { count }: Sizes, encoded: unknown): EncodedValue {
    const { flags } = encoded as EncodedValue;
    return {
      flags: (flags | BIG_VALUE) >>> 0,
      data: new TextEncoder().encode(`1-${count}-${suffix}`),
    };
  }

  open(stored: unknown, key: string): Head | undefined {
    const { flags, data } = stored as EncodedValue;
    if ((flags & BIG_VALUE) === 0) return undefined;
    const [, version, count, suffix] =
      /^(\d{1,9})-(\d{1,9})-(\d{1,20})$/.exec(new TextDecoder().decode(data)) ?? [];
    // What mcrouter does not read is a miss there too.
    const isHead = Number(version) === 1 && count !== undefined && Number(count) <= MOST_CHUNKS;
    const unmarked = (flags & ~BIG_VALUE) >>> 0;
    const valueOf = (data: Uint8Array) => this.decode({ flags: unmarked, data }, key);
    return {
      id: suffix ?? "",
      count: isHead ? Number(count) : 1,
      // mcrouter reads a number, and ignores zeros in front of it.
      keyOf: (index) => `${key}:${index}:${BigInt(suffix ?? 0)}`,
      lengthOf: () => isHead ? undefined : -1,
      valueOf,
      isPlain: () => this.#isPlain(unmarked),
    };
  }

  /** Whether the transcoder stores bytes or text as they are under these flags. */
  async #isPlain(flags: number): Promise<boolean> {
    const probe = new TextEncoder().encode("é");
    try {
      const decoded = await this.#transcoder.decode({ flags, data: probe });
      return decoded === "é" || decoded instanceof Uint8Array && `${decoded}` === `${probe}`;
    } catch {
      // It is nothing in this format, in which values are then read as a whole.
      return false;
    }
  }

  decode(stored: unknown, key: string): unknown {
    const failed = (error: unknown) => failWithKey(error, key);
    return useNow(() => this.#transcoder.decode(stored as EncodedValue), (value) => value, failed);
  }
}

/** Uses what a transcoder makes: at once, or when it resolves. */
function useNow<Made>(
  make: () => Made | Promise<Made>,
  use: (made: Made) => unknown,
  failed: (error: unknown) => never,
): unknown {
  try {
    const made = make();
    return isPromise(made) ? made.then(use).catch(failed) : use(made);
  } catch (error) {
    return failed(error);
  }
}

/**
 * Checks that a value does not look like a large one before it is stored.
 *
 * @throws {ValidationException} When its flags have the bit that marks large values.
 */
function checkUnmarked(encoded: EncodedValue): EncodedValue {
  if ((Object(encoded).flags & BIG_VALUE) === 0) return encoded;
  const why = "flags with the bit 0x8000 mark large values";
  throw new ValidationException(`Cannot store value: ${why}`, encoded);
}
