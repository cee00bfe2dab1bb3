/** The rings by the names that `--ring` takes. @module */

import { type LocatorFactory, moecacheRing } from "../../mod.ts";
import * as rings from "../routing/mod.ts";
import { UsageFault } from "./usage.ts";

/** Every ring that needs nothing but the servers. */
export const RINGS: Readonly<Record<string, LocatorFactory>> = {
  "moecache": moecacheRing,
  "crc32-modulo": rings.crc32Modulo,
  "dalli": rings.dalliRing,
  "enyim": rings.enyimKetama,
  "enyim-core": rings.enyimCoreRing,
  "ketama": rings.ketama,
  "libmemcached": rings.libmemcachedRing,
  "memjs": rings.memjsModulo,
  "modula": rings.modula,
  "npm-memcache": rings.npmMemcacheRing,
  "npm-memcache-modula": rings.npmMemcacheModula,
  "python-memcached": rings.pythonMemcachedModulo,
  "rendezvous": rings.rendezvous,
  "spymemcached": rings.spymemcachedModulo,
  "spymemcached-ketama": rings.spymemcachedKetama,
  "twemproxy-modula": rings.twemproxyModula,
};

/** Finds a ring by its name. */
export function ringOf(name: string): LocatorFactory {
  if (Object.hasOwn(RINGS, name)) return RINGS[name] as LocatorFactory;
  throw new UsageFault(`there is no ring "${name}": ${Object.keys(RINGS).join(", ")}`);
}
