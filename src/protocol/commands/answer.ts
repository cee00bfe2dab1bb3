/** Commands of one line that are answered with one line. @module */

import { isText, readText, startsWith } from "../bytes.ts";
import {
  Command,
  DONE,
  type LimitExptime,
  type Move,
  readRefusal,
  type Reject,
  type Resolve,
} from "../command.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/** What each line that the server may answer with stands for. */
export type Answers<Result> = readonly (readonly [line: string, result: Result])[];

/** A command line, and the answers there are to it. Resolves to what the answer stands for. */
export class AnswerCommand<Result> extends Command<Result> {
  /** The command line. */
  protected request: string;
  readonly #answers: Answers<Result>;

  /**
   * @param request The command line, in ASCII; its first word and the second, where that is a key,
   * are named when it is refused.
   */
  constructor(
    request: string,
    answers: Answers<Result>,
    resolve: Resolve<Result>,
    reject: Reject,
  ) {
    super(resolve, reject);
    this.request = request;
    this.#answers = answers;
  }

  override succeedAbsent(): boolean {
    const absent = this.#answers.find(([line]) => line === "NOT_FOUND");
    if (absent !== undefined) this.succeed(absent[1]);
    return absent !== undefined;
  }

  /** That of `delete`. What goes to all servers has no key that could move. */
  override get move(): Move<Result> {
    const again = (resolve: Resolve<Result>, reject: Reject) =>
      new AnswerCommand(this.request, this.#answers, resolve, reject);
    return {
      kind: "remove",
      isMiss: () => false,
      again,
      mirror: (_, resolve, reject) => again(resolve, reject),
      // The item existed if it did on either server.
      combine: (result, former) => result || former as Result,
    };
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii(this.request).ascii("\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    const answer = this.#answers.find(([line]) => isText(bytes, start, end, line));
    if (answer !== undefined) this.succeed(answer[1]);
    else this.fail(readRefusal(bytes, start, end, this.request));
    return DONE;
  }
}

/** `delete`: whether the item existed. */
export const DELETE_ANSWERS: Answers<boolean> = [["DELETED", true], ["NOT_FOUND", false]];

const TOUCH_ANSWERS: Answers<boolean> = [["TOUCHED", true], ["NOT_FOUND", false]];

/** `touch`. Resolves to whether the item existed. */
export class TouchCommand extends AnswerCommand<boolean> {
  readonly #key: string;
  readonly #exptime: number;

  constructor(key: string, exptime: number, resolve: Resolve<boolean>, reject: Reject) {
    super(`touch ${key} ${exptime}`, TOUCH_ANSWERS, resolve, reject);
    this.#key = key;
    this.#exptime = exptime;
  }

  override get move(): Move<boolean> {
    return { ...super.move, kind: "change" };
  }

  override limitExptime(limit: LimitExptime): () => void {
    const { request } = this;
    this.request = `touch ${this.#key} ${limit(this.#exptime)}`;
    return () => void (this.request = request);
  }
}

/** `flush_all` and `verbosity`. */
export const OK_ANSWERS: Answers<void> = [["OK", undefined]];

/** Reads the number that a counter has become, or `undefined` when the line is none. */
function readCounter(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const text = readText(bytes, start, end);
  return /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

/** `incr` and `decr`. Resolves to the new value, or `undefined` when there is no counter. */
export class CounterCommand extends Command<bigint | undefined> {
  readonly #request: string;

  constructor(request: string, resolve: Resolve<bigint | undefined>, reject: Reject) {
    super(resolve, reject);
    this.#request = request;
  }

  override succeedAbsent(): boolean {
    this.succeed(undefined);
    return true;
  }

  override get move(): Move<bigint | undefined> {
    const again = (resolve: Resolve<bigint | undefined>, reject: Reject) =>
      new CounterCommand(this.#request, resolve, reject);
    return {
      kind: "change",
      isMiss: (result) => result === undefined,
      again,
      mirror: (_, resolve, reject) => again(resolve, reject),
    };
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii(this.#request).ascii("\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    const counter = readCounter(bytes, start, end);
    if (counter !== undefined || isText(bytes, start, end, "NOT_FOUND")) this.succeed(counter);
    else this.fail(readRefusal(bytes, start, end, this.#request));
    return DONE;
  }
}

/** `version`. Resolves to the server's version. */
export class VersionCommand extends Command<string> {
  write(buffer: RequestBuffer): void {
    buffer.ascii("version\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    if (startsWith(bytes, start, end, "VERSION ")) this.succeed(readText(bytes, start + 8, end));
    else this.fail(readRefusal(bytes, start, end, "ask for the version"));
    return DONE;
  }
}
