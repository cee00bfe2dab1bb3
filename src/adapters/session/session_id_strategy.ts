/** A strategy for `createSessionStorage` of React Router and Remix. @module */

import { type MoecacheSessionOptions, sessionsFrom } from "./sessions.ts";

/** The options of `createSessionStorage` other than the cookie; each method rejects as a `Client` does. */
export interface SessionIdStrategy extends AsyncDisposable {
  /** Sets a new session; resolves to its id, 122 random bits. */
  createData(data: unknown, expires?: Date): Promise<string>;
  /** Gets a session, `null` when there is none. */
  readData<Data>(id: string): Promise<Data | null>;
  /** Sets a session. */
  updateData(id: string, data: unknown, expires?: Date): Promise<void>;
  /** Deletes a session. */
  deleteData(id: string): Promise<void>;
  /** Closes the client if the strategy made it. */
  close(): Promise<void>;
}

/**
 * Makes what `createSessionStorage` of React Router 7 and 8, and of Remix 2, needs in addition to the cookie. No socket
 * is opened before the first operation needs one.
 *
 * Sessions are stored as JSON with any transcoder of the client. A session lives as long as its cookie, and `ttl`
 * seconds when the cookie has neither `maxAge` nor `expires`. It must fit into an item, which is 1 MiB by default.
 * memcached may evict sessions when it needs room, and loses them when it restarts.
 *
 * When memcached cannot be reached, `getSession`, `commitSession` and `destroySession` reject. With a client that has
 * `failover: "miss"`, every visitor has a new, empty session, which is not kept. `deleteData` still rejects:
 * otherwise the session would be valid again when memcached is back.
 *
 * @param options `client`, or `servers` and `clientOptions`; `prefix`; `ttl`, in seconds.
 * @returns The strategy.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example The calls that `createSessionStorage` makes
 * ```ts
 * import { sessionIdStrategy } from "@moecache/moecache/session";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using strategy = sessionIdStrategy({ servers: server.address });
 *
 * const id = await strategy.createData({ user: "Ada" });
 * assertEquals(await strategy.readData(id), { user: "Ada" });
 * await strategy.deleteData(id);
 * assertEquals(await strategy.readData(id), null);
 * ```
 */
export function sessionIdStrategy(options: MoecacheSessionOptions): SessionIdStrategy {
  const { sessions, close } = sessionsFrom(options);
  return {
    createData: async (data, expires) => {
      const id = crypto.randomUUID();
      await sessions.setRecord(id, data, expires);
      return id;
    },
    readData: async <Data>(id: string) => await sessions.get<Data>(id) ?? null,
    updateData: (id, data, expires) => sessions.setRecord(id, data, expires),
    deleteData: (id) => sessions.destroy(id),
    close,
    [Symbol.asyncDispose]: close,
  };
}
