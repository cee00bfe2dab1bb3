/** The rules by which a view stores values; each view of values has its own. @module */

import type { Exptime, KeyCommands, OperationOptions } from "../../../mod.ts";
import type { CallRules } from "../call_rules.ts";

/**
 * Returned by the rules instead of a value when the server that knows what is valid cannot be reached, and the client
 * treats that as a miss. Nothing is stored then, and what is stored stays.
 */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** How a view stores values. */
export interface ValueRules extends Partial<CallRules> {
  /** The key under which the value of a caller's key is stored. */
  keyOf(key: string): string | Promise<string>;
  /**
   * Begins what {@linkcode toStored} needs, before a value is computed.
   *
   * @param options What the caller passed, the view's own options included.
   * @returns Anything; {@linkcode UNKNOWN} when nothing can be stored.
   */
  prepareWrite?(key: string, options: OperationOptions | undefined): unknown;
  /** Whether a value is stored without a copy, so that the caller must not change it meanwhile. */
  isLent?(value: unknown): boolean;
  /** Turns a value into what is stored for it. */
  toStored(value: unknown, key: string, context: WriteContext): unknown;
  /** Begins what {@linkcode fromStored} needs, in the turn in which the stored value is asked for. */
  prepareRead?(key: string): unknown;
  /**
   * Turns what is stored into the value.
   *
   * @param prepared What {@linkcode prepareRead} returned.
   * @param options `signal` and `failover`, as the caller passed them.
   * @returns The value; `undefined`, a miss, when what is stored does not belong to this key. {@linkcode UNKNOWN} when that
   * cannot be known and counts as a miss.
   */
  fromStored(
    stored: unknown,
    key: string,
    prepared: unknown,
    options: OperationOptions,
  ): unknown;
  /** Removes the view's own options from those that the caller passed, and checks them. */
  innerOptions?<Options extends OperationOptions>(
    options: Options | undefined,
  ): Options | undefined;
  /**
   * Whether values are stored as they are, so that memcached can count and append; `"mostly"` where that holds
   * for numbers, but not for every value.
   */
  isPlain(key: string): boolean | "mostly";
  /** What stores values in their own format, where the view hands its client what it has encoded itself. */
  readonly values?: KeyCommands | undefined;
  /** Whether what is stored may count as a miss although no part of it is missing. */
  readonly mayHide?: boolean;
  /** Whether a part of a value that was just stored may be missing when it is read. */
  readonly mayLose?: boolean;
  /** Whether what is stored counts as there; by default when {@linkcode fromStored} makes a value of it. */
  isThere?(stored: unknown, key: string, options: OperationOptions): Promise<boolean>;
  /**
   * Cleans up what a write has replaced, or what it has offered and memcached has refused.
   *
   * @returns Whether what was stored before counted as there, where cleaning up has shown it.
   */
  cleanUp?(
    key: string,
    change: Change,
    options: OperationOptions | undefined,
  ): Promise<boolean | void>;
}

/** What a value is stored with. */
export interface WriteContext {
  /** What the caller passed, the view's own options included. */
  readonly options: OperationOptions | undefined;
  /** When the item expires. */
  readonly exptime: Exptime;
  /** What `prepareWrite` returned or resolved to. */
  readonly prepared: unknown;
  /** Whether no part of the value may be dropped, because the result says whether it is stored. */
  readonly mustBeWhole?: boolean | undefined;
  /** What is stored so far, when the value was made from it. */
  readonly before?: unknown;
}

/** What a write has changed. */
export interface Change {
  /** What was stored when the write was sent; `undefined` also when that could not be read. */
  readonly before: unknown;
  /** What the write has stored, or has not stored if another client was faster; `undefined` after a deletion. */
  readonly offered: unknown;
}
