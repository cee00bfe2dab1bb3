import type { ClientOptions } from "../client_options.ts";
import { enyimKeys, type EnyimKeysOptions } from "../keys/enyim_keys.ts";
import { utf8Keys } from "../keys/utf8_keys.ts";
import { checkBoolean, checkChoice, takeOptions } from "../option_checks.ts";
import { enyimCoreRing, type EnyimCoreRingOptions } from "../routing/enyim_core_ring.ts";
import { enyimKetama } from "../routing/enyim_ketama.ts";
import { moecacheRing } from "../routing/moecache_ring.ts";
import { enyimTranscoder, type EnyimTranscoderOptions } from "../transcoding/enyim_transcoder.ts";
import {
  enyimCoreTranscoder,
  type EnyimCoreTranscoderOptions,
} from "../transcoding/formats/enyim_core.ts";

/** How EnyimMemcached is configured; all options are optional. */
export interface EnyimOptions extends EnyimTranscoderOptions {
  /** The configuration's `locator`: `DefaultNodeLocator` or `KetamaNodeLocator`; `"default"` by default. */
  readonly distribution?: "default" | "ketama";
  /** The configuration's `keyTransformer`; none by default. */
  readonly keyTransformer?: EnyimKeysOptions["transformer"];
}

/** How EnyimMemcachedCore is configured; all options are optional. */
export interface EnyimCoreOptions extends EnyimCoreTranscoderOptions, EnyimCoreRingOptions {
  /** `UseLegacyNodeLocator`, and so every release up to 2.x; `false` by default. */
  readonly legacyNodeLocator?: boolean;
  /** The configuration's `keyTransformer`; none by default. */
  readonly keyTransformer?: EnyimKeysOptions["transformer"];
}

/** The client options for a cache shared with .NET. */
export type EnyimStack = Required<Pick<ClientOptions, "locator" | "transcoder" | "keys">>;

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
 * import { enyim } from "@moecache/moecache/stacks";
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
    keys: keysOf(keyTransformer),
  };
}

/**
 * The client options for a cache shared with .NET's EnyimMemcachedCore: its node locator, its values, whose objects are
 * BSON, and its keys.
 *
 * Without options it corresponds to this configuration of release 3.0.0 or later, which has the servers by their IP
 * addresses; `enyimCore({ keyTransformer: "sha1" })` to the same with the line in the comment:
 *
 * ```jsonc
 * "enyimMemcached": {
 *   "Servers": [
 *     { "Address": "10.0.0.1", "Port": 11211 },
 *     { "Address": "10.0.0.2", "Port": 11211 }
 *   ]
 *   // "KeyTransformer": "Enyim.Caching.Memcached.SHA1KeyTransformer, EnyimMemcachedCore"
 * }
 * ```
 *
 * @param options `legacyNodeLocator`, `label`, which depends on the release, `keyTransformer`, and those of
 * `enyimCoreTranscoder`.
 * @returns `locator`, `transcoder` and `keys`: without a transformer, keys are sent as UTF-8.
 * @throws {ValidationException} When an option is invalid; the client throws it for `label`.
 *
 * @example An object that C# reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyimCore } from "@moecache/moecache/stacks";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, enyimCore());
 *
 * await client.set("user:1", { Name: "Ada" }); // client.GetAsync<User>("user:1") in C#
 * assertEquals(await client.get("user:1"), { Name: "Ada" });
 * ```
 */
export function enyimCore(options: EnyimCoreOptions = {}): EnyimStack {
  const { legacyNodeLocator = false, label = "ip", keyTransformer, ...values } = takeOptions(
    options,
    ["legacyNodeLocator", "label", "keyTransformer", "integers", "fractions", "dates", "arrays"],
  );
  checkBoolean("legacyNodeLocator", legacyNodeLocator);
  const ring = legacyNodeLocator ? moecacheRing : enyimCoreRing;
  return {
    locator: (servers) => ring(servers, { label }),
    transcoder: enyimCoreTranscoder(values),
    keys: keysOf(keyTransformer),
  };
}

function keysOf(
  transformer: EnyimKeysOptions["transformer"] | undefined,
): NonNullable<ClientOptions["keys"]> {
  return transformer === undefined ? utf8Keys : enyimKeys({ transformer });
}
