/** Functions that remember what they gave. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import type { GetOrSetOptions } from "../commands/operation_options.ts";
import { checkFunction } from "../option_checks.ts";

/** What a memoized function remembers, and how: the options of `getOrSet`, and the key. */
export interface MemoizeOptions<Args extends unknown[]> extends Omit<GetOrSetOptions, "signal"> {
  /**
   * Makes the key of a call from its arguments: 1 to 250 characters, each from `!` to `~`. Calls with one
   * key have one result.
   */
  readonly key: (...args: Args) => string;
}

/**
 * Makes a function that calls another once for each key, and from then on gives what memcached has:
 * `getOrSet` around a function, with single flight, leases, stale values and the rest.
 *
 * @param client Whose servers keep the results: a `Client`, or a `Namespace` of one, whose
 * `invalidateAll` then forgets them all.
 * @param fn The function. Its result must be something that the transcoder can represent; `undefined` is
 * returned but not remembered.
 * @param options `key`, and those of `getOrSet`: `exptime`, `staleFor`, `earlyRefresh`, `lockFor`,
 * `waitFor`, `negativeFor`, in seconds.
 * @returns A function of the same arguments that promises the same result, as the transcoder reads it, the first
 * time as well. It rejects as `getOrSet` does.
 *
 * @example A function that need not work twice
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
  const { key, ...rest } = options;
  checkFunction("fn", fn);
  checkFunction("key", key);
  return async (...args): Promise<Awaited<ReturnType<F>>> => {
    const load = () => fn(...args) as Awaited<ReturnType<F>>;
    return await client.getOrSet(key(...args), load, rest);
  };
}
