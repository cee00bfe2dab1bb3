/**
 * The client options beside .NET's EnyimMemcached.
 *
 * @example A client with these options, and one of its own
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyim } from "@moecache/moecache/stacks/enyim";
 *
 * const servers = ["10.0.0.1:11211", "10.0.0.2:11211"];
 * await using client = new Client(servers, { ...enyim(), timeout: 500 });
 * console.log(client.locate("user:1").server);
 * ```
 *
 * @module
 */

import { enyimKeysOf, type EnyimKeysOptions } from "../keys/enyim_keys.ts";
import { checkChoice, takeOptions } from "../option_checks.ts";
import { enyimKetama } from "../routing/enyim_ketama.ts";
import { moecacheRing } from "../routing/moecache_ring.ts";
import { enyimTranscoder, type EnyimTranscoderOptions } from "../transcoding/enyim_transcoder.ts";
import type { EnyimStack } from "./enyim_types.ts";

export type * from "./enyim_types.ts";

/** How EnyimMemcached is configured; all options are optional. */
export interface EnyimOptions extends EnyimTranscoderOptions {
  /** The configuration's `locator`: `DefaultNodeLocator` or `KetamaNodeLocator`; `"default"` by default. */
  readonly distribution?: "default" | "ketama" | undefined;
  /** The configuration's `keyTransformer`; none by default. */
  readonly keyTransformer?: EnyimKeysOptions["transformer"] | undefined;
}

/**
 * The client options for a cache shared with .NET's EnyimMemcached: its node locator, its values and its keys.
 *
 * Without options it corresponds to this configuration; `enyim({ distribution: "ketama", keyTransformer: "tiger" })` to
 * the same with the two lines in the comment:
 *
 * ```xml
 * <enyim.com>
 *   <memcached>
 *     <servers>
 *       <add address="10.0.0.1" port="11211" />
 *       <add address="10.0.0.2" port="11211" />
 *     </servers>
 *     <!-- <locator type="Enyim.Caching.Memcached.KetamaNodeLocator, Enyim.Caching" />
 *          <keyTransformer type="Enyim.Caching.Memcached.TigerHashKeyTransformer, Enyim.Caching" /> -->
 *   </memcached>
 * </enyim.com>
 * ```
 *
 * @param options `distribution`, `keyTransformer`, and those of `enyimTranscoder`.
 * @returns `locator`, `transcoder` and `keys`: without a transformer, keys are sent as UTF-8.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example A counter that C# reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyim } from "@moecache/moecache/stacks/enyim";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, enyim({ keyTransformer: "tiger" }));
 *
 * await client.set("visits of the day", 5); // client.Get<int>("visits of the day") in C#
 * assertEquals(await client.get("visits of the day"), 5);
 * ```
 */
export function enyim(options: EnyimOptions = {}): EnyimStack {
  const { distribution = "default", keyTransformer, ...values } = takeOptions(
    options,
    ["distribution", "keyTransformer", "integers", "fractions", "dates"],
  );
  checkChoice("distribution", distribution, ["default", "ketama"]);
  return {
    locator: distribution === "default" ? moecacheRing : enyimKetama,
    transcoder: enyimTranscoder(values),
    keys: enyimKeysOf(keyTransformer),
  };
}
