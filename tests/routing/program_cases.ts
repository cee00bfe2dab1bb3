/** Which locator is to choose as a program did, by the case ids of `ketama_ring.json`. */

import { dalliRing } from "../../src/routing/dalli_ring.ts";
import type { KeyHash } from "../../src/routing/hashes/key_hash.ts";
import { ketama } from "../../src/routing/ketama.ts";
import { libmemcachedRing } from "../../src/routing/libmemcached_ring.ts";
import type { LocatorFactory } from "../../src/routing/locator.ts";
import { modula } from "../../src/routing/modula.ts";
import { npmMemcacheModula } from "../../src/routing/npm_memcache_modula.ts";
import { npmMemcacheRing } from "../../src/routing/npm_memcache_ring.ts";
import { rendezvous } from "../../src/routing/rendezvous.ts";
import { twemproxyModula } from "../../src/routing/twemproxy_modula.ts";

const libmemcachedModula = (hash: KeyHash): LocatorFactory => (s) => modula(s, { hash });
const twemproxy = (hash: KeyHash): LocatorFactory => (s) => twemproxyModula(s, { hash });
const twemproxyKetama = (keyHash: KeyHash): LocatorFactory => (s) => ketama(s, { keyHash });
const libmemcached = (hash: KeyHash): LocatorFactory => (s) => libmemcachedRing(s, { hash });

/** Every case of the vectors has its locator here. */
export const LOCATOR_OF_CASE: Record<string, LocatorFactory> = {
  "lm-default": modula,
  "lm-modula-crc": libmemcachedModula("crc"),
  "lm-modula-md5": libmemcachedModula("md5"),
  "lm-modula-fnv1-64": libmemcachedModula("fnv1_64"),
  "lm-modula-fnv1a-64": libmemcachedModula("fnv1a_64"),
  "lm-modula-fnv1-32": libmemcachedModula("fnv1_32"),
  "lm-modula-fnv1a-32": libmemcachedModula("fnv1a_32"),
  "lm-modula-jenkins": libmemcachedModula("jenkins"),
  "lm-modula-murmur": libmemcachedModula("murmur"),
  "lm-modula-murmur3": libmemcachedModula("murmur3"),
  "lm-ketama": libmemcachedRing,
  "lm-consistent": libmemcachedRing,
  "lm-ketama-with-weights": libmemcachedRing,
  "lm-ketama-md5": libmemcached("md5"),
  "lm-ketama-crc": libmemcached("crc"),
  "lm-ketama-fnv1a32": libmemcached("fnv1a_32"),
  "lm-ketama-spy": (s) => libmemcachedRing(s, { hash: "md5", labels: "spymemcached" }),
  "lm-ketama-weighted-1": ketama,
  "lm-ketama-weighted": ketama,
  "nc-ketama-md5": ketama,
  "nc-ketama-md5-weighted": ketama,
  "nc-ketama-fnv1a-64": twemproxyKetama("fnv1a_64"),
  "nc-ketama-fnv1-64": twemproxyKetama("fnv1_64"),
  "nc-ketama-one-at-a-time": twemproxyKetama("one_at_a_time"),
  "nc-ketama-hsieh": twemproxyKetama("hsieh"),
  "nc-ketama-murmur-weighted": twemproxyKetama("murmur"),
  "nc-modula-md5": twemproxy("md5"),
  "nc-modula-md5-weighted": twemproxy("md5"),
  "nc-modula-crc32": twemproxy("crc32"),
  "nc-modula-crc32a": twemproxy("crc32a"),
  "nc-modula-crc16": twemproxy("crc16"),
  "nc-modula-fnv1a-64": twemproxyModula,
  "nc-modula-fnv1a-64-weighted": twemproxyModula,
  "nc-modula-fnv1a-32": twemproxy("fnv1a_32"),
  "nc-modula-fnv1-32": twemproxy("fnv1_32"),
  "nc-modula-fnv1-64": twemproxy("fnv1_64"),
  "nc-modula-one-at-a-time": twemproxy("one_at_a_time"),
  "nc-modula-murmur": twemproxy("murmur"),
  "nc-modula-jenkins": twemproxy("jenkins"),
  "nc-modula-hsieh": twemproxy("hsieh"),
  "nc-modula-hsieh-weighted": twemproxy("hsieh"),
  "pymemcache-rendezvous": rendezvous,
  "npm-memcached": ketama,
  // The same choices as `ketama` makes by itself in ketama_ring.json; not so in ketama_ring_more.json.
  "npm-memcached-weighted": (s) => ketama(s, { arithmetic: "float64" }),
  "npm-memcached-hash-ring": (s) => ketama(s, { pointsPerDigest: 3, defaultPort: "written" }),
  "npm-memcached-sha1": (s) => ketama(s, { digest: "sha1" }),
  "npm-hashring": (s) => ketama(s, { defaultPort: "written" }),
  "npm-memcache-ketama": npmMemcacheRing,
  "npm-memcache-ketama-weighted": npmMemcacheRing,
  "npm-memcache-ketama-sha1": (s) => npmMemcacheRing(s, { hash: "sha1" }),
  "npm-memcache-ketama-sha1-weighted": (s) => npmMemcacheRing(s, { hash: "sha1" }),
  "npm-memcache-ketama-md5": (s) => npmMemcacheRing(s, { hash: "md5" }),
  "npm-memcache-ketama-md5-weighted": (s) => npmMemcacheRing(s, { hash: "md5" }),
  "npm-memcache-modula": npmMemcacheModula,
  "npm-memcache-modula-weighted": npmMemcacheModula,
  "npm-memcache-modula-sha1": (s) => npmMemcacheModula(s, { hash: "sha1" }),
  "dalli": dalliRing,
  "dalli-weighted": dalliRing,
};
