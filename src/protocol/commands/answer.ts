/** Commands of one line that are answered with one line. @module */

import { isText, readText, startsWith } from "../bytes.ts";
import { Command, DONE, readRefusal, type Reject, type Resolve } from "../command.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/** What each line that the server may answer with stands for. */
export type Answers<Result> = readonly (readonly [line: string, result: Result])[];

/** A command line, and the answers there are to it. Resolves to what the answer stands for. */
export class AnswerCommand<Result> extends Command<Result> {
  readonly #request: string;
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
    this.#request = request;
    this.#answers = answers;
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii(this.#request).ascii("\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    const answer = this.#answers.find(([line]) => isText(bytes, start, end, line));
    if (answer !== undefined) this.succeed(answer[1]);
    else this.fail(readRefusal(bytes, start, end, this.#request));
    return DONE;
  }
}

/** `delete`: whether the item existed. */
export const DELETE_ANSWERS: Answers<boolean> = [["DELETED", true], ["NOT_FOUND", false]];

/** `touch`: whether the item existed. */
export const TOUCH_ANSWERS: Answers<boolean> = [["TOUCHED", true], ["NOT_FOUND", false]];

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
