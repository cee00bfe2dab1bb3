/** The options of the handlers for Next.js, and what both need. @module */

import type { ClientOptions, KeyCommands, ServerAddress } from "../../../mod.ts";
import { serversFromEnv } from "../../discovery/mod.ts";
import type { OptionTypes } from "../../option_checks.ts";
import {
  type AdapterClient,
  checkPrefix,
  clientFrom,
  clientOptionsFrom,
} from "../adapter_options.ts";
import { callBack } from "../node_callbacks.ts";
import { Revalidations } from "./revalidations.ts";

/** The options that the handlers have in common; all are optional. */
export interface NextSharedOptions {
  /** The client to use; the handler does not close it. Give either this or `servers`, or neither. */
  readonly client?: KeyCommands | undefined;
  /**
   * The servers, as a `Client` takes them. The handler makes a client for them. Without `client` and `servers`, they are
   * in the environment's variables, as `serversFromEnv` of `@moecache/moecache/discovery` reads them.
   */
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  /**
   * The options of the client that the handler makes. Its `timeout` is 1,000 ms by default, for each operation;
   * after three failures in a row, nothing waits for the server until it is back.
   */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * The prefix of all keys in memcached, 1 to 50 characters, each from `!` to `~`; `"next:"` by default. Applications
   * that share servers need different prefixes.
   */
  readonly prefix?: string | undefined;
  /**
   * Receives the errors of memcached that Next does not see. By default the first is logged with `console.warn`, and
   * then one a minute at most.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What the handlers for Next are made of. */
export interface NextCache {
  readonly client: KeyCommands;
  readonly prefix: string;
  readonly revalidations: Revalidations;
  /** Reports an error that is a miss or a dropped write for Next. */
  readonly report: (error: unknown) => void;
  /** Closes the client if it was made here. */
  close(): Promise<void>;
}

export const OPTION_TYPES: OptionTypes<NextSharedOptions> = {
  client: "any",
  servers: "any",
  clientOptions: "any",
  prefix: "string",
  onError: "function",
};

const TIMEOUT = 1000;
const MINUTE = 60_000;

/**
 * Makes what the handlers need.
 *
 * @param options The options; their names have been checked.
 * @returns What they need; `undefined` while `next build` runs, which has nothing to do with memcached.
 * @throws {ValidationException} When an option is invalid.
 */
export function nextCacheFrom(options: NextSharedOptions): NextCache | undefined {
  const { client, clientOptions, prefix = "next:", onError } = options;
  checkPrefix(prefix);
  const env = environment();
  if (env.NEXT_PHASE === "phase-production-build") return undefined;
  let { servers } = options;
  if (client === undefined) servers ??= serversFromEnv(env);
  const made = clientFrom(
    servers === undefined ? { client, clientOptions } : {
      client,
      servers,
      clientOptions: clientOptionsFrom(clientOptions, { timeout: TIMEOUT }),
    },
  );
  return cacheOf(made, prefix, onError);
}

function cacheOf(
  { client, close }: AdapterClient,
  prefix: string,
  onError: ((error: unknown) => void) | undefined,
): NextCache {
  return {
    client,
    prefix,
    close,
    revalidations: new Revalidations(client, prefix),
    report: onError === undefined ? logger() : (error) => callBack(() => onError(error)),
  };
}

/** Logs an error, and none of those in the minute after it. */
function logger(): (error: unknown) => void {
  let quietUntil = 0;
  return (error) => {
    const now = Date.now();
    if (now < quietUntil) return;
    quietUntil = now + MINUTE;
    // deno-lint-ignore no-console -- as Next does; nothing else shows the error
    console.warn(`moecache: Next's cache continues without memcached, because of ${error}`);
  };
}

/** The environment's variables; none where there is no process. */
function environment(): Readonly<Record<string, string | undefined>> {
  const { process } = globalThis as unknown as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  };
  return process?.env ?? {};
}
