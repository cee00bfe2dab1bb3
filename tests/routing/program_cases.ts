/** Which locator is to choose as a program did, by the case ids of the vectors. */

import type { LocatorFactory } from "../../src/routing/locator.ts";
import {
  dalliRing,
  ketama,
  type KeyHash,
  libmemcachedRing,
  type LibmemcachedRingOptions,
  modula,
  npmMemcacheModula,
  npmMemcacheRing,
  pythonMemcachedModulo,
  rendezvous,
  type SpymemcachedHash,
  spymemcachedKetama,
  type SpymemcachedKetamaOptions,
  spymemcachedModulo,
  twemproxyModula,
} from "../../src/routing/mod.ts";
import spymemcached from "../vectors/spymemcached_ring.json" with { type: "json" };

const libmemcachedModula = (hash: KeyHash): LocatorFactory => (s) => modula(s, { hash });
const twemproxy = (hash: KeyHash): LocatorFactory => (s) => twemproxyModula(s, { hash });
const twemproxyKetama = (keyHash: KeyHash): LocatorFactory => (s) =>
  ketama(s, { keyHash, socketLabel: "path:" });
const libmemcached = (hash: KeyHash): LocatorFactory => (s) => libmemcachedRing(s, { hash });
const spy: LibmemcachedRingOptions = { hash: "md5", labels: "spymemcached" };
const port0: LocatorFactory = (s) => ketama(s, { socketLabel: "path:0" });
const ringPort0: LocatorFactory = (s) => libmemcachedRing(s, { socketLabel: "path:0" });

/** The IP addresses that spymemcached's host names had, the fourth field of a server. */
const addresses = Object.fromEntries(
  spymemcached.lists.flatMap(({ servers }) => servers).filter((server) => server.length === 4)
    .map(([host, , , address]) => [host, address]),
) as Record<string, string>;
const spyKetama = (options: SpymemcachedKetamaOptions): LocatorFactory => (s) =>
  spymemcachedKetama(s, { addresses, ...options });
const spyModulo = (hash: SpymemcachedHash): LocatorFactory => (s) =>
  spymemcachedModulo(s, { hash });

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
  "lm-ketama-with-weights": ringPort0,
  "lm-ketama-md5": libmemcached("md5"),
  "lm-ketama-crc": libmemcached("crc"),
  "lm-ketama-fnv1a32": libmemcached("fnv1a_32"),
  "lm-ketama-spy": (s) => libmemcachedRing(s, spy),
  "lm-ketama-weighted-1": ketama,
  "lm-ketama-weighted": port0,
  "lm-path-ketama-weighted": ketama,
  "lm-path-ketama": libmemcachedRing,
  "lm-path-ketama-spy": (s) => libmemcachedRing(s, spy),
  "lm-socket-ketama-weighted": port0,
  "lm-socket-ketama": ringPort0,
  "lm-socket-ketama-spy": (s) => libmemcachedRing(s, { ...spy, socketLabel: "path:0" }),
  "php-ketama-weighted": ketama,
  "php-consistent": libmemcachedRing,
  "php-servers-ketama-weighted": port0,
  "pylibmc-ketama-weighted": port0,
  "pylibmc-ketama": ringPort0,
  "nc-ketama": (s) => ketama(s, { socketLabel: "path:" }),
  "nc-ketama-md5": ketama,
  "nc-ketama-md5-weighted": ketama,
  "nc-ketama-fnv1a-64": twemproxyKetama("fnv1a_64"),
  "nc-ketama-fnv1-64": twemproxyKetama("fnv1_64"),
  "nc-ketama-one-at-a-time": twemproxyKetama("one_at_a_time"),
  "nc-ketama-hsieh": twemproxyKetama("hsieh"),
  "nc-ketama-murmur-weighted": twemproxyKetama("murmur"),
  "nc-modula": twemproxyModula,
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
  "pymemcache": rendezvous,
  "npm-memcached": ketama,
  // The same choices as `ketama` makes by itself in ketama_ring.json; not so in ketama_ring_more.json.
  "npm-memcached-weighted": (s) => ketama(s, { arithmetic: "float64" }),
  "npm-memcached-hash-ring": (s) => ketama(s, { pointsPerDigest: 3, defaultPort: "written" }),
  "npm-memcached-sha1": (s) => ketama(s, { digest: "sha1" }),
  "npm-hashring": (s) => ketama(s, { defaultPort: "written" }),
  "npm-memcache": npmMemcacheRing,
  "npm-memcache-ketama": npmMemcacheRing,
  "npm-memcache-ketama-weighted": npmMemcacheRing,
  "npm-memcache-ketama-sha1": (s) => npmMemcacheRing(s, { hash: "sha1" }),
  "npm-memcache-ketama-sha1-weighted": (s) => npmMemcacheRing(s, { hash: "sha1" }),
  "npm-memcache-ketama-md5": (s) => npmMemcacheRing(s, { hash: "md5" }),
  "npm-memcache-ketama-md5-weighted": (s) => npmMemcacheRing(s, { hash: "md5" }),
  "npm-memcache-modula": npmMemcacheModula,
  "npm-memcache-modula-weighted": npmMemcacheModula,
  "npm-memcache-modula-sha1": (s) => npmMemcacheModula(s, { hash: "sha1" }),
  "pm-default": pythonMemcachedModulo,
  "pm-weighted": pythonMemcachedModulo,
  "spy-modulo-native": spymemcachedModulo,
  "spy-modulo-crc": spyModulo("crc"),
  "spy-modulo-fnv1-64": spyModulo("fnv1_64"),
  "spy-modulo-fnv1a-64": spyModulo("fnv1a_64"),
  "spy-modulo-fnv1-32": spyModulo("fnv1_32"),
  "spy-modulo-fnv1a-32": spyModulo("fnv1a_32"),
  "spy-modulo-ketama": spyModulo("ketama"),
  "spy-ketama-native": spyKetama({ hash: "native" }),
  "spy-ketama-crc": spyKetama({ hash: "crc" }),
  "spy-ketama-fnv1-64": spyKetama({ hash: "fnv1_64" }),
  "spy-ketama-fnv1a-64": spyKetama({ hash: "fnv1a_64" }),
  "spy-ketama-fnv1-32": spyKetama({ hash: "fnv1_32" }),
  "spy-ketama-fnv1a-32": spyKetama({ hash: "fnv1a_32" }),
  "spy-ketama-ketama": spyKetama({}),
  "spy-ketama-weighted": spyKetama({}),
  "spy-ketama-lm": spyKetama({ labels: "libmemcached" }),
  "spy-ketama-lm-weighted": spyKetama({ labels: "libmemcached" }),
  "spy-ketama-native-weighted": spyKetama({ hash: "native" }),
  "dalli": dalliRing,
  "dalli-weighted": dalliRing,
};
