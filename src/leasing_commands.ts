/** What is built on memcached's commands: computing values once, changing them safely. @module */

import type { OperationOptions } from "./client_options.ts";
import { type GetOrSetOptions, type Load, SingleFlight } from "./get_or_set.ts";
import { CountingCommands } from "./counting_commands.ts";
import { Leases } from "./leases.ts";
import { checkKey } from "./protocol/key.ts";
import type { Session } from "./session.ts";
import { checkSpan } from "./spans.ts";
import { type Change, update, type UpdateOptions } from "./update.ts";

/** How an item is marked as stale. */
export interface InvalidateOptions extends OperationOptions {
  /**
   * How long the stale value may serve, in seconds: an integer from 1 to 2,592,000 (30 days). Unless
   * given, for as long as it would have lived anyway.
   */
  readonly staleFor?: number;
}

/** The part of a `Client` that computes and changes values. */
export class LeasingCommands extends CountingCommands {
  readonly #session: Session;
  readonly #singleFlight: SingleFlight;
  readonly #leases: Leases;

  /** @internal */
  constructor(session: Session) {
    super(session);
    this.#session = session;
    this.#singleFlight = new SingleFlight(session);
    this.#leases = new Leases(session);
  }

  /**
   * Gets the value of a key, or computes and stores it: once for all callers of this client, and once
   * among all clients. Needs memcached 1.6.10 or later.
   *
   * Whoever finds no value first puts a lease in its place and calls `load`; the others wait for up to
   * `waitFor`, then compute without storing. A value that is stale, by its age or because it was
   * {@linkcode invalidate}d, is computed anew by one caller, who waits for it; the others are served the
   * old one at once. What is stored replaces only what was there when the lease was won, so a value that
   * was computed too late, or of what has been deleted or invalidated since, is returned but not kept.
   * Whoever computes and dies holds the others up for `lockFor` at most. memcached numbers its cas uniques
   * from the start again when it restarts; the lease, which holds a text that occurs only once, is therefore
   * read once more before the value is stored, which costs a round trip. Where `load` took longer than
   * `lockFor`, the stale value is, and must have its bytes still. Only a restart between that and
   * the storing goes unnoticed, if another has got a lease or value of the same cas unique by then.
   *
   * An error of `load` goes to all callers of this client who wait for it. Others then call their own
   * `load`, unless `negativeFor` keeps the error's message: then they get a `ClientException` that quotes
   * it, or the stale value where there is one.
   *
   * Callers who ask at the same time share one value; whoever changes it changes it for all, and the
   * options that count are those of the first. Whoever asks after this client has set, deleted, invalidated
   * or otherwise changed the key does not join what began before; those who had joined get what that gives.
   * `waitFor` bounds the waiting for other clients only, not for `load`, nor for another caller's in this one.
   *
   * With `staleFor`, a value is stored for `exptime` and `staleFor` together, and `get` goes on returning
   * it after `exptime`. What is left to an item tells whether it is stale: one that a plain `set` stored
   * for `staleFor` or less is stale at once.
   *
   * A lease is an item with a random text under the flags 0x6d6f656c, a kept error one with its message
   * under 0x6d6f6566; beside a value that is computed anew, the lease has a key of its own, which is the
   * value's and `~moecache-lease`; where that is longer than 250 characters, the value's key is cut, and its
   * hash put in. Clients of this library read them as misses; to other clients they are items under flags
   * they do not know, for which Python's moecache raises its `ClientException`. Until they expire, `add` is
   * refused, and other commands on the key meet the lease, since memcached sees an item there: `touch` is
   * `true`, and prolongs or shortens it, or ends it when it is to last for ever; so does `getAndTouch`,
   * which finds nothing; `append` and `prepend` are `true`, and add bytes to it that are gone when it ends,
   * and the value computed is not kept then; `replace` is `true`, and puts a value in its place, which the
   * computed one does not replace; `incr` and `decr` are refused.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param load Computes the value. `undefined` is returned but not stored.
   * @param options `exptime`, `staleFor`, `earlyRefresh`, `lockFor`, `waitFor` and `negativeFor`, all in
   * seconds; `signal`, which ends this caller's waiting, not the computation that others may wait for.
   * @returns The value.
   * @throws What `load` throws.
   * @throws {ValidationException} When the key, an option or the value computed is invalid.
   * @throws {ClientException} When memcached refuses, or is older; when it holds a value that the
   * transcoder does not read; when `load` failed less than `negativeFor` ago.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; but where the
   * client takes that for a miss (`failover`), the value is computed and not stored.
   *
   * @example A value that is computed once
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * let loads = 0;
   * const load = () => Promise.resolve({ loads: ++loads });
   * const options = { exptime: 60, staleFor: 30 };
   * const values = await Promise.all([
   *   client.getOrSet("report", load, options),
   *   client.getOrSet("report", load, options),
   * ]);
   * assertEquals(values, [{ loads: 1 }, { loads: 1 }]);
   * ```
   */
  getOrSet<Value>(
    key: string,
    load: Load<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    return this.#singleFlight.getOrSet(key, load, options ?? {});
  }

  /**
   * Marks a value as stale: the next {@linkcode getOrSet} computes a new one, and until that is there
   * all others are served the old one, as `get` is. A value that is being computed meanwhile will not be
   * kept. To have the value gone at once, `delete` it. Needs memcached 1.6.10 or later.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `staleFor`, how long the old value may serve, in seconds; `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or an option is invalid.
   * @throws {ClientException} When memcached refuses, or is older.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
   *
   * @example A report that is out of date, but better than none
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("report", "of yesterday");
   * assertEquals(await client.invalidate("report", { staleFor: 60 }), true);
   * assertEquals(await client.get("report"), "of yesterday");
   * assertEquals(await client.getOrSet("report", () => "of today"), "of today");
   * ```
   */
  async invalidate(key: string, options: InvalidateOptions = {}): Promise<boolean> {
    checkKey(key, "invalidate");
    const { staleFor } = options;
    const seconds = staleFor === undefined ? undefined : checkSpan("staleFor", staleFor, 1);
    return await this.#leases.invalidate(key, seconds, options);
  }

  /**
   * Changes the value of a key: reads it, calls `change` and stores what that gives, unless somebody
   * else has changed the value meanwhile; then it does so again, a little later. So nothing that others
   * store is lost, and `change` may be called several times.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param change Makes the new value of the old one, or of `undefined` when the key does not exist; when
   * it gives `undefined`, nothing is stored.
   * @param options `exptime` of the new value, never unless given; `retries`, how often to try again, 25
   * times unless given; `signal`.
   * @returns The new value, or `undefined` when nothing was stored.
   * @throws What `change` throws.
   * @throws {ValidationException} When the key, an option or the new value is invalid.
   * @throws {ClientException} When others were faster each time; when memcached refuses, or holds a value
   * that the transcoder does not read.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; the new
   * value may have been stored then.
   *
   * @example Two additions at once, of which none is lost
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const add = (name: string) =>
   *   client.update<string[]>("names", (names = []) => [...names, name], { exptime: 60 });
   * await Promise.all([add("Ada"), add("Grace")]);
   * assertEquals((await client.get<string[]>("names"))?.length, 2);
   * ```
   */
  update<Value = unknown>(
    key: string,
    change: Change<Value>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    return update(this.#session, key, change, options ?? {});
  }
}
