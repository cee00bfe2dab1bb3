/**
 * The rings of other memcached clients: they choose the same server for each key. Pass one as the client's option
 * `locator`. {@linkcode migrate} moves from one ring to another.
 *
 * @example The servers that libmemcached's weighted ketama chooses
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { ketama } from "@moecache/moecache/rings";
 *
 * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: ketama });
 * ```
 *
 * @module
 */

export { crc32Modulo } from "./crc32_modulo.ts";
export { dalliRing } from "./dalli_ring.ts";
export { enyimCoreRing, type EnyimCoreRingOptions } from "./enyim_core_ring.ts";
export { enyimKetama } from "./enyim_ketama.ts";
export type { KeyHash } from "./hashes/key_hash.ts";
export { ketama, type KetamaOptions } from "./ketama.ts";
export { libmemcachedRing, type LibmemcachedRingOptions } from "./libmemcached_ring.ts";
export { memjsModulo } from "./memjs_modulo.ts";
export type { Explanation, RingPoint } from "./locator.ts";
export { migrate, type Placement } from "./migrate.ts";
export { modula, type ModulaOptions } from "./modula.ts";
export type { MoecacheRingOptions } from "./moecache_ring.ts";
export type { NpmMemcacheHash } from "./npm_memcache_hash.ts";
export { npmMemcacheModula, type NpmMemcacheModulaOptions } from "./npm_memcache_modula.ts";
export { npmMemcacheRing, type NpmMemcacheRingOptions } from "./npm_memcache_ring.ts";
export { pythonMemcachedModulo } from "./python_memcached_modulo.ts";
export { rendezvous } from "./rendezvous.ts";
export type { SpymemcachedHash } from "./spymemcached_hash.ts";
export { spymemcachedKetama, type SpymemcachedKetamaOptions } from "./spymemcached_ketama.ts";
export { spymemcachedModulo, type SpymemcachedModuloOptions } from "./spymemcached_modulo.ts";
export { twemproxyModula, type TwemproxyModulaOptions } from "./twemproxy_modula.ts";
