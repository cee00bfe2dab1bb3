/** What the adapters are given: servers or a client, and options. @module */

import {
  Client,
  type ClientOptions,
  type KeyCommands,
  type ServerAddress,
  ValidationException,
} from "../../mod.ts";

/** Where an adapter stores, among its options. */
interface ClientSource {
  readonly client?: KeyCommands | undefined;
  readonly servers?: ServerAddress | readonly ServerAddress[] | undefined;
  readonly clientOptions?: ClientOptions | undefined;
}

/** A client, and how an adapter is done with it. */
export interface AdapterClient {
  readonly client: KeyCommands;
  /** Closes a client that is the adapter's own. */
  close(): Promise<void>;
}

/** The types of options, by their names; `"any"` is checked elsewhere. */
export type OptionTypes = Readonly<
  Record<string, "boolean" | "function" | "number" | "string" | "any">
>;

/** So that there is room for more in a prefix, and for a hashed key behind it. */
const LONGEST_PREFIX = 50;

/**
 * Checks the names and types of options. One that is `undefined` counts as not given.
 *
 * @throws {ValidationException} When they are no object, one has another type or a name that nobody knows.
 */
export function checkOptions(options: unknown, types: OptionTypes): void {
  if (typeof options !== "object" || options === null) {
    throw new ValidationException("Cannot use options: they must be an object", options);
  }
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined) throw unknownOption(name, Object.keys(types));
    const isRight = typeof value === type && !Number.isNaN(value);
    if (value === undefined || type === "any" || isRight) continue;
    const shown = typeof value === "number" ? value : value === null ? "null" : typeof value;
    const why = `it must be a ${type}, and is ${shown}`;
    throw new ValidationException(`Cannot use option "${name}": ${why}`, value);
  }
}

function unknownOption(name: string, known: readonly string[]): ValidationException {
  const meant = known.find((other) => isAlike(name.toLowerCase(), other.toLowerCase()));
  const hint = meant === undefined ? `known are ${known.join(", ")}` : `did you mean "${meant}"?`;
  return new ValidationException(`Cannot use options: unknown option "${name}": ${hint}`, name);
}

/** Whether two names differ in two letters that change places, or in one that is added, left out or another. */
function isAlike(name: string, other: string): boolean {
  let start = 0;
  while (start < name.length && name[start] === other[start]) start++;
  const [rest, otherRest] = [name.slice(start), other.slice(start)];
  const swapped = `${rest[1] ?? ""}${rest[0] ?? ""}${rest.slice(2)}`;
  return swapped === otherRest || rest.slice(1) === otherRest.slice(1) ||
    rest.slice(1) === otherRest || rest === otherRest.slice(1);
}

/**
 * Takes or makes the client of an adapter.
 *
 * @throws {ValidationException} When neither or both are given, or one is invalid.
 */
export function clientFrom({ client, servers, clientOptions }: ClientSource): AdapterClient {
  if ((client === undefined) === (servers === undefined)) {
    throw new ValidationException(
      "Cannot make an adapter: it needs either a client or servers",
      client ?? servers,
    );
  }
  if (client === undefined) {
    const own = new Client(servers ?? [], clientOptions);
    return { client: own, close: () => own.close() };
  }
  if (clientOptions !== undefined) {
    const why = "they are for the servers, and a client has options of its own";
    throw new ValidationException(`Cannot use clientOptions: ${why}`, clientOptions);
  }
  return { client: checkClient(client), close: () => Promise.resolve() };
}

/**
 * Checks the client of an adapter.
 *
 * @throws {ValidationException} When it is none.
 */
export function checkClient(client: KeyCommands): KeyCommands {
  if (typeof client?.get === "function" && typeof client.withTranscoder === "function") {
    return client;
  }
  const why = client === undefined ? "it needs a client" : "its client must be a Client";
  throw new ValidationException(`Cannot make an adapter: ${why}`, client);
}

/**
 * Checks what a user wants all keys to begin with.
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
