/**
 * What the connection knows of an operation: how its request is written, how its reply is read, and
 * how it fails. Which command it is, the connection never asks.
 *
 * @module
 */

import { SocketError } from "../errors.ts";
import type { RequestBuffer } from "./request_buffer.ts";

/** The reply is complete. */
export const DONE = -1;
/** Another line of the reply follows. */
export const MORE = -2;

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
  /** The operations that it has no answer for yet. */
  commands(): Iterable<Command>;
  /** Takes a command that stands next in the queue into this request, where that can be. */
  admit(command: Command): boolean;
  /** Writes the request. */
  write(buffer: RequestBuffer): void;
  /**
   * Reads one line of the reply.
   *
   * @returns {@linkcode DONE}, {@linkcode MORE}, or the length of the data block that follows.
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

/** What an operation is for a key that moves from one server to another. */
export interface Move<Result> {
  /** Whether it asks for the item, depends on there being one, takes no notice of it, or removes it. */
  readonly kind: "read" | "change" | "write" | "remove";
  /** Whether this result says that there is no item. */
  isMiss(result: Result): boolean;
  /** Makes the same operation again. */
  again(): Command<Result>;
  /** Makes what is sent to the server that the key moves from after this result, if anything. */
  mirror(result: Result): Command | undefined;
  /** Makes one result of the two servers'; that of the server that the key moves to where absent. */
  combine?(result: Result, former: unknown): Result;
}

/** Gives the exptime to use, for one that has been checked. */
export type LimitExptime = (exptime: number) => number;

/** Called with the key of a command that changes its value: before it is sent, and when it has ended. */
export interface ChangeListener {
  /** @param key The key; every key where absent. */
  changed(key?: string): void;
}

function ignore(): void {}

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
  /** Whether it may end as if its key had no item where its server fails; not where more depends on it. */
  mayMiss: boolean = true;
  /**
   * Called before the operation fails for its server's sake; whether it goes on after all, elsewhere or
   * as if there were no item. Not called when the caller gives it up.
   */
  recover: ((failure: Failure) => boolean) | undefined;
  #resolve: Resolve<Result> = ignore;
  #reject: Reject = ignore;
  #whenSettled: (() => void) | undefined;
  #changedKey = "";
  #changeListener: ChangeListener | undefined;

  /** Sets the two functions of the promise that waits for the operation. */
  settleBy(resolve: Resolve<Result>, reject: Reject): this {
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

  /** Tells a listener that the command changes the value of a key: now, and when it has ended. */
  tellChange(key: string, listener: ChangeListener): void {
    this.#changedKey = key;
    this.#changeListener = listener;
    listener.changed(key);
  }

  get deadline(): number {
    return this.turn.deadline;
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
    this.#resolve(result);
  }

  /** Ends the operation badly, unless it can go on; without effect once it has ended. */
  fail(error: unknown): void {
    if (!this.settled && !this.recover?.({ error, isUnsent: false })) this.abandon(error);
  }

  /** As {@linkcode fail}, for an operation of which no byte has been sent. */
  failUnsent(error: unknown): void {
    if (!this.settled && !this.recover?.({ error, isUnsent: true })) this.abandon(error);
  }

  /** Ends the operation badly whatever could be done about it; without effect once it has ended. */
  abandon(error: unknown): void {
    if (this.settled) return;
    this.#settle();
    this.#reject(error);
  }

  /** Whether sending the request a second time changes nothing. */
  get isRepeatable(): boolean {
    return false;
  }

  /**
   * Ends the operation as if its key had no item.
   *
   * @returns Whether that has a meaning; if not, it has not ended.
   */
  succeedAbsent(): boolean {
    return false;
  }

  /** What the operation is for a key that moves; absent for what has no key. */
  get move(): Move<Result> | undefined {
    return undefined;
  }

  /**
   * Shortens the lifetime that the operation gives an item.
   *
   * @returns Undoes it.
   */
  limitExptime(_limit: LimitExptime): () => void {
    return () => {};
  }

  #settle(): void {
    this.settled = true;
    this.#changeListener?.changed(this.#changedKey);
    this.#whenSettled?.();
  }
}
