/**
 * Every command this server knows, by name.
 *
 * @module
 */

import { flushAll, quit, verbosity, version } from "./administration.ts";
import { decr, incr } from "./arithmetic.ts";
import type { Command } from "./command.ts";
import { deleteCommand } from "./delete.ts";
import { gat, gats, get, gets } from "./retrieval.ts";
import { stats } from "./stats.ts";
import { add, append, cas, prepend, replace, set } from "./storage.ts";
import { touch } from "./touch.ts";

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
  ["flush_all", flushAll],
  ["verbosity", verbosity],
  ["version", version],
  ["stats", stats],
  ["quit", quit],
]);
