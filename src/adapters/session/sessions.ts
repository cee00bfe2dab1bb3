/** Sessions under their ids, which all stores of sessions share. @module */

import {
  type ClientOptions,
  jsonTranscoder,
  type KeyCommands,
  Namespace,
  type OperationOptions,
  type ServerAddress,
} from "../../../mod.ts";
import { invalidOption, type OptionTypes } from "../../option_checks.ts";
import {
  type AdapterClient,
  checkAdapterOptions,
  checkPrefix,
  checkRecord,
  clientFrom,
} from "../adapter_options.ts";
import { ItemRoom } from "../item_room.ts";
import { exptimeOf, onItem } from "../key_and_exptime.ts";

/** The options of the stores of sessions. */
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

/** The types of the options, for {@linkcode checkOptions}. */
export const OPTION_TYPES: OptionTypes<MoecacheSessionOptions> = {
  client: "any",
  servers: "any",
  clientOptions: "any",
  prefix: "string",
  ttl: "number",
};

const DAY = 86_400;
/** A session that could not be ended must not count as ended: it would be valid again when memcached is back. */
const STRICT = { failover: "error" } as const;

/** When a session expires: a time, or nothing where it has none. */
export type SessionExpiry = Date | string | boolean | null | undefined;

/**
 * Makes the sessions of a store, and what closes their client.
 *
 * @throws {ValidationException} When an option is invalid.
 */
export function sessionsFrom(
  options: MoecacheSessionOptions,
): { readonly sessions: Sessions; readonly close: AdapterClient["close"] } {
  checkAdapterOptions(options ?? {}, OPTION_TYPES);
  const { prefix = "session:", ttl = DAY } = options ?? {};
  if (!(ttl > 0)) throw invalidOption("ttl", ttl, "a number of seconds above 0");
  const { client, close } = clientFrom(options ?? {});
  return { sessions: new Sessions(client, checkPrefix(prefix), ttl * 1000), close };
}

/** The sessions with a prefix, as JSON. */
export class Sessions {
  readonly #namespace: Namespace;
  readonly #room: ItemRoom;
  readonly #lifetime: number;

  /** @param lifetime The milliseconds that a session lives that has no time. */
  constructor(client: KeyCommands, prefix: string, lifetime: number) {
    this.#namespace = new Namespace(client, prefix).withTranscoder(jsonTranscoder);
    this.#room = new ItemRoom(this.#namespace, client);
    this.#lifetime = lifetime;
  }

  async get<Session>(id: string): Promise<Session | undefined> {
    return await onItem(id, this.#keyOf(id), (key) => this.#namespace.get<Session>(key));
  }

  /** Sets a session that is an object, as nearly all packages have it. */
  async setRecord(id: string, session: unknown, expires: SessionExpiry): Promise<void> {
    checkRecord("session", session);
    await this.#write(id, session, expires);
  }

  /** Sets a session that may be text, a number, a list or `null`, too. */
  async set(id: string, session: unknown, expires: SessionExpiry): Promise<void> {
    checkSession(session);
    await this.#write(id, session, expires);
  }

  /** Lets a session live for as long as its cookie, and stores that cookie; changes nothing else of the session. */
  async touch(id: string, cookie: unknown, expires: SessionExpiry): Promise<void> {
    const lifetime = this.#lifetimeOf(expires);
    const exptime = exptimeOf(lifetime);
    const own = ownSession(cookie);
    await onItem(id, this.#keyOf(id), async (key) => {
      if (lifetime <= 0 || own === undefined) {
        await this.#namespace.touch(key, exptime, strictIfOver(lifetime));
        return;
      }
      // Both are sent together.
      const [isThere, found] = await Promise.all([
        this.#namespace.touch(key, exptime),
        this.#namespace.gets<{ readonly cookie?: unknown }>(key),
      ]);
      if (!isThere || !isRecord(found?.value) || isSame(found.value.cookie, own)) return;
      // What was written meanwhile has a new cookie too.
      await this.#namespace.cas(key, { ...found.value, cookie: own }, found.cas, exptime);
    });
  }

  async destroy(id: string): Promise<void> {
    await onItem(id, this.#keyOf(id), (key) => this.#namespace.delete(key, STRICT));
  }

  async clear(): Promise<void> {
    await this.#namespace.invalidateAll();
  }

  async #write(id: string, session: unknown, expires: SessionExpiry): Promise<void> {
    const lifetime = this.#lifetimeOf(expires);
    const own = ownSession(session);
    await onItem(id, this.#keyOf(id), (key) => {
      return this.#namespace.set(key, own, exptimeOf(lifetime), strictIfOver(lifetime));
    });
  }

  #keyOf(id: string): string | Promise<string> {
    return this.#room.keyOf(id);
  }

  /** The milliseconds that a session lives from now on. */
  #lifetimeOf(expires: SessionExpiry): number {
    if (expires === undefined || expires === null || typeof expires === "boolean") {
      return this.#lifetime;
    }
    const isTime = expires instanceof Date || typeof expires === "string";
    const time = isTime ? new Date(expires).getTime() : NaN;
    if (!Number.isNaN(time)) return time - Date.now();
    throw invalidOption("expires", expires, "a Date that is valid, its text, or nothing");
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether two values are the same JSON. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Checks a session that may be text, a number, a list or `null`, too.
 *
 * @throws {ValidationException} When it is none.
 */
export function checkSession(session: unknown): void {
  const isPlain = Array.isArray(session) || session !== undefined && Object(session) !== session;
  if (!isPlain) checkRecord("session", session);
}

/** What JSON has of a session, or of its cookie, at the time of the call: the program may change it before it is stored. */
export function ownSession(session: unknown): unknown {
  try {
    const text: string | undefined = JSON.stringify(session);
    return text === undefined ? session : JSON.parse(text);
  } catch {
    // The transcoder says what is wrong with it.
    return session;
  }
}

/** What is stored with a time in the past ends the session, as a deletion does. */
function strictIfOver(lifetime: number): OperationOptions {
  return lifetime > 0 ? {} : STRICT;
}
