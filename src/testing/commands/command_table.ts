/**
 * Every command this server knows, by name.
 *
 * @module
 */

import { flushAll, quit, verbosity, version } from "./administration.ts";
import { decr, incr } from "./arithmetic.ts";
import type { Command } from "./command.ts";
import { config } from "./config.ts";
import { deleteCommand } from "./delete.ts";
import { lruCrawler } from "./lru_crawler.ts";
import { metaArithmetic } from "./meta_arithmetic.ts";
import { metaDebug, metaNoop } from "./meta_debug.ts";
import { metaDelete } from "./meta_delete.ts";
import { metaGet } from "./meta_get.ts";
import { metaSet } from "./meta_set.ts";
import { gat, gats, get, gets } from "./retrieval.ts";
import { stats } from "./stats.ts";
import { add, append, cas, prepend, replace, set } from "./storage.ts";
import { touch } from "./touch.ts";
import { watch } from "./watch.ts";

/** Every command this server knows, by name. */
export const commandTable: ReadonlyMap<string, Command> = new Map([
  ["get", get],
  ["gets", gets],
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
  ["verbosity", verbosity],
  ["version", version],
  ["stats", stats],
  ["lru_crawler", lruCrawler],
  ["watch", watch],
  ["config", config],
  ["quit", quit],
]);
