/**
 * The client options beside Java's spymemcached, as Spring programs use it.
 *
 * @example A client with these options, and one of its own
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { spring } from "@moecache/moecache/stacks/spring";
 *
 * const servers = ["10.0.0.1:11211", "10.0.0.2:11211"];
 * await using client = new Client(servers, { ...spring(), timeout: 500 });
 * console.log(client.locate("user:1").server);
 * ```
 *
 * @module
 */

import type { ClientOptions } from "../client_options.ts";
import { spymemcachedKeys } from "../keys/spymemcached_keys.ts";
import { checkChoice, holdsNames, invalidOption, takeOptions } from "../option_checks.ts";
import { type SpymemcachedHash, spymemcachedHash } from "../routing/spymemcached_hash.ts";
import {
  spymemcachedKetama,
  type SpymemcachedKetamaOptions,
} from "../routing/spymemcached_ketama.ts";
import { spymemcachedModulo } from "../routing/spymemcached_modulo.ts";
import {
  spymemcachedTranscoder,
  type SpymemcachedTranscoderOptions,
} from "../transcoding/formats/java/spymemcached_transcoder.ts";

export type { SpymemcachedHash } from "../routing/spymemcached_hash.ts";
export type { SpymemcachedKetamaOptions } from "../routing/spymemcached_ketama.ts";
export type {
  SpymemcachedKind,
  SpymemcachedTranscoderOptions,
} from "../transcoding/formats/java/spymemcached_transcoder.ts";

/** How spymemcached is configured; all options are optional. */
export interface SpringOptions
  extends SpymemcachedTranscoderOptions, Pick<SpymemcachedKetamaOptions, "labels" | "addresses"> {
  /** The property `locatorType`: `ARRAY_MOD` or `CONSISTENT`; `"arrayMod"` by default, as in spymemcached. */
  readonly distribution?: "arrayMod" | "consistent" | undefined;
  /** The property `hashAlg`; `"native"`, `NATIVE_HASH`, by default, as in spymemcached. */
  readonly hash?: SpymemcachedHash | undefined;
}

/**
 * The client options for a cache shared with Java's spymemcached, such as a Spring program with its
 * `MemcachedClientFactoryBean`: spymemcached's locator, its transcoder and its keys.
 *
 * Without options it corresponds to this bean; `spring({ distribution: "consistent", hash: "ketama" })` to the same
 * with the two properties in the comment:
 *
 * ```xml
 * <bean id="memcachedClient" class="net.spy.memcached.spring.MemcachedClientFactoryBean">
 *   <property name="servers" value="10.0.0.1:11211,10.0.0.2:11211"/>
 *   <!-- <property name="locatorType" value="CONSISTENT"/>
 *        <property name="hashAlg" value="KETAMA_HASH"/> -->
 * </bean>
 * ```
 *
 * @param options `distribution`, `hash`, `labels` and `addresses` (with `"consistent"`), and `kind` of transcoder.
 * @returns `locator`, `transcoder` and `keys`.
 * @throws {ValidationException} When an option is invalid; the client throws it for `hash`, `labels` and `addresses`.
 *
 * @example A user that Java reads
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { spring } from "@moecache/moecache/stacks/spring";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, spring());
 *
 * await client.set("user:1", { name: "Ada" }); // a LinkedHashMap in Java
 * assertEquals(await client.get("user:1"), { name: "Ada" });
 * ```
 */
export function spring(
  options: SpringOptions = {},
): { readonly [Name in "locator" | "transcoder" | "keys"]: NonNullable<ClientOptions[Name]> } {
  const { distribution = "arrayMod", hash = "native", kind, ...labels } = takeOptions(
    options,
    ["distribution", "hash", "kind", "labels", "addresses"],
  );
  checkChoice("distribution", distribution, ["arrayMod", "consistent"]);
  spymemcachedHash(hash);
  if (labels.labels !== undefined) {
    checkChoice("labels", labels.labels, ["spymemcached", "libmemcached"]);
  }
  const { addresses = {} } = labels;
  if (!holdsNames(addresses)) {
    throw invalidOption("addresses", addresses, "a plain object of IP addresses by host name");
  }
  return {
    locator: distribution === "arrayMod"
      ? (servers) => spymemcachedModulo(servers, { hash })
      : (servers) => spymemcachedKetama(servers, { hash, ...labels }),
    transcoder: spymemcachedTranscoder(kind === undefined ? {} : { kind }),
    keys: spymemcachedKeys,
  };
}
