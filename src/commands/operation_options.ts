/** The options of operations on keys. @module */

import type { OptionTypes } from "../option_checks.ts";
import type { Exptime } from "../protocol/exptime.ts";

/** The options of every operation. */
export interface OperationOptions {
  /**
   * Aborts the operation: it is rejected with the signal's reason. If the request has been sent, the server may still
   * execute it; the reply is discarded.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * `"error"` makes the operation fail when its server fails, even if the client's `failover` is `"miss"`.
   */
  readonly failover?: "error" | undefined;
}

/** The options of `incr` and `decr`. */
export interface CounterOptions extends OperationOptions {
  /** The value of a counter that does not exist yet: 0 to 2^64 - 1. */
  readonly initial?: bigint | number | undefined;
  /** When a counter that `initial` creates expires; never by default. */
  readonly exptime?: Exptime | undefined;
}

/** The options of `getOrSet`. All times are in seconds. */
export interface GetOrSetOptions extends OperationOptions {
  /** When the value expires, as for `set`; by default 0, never. */
  readonly exptime?: Exptime | undefined;
  /**
   * How long an expired value may still be served, while one caller computes the next, in seconds: an integer from 0 to
   * 2,592,000 (30 days); 0 by default. `get` returns it for this time too. A value that a plain `set` stored with this
   * lifetime or less is stale at once.
   */
  readonly staleFor?: number | undefined;
  /**
   * How long before its expiry one caller computes the next value, while the others get the current one, in seconds: an
   * integer from 0 to 2,592,000; 0 by default.
   */
  readonly earlyRefresh?: number | undefined;
  /**
   * How long the caller that computes blocks the others, in seconds: an integer from 1 to 2,592,000; 30 by default. It
   * should be longer than `load` takes. memcached's clock ticks once a second, so it may be up to a second shorter.
   */
  readonly lockFor?: number | undefined;
  /**
   * How long to wait for a value that another client computes, in seconds: a number from 0 to 2,592,000; 5 by default.
   * After that, this caller computes a value that is not stored. It does not limit `load`, nor the wait for another
   * caller of this client.
   */
  readonly waitFor?: number | undefined;
  /**
   * How long an error of `load` is stored in place of the value, in seconds: an integer from 0 to 2,592,000; by default
   * 0, not at all.
   */
  readonly negativeFor?: number | undefined;
}

/** The options of `invalidate`. */
export interface InvalidateOptions extends OperationOptions {
  /**
   * How long the stale value may be served, in seconds: an integer from 1 to 2,592,000 (30 days). By default, for the
   * remaining lifetime of the item.
   */
  readonly staleFor?: number | undefined;
}

/** The options of `update`. */
export interface UpdateOptions extends OperationOptions {
  /**
   * When the new value expires, as for `set`; or a function that returns this from the new value. By default never: the
   * old exptime is not kept.
   */
  readonly exptime?: (Exptime | ((value: unknown) => Exptime)) | undefined;
  /** How often to retry when other clients were faster, 0 to 1,000,000; 25 by default. */
  readonly retries?: number | undefined;
}

/** The names of the options of every operation. */
export const OPERATION_OPTIONS: OptionTypes<OperationOptions> = {
  signal: "signal",
  failover: "failover",
};

/** The options that every command takes, without others; `null` counts as absent until it is refused. */
export function operationOptions(options: OperationOptions | undefined): OperationOptions {
  const { signal, failover } = options ?? {};
  return { signal, failover };
}

/** The options of each operation with additional ones. Written out, because bundlers keep what contains a spread. */
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

/** All options of operations on keys. */
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
