/** Functions whose results are cached. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import { GET_OR_SET_OPTIONS, type GetOrSetOptions } from "../commands/operation_options.ts";
import { checkClient, checkFunction, checkObject, copyOptions } from "../option_checks.ts";

/** The options of {@linkcode memoize}: those of `getOrSet`, and the key. */
export interface MemoizeOptions<Args extends unknown[]> extends Omit<GetOrSetOptions, "signal"> {
  /**
   * Makes the key of a call from its arguments: 1 to 250 characters, each from `!` to `~`. Calls with the same key
   * share a result.
   */
  readonly key: (...args: Args) => string;
}

/**
 * Makes a function that caches the results of another function in memcached, with `getOrSet` and all its options.
 *
 * @param client The client whose servers store the results: a `Client`; or a `Namespace`, whose `invalidateAll` then
 * discards all results.
 * @param fn The function. The transcoder must be able to represent its result. `undefined` is returned but not cached.
 * @param options `key`, and the options of `getOrSet`: `exptime`, `staleFor`, `earlyRefresh`, `lockFor`, `waitFor`,
 * `negativeFor`, in seconds.
 * @returns A function with the same arguments that returns a promise of the result, as the transcoder reads it, also
 * for the first call. It rejects as `getOrSet` does.
 *
 * @example A slow function
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { memoize } from "@moecache/moecache/patterns";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * let calls = 0;
 * const add = (a: number, b: number) => (calls++, a + b);
 * const remembered = memoize(client, add, { key: (a, b) => `sum:${a}:${b}`, exptime: 60 });
 * assertEquals([await remembered(1, 2), await remembered(1, 2)], [3, 3]);
 * assertEquals(calls, 1);
 * ```
 */
// deno-lint-ignore no-explicit-any -- with `unknown`, optional arguments would become required ones.
export function memoize<F extends (...args: any[]) => unknown>(
  client: Pick<KeyCommands, "getOrSet">,
  fn: F,
  options: MemoizeOptions<Parameters<F>>,
): (...args: Parameters<F>) => Promise<Awaited<ReturnType<F>>> {
  checkClient(client, ["getOrSet"]);
  checkObject(options, "a plain object such as { key }");
  // A view may have options of its own.
  const { key, ...rest } = copyOptions(options, ["key", ...Object.keys(GET_OR_SET_OPTIONS)]);
  checkFunction("fn", fn);
  checkFunction("key", key);
  return async (...args): Promise<Awaited<ReturnType<F>>> => {
    const load = () => fn(...args) as Awaited<ReturnType<F>>;
    return await client.getOrSet(key(...args), load, rest);
  };
}
