/**
 * The interface between connections and commands: how a request is written, how its reply is read, and how it fails. A
 * connection does not know which command it carries.
 *
 * @module
 */

import type { CommandContext } from "../channel_contexts.ts";
import {
  ClientException,
  copyError,
  messageOf,
  SocketError,
  ValidationException,
} from "../errors.ts";
import type { RequestBuffer } from "./request_buffer.ts";

/** The reply is complete. */
export const DONE = -1;
/** Another line of the reply follows. */
export const MORE = -2;
/** The reply is complete: the server cannot serve this key now. */
export const REFUSED = -3;

/**
 * The {@linkcode Command.chances} of commands that change nothing. One is enough if no other connection to the server
 * can be ended in the same way.
 */
export const CHANCES = 3;

/** The deadline of the operations that were submitted in one turn of the event loop. */
export interface Turn {
  /** By the client's clock; `Infinity` before the time counts, or without a limit. */
  deadline: number;
  /** Whether a connection existed when the time began. If so, connecting does not extend the time. */
  hasConnected: boolean;
}

/** The turn of operations without a time limit. */
export const NEVER: Turn = /* @__PURE__ */ Object.freeze({
  deadline: Infinity,
  hasConnected: false,
});

/** One request and its reply. */
export interface Exchange {
  /** The earliest deadline of its operations. */
  readonly deadline: number;
  /** The number of its operations. */
  readonly size: number;
  /** About how many bytes of values it stores; text counts one byte a character. */
  readonly byteLength: number;
  /** Whether a server may reply to it although it serves nothing else. */
  readonly isTrivial?: boolean;
  /** The command that is sent, for statistics: `get`, `set`, `mg`, … */
  readonly kind: string;
  /** The operations without a reply yet, including the one whose item is being read. */
  commands(): Iterable<Command>;
  /** Adds the next command of the queue to this request, if possible. */
  admit(command: Command): boolean;
  /** Counts the items of its reply; present for a request that may ask for several. */
  countItems?(counters: { hits: number; misses: number }): void;
  /** Writes the request. */
  write(buffer: RequestBuffer): void;
  /**
   * Reads one line of the reply.
   *
   * @returns {@linkcode DONE}, {@linkcode MORE}, {@linkcode REFUSED}, or the length of the following data block.
   * @throws {Interruption} When it is a refusal after which the beginning of the next reply is unknown.
   * @throws {SocketError} When it is not a reply to this request.
   */
  line(bytes: Uint8Array, start: number, end: number): number;
  /** Reads the data block that the last line declared. Returns the same as {@linkcode line}. */
  data(bytes: Uint8Array, start: number, end: number): number;
  /** Returns where to collect that data block, if it is long; a new buffer by default. */
  place?(byteLength: number): Uint8Array<ArrayBuffer> | undefined;
}

/** How an operation ends. They are typed as methods, so that commands of any result are assignable to `Command`. */
interface Settling<Result> {
  resolve(result: Result | PromiseLike<Result>, command: object): void;
  reject(error: unknown, command: object): void;
}

/** The first function of the caller's promise: resolves an operation. One that many operations share needs the command. */
export type Resolve<Result> = Settling<Result>["resolve"];

/** The second function of the caller's promise: rejects an operation. */
export type Reject = Settling<unknown>["reject"];

/** How an operation has failed. */
export interface Failure {
  readonly error: unknown;
  /** Whether no byte of its request has been sent. */
  readonly isUnsent: boolean;
}

/** Returns the exptime to use instead of a checked one. */
export type LimitExptime = (exptime: number) => number;

/** Called with the key of a command that changes a value: before it is sent, and when it has ended. */
export interface ChangeListener {
  /** @param key The key; absent when all keys change. */
  changed(key?: string): void;
}

/** Receives what happens to a command. */
export interface CommandObserver {
  /** The server's name; absent when it is not known yet. */
  readonly server?: string | undefined;
  /** The reply has arrived and its value is still being decoded. */
  decoding(command: Command): void;
  /** The operation has failed. */
  failed(error: unknown): void;
}

/** The errors of operations that have not been sent at all. */
const unsent = /* @__PURE__ */ new WeakSet<Error>();

/** Whether it is known that no byte was sent of the operation that failed with this error. */
export function isUnsent(error: Error): boolean {
  return unsent.has(error);
}

/**
 * Adds the operation to the error of the network, in a copy, because operations may share that error; and the server to
 * the error of an item that cannot be read. What the caller's locator or key format has thrown becomes the cause of an
 * error that names the operation. Other errors are not changed.
 *
 * @param from The server of the item.
 * @param isUnsent Whether no byte of the operation has been sent.
 */
export function withAction(
  error: unknown,
  action: string,
  from?: string,
  isUnsent?: boolean,
): unknown {
  if (error instanceof ClientException) {
    // Errors of items are new, and what fails with them is given a copy with its own stack.
    if (from && !error.message.includes(from)) error.message += ` (${from})`;
    return error;
  }
  if (!(error instanceof SocketError)) {
    if (!isUnsent) return error;
    return new ValidationException(`Cannot ${action}: ${messageOf(error)}`, undefined, {
      cause: error,
    });
  }
  const label = isUnsent ? ", not sent: " : ", under way: ";
  let { message } = error;
  if (!message.includes(action)) {
    // It may name others that were lost together with this one.
    message = message.includes(label) ? `Cannot ${action}: ${message}` : message + label + action;
  }
  const own = copyError(error, message);
  if (isUnsent) unsent.add(own as Error);
  return own;
}

/** The stacks of this many operations that fail together include their callers. Each takes 20 µs. */
const MOST_TRACED = 100;
let tracing = 0;
/** Errors whose stack already includes their first caller. */
const traced = /* @__PURE__ */ new WeakSet<object>();

/** A thenable that rejects a promise with this error, and with a stack that includes the awaiting code. */
export function failing(error: unknown): PromiseLike<never> {
  return tracing < MOST_TRACED ? trace(error) : failingAsIs(error);
}

/** As {@linkcode failing}, with the unchanged error. */
function failingAsIs(error: unknown): PromiseLike<never> {
  // Not a rejected promise: the runtime tracks those, which is slow on Deno when there are many.
  const then = (_: unknown, reject: (error: unknown) => void) => reject(error);
  return { then } as unknown as PromiseLike<never>;
}

/**
 * Rejects with an error whose stack includes the code that awaits the operation: V8 adds the awaiting functions to an
 * error that is made in an async function. This costs nothing for operations that succeed.
 */
async function trace(error: unknown): Promise<never> {
  tracing++;
  // After two turns, the caller's promise waits for this one.
  await undefined;
  await undefined;
  tracing--;
  const again = copyError(error);
  if (again === error || traced.has(error as Error)) throw again;
  traced.add(error as Error);
  throw Object.assign(error as Error, { stack: (again as Error).stack });
}

/**
 * An operation. By default it is also an {@linkcode Exchange} with one request and a reply of one line, which
 * subclasses define.
 */
export abstract class Command<Result = unknown> implements Exchange {
  /** The turn that the operation was submitted in. */
  turn: Turn = NEVER;
  /** Whether the operation has ended. */
  settled: boolean = false;
  /**
   * How often it may be sent again, alone, if a refusal for another key has left it without a reply. 0 if it changes
   * something.
   */
  chances: number = 0;
  /** The number of the connection that carries it, or carried it last. */
  carrier: number = 0;
  /** The operation that it is for, if that is published. */
  context: CommandContext | undefined;
  /** Whether it may end as a miss when its server fails. */
  mayMiss: boolean = true;
  /**
   * Called before the operation fails because of its server. Returns whether it continues, on another server or as a
   * miss. It is not called when the caller aborts the operation.
   */
  recover: ((failure: Failure) => boolean) | undefined;
  /** Receives what happens to it; the server that it was given to last. */
  observer: CommandObserver | undefined;
  #resolve: Resolve<Result> | undefined;
  #reject: Reject | undefined;
  #whenSettled: (() => void) | undefined;

  /**
   * Sets the functions that settle the operation.
   *
   * @param resolve The first function of the caller's promise.
   * @param reject Called instead of it on failure, by callers that do not use a promise.
   */
  settleBy(resolve: Resolve<Result>, reject?: Reject): this {
    this.#resolve = resolve;
    this.#reject = reject;
    return this;
  }

  /** Calls back once, when the operation has succeeded or failed. */
  whenSettled(callback: () => void): void {
    const earlier = this.#whenSettled;
    this.#whenSettled = earlier === undefined ? callback : () => {
      earlier();
      callback();
    };
  }

  /**
   * Calls a listener because the command changes the value of a key.
   *
   * @param again Whether to call it again when the command has ended: operations that began meanwhile may have been
   * executed before it.
   */
  tellChange(key: string, listener: ChangeListener, again: boolean): void {
    listener.changed(key);
    if (again) this.whenSettled(() => listener.changed(key));
  }

  get size(): number {
    return 1;
  }

  get deadline(): number {
    return this.turn.deadline;
  }

  /** The operation, for messages: `get key "a"`; empty for one without a name. */
  get action(): string {
    return "";
  }

  get kind(): string {
    return "other";
  }

  /** The server, for messages; absent when it is not known. */
  get server(): string | undefined {
    return this.observer?.server;
  }

  get byteLength(): number {
    return 0;
  }

  *commands(): Iterable<Command> {
    yield this;
  }

  /** The exchange that this command begins. Its neighbours may be added to it. */
  open(): Exchange {
    return this;
  }

  admit(_command: Command): boolean {
    return false;
  }

  abstract write(buffer: RequestBuffer): void;

  abstract line(bytes: Uint8Array, start: number, end: number): number;

  data(_bytes: Uint8Array, _start: number, _end: number): number {
    throw new SocketError("the reply has an unexpected value");
  }

  /** Resolves the operation; does nothing if it has ended. */
  succeed(result: Result | PromiseLike<Result>): void {
    if (this.settled) return;
    this.#settle();
    this.#resolve?.(result, this);
  }

  /** Resolves the operation with a promise of its value. Until that settles, it can be aborted. */
  decode(result: Promise<Result>): void {
    this.observer?.decoding(this as Command);
    result.then((value) => this.succeed(value), (error) => this.failForGood(error));
  }

  /** Rejects the operation, unless it can continue; does nothing if it has ended. */
  fail(error: unknown): void {
    if (!this.settled && !this.recover?.({ error, isUnsent: false })) this.failForGood(error);
  }

  /** As {@linkcode fail}, for an operation that has not been sent at all. */
  failUnsent(error: unknown): void {
    if (!this.settled && !this.recover?.({ error, isUnsent: true })) this.refuse(error);
  }

  /** As {@linkcode fail}, but the operation cannot continue. */
  failForGood(error: unknown, isUnsent?: boolean): void {
    if (!this.settled) this.#end(withAction(error, this.action, this.server, isUnsent), failing);
  }

  /** As {@linkcode failForGood}, for an operation that has not been sent at all. */
  refuse(error: unknown): void {
    this.failForGood(error, true);
  }

  /** Aborts the operation with the caller's reason; does nothing if it has ended. */
  abandon(reason: unknown): void {
    if (!this.settled) this.#end(reason, failingAsIs);
  }

  /** Whether it may be sent again; uses one of its {@linkcode chances}. */
  askAgain(): boolean {
    return !this.settled && this.chances-- > 0;
  }

  /** Whether it is safe to send the request twice. */
  get isRepeatable(): boolean {
    return false;
  }

  /** The number of the only connection that may carry it; absent if any may. */
  get tie(): number | undefined {
    return undefined;
  }

  /** Rejects the operation because that connection has ended. */
  untie(): void {}

  /**
   * Resolves the operation as a miss.
   *
   * @returns Whether the operation has such a result; if not, it has not ended.
   */
  succeedAbsent(): boolean {
    return false;
  }

  /**
   * Shortens the exptime that the operation sets.
   *
   * @returns A function that undoes this.
   */
  limitExptime(_limit: LimitExptime): () => void {
    return () => {};
  }

  #end(error: unknown, failing: (error: unknown) => PromiseLike<never>): void {
    this.#settle();
    this.observer?.failed(error);
    if (this.#reject === undefined) this.#resolve?.(failing(error), this);
    else this.#reject(error, this);
  }

  #settle(): void {
    this.settled = true;
    this.#whenSettled?.();
  }
}
