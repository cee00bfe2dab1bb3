/** `set`, `add`, `replace`, `append`, `prepend` and `cas`. @module */

import { isText, startsWith } from "../bytes.ts";
import { Command, DONE, type LimitExptime } from "../command.ts";
import { Interruption, readRefusal, refusalError } from "../refusal.ts";
import type { RequestBuffer } from "../request_buffer.ts";
import type { Answers } from "./answer.ts";

/** What is stored: an item's client flags, its lifetime, and its bytes or the text they encode. */
export interface StoredItem {
  readonly flags: number;
  readonly exptime: number;
  readonly data: Uint8Array | string;
  /** The cas unique that the item must still have, for `cas`. */
  readonly cas?: bigint | undefined;
  /** The connection that the cas unique was read through, as far as that is known. */
  readonly carrier?: number | undefined;
}

/** Which command stores the item. */
export type StorageVerb = "set" | "add" | "replace" | "append" | "prepend" | "cas";

/** `set`, which is not refused but by an error. */
export const SET_ANSWERS: Answers<void> = [["STORED", undefined]];

/** `add`, `replace`, `append` and `prepend`: whether the item was, or was not, there. */
export const STORED_ANSWERS: Answers<boolean> = [["STORED", true], ["NOT_STORED", false]];

/** What became of a `cas`. */
export type CasOutcome = "stored" | "exists" | "not_found";

/** `cas`: whether the item was still the one that was read. */
export const CAS_ANSWERS: Answers<CasOutcome> = [
  ["STORED", "stored"],
  ["EXISTS", "exists"],
  ["NOT_FOUND", "not_found"],
];

/** A command with a data block. Resolves to what its answer stands for. */
export class StorageCommand<Result> extends Command<Result> {
  readonly verb: StorageVerb;
  readonly key: string;
  item: StoredItem;
  readonly answers: Answers<Result>;

  constructor(verb: StorageVerb, key: string, item: StoredItem, answers: Answers<Result>) {
    super();
    this.verb = verb;
    this.key = key;
    this.item = item;
    this.answers = answers;
  }

  override get byteLength(): number {
    return this.item.data.length;
  }

  /** What was to be stored is dropped: a condition is not met then, and `set` has none. */
  override succeedAbsent(): boolean {
    const absent = this.answers.find(([line]) => line === "NOT_STORED" || line === "NOT_FOUND") ??
      this.answers[0]!;
    this.succeed(absent[1]);
    return true;
  }

  /** A server that has restarted numbers its cas uniques from the start again: only a connection outlives none. */
  override get tie(): number | undefined {
    const { cas, carrier } = this.item;
    return cas === undefined ? undefined : carrier;
  }

  override untie(): void {
    const [, exists] = this.answers.find(([line]) => line === "EXISTS")!;
    this.succeed(exists);
  }

  override limitExptime(limit: LimitExptime): () => void {
    const item = this.item;
    this.item = { ...item, exptime: limit(item.exptime) };
    return () => void (this.item = item);
  }

  write(buffer: RequestBuffer): void {
    const { flags, exptime, data, cas } = this.item;
    const afterLength = cas === undefined ? "" : ` ${cas}`;
    buffer.ascii(this.verb).word(this.key).ascii(` ${flags} ${exptime} `);
    if (typeof data === "string") buffer.textBlock(data, afterLength);
    else buffer.dataBlock(data, afterLength);
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    for (const [line, result] of this.answers) {
      if (isText(bytes, start, end, line)) {
        this.succeed(result);
        return DONE;
      }
    }
    this.#refused(bytes, start, end);
    return DONE;
  }

  #refused(bytes: Uint8Array, start: number, end: number): void {
    const action = `${this.verb} key "${this.key}"`;
    if (isText(bytes, start, end, "NOT_STORED")) {
      // memcached never says so to a set; a proxy that lost its server does.
      return this.fail(refusalError(action, "NOT_STORED"));
    }
    const refusal = readRefusal(bytes, start, end, action);
    this.fail(refusal);
    // memcached swallows the data block of a command that it understood and would not carry out. One
    // that it did not understand leaves the block in the stream, to be taken for commands.
    if (!startsWith(bytes, start, end, "SERVER_ERROR")) {
      throw new Interruption(`the server did not understand a ${this.verb}`, { cause: refusal });
    }
  }
}
