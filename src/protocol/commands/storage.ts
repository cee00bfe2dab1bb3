/** `set`, `add`, `replace`, `append`, `prepend` and `cas`. @module */

import { invalidOption } from "../../option_checks.ts";
import { isText, startsWith } from "../bytes.ts";
import { Command, DONE, type LimitExptime } from "../command.ts";
import { Interruption, readRefusal, refusalError } from "../refusal.ts";
import type { RequestBuffer } from "../request_buffer.ts";
import { type Answers, findAnswer, LARGEST_UINT64 } from "./answer.ts";

/** An item to store: its client flags, its exptime, and its bytes or text. */
export interface StoredItem {
  flags: number;
  readonly exptime: number;
  data: Uint8Array | string;
  /** The cas unique that the item must have, for `cas`. */
  readonly cas?: bigint | undefined;
  /** The connection that the cas unique was read through, if known. */
  readonly carrier?: number | undefined;
}

/** The storage commands. */
export type StorageVerb = "set" | "add" | "replace" | "append" | "prepend" | "cas";

/** The reply to `set`. */
export const SET_ANSWERS: Answers<void> = [["STORED", undefined]];

/** The replies to `add`, `replace`, `append` and `prepend`. */
export const STORED_ANSWERS: Answers<boolean> = [["STORED", true], ["NOT_STORED", false]];

/** The result of `cas`. */
export type CasOutcome = "stored" | "exists" | "not_found";

/** The replies to `cas`. */
export const CAS_ANSWERS: Answers<CasOutcome> = [
  ["STORED", "stored"],
  ["EXISTS", "exists"],
  ["NOT_FOUND", "not_found"],
];

/** A command with a data block. Resolves to the result of the reply. */
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

  override get action(): string {
    return `${this.verb} key "${this.key}"`;
  }

  override get kind(): string {
    return this.verb;
  }

  override get byteLength(): number {
    return this.item.data.length;
  }

  /**
   * As a miss, the value is dropped: a conditional command reports that its condition is not met; `set` has no
   * condition.
   */
  override succeedAbsent(): boolean {
    const absent = this.answers.find(([line]) => line.startsWith("NOT_")) ?? this.answers[0]!;
    this.succeed(absent[1]);
    return true;
  }

  /** After a restart, a server's cas uniques begin again. Within one connection, the server cannot have restarted. */
  override get tie(): number | undefined {
    const { cas, carrier } = this.item;
    return cas === undefined ? undefined : carrier;
  }

  override untie(): void {
    this.succeed(this.answers.find(([line]) => line === "EXISTS")![1]);
  }

  override limitExptime(limit: LimitExptime): () => void {
    const item = this.item;
    this.item = { ...item, exptime: limit(item.exptime) };
    return () => void (this.item = item);
  }

  write(buffer: RequestBuffer): void {
    const { flags, exptime, data, cas } = this.item;
    const afterLength = cas === undefined ? "" : ` ${cas}`;
    buffer.ascii(this.verb).key(this.key).word(`${flags}`).word(`${exptime}`);
    if (typeof data === "string") buffer.textBlock(data, afterLength);
    else buffer.dataBlock(data, afterLength);
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    const answer = findAnswer(this.answers, bytes, start, end);
    if (answer !== undefined) this.succeed(answer[1]);
    else this.#refused(bytes, start, end);
    return DONE;
  }

  #refused(bytes: Uint8Array, start: number, end: number): void {
    if (isText(bytes, start, end, "NOT_STORED")) {
      // memcached never sends this in reply to a set, but a proxy that has lost its server does.
      return this.fail(refusalError(this, "NOT_STORED"));
    }
    const refusal = readRefusal(bytes, start, end, this);
    this.fail(refusal);
    // memcached skips the data block of a command that it understands and refuses. If it does not understand the
    // command, it reads the data block as commands.
    if (!startsWith(bytes, start, end, "SERVER_ERROR")) {
      throw new Interruption(`the server did not understand a ${this.verb}`, { cause: refusal });
    }
  }
}

/** Checks a cas unique of the caller's. */
export function checkCas(cas: unknown): void {
  if (typeof cas === "bigint" && cas >= 0n && cas <= LARGEST_UINT64) return;
  throw invalidOption("cas unique", cas, "a bigint from 0 to 2^64 - 1");
}
