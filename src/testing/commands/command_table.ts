/**
 * Every command this server knows, by name.
 *
 * @module
 */

import {
  cacheMemoryLimit,
  config,
  flushAll,
  quit,
  verbosity,
  version,
  watch,
} from "./administration.ts";
import { decr, incr } from "./arithmetic.ts";
import type { Command } from "./command.ts";
import { lruCrawler } from "./lru_crawler.ts";
import { metaArithmetic } from "./meta_arithmetic.ts";
import { metaDelete } from "./meta_delete.ts";
import { metaDebug, metaGet, metaNoop } from "./meta_get.ts";
import { metaSet } from "./meta_set.ts";
import { gat, gats, get, gets, touch } from "./retrieval.ts";
import { stats } from "./stats.ts";
import { add, append, cas, deleteCommand, prepend, replace, set } from "./storage.ts";

/** Every command this server knows, by name. */
export const commandTable: ReadonlyMap<string, Command> = /* @__PURE__ */ new Map([
  ["get", get],
  ["gets", gets],
  // An old, undocumented name that memcached accepted until 1.6.39.
  ["bget", get],
  ["gat", gat],
  ["gats", gats],
  ["set", set],
  ["add", add],
  ["replace", replace],
  ["append", append],
  ["prepend", prepend],
  ["cas", cas],
  ["delete", deleteCommand],
  ["incr", incr],
  ["decr", decr],
  ["touch", touch],
  ["mg", metaGet],
  ["ms", metaSet],
  ["md", metaDelete],
  ["ma", metaArithmetic],
  ["mn", metaNoop],
  ["me", metaDebug],
  ["flush_all", flushAll],
  ["cache_memlimit", cacheMemoryLimit],
  ["verbosity", verbosity],
  ["version", version],
  ["stats", stats],
  ["lru_crawler", lruCrawler],
  ["watch", watch],
  ["config", config],
  ["quit", quit],
]);
