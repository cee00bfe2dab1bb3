/** Commands of one line with a reply of one line. @module */

import { invalidOption } from "../../option_checks.ts";
import { isText, readText, startsWith } from "../bytes.ts";
import { CHANCES, Command, DONE, type LimitExptime } from "../command.ts";
import { type Hints, readRefusal } from "../refusal.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/** The possible reply lines, and the result for each. */
export type Answers<Result> = readonly (readonly [line: string, result: Result])[];

/** The answer that a line is, or `undefined`. */
export function findAnswer<Result>(
  answers: Answers<Result>,
  bytes: Uint8Array,
  start: number,
  end: number,
): Answers<Result>[number] | undefined {
  for (const answer of answers) if (isText(bytes, start, end, answer[0])) return answer;
  return undefined;
}

/** A command line and its possible replies. Resolves to the result of the reply. */
export class AnswerCommand<Result> extends Command<Result> {
  /** The command line. */
  protected request: string;
  readonly #answers: Answers<Result>;

  /** @param request The command line, in ASCII. */
  constructor(request: string, answers: Answers<Result>) {
    super();
    this.request = request;
    this.#answers = answers;
  }

  /** The operation, for the message of a refusal. */
  override get action(): string {
    return this.request.split(" ", 1)[0]!;
  }

  /** What to add to that message. */
  protected get hints(): Hints | undefined {
    return undefined;
  }

  override succeedAbsent(): boolean {
    const absent = this.#answers.find(([line]) => line === "NOT_FOUND");
    if (absent !== undefined) this.succeed(absent[1]);
    return absent !== undefined;
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii(this.request).ascii("\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    const answer = findAnswer(this.#answers, bytes, start, end);
    if (answer !== undefined) this.succeed(answer[1]);
    else this.fail(readRefusal(bytes, start, end, this, this.hints));
    return DONE;
  }
}

const DELETE_ANSWERS: Answers<boolean> = [["DELETED", true], ["NOT_FOUND", false]];

/** `delete`. Resolves to whether the item existed. */
export class DeleteCommand extends AnswerCommand<boolean> {
  readonly key: string;

  constructor(key: string) {
    super("delete", DELETE_ANSWERS);
    this.key = key;
  }

  override get kind(): string {
    return "delete";
  }

  override write(buffer: RequestBuffer): void {
    buffer.ascii("delete").key(this.key).ascii("\r\n");
  }

  override get action(): string {
    return `delete key "${this.key}"`;
  }
}

const TOUCH_ANSWERS: Answers<boolean> = [["TOUCHED", true], ["NOT_FOUND", false]];

/** `touch`. Resolves to whether the item existed. */
export class TouchCommand extends AnswerCommand<boolean> {
  readonly key: string;
  exptime: number;

  constructor(key: string, exptime: number) {
    super("touch", TOUCH_ANSWERS);
    this.key = key;
    this.exptime = exptime;
  }

  override get kind(): string {
    return "touch";
  }

  override write(buffer: RequestBuffer): void {
    buffer.ascii("touch").key(this.key).ascii(` ${this.exptime}\r\n`);
  }

  override get action(): string {
    return `touch key "${this.key}"`;
  }

  protected override get hints(): Hints {
    return [[/^ERROR$/, "touch needs memcached 1.4.8 or later"]];
  }

  override limitExptime(limit: LimitExptime): () => void {
    const { exptime } = this;
    this.exptime = limit(exptime);
    return () => void (this.exptime = exptime);
  }
}

/** `flush_all` and `verbosity`. */
export const OK_ANSWERS: Answers<void> = [["OK", undefined]];

/** Reads the new number of a counter; `undefined` when the line is not a number. */
function readCounter(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const text = readText(bytes, start, end);
  return /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

/** The parameters of `incr` or `decr`. */
export interface CounterRequest {
  readonly verb: "incr" | "decr";
  readonly key: string;
  /** The amount, 0 to 2^64 - 1. */
  readonly delta: bigint;
}

const COUNTER_HINTS: Hints = [[
  /non-numeric/,
  'counters are text: begin with the option initial, or with set(key, "0")',
]];

/** `incr` and `decr`. Resolves to the new number, or to `undefined` when the key does not exist. */
export class CounterCommand extends Command<bigint | undefined> {
  readonly request: CounterRequest;

  constructor(request: CounterRequest) {
    super();
    this.request = request;
    // It only reads the counter.
    if (request.delta === 0n) this.chances = CHANCES;
  }

  override get kind(): string {
    return this.request.verb;
  }

  override get action(): string {
    return `${this.request.verb} key "${this.request.key}"`;
  }

  override succeedAbsent(): boolean {
    this.succeed(undefined);
    return true;
  }

  write(buffer: RequestBuffer): void {
    const { verb, key, delta } = this.request;
    buffer.ascii(verb).key(key).ascii(` ${delta}\r\n`);
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    const counter = readCounter(bytes, start, end);
    if (counter !== undefined || isText(bytes, start, end, "NOT_FOUND")) this.succeed(counter);
    else this.fail(readRefusal(bytes, start, end, this, COUNTER_HINTS));
    return DONE;
  }
}

/** `version`. Resolves to the server's version. */
export class VersionCommand extends Command<string> {
  override chances: number = CHANCES;
  readonly isTrivial = true;

  override get action(): string {
    return "version";
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii("version\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    if (startsWith(bytes, start, end, "VERSION ")) this.succeed(readText(bytes, start + 8, end));
    else this.fail(readRefusal(bytes, start, end, { action: "ask for the version" }));
    return DONE;
  }
}

/** The largest number of 64 bits: memcached keeps counters and cas uniques in these. */
export const LARGEST_UINT64 = 0xffff_ffff_ffff_ffffn;

/**
 * Checks a number to count by or from.
 *
 * @throws {ValidationException} When a counter cannot have it.
 */
export function checkUint64(name: string, value: unknown): bigint {
  const isInteger = typeof value === "bigint" || Number.isSafeInteger(value);
  const integer = isInteger ? BigInt(value as bigint | number) : -1n;
  if (integer >= 0n && integer <= LARGEST_UINT64) return integer;
  throw invalidOption(name, value, "a safe integer or a bigint from 0 to 2^64 - 1");
}
