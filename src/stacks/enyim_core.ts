/**
 * The client options beside .NET's EnyimMemcachedCore.
 *
 * @example A client with these options, and one of its own
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { enyimCore } from "@moecache/moecache/stacks/enyim-core";
 *
 * const servers = ["10.0.0.1:11211", "10.0.0.2:11211"];
 * await using client = new Client(servers, { ...enyimCore(), timeout: 500 });
 * console.log(client.locate("user:1").server);
 * ```
 *
 * @module
 */

import { enyimKeysOf, type EnyimKeysOptions } from "../keys/enyim_keys.ts";
import { checkBoolean, checkChoice, takeOptions } from "../option_checks.ts";
import { enyimCoreRing, type EnyimCoreRingOptions } from "../routing/enyim_core_ring.ts";
import { moecacheRing } from "../routing/moecache_ring.ts";
import {
  enyimCoreTranscoder,
  type EnyimCoreTranscoderOptions,
} from "../transcoding/formats/enyim_core.ts";
import type { EnyimStack } from "./enyim_types.ts";

export type { EnyimCoreRingOptions } from "../routing/enyim_core_ring.ts";
export type { EnyimCoreTranscoderOptions } from "../transcoding/formats/enyim_core.ts";
export type * from "./enyim_types.ts";

/** How EnyimMemcachedCore is configured; all options are optional. */
export interface EnyimCoreOptions extends EnyimCoreTranscoderOptions, EnyimCoreRingOptions {
  /** `UseLegacyNodeLocator`, and so every release up to 2.x; `false` by default. */
  readonly legacyNodeLocator?: boolean | undefined;
  /** The configuration's `keyTransformer`; none by default. */
  readonly keyTransformer?: EnyimKeysOptions["transformer"] | undefined;
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
 * import { enyimCore } from "@moecache/moecache/stacks/enyim-core";
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
  checkChoice("label", label, ["ip", "unspecified"]);
  const ring = legacyNodeLocator ? moecacheRing : enyimCoreRing;
  return {
    locator: (servers) => ring(servers, { label }),
    transcoder: enyimCoreTranscoder(values),
    keys: enyimKeysOf(keyTransformer),
  };
}
