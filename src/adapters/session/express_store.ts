/** A store for express-session. @module */

import { ValidationException } from "../../../mod.ts";
import { checkFunction } from "../../option_checks.ts";
import { callBack } from "../node_callbacks.ts";
import { type MoecacheSessionOptions, type SessionExpiry, sessionsFrom } from "./sessions.ts";

/** What express-session exports, as far as a store needs it. */
export interface ExpressSession<Base extends object> {
  /** The class that stores extend. */
  readonly Store: { readonly prototype: Base };
}

/** A session, as far as a store needs it. */
export interface MoecacheSession {
  /** The session's cookie. */
  readonly cookie: {
    /** When the cookie expires; none, `null` or `false` for one that ends with the browser. */
    readonly expires?: Date | string | boolean | null | undefined;
  };
}

/** Takes an error, or `null` or nothing. */
export type MoecacheSessionCallback = (error?: unknown) => void;

/** The methods that express-session calls. */
export interface MoecacheSessionMethods extends AsyncDisposable {
  /** Gets a session; the callback gets nothing when there is none. */
  get<Session extends MoecacheSession>(
    id: string,
    callback: (error: unknown, session?: Session | null) => void,
  ): void;
  /** Sets a session, which lives for as long as its cookie. */
  set(id: string, session: MoecacheSession, callback?: MoecacheSessionCallback): void;
  /** Lets a session live for as long as its cookie, and stores this cookie; changes nothing else of it. */
  touch(id: string, session: MoecacheSession, callback?: MoecacheSessionCallback): void;
  /** Deletes a session. */
  destroy(id: string, callback?: MoecacheSessionCallback): void;
  /** Deletes all sessions of the store, in one round trip. */
  clear(callback?: MoecacheSessionCallback): void;
  /** Closes the client if the store made it. */
  close(): Promise<void>;
}

/**
 * Makes a store for express-session. No socket is opened before the first operation needs one.
 *
 * Sessions are stored as JSON with any transcoder of the client. A session lives until its cookie expires, and up to
 * two seconds longer, because memcached counts whole seconds. It must fit into an item, which is 1 MiB by default.
 * memcached may evict sessions when it needs room, and loses them when it restarts: their users are logged out then.
 * Errors go to the callback, and express-session passes them to the next error handler. With a client that has
 * `failover: "miss"`, reads find nothing and writes are dropped. `destroy` still gives an error: otherwise the
 * session would be valid again when memcached is back.
 *
 * @param session What express-session exports.
 * @param options `client`, or `servers` and `clientOptions`; `prefix`; `ttl`, in seconds.
 * @returns The store, an instance of `session.Store`.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example The calls that express-session makes
 * ```ts
 * import { moecacheSessionStore } from "@moecache/moecache/session";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * class Store {} // that of express-session
 * await using store = moecacheSessionStore({ Store }, { servers: server.address });
 *
 * await new Promise<void>((done) => store.set("id", { cookie: {} }, () => done()));
 * const session = await new Promise((done) => store.get("id", (_error, found) => done(found)));
 * assertEquals(session, { cookie: {} });
 * ```
 */
export function moecacheSessionStore<Base extends object>(
  session: ExpressSession<Base>,
  options: MoecacheSessionOptions,
): Base & MoecacheSessionMethods {
  if (typeof session?.Store !== "function") {
    const why = "it must be what express-session exports";
    // Without what was given, which may be options with a password.
    throw new ValidationException(`Cannot use session: ${why}`);
  }
  const { sessions, close } = sessionsFrom(options);
  const methods: MoecacheSessionMethods = {
    get: (id, callback) => answer(() => sessions.get(id), callback as Answer),
    set: (id, session, callback) =>
      answer(() => sessions.setRecord(id, session, expiryOf(session)), callback),
    touch: (id, session, callback) =>
      answer(() => sessions.touch(id, session?.cookie, expiryOf(session)), callback),
    destroy: (id, callback) => answer(() => sessions.destroy(id), callback),
    clear: (callback) => answer(() => sessions.clear(), callback),
    close,
    [Symbol.asyncDispose]: close,
  };
  const store: Base = Reflect.construct(session.Store, []);
  return Object.assign(store, methods);
}

/** A session that another program has made may have no cookie. */
function expiryOf(session: MoecacheSession | null | undefined): SessionExpiry {
  return session?.cookie?.expires;
}

/** A callback for any outcome: that of `get` says itself what a session is. */
type Answer = (error: unknown, result?: unknown) => void;

/**
 * Gives the outcome of an operation to a callback, if there is one.
 *
 * @throws {ValidationException} At once, before anything is sent, when the callback is no function: that would end the
 * process later.
 */
function answer<Result>(
  operate: () => Promise<Result>,
  callback: ((error: unknown, result?: Result) => void) | null | undefined,
): void {
  if (callback !== undefined && callback !== null) checkFunction("callback", callback);
  operate().then(
    (result) => callBack(() => callback?.(null, result)),
    (error) => callBack(() => callback?.(error)),
  );
}
