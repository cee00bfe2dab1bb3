/** Several fleets with the same values. @module */

import { type Clock, type KeyCommands, type Transcoder, ValidationException } from "../../mod.ts";
import {
  checkChoice,
  checkClient,
  checkFunction,
  checkInteger,
  checkNames,
  invalidOption,
} from "../option_checks.ts";
import { systemClock } from "../waiting.ts";
import { Fleets } from "./replicas/fleets.ts";
import type { ReplicaEvents } from "./replicas/replica_events.ts";
import { ReplicasView } from "./replicas/replicas_view.ts";

/** The options of {@linkcode replicas}. */
export interface ReplicasOptions {
  /**
   * Which fleet is read first: the `"first"` of the list (the default), `"any"` at random, or the `"nearest"`: those in
   * `zone`, or without zones the one with the fastest recent answers.
   */
  readonly read?: "first" | "any" | "nearest" | undefined;
  /**
   * After how many milliseconds without an answer the next fleet is asked too: a number from 0 to 60,000, or
   * `"p95"`, what 95 of the last 100 reads took. By default the next one is asked after a miss or a fault only.
   */
  readonly hedgeAfter?: number | "p95" | undefined;
  /** How many fleets must take a write: `"any"` (the default), `"all"`, or a number from 1 to that of the fleets. */
  readonly write?: "any" | "all" | number | undefined;
  /** The zone of each fleet, in the order of the fleets; for `read: "nearest"`. */
  readonly zones?: readonly string[] | undefined;
  /** The zone of this process. */
  readonly zone?: string | undefined;
  /** For tests: where the time is taken from. */
  readonly clock?: Clock | undefined;
}

/** Commands on keys of several fleets. */
export interface ReplicaCommands extends KeyCommands {
  /** Dispatches a {@linkcode ReplicaFailure} named `"failure"` for each fleet that failed in an operation. */
  readonly events: ReplicaEvents;
  /** The same fleets, with another transcoder. */
  withTranscoder(transcoder: Transcoder): ReplicaCommands;
}

/**
 * Makes a view of several fleets of servers that hold the same values, such as one in each zone.
 *
 * Reads go to one fleet. When it misses, fails or is slow (`hedgeAfter`), the next one is asked, and the first value is
 * returned. A read misses when a fleet has answered that there is nothing and no other has a value; it fails when no
 * fleet has answered. If another fleet has the value, it is copied to the fleet that missed it, with the remaining
 * exptime.
 *
 * `set`, `setMany`, `touch`, `delete`, `deleteMany` and `invalidate` are sent to all fleets at once and succeed when as
 * many as `write` says have carried them out. Commands whose result depends on the value (`add`, `replace`, `append`,
 * `prepend`, `incr`, `decr`, `update`) are decided by the first fleet of the list that can be reached, and `cas` by the
 * fleet that its cas unique is from. If that fleet lacks the value, it first gets it from another one, so that `add`
 * stores nothing where any fleet has a value. The result is copied to the others. The command succeeds when as many as
 * `write` says have it. `getOrSet` asks one fleet after the other, under a lease in each, and fills all that miss; it
 * needs one of them.
 *
 * A write that fails because too few fleets have taken it stays in those that have: it is not undone. With
 * `failover: "miss"` in one of the clients, such a write is dropped without an error, and a read that no fleet has
 * answered is a miss.
 *
 * **Consistency.** The fleets are caches side by side, not a database. A fleet that could not be reached for a write
 * keeps the old value: this process does not read or change the key there again before it has deleted it there, for up
 * to 100,000 keys, and dispatches an event. Other processes may find the old value there until its exptime. Two
 * processes that `set` a key at the same time may leave one value in one fleet and the other in another. Where that
 * matters, use `cas` or `update`, which one fleet decides. Where they do not reach the same
 * fleets, different ones decide, and both processes may succeed in an `add`.
 *
 * @param clients The fleets: clients, namespaces of one prefix each, or other views. At least one.
 * @param options `read`, `hedgeAfter`, `write`, `zones`, `zone`.
 * @returns The commands, and `events`. Cas uniques are valid for this view only.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example Two zones, and one is down
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { replicas } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using here = new Client("127.0.0.1:1", { timeout: 100 });
 * await using there = new Client(server.address);
 *
 * const cache = replicas([here, there]);
 * await cache.set("key", "value", 60);
 * assertEquals(await cache.get("key"), "value");
 * ```
 */
export function replicas(
  clients: readonly KeyCommands[],
  options: ReplicasOptions = {},
): ReplicaCommands {
  const names = ["read", "hedgeAfter", "write", "zones", "zone", "clock"];
  checkNames(options, names);
  if (!Array.isArray(clients) || clients.length === 0) {
    throw invalidOption("clients", clients, "a list of at least one client");
  }
  for (const client of clients) checkClient(client, undefined, "one of the clients");
  const { read = "first", hedgeAfter, write = "any", zones, zone, clock = systemClock } = options;
  checkChoice("read", read, ["first", "any", "nearest"]);
  if (hedgeAfter !== undefined && hedgeAfter !== "p95") {
    const isDelay = typeof hedgeAfter === "number" && hedgeAfter >= 0 && hedgeAfter <= 60_000;
    if (!isDelay) throw invalidOption("hedgeAfter", hedgeAfter, `a number up to 60000, or "p95"`);
  }
  const count = clients.length;
  const needed = write === "any" ? 1 : write === "all" ? count : write;
  checkInteger("write", needed, 1, count);
  if ((zones === undefined) !== (zone === undefined)) {
    throw new ValidationException("Cannot use zones: zones and zone belong together", options);
  }
  const isZone = (name: unknown) => typeof name === "string";
  if (zones !== undefined) {
    const areZones = Array.isArray(zones) && zones.length === count && zones.every(isZone);
    if (!areZones) {
      throw invalidOption("zones", zones, "a list of names, one for each client");
    }
    if (!isZone(zone)) throw invalidOption("zone", zone, "a name");
  }
  checkFunction("clock.now", clock?.now);
  checkFunction("clock.after", clock?.after);
  return new ReplicasView(
    new Fleets(clients, {
      read,
      hedgeAfter,
      needed,
      isNear: zones === undefined ? undefined : clients.map((_, i) => zones[i] === zone),
      clock,
    }),
  );
}
