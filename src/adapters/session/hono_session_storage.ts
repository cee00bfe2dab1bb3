/** A storage for @hono/session. @module */

import { checkFunction, copyOptions } from "../../option_checks.ts";
import { checkAdapterOptions } from "../adapter_options.ts";
import { callBack, doneNow } from "../node_callbacks.ts";
import {
  checkSession,
  type MoecacheSessionOptions,
  OPTION_TYPES,
  ownSession,
  sessionsFrom,
} from "./sessions.ts";

/** The options of {@linkcode honoSessionStorage}. */
export interface HonoSessionStorageOptions extends MoecacheSessionOptions {
  /**
   * Called with the error when a session could not be stored or deleted. @hono/session does not wait for either, so it
   * cannot pass the error on.
   */
  readonly onError: (error: unknown) => void;
}

/** The methods that @hono/session calls. */
export interface HonoSessionStorage extends AsyncDisposable {
  /** Gets a session, `null` when there is none; rejects as a `Client` does. */
  get<Data>(sid: string): Promise<Data | null>;
  /** Begins to set a session. */
  set(sid: string, value: unknown): void;
  /** Begins to delete a session. */
  delete(sid: string): void;
  /**
   * Waits until all is written that has been set and deleted so far, also if that failed. A worker needs it:
   * `context.executionCtx.waitUntil(storage.written())`.
   */
  written(): Promise<void>;
  /** Waits for what is being written, and closes the client if the storage made it. */
  close(): Promise<void>;
}

/**
 * Makes a storage for `useSessionStorage` of @hono/session. No socket is opened before the first operation needs one.
 *
 * Sessions are stored as JSON with any transcoder of the client. A session lives `ttl` seconds after it was stored
 * last: set `ttl` to no less than the `duration` of `useSession`. It must fit into an item, which is 1 MiB by default.
 * memcached may evict sessions when it needs room, and loses them when it restarts.
 *
 * @hono/session answers a request while its session is being stored. The storage writes the changes of a session one
 * after the other, and reads it after them; another process may read it before.
 *
 * When memcached cannot be reached, a read rejects, and errors of writes go to `onError`. With a client that has
 * `failover: "miss"`, reads find nothing and writes are dropped. The error of a failed deletion still goes to
 * `onError`: the session is valid again when memcached is back.
 *
 * @param options `onError`; `client`, or `servers` and `clientOptions`; `prefix`; `ttl`, in seconds.
 * @returns The storage.
 * @throws {ValidationException} When an option is invalid, or there is no `onError`.
 *
 * @example The calls that @hono/session makes
 * ```ts
 * import { honoSessionStorage } from "@moecache/moecache/session";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const onError = (error: unknown) => console.error(error);
 * await using storage = honoSessionStorage({ servers: server.address, onError });
 *
 * storage.set("id", { user: "Ada" });
 * assertEquals(await storage.get("id"), { user: "Ada" });
 * ```
 */
export function honoSessionStorage(options: HonoSessionStorageOptions): HonoSessionStorage {
  const types = { ...OPTION_TYPES, onError: "function" } as const;
  checkAdapterOptions(options ?? {}, types);
  const { onError, ...rest } = copyOptions(options ?? {}, Object.keys(types));
  checkFunction("onError", onError);
  const { sessions, close } = sessionsFrom(rest);
  /** The last write of each session that is under way. */
  const writes = new Map<string, Promise<void>>();
  const write = (sid: string, begin: () => Promise<void>) => {
    const writing = (async (before) => {
      await before;
      try {
        await begin();
      } catch (error) {
        callBack(() => onError(error));
      }
    })(writes.get(sid));
    writes.set(sid, writing);
    void writing.then(() => {
      if (writes.get(sid) === writing) writes.delete(sid);
    });
  };
  const written = async () => {
    await Promise.all(writes.values());
  };
  const closeAll = async () => {
    await written();
    await close();
  };
  return {
    get: async <Data>(sid: string) => {
      await writes.get(sid);
      return await sessions.get<Data>(sid) ?? null;
    },
    set: (sid, value) => {
      // It may have to wait for the write before.
      const own = doneNow(() => {
        checkSession(value);
        return ownSession(value);
      });
      write(sid, async () => await sessions.set(sid, own(), undefined));
    },
    delete: (sid) => write(sid, () => sessions.destroy(sid)),
    written,
    close: closeAll,
    [Symbol.asyncDispose]: closeAll,
  };
}
