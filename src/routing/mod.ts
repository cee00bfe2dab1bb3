/** The rings of other clients, and the move from one distribution of the keys to another. @module */

export { crc32Modulo } from "./crc32_modulo.ts";
export { dalliRing } from "./dalli_ring.ts";
export { enyimCoreRing, type EnyimCoreRingOptions } from "./enyim_core_ring.ts";
export { enyimKetama } from "./enyim_ketama.ts";
export type { EnyimLabel } from "./enyim_label.ts";
export type { KeyHash } from "./hashes/key_hash.ts";
export { ketama, type KetamaOptions } from "./ketama.ts";
export { libmemcachedRing, type LibmemcachedRingOptions } from "./libmemcached_ring.ts";
export { memjsModulo } from "./memjs_modulo.ts";
export { migrate, type Placement } from "./migrate.ts";
export { modula, type ModulaOptions } from "./modula.ts";
export { npmMemcacheModula, type NpmMemcacheModulaOptions } from "./npm_memcache_modula.ts";
export { npmMemcacheRing, type NpmMemcacheRingOptions } from "./npm_memcache_ring.ts";
export type { NpmMemcacheHash } from "./npm_memcache_hash.ts";
export { rendezvous } from "./rendezvous.ts";
export { twemproxyModula, type TwemproxyModulaOptions } from "./twemproxy_modula.ts";
