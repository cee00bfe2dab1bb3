/**
 * The client options beside Rails' `:mem_cache_store`.
 *
 * @example A client with these options, and one of its own
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { rails } from "@moecache/moecache/stacks/rails";
 *
 * const servers = ["10.0.0.1:11211", "10.0.0.2:11211"];
 * await using client = new Client(servers, { ...rails(), timeout: 500 });
 * console.log(client.locate("user:1").server);
 * ```
 *
 * @module
 */

import type { ClientOptions } from "../client_options.ts";
import { railsKeys, type RailsKeysOptions } from "../keys/rails_keys.ts";
import { takeOptions } from "../option_checks.ts";
import { dalliRing } from "../routing/dalli_ring.ts";
import {
  railsTranscoder,
  type RailsTranscoderOptions,
} from "../transcoding/formats/dalli/rails_transcoder.ts";

export type { RailsKeysOptions } from "../keys/rails_keys.ts";
export type { RailsTranscoderOptions } from "../transcoding/formats/dalli/rails_transcoder.ts";

/** The settings of Rails and of its cache store; all are optional. */
export interface RailsOptions extends Omit<RailsKeysOptions, "separator">, RailsTranscoderOptions {}

/**
 * The client options for a cache shared with Rails' `:mem_cache_store`: dalli's ring, the entries of Rails' cache, and
 * its keys.
 *
 * It corresponds to these settings of Rails 7.1 or later, `rails({ namespace: "shop" })`:
 *
 * ```ruby
 * config.load_defaults 7.1
 * config.cache_store = :mem_cache_store, "10.0.0.1:11211", "10.0.0.2:11211", { namespace: "shop" }
 * ```
 *
 * With `load_defaults 7.0`, pass `format: "7.0"`. Rails 6.1 is `format: "6.1", digest: "sha1"`.
 *
 * @param options `namespace`, `digest`, `format`, which also decides what is before the digest of long keys, and
 * `compressThreshold`.
 * @returns `locator`, `transcoder` and `keys`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example A basket that Rails reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { rails } from "@moecache/moecache/stacks/rails";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, rails({ namespace: "shop" }));
 *
 * await client.set("basket/7", { books: 3 }, 300); // Rails.cache.read("basket/7")
 * assertEquals(await client.get("basket/7"), { books: 3 });
 * ```
 */
export function rails(
  options: RailsOptions = {},
): { readonly [Name in "locator" | "transcoder" | "keys"]: NonNullable<ClientOptions[Name]> } {
  const { namespace, digest, ...values } = takeOptions(
    options,
    ["namespace", "digest", "format", "compressThreshold"],
  );
  return {
    locator: dalliRing,
    transcoder: railsTranscoder(values),
    keys: railsKeys({
      ...(namespace === undefined ? {} : { namespace }),
      ...(digest === undefined ? {} : { digest }),
      separator: values.format === "6.1" ? ":md5:" : ":hash:",
    }),
  };
}
