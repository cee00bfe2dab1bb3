/** What operations on keys take besides their arguments. @module */

import type { OptionTypes } from "../option_checks.ts";
import type { Exptime } from "../protocol/exptime.ts";

/** What every operation can be told besides its arguments. */
export interface OperationOptions {
  /**
   * Ends the operation early: it is rejected with the signal's reason. The server may carry out a
   * request that has left already; its reply is dropped.
   */
  readonly signal?: AbortSignal;
  /**
   * `"error"`: the operation fails where its server does, even if the client's `failover` is `"miss"`; for
   * operations that more depends on.
   */
  readonly failover?: "error";
}

/** How a counter is counted. */
export interface CounterOptions extends OperationOptions {
  /** The value of a counter that does not exist yet: 0 to 2^64 - 1. */
  readonly initial?: bigint | number;
  /** When a counter that is made with `initial` expires; never by default. */
  readonly exptime?: Exptime;
}

/** How `getOrSet` computes and keeps a value. All times are in seconds. */
export interface GetOrSetOptions extends OperationOptions {
  /** As for `set`: seconds until the value expires; 0, never, by default. */
  readonly exptime?: Exptime;
  /**
   * How long after it has expired a value may still be served to those who need not wait for the next one:
   * an integer from 0 to 2,592,000 (30 days); 0 by default. For as long, `get` returns it too; and a value
   * that a plain `set` stored with no more than this left is stale at once.
   */
  readonly staleFor?: number;
  /**
   * How long before it expires a value is computed again, while the others are served the present one:
   * an integer from 0 to 2,592,000; 0 by default.
   */
  readonly earlyRefresh?: number;
  /**
   * How long the caller that computes keeps the others from it: an integer from 1 to 2,592,000; 30 by default.
   * It should be longer than `load` takes. It is measured by memcached's clock, which ticks once a
   * second, so it may be up to a second shorter.
   */
  readonly lockFor?: number;
  /**
   * How long to wait for a value that another client computes, before computing one that is not
   * stored: a number from 0 to 2,592,000; 5 by default. It bounds neither `load` nor the waiting for
   * another caller of this client.
   */
  readonly waitFor?: number;
  /**
   * How long an error of `load` stands for the value: an integer from 0 to 2,592,000; 0, not at all, by
   * default.
   */
  readonly negativeFor?: number;
}

/** How an item is marked as stale. */
export interface InvalidateOptions extends OperationOptions {
  /**
   * How long the stale value may be served, in seconds: an integer from 1 to 2,592,000 (30 days). By
   * default, for as long as the item would have lived anyway.
   */
  readonly staleFor?: number;
}

/** How a value is updated. */
export interface UpdateOptions extends OperationOptions {
  /**
   * When the new value expires, as for `set`, or a function that makes the exptime of the new value; never by
   * default. The old value's exptime is not kept.
   */
  readonly exptime?: Exptime | ((value: unknown) => Exptime);
  /** How often to try again when others were faster, 0 to 1,000,000; 25 by default. */
  readonly retries?: number;
}

/** The options of every operation. */
export const OPERATION_OPTIONS: OptionTypes<OperationOptions> = {
  signal: "signal",
  failover: "failover",
};

/** The part of an operation's options that every command takes. */
export function operationOptions({ signal, failover }: OperationOptions): OperationOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(failover === undefined ? {} : { failover }),
  };
}

/** The options of each operation that has more. */
export const COUNTER_OPTIONS: OptionTypes<CounterOptions> = {
  signal: "signal",
  failover: "failover",
  initial: "any",
  exptime: "any",
};
export const GET_OR_SET_OPTIONS: OptionTypes<GetOrSetOptions> = {
  signal: "signal",
  failover: "failover",
  exptime: "any",
  staleFor: "number",
  earlyRefresh: "number",
  lockFor: "number",
  waitFor: "number",
  negativeFor: "number",
};
export const INVALIDATE_OPTIONS: OptionTypes<InvalidateOptions> = {
  signal: "signal",
  failover: "failover",
  staleFor: "number",
};
export const UPDATE_OPTIONS: OptionTypes<UpdateOptions> = {
  signal: "signal",
  failover: "failover",
  exptime: "any",
  retries: "number",
};

/** Every option that some operation on keys has. */
export const KEY_COMMAND_OPTIONS: OptionTypes<
  GetOrSetOptions & UpdateOptions & CounterOptions
> = {
  signal: "signal",
  failover: "failover",
  initial: "any",
  exptime: "any",
  staleFor: "number",
  earlyRefresh: "number",
  lockFor: "number",
  waitFor: "number",
  negativeFor: "number",
  retries: "number",
};
