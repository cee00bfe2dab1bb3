/** The options that all adapters share: servers or a client, and a prefix; and a check of what they store. @module */

import {
  Client,
  type ClientOptions,
  type KeyCommands,
  type ServerAddress,
  ValidationException,
} from "../../mod.ts";
import { CLIENT_OPTIONS } from "../client_options.ts";
import {
  checkOptions,
  copyOptions,
  holdsNames,
  invalidOption,
  invalidPlace,
  isClient,
  type OptionTypes,
} from "../option_checks.ts";

/** The options that say where an adapter stores. */
interface ClientSource {
  readonly client?: KeyCommands | undefined;
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  readonly clientOptions?: ClientOptions | undefined;
}

/** A client, and how an adapter closes it. */
export interface AdapterClient {
  readonly client: KeyCommands;
  /** Closes the client if the adapter made it. */
  close(): Promise<void>;
}

/** Leaves room for a namespace in the prefix, and for a hashed key after it. */
const LONGEST_PREFIX = 50;

/**
 * Checks the options of an adapter. Who passes an address in their place finds no password in the error.
 *
 * @throws {ValidationException} When they are not an object, or an option is unknown or of another type.
 */
export function checkAdapterOptions<Options>(
  options: Options | undefined,
  types: OptionTypes<Options>,
): void {
  if (options !== undefined) {
    checkHolding(options, `a plain object such as { ${Object.keys(types)[0]} }`);
  }
  checkOptions(options, types);
}

function checkHolding(options: unknown, expected: string): void {
  if (!holdsNames(options)) throw invalidPlace("options", options, expected);
}

/**
 * Takes the client from an adapter's options, or makes one.
 *
 * @throws {ValidationException} When neither or both are given, or one is invalid.
 */
export function clientFrom({ client, servers, clientOptions }: ClientSource): AdapterClient {
  if ((client === undefined) === (servers === undefined)) {
    throw new ValidationException(
      "Cannot make an adapter: it needs either a client or servers",
    );
  }
  if (client === undefined) {
    const own = new Client(servers ?? [], clientOptions);
    return { client: own, close: () => own.close() };
  }
  if (clientOptions !== undefined) {
    const why = "they are for the servers, and a client has options of its own";
    // Without the options, which may hold a password.
    throw new ValidationException(`Cannot use clientOptions: ${why}`, undefined);
  }
  return { client: clientOfAdapter(client), close: () => Promise.resolve() };
}

/**
 * Gives options an adapter's defaults, where they are not given or `undefined`.
 *
 * @param options What the caller passed, an instance of a class or not.
 * @param names The names of all options.
 * @returns A copy. What has another name is in it too: the code that takes the options refuses that.
 * @throws {ValidationException} When they are not an object.
 */
export function withDefaults<Options extends object>(
  options: Options | undefined,
  defaults: Options,
  names: readonly string[],
): Options {
  if (options !== undefined) checkHolding(options, "a plain object");
  const given = copyOptions(options ?? defaults, names);
  const filling = copyOptions(defaults, names);
  for (const name in filling) {
    if (given[name] === undefined) given[name] = filling[name];
  }
  return given;
}

/** Adds options to an object, which shows them nowhere where it is printed: they may hold a password. */
export function withUnshownOptions<Target extends object, Options>(
  target: Target,
  options: Options,
): Target & { readonly options: Options } {
  return Object.defineProperty(target, "options", { value: options }) as Target & {
    readonly options: Options;
  };
}

/** The options of a client that an adapter makes, as {@linkcode withDefaults} makes them. */
export function clientOptionsFrom(
  options: ClientOptions | undefined,
  defaults: ClientOptions,
): ClientOptions {
  return withDefaults(options, defaults, Object.keys(CLIENT_OPTIONS));
}

/**
 * Checks the client of an adapter.
 *
 * @throws {ValidationException} When it is not a client.
 */
export function clientOfAdapter(client: KeyCommands): KeyCommands {
  if (isClient(client)) return client;
  const why = client === undefined ? "it needs a client" : "its client must be a Client";
  // Without what was given, which may be an address with a password.
  throw new ValidationException(`Cannot make an adapter: ${why}`);
}

/**
 * Checks the keys or entries of a method that takes many.
 *
 * @throws {ValidationException} When they are not a list.
 */
export function checkList<Element>(name: string, list: readonly Element[]): readonly Element[] {
  if (Array.isArray(list)) return list;
  throw invalidOption(name, list, "a list");
}

/**
 * Checks a prefix of keys.
 *
 * @throws {ValidationException} When it is not 1 to 50 characters, each from `!` to `~`.
 */
export function checkPrefix(prefix: unknown): string {
  if (typeof prefix === "string" && /^[!-~]+$/.test(prefix) && prefix.length <= LONGEST_PREFIX) {
    return prefix;
  }
  const why = `it must be 1 to ${LONGEST_PREFIX} characters, each from ! to ~`;
  throw new ValidationException(`Cannot use prefix ${JSON.stringify(prefix)}: ${why}`, prefix);
}

/**
 * Checks what is to be stored.
 *
 * @throws {ValidationException} When it is not an object with properties, as a list, a map and a promise are not.
 */
export function checkRecord(name: string, value: unknown): void {
  const kind = kindOf(value);
  if (kind === "Object") return;
  throw new ValidationException(`Cannot store ${name}: it must be an object, not ${kind}`, value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  // JSON has nothing of what a map, a set, an error or a promise holds.
  return typeof value === "object" ? {}.toString.call(value).slice(8, -1) : typeof value;
}
