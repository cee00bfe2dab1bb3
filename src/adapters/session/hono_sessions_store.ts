/** A store for hono-sessions. @module */

import { type MoecacheSessionOptions, sessionsFrom } from "./sessions.ts";

/** A session of hono-sessions, as far as a store needs it. */
export interface HonoSessionsData {
  /** When it expires, as text in ISO format; `null` for one without a time. */
  readonly _expire: string | null;
}

/** The methods that hono-sessions calls; each rejects as a `Client` does. */
export interface HonoSessionsStore extends AsyncDisposable {
  /** Gets a session, `null` when there is none. */
  getSessionById<Data extends HonoSessionsData>(id?: string): Promise<Data | null>;
  /** Sets a new session. */
  createSession(id: string, data: HonoSessionsData): Promise<void>;
  /** Sets a session, which lives until it expires. */
  persistSessionData(id: string, data: HonoSessionsData): Promise<void>;
  /** Deletes a session. */
  deleteSession(id: string): Promise<void>;
  /** Closes the client if the store made it. */
  close(): Promise<void>;
}

/**
 * Makes a store for hono-sessions. No socket is opened before the first operation needs one.
 *
 * Sessions are stored as JSON with any transcoder of the client. A session lives until it expires by
 * `expireAfterSeconds` of the middleware, and `ttl` seconds without that. It must fit into an item, which is 1 MiB by
 * default. memcached may evict sessions when it needs room, and loses them when it restarts.
 *
 * When memcached cannot be reached, hono-sessions treats the error of a read as a missing session, and then fails to
 * store a new one: the request fails. With a client that has `failover: "miss"`, every visitor has a new, empty
 * session, which is not kept. `deleteSession` still rejects: otherwise the session would be valid again when memcached
 * is back.
 *
 * @param options `client`, or `servers` and `clientOptions`; `prefix`; `ttl`, in seconds.
 * @returns The store.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example The calls that hono-sessions makes
 * ```ts
 * import { honoSessionsStore } from "@moecache/moecache/session";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using store = honoSessionsStore({ servers: server.address });
 *
 * await store.createSession("id", { _expire: null });
 * assertEquals(await store.getSessionById("id"), { _expire: null });
 * await store.deleteSession("id");
 * assertEquals(await store.getSessionById("id"), null);
 * ```
 */
export function honoSessionsStore(options: MoecacheSessionOptions): HonoSessionsStore {
  const { sessions, close } = sessionsFrom(options);
  const set = (id: string, data: HonoSessionsData) => sessions.setRecord(id, data, data?._expire);
  return {
    getSessionById: async <Data>(id?: string) => {
      return id === undefined ? null : await sessions.get<Data>(id) ?? null;
    },
    createSession: set,
    persistSessionData: set,
    deleteSession: (id) => sessions.destroy(id),
    close,
    [Symbol.asyncDispose]: close,
  };
}
