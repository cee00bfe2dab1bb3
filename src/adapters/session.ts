/**
 * A store for npm's `express-session`. express-session itself is not imported: its `Store` is passed in.
 *
 * @example Sessions on memcached
 * ```ts ignore
 * import express from "express";
 * import session from "express-session";
 * import { moecacheSessionStore } from "@moecache/moecache/session";
 *
 * const store = moecacheSessionStore(session, { servers: "127.0.0.1:11211" });
 * const app = express();
 * app.use(session({ store, secret: "a secret", resave: false, saveUninitialized: false }));
 * ```
 *
 * @module
 */

import {
  type ClientOptions,
  type Exptime,
  jsonTranscoder,
  type KeyCommands,
  Namespace,
  type ServerAddress,
  ValidationException,
} from "../../mod.ts";
import { checkOptions, invalidOption, type OptionTypes } from "../option_checks.ts";
import { checkPrefix, clientFrom } from "./adapter_options.ts";
import { exptimeOf, itemKeyOf, roomBehind } from "./key_and_exptime.ts";
import { callBack } from "./node_callbacks.ts";

/** The options of {@linkcode moecacheSessionStore}. */
export interface MoecacheSessionOptions {
  /** The client to use; the store does not close it. Either this or `servers` is required. */
  readonly client?: KeyCommands | undefined;
  /** The servers, as a `Client` takes them. The store makes a client for them, and closes it. */
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  /** The options of the client that the store makes for `servers`. */
  readonly clientOptions?: ClientOptions | undefined;
  /** The prefix of all keys in memcached, 1 to 50 characters, each from `!` to `~`; `"session:"` by default. */
  readonly prefix?: string | undefined;
  /** The lifetime in seconds of sessions whose cookie has none, more than 0; 86,400 by default, which is a day. */
  readonly ttl?: number | undefined;
}

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
  /** Lets a session live for as long as its cookie, and does not change it otherwise. */
  touch(id: string, session: MoecacheSession, callback?: MoecacheSessionCallback): void;
  /** Deletes a session. */
  destroy(id: string, callback?: MoecacheSessionCallback): void;
  /** Deletes all sessions of the store, in one round trip. */
  clear(callback?: MoecacheSessionCallback): void;
  /** Closes the client if the store made it. */
  close(): Promise<void>;
}

const OPTION_TYPES: OptionTypes<MoecacheSessionOptions> = {
  client: "any",
  servers: "any",
  clientOptions: "any",
  prefix: "string",
  ttl: "number",
};

const DAY = 86_400;

/**
 * Makes a store for express-session. No socket is opened before the first operation needs one.
 *
 * Sessions are stored as JSON, whatever transcoder the client has. A session lives until its cookie expires, and up to
 * two seconds longer, because memcached counts whole seconds. It must fit into an item, which is 1 MiB by default.
 * memcached may evict sessions when it needs room, and loses them when it restarts: their users are logged out then.
 * Errors go to the callback, and express-session passes them to the next error handler.
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
    throw new ValidationException(`Cannot use session: ${why}`, session);
  }
  checkOptions(options ?? {}, OPTION_TYPES);
  const { prefix = "session:", ttl = DAY } = options ?? {};
  if (!(ttl > 0)) throw invalidOption("ttl", ttl, "a number of seconds above 0");
  const { client, close } = clientFrom(options ?? {});
  const sessions = new Sessions(client, checkPrefix(prefix), ttl * 1000);
  const methods: MoecacheSessionMethods = {
    get: (id, callback) => answer(sessions.get(id), callback as Answer),
    set: (id, session, callback) => answer(sessions.set(id, session), callback),
    touch: (id, session, callback) => answer(sessions.touch(id, session), callback),
    destroy: (id, callback) => answer(sessions.destroy(id), callback),
    clear: (callback) => answer(sessions.clear(), callback),
    close,
    [Symbol.asyncDispose]: close,
  };
  const store: Base = Reflect.construct(session.Store, []);
  return Object.assign(store, methods);
}

/** The sessions, with promises. */
class Sessions {
  readonly #namespace: Namespace;
  readonly #longest: number;
  readonly #lifetime: number;

  /** @param lifetime The milliseconds that a session lives whose cookie has no time. */
  constructor(client: KeyCommands, prefix: string, lifetime: number) {
    this.#namespace = new Namespace(client.withTranscoder(jsonTranscoder), prefix);
    this.#longest = roomBehind(client, prefix);
    this.#lifetime = lifetime;
  }

  async get<Session>(id: string): Promise<Session | undefined> {
    return await this.#namespace.get<Session>(await this.#keyOf(id));
  }

  async set(id: string, session: MoecacheSession): Promise<void> {
    await this.#namespace.set(await this.#keyOf(id), session, this.#exptimeOf(session));
  }

  async touch(id: string, session: MoecacheSession): Promise<void> {
    await this.#namespace.touch(await this.#keyOf(id), this.#exptimeOf(session));
  }

  async destroy(id: string): Promise<void> {
    await this.#namespace.delete(await this.#keyOf(id));
  }

  async clear(): Promise<void> {
    await this.#namespace.invalidateAll();
  }

  #keyOf(id: string): string | Promise<string> {
    return itemKeyOf(id, this.#longest);
  }

  #exptimeOf({ cookie }: MoecacheSession): Exptime {
    const { expires } = cookie ?? {};
    const isTime = expires instanceof Date || typeof expires === "string";
    return exptimeOf(isTime ? new Date(expires).getTime() - Date.now() : this.#lifetime);
  }
}

/** A callback for any outcome: that of `get` says itself what a session is. */
type Answer = (error: unknown, result?: unknown) => void;

/** Gives the outcome of a promise to a callback, if there is one. */
function answer<Result>(
  outcome: Promise<Result>,
  callback: ((error: unknown, result?: Result) => void) | undefined,
): void {
  outcome.then(
    (result) => callBack(() => callback?.(null, result)),
    (error) => callBack(() => callback?.(error)),
  );
}

export default moecacheSessionStore;
