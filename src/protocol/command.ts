/**
 * What the connection knows of an operation: how its request is written, how its reply is read, and
 * how it fails. Which command it is, the connection never asks.
 *
 * @module
 */

import { madeAgain, SocketError } from "../errors.ts";
import type { RequestBuffer } from "./request_buffer.ts";

/** The reply is complete. */
export const DONE = -1;
/** Another line of the reply follows. */
export const MORE = -2;
/** The reply is complete, and says that the server cannot serve this key now. */
export const REFUSED = -3;

/**
 * The {@linkcode Command.chances} of what changes nothing. One is enough where no other connection to the server
 * can be ended in the same way.
 */
export const CHANCES = 3;

/** When the operations that were submitted in one turn of the event loop are overdue. */
export interface Turn {
  /** As `performance.now()` counts; `Infinity` as long as nothing counts, or for ever. */
  deadline: number;
  /** Whether there was a connection when its time began: none that is still to come prolongs it. */
  hasConnected: boolean;
}

/** The turn of operations that may take for ever. */
export const NEVER: Turn = /* @__PURE__ */ Object.freeze({
  deadline: Infinity,
  hasConnected: false,
});

/** One request on the wire and the understanding of its one reply. */
export interface Exchange {
  /** When the first of its operations is overdue. */
  readonly deadline: number;
  /** How many operations it carries. */
  readonly size: number;
  /** About how many bytes of values it stores; text counts a byte a character. */
  readonly byteLength: number;
  /** Whether a server may answer it that does nothing else for anybody. */
  readonly isTrivial?: boolean;
  /** The operations that it has no answer for yet, the one whose item is being read included. */
  commands(): Iterable<Command>;
  /** Takes a command that stands next in the queue into this request, where that can be. */
  admit(command: Command): boolean;
  /** Writes the request. */
  write(buffer: RequestBuffer): void;
  /**
   * Reads one line of the reply.
   *
   * @returns {@linkcode DONE}, {@linkcode MORE}, {@linkcode REFUSED}, or the length of the data block that
   * follows.
   * @throws {Interruption} When it is a refusal that leaves open where the next reply begins.
   * @throws {SocketError} When it is no answer to this request: the connection has lost its thread.
   */
  line(bytes: Uint8Array, start: number, end: number): number;
  /** Reads the data block that the last line declared, and answers as {@linkcode line} does. */
  data(bytes: Uint8Array, start: number, end: number): number;
}

/**
 * Ends an operation well: the first function of the caller's promise. Typed as a method, so that a
 * command of any result is a command.
 */
export type Resolve<Result> = {
  resolve(result: Result | PromiseLike<Result>): void;
}["resolve"];

/** Ends an operation badly: the second function of the caller's promise. */
export type Reject = (error: unknown) => void;

/** How an operation failed. */
export interface Failure {
  readonly error: unknown;
  /** Whether no byte of it has been sent. */
  readonly isUnsent: boolean;
}

/** Gives the exptime to use, for one that has been checked. */
export type LimitExptime = (exptime: number) => number;

/** Called with the key of a command that changes its value: before it is sent, and when it has ended. */
export interface ChangeListener {
  /** @param key The key; every key where absent. */
  changed(key?: string): void;
}

/** The errors of operations that the server knows nothing of. */
const unsent = /* @__PURE__ */ new WeakSet<Error>();

/** Whether no byte was sent of what has failed with this error, as far as that is known. */
export function isUnsent(error: Error): boolean {
  return unsent.has(error);
}

/** Of so many operations that fail at once the callers are told, which takes 20 us each. */
const MOST_TRACED = 100;
let tracing = 0;
/** Errors whose stack leads to the first of the callers that they concern. */
const traced = /* @__PURE__ */ new WeakSet<object>();

/** What a promise is resolved to that is to be rejected with this error: its stack leads to who awaits it. */
export function failing(error: unknown): PromiseLike<never> {
  return tracing < MOST_TRACED ? trace(error) : failingAsIs(error);
}

/** As {@linkcode failing}, with the error as it is. */
function failingAsIs(error: unknown): PromiseLike<never> {
  // Not a promise that is rejected: the runtime watches those, which takes Deno long where there are many.
  const then = (_: unknown, reject: Reject) => reject(error);
  return { then } as unknown as PromiseLike<never>;
}

/**
 * Rejects with an error whose stack leads to who awaits the operation: V8 tells who waits for the async function
 * that an error is made in. Where nothing fails it costs nothing.
 */
async function trace(error: unknown): Promise<never> {
  tracing++;
  // By the second turn the caller's promise waits for this one.
  await undefined;
  await undefined;
  tracing--;
  const again = madeAgain(error);
  if (unsent.has(error as Error)) unsent.add(again as Error);
  if (again === error || traced.has(error as Error)) throw again;
  traced.add(error as Error);
  throw Object.assign(error as Error, { stack: (again as Error).stack });
}

/**
 * An operation as a caller submits it. By itself it is an {@linkcode Exchange} of one request and a
 * reply of one line; subclasses say which.
 */
export abstract class Command<Result = unknown> implements Exchange {
  /** The turn that the operation was submitted in. */
  turn: Turn = NEVER;
  readonly size: number = 1;
  /** Whether the operation has ended, and nobody waits for it any more. */
  settled: boolean = false;
  /**
   * How often it may be asked again, on its own, where a refusal that may not be its own has left it without an
   * answer: not at all if it changes something.
   */
  chances: number = 0;
  /** The number of the connection that carries it, or did last. */
  carrier: number = 0;
  /** Whether it may end as if its key had no item where its server fails; not where more depends on it. */
  mayMiss: boolean = true;
  /**
   * Called before the operation fails for its server's sake; whether it goes on after all, elsewhere or
   * as if there were no item. Not called when the caller gives it up.
   */
  recover: ((failure: Failure) => boolean) | undefined;
  /** Called when the reply has come, and what is made of it has not. */
  whenDecoding: ((command: Command) => void) | undefined;
  #resolve: Resolve<Result> | undefined;
  #reject: Reject | undefined;
  #whenSettled: (() => void) | undefined;
  #changedKey = "";
  #changeListener: ChangeListener | undefined;

  /**
   * Sets what ends the waiting for the operation.
   *
   * @param resolve The first function of the promise that waits.
   * @param reject Called instead of it where the operation ends badly, by whoever is no promise.
   */
  settleBy(resolve: Resolve<Result>, reject?: Reject): this {
    this.#resolve = resolve;
    this.#reject = reject;
    return this;
  }

  /** Calls back once, when the operation has ended either way. */
  whenSettled(callback: () => void): void {
    const earlier = this.#whenSettled;
    this.#whenSettled = earlier === undefined ? callback : () => {
      earlier();
      callback();
    };
  }

  /**
   * Tells a listener that the command changes the value of a key.
   *
   * @param again Whether to tell it again when the command has ended: what began meanwhile may have been
   * carried out before it.
   */
  tellChange(key: string, listener: ChangeListener, again: boolean): void {
    listener.changed(key);
    if (!again) return;
    this.#changedKey = key;
    this.#changeListener = listener;
  }

  get deadline(): number {
    return this.turn.deadline;
  }

  get byteLength(): number {
    return 0;
  }

  *commands(): Iterable<Command> {
    yield this;
  }

  /** The exchange that this command opens, and into which its neighbours may be admitted. */
  open(): Exchange {
    return this;
  }

  admit(_command: Command): boolean {
    return false;
  }

  abstract write(buffer: RequestBuffer): void;

  abstract line(bytes: Uint8Array, start: number, end: number): number;

  data(_bytes: Uint8Array, _start: number, _end: number): number {
    throw new SocketError("the reply has a value where none belongs");
  }

  /** Ends the operation well; without effect once it has ended. */
  succeed(result: Result | PromiseLike<Result>): void {
    if (this.settled) return;
    this.#settle();
    this.#resolve?.(result);
  }

  /** Ends the operation with what is being made of its reply; until then it can be given up. */
  decode(result: Promise<Result>): void {
    this.whenDecoding?.(this as Command);
    result.then((value) => this.succeed(value), (error) => this.failForGood(error));
  }

  /** Ends the operation badly, unless it can go on; without effect once it has ended. */
  fail(error: unknown): void {
    if (!this.settled && !this.recover?.({ error, isUnsent: false })) this.failForGood(error);
  }

  /** As {@linkcode fail}, for an operation of which no byte has been sent. */
  failUnsent(error: unknown): void {
    if (this.settled || this.recover?.({ error, isUnsent: true })) return;
    if (error instanceof Error) unsent.add(error);
    this.failForGood(error);
  }

  /** As {@linkcode fail}, whatever could be done about it. */
  failForGood(error: unknown): void {
    if (!this.settled) this.#end(error, failing);
  }

  /** Ends the operation for the one who waits for it, with a reason of theirs; without effect once it has ended. */
  abandon(reason: unknown): void {
    if (!this.settled) this.#end(reason, failingAsIs);
  }

  /** Whether it may be asked again; takes one of its {@linkcode chances}. */
  askAgain(): boolean {
    return !this.settled && this.chances-- > 0;
  }

  /** Whether sending the request a second time changes nothing. */
  get isRepeatable(): boolean {
    return false;
  }

  /** The number of the connection that alone may carry it; absent where any may. */
  get tie(): number | undefined {
    return undefined;
  }

  /** Ends the operation because that connection has ended. */
  untie(): void {}

  /**
   * Ends the operation as if its key had no item.
   *
   * @returns Whether that has a meaning; if not, it has not ended.
   */
  succeedAbsent(): boolean {
    return false;
  }

  /**
   * Shortens the lifetime that the operation gives an item.
   *
   * @returns Undoes it.
   */
  limitExptime(_limit: LimitExptime): () => void {
    return () => {};
  }

  #end(error: unknown, failing: (error: unknown) => PromiseLike<never>): void {
    this.#settle();
    if (this.#reject === undefined) this.#resolve?.(failing(error));
    else this.#reject(error);
  }

  #settle(): void {
    this.settled = true;
    this.#changeListener?.changed(this.#changedKey);
    this.#whenSettled?.();
  }
}
