/** Entries of any length with tags. @module */

import { ClientException, type Exptime, type KeyCommands, type Transcoder } from "../../../mod.ts";
import { type LargeValueCommands, largeValues } from "../../views/large_values.ts";
import { giveUp } from "../http/bodies.ts";
import { itemFormat } from "../item_format.ts";
import { itemKeyOf, onItem } from "../key_and_exptime.ts";
import type { Revalidations } from "./revalidations.ts";
import { type Verdict, worst } from "./tag_records.ts";

/** What is stored before the bytes of an entry. */
export interface EntryHead<Meta> {
  /** The number of the last revalidation before the entry was rendered. */
  readonly rendered: number;
  readonly tags: readonly string[];
  readonly meta: Meta;
}

/** An entry that may be served. */
export interface FoundEntry<Meta> {
  readonly head: EntryHead<Meta>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly verdict: Exclude<Verdict, "expired">;
}

/** The bytes that the length of a head takes. */
const LENGTH = 4;
/** For how many keys the tags are remembered. */
const MOST_REMEMBERED = 10_000;

/** Bytes, and the lists of chunks that stand for more bytes than fit into an item. */
const transcoder: Transcoder = {
  handsOverData: false,
  borrowsData: true,
  encode: (value) => itemFormat.encode({ value }),
  decode: async (item) => (await itemFormat.decode(item)).value,
};

/** Entries that miss when one of their tags has been revalidated after their rendering began. */
export class TaggedEntries<Meta> {
  readonly #values: LargeValueCommands;
  readonly #revalidations: Revalidations;
  readonly #prefix: string;
  readonly #longestKey: number;
  /** The tags that entries had when they were read last: what is known of them is read together with the entry. */
  readonly #tags = new Map<string, readonly string[]>();

  /** @param prefix What the keys of the entries begin with. */
  constructor(client: KeyCommands, revalidations: Revalidations, prefix: string) {
    this.#values = largeValues(client.withTranscoder(transcoder));
    this.#revalidations = revalidations;
    this.#prefix = prefix;
    this.#longestKey = this.#values.longestKey - prefix.length;
  }

  /**
   * Reads an entry.
   *
   * @param tags Tags that count besides those of the entry.
   * @returns The entry; `undefined` when it does not exist or has expired.
   */
  async get(key: string, tags: readonly string[]): Promise<FoundEntry<Meta> | undefined> {
    const asked = new Set([...tags, ...this.#tags.get(key) ?? []]);
    const [item, judge] = await Promise.all([
      onItem(key, this.#keyOf(key), (itemKey) => {
        return this.#values.get<Uint8Array<ArrayBuffer>>(itemKey);
      }),
      this.#revalidations.read([...asked]),
    ]);
    if (item === undefined) return undefined;
    const { head, body } = readEntry<Meta>(item);
    this.#remember(key, head.tags);
    const others = head.tags.filter((tag) => !asked.has(tag));
    const judgeOthers = await this.#revalidations.read(others);
    const verdict = worst([judge(head.rendered), judgeOthers(head.rendered)]);
    return verdict === "expired" ? undefined : { head, body, verdict };
  }

  /** Stores an entry whose bytes are in memory. */
  async set(key: string, head: EntryHead<Meta>, body: Uint8Array, exptime: Exptime): Promise<void> {
    const start = writeHead(head);
    const item = new Uint8Array(start.byteLength + body.byteLength);
    item.set(start);
    item.set(body, start.byteLength);
    await onItem(key, this.#keyOf(key), (itemKey) => this.#values.set(itemKey, item, exptime));
  }

  /**
   * Stores an entry while its bytes arrive.
   *
   * @returns Whether it was stored: nothing is when the stream fails.
   */
  async setStream(
    key: string,
    head: EntryHead<Meta>,
    body: ReadableStream<Uint8Array>,
    exptime: Exptime,
  ): Promise<boolean> {
    let isInterrupted = false;
    const item = withStart(writeHead(head), body, () => isInterrupted = true);
    try {
      await onItem(key, this.#keyOf(key), (itemKey) => {
        return this.#values.setStream(itemKey, item, exptime);
      });
      return true;
    } catch (error) {
      if (isInterrupted) return false;
      throw error;
    }
  }

  async #keyOf(key: string): Promise<string> {
    return this.#prefix + await itemKeyOf(key, this.#longestKey);
  }

  #remember(key: string, tags: readonly string[]): void {
    this.#tags.delete(key);
    if (tags.length > 0) this.#tags.set(key, tags);
    const [first] = this.#tags.keys();
    if (this.#tags.size > MOST_REMEMBERED && first !== undefined) this.#tags.delete(first);
  }
}

function writeHead(head: EntryHead<unknown>): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const start = new Uint8Array(LENGTH + json.byteLength);
  new DataView(start.buffer).setUint32(0, json.byteLength);
  start.set(json, LENGTH);
  return start;
}

function readEntry<Meta>(
  item: Uint8Array<ArrayBuffer>,
): { head: EntryHead<Meta>; body: Uint8Array<ArrayBuffer> } {
  const { buffer, byteOffset, byteLength } = item;
  const end = byteLength < LENGTH
    ? Infinity
    : LENGTH + new DataView(buffer, byteOffset).getUint32(0);
  if (end > byteLength) throw new ClientException("Cannot read entry: it ends too early", item);
  const head: EntryHead<Meta> = JSON.parse(new TextDecoder().decode(item.subarray(LENGTH, end)));
  return { head, body: item.subarray(end) };
}

/** Puts bytes before a stream, and says when the stream fails. */
function withStart(
  start: Uint8Array<ArrayBuffer>,
  stream: ReadableStream<Uint8Array>,
  onFailure: () => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(start);
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        onFailure();
        throw error;
      }
    },
    // It is not waited for: one branch of a stream that was teed is cancelled only together with the other.
    cancel: () => giveUp(reader),
  }, { highWaterMark: 0 });
}
