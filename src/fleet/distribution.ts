/** Distributions of keys: lists of servers, and where the keys are in them. @module */

import type { ResolvedOptions } from "../client_options.ts";
import { SocketError, ValidationException } from "../errors.ts";
import { show } from "../option_checks.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import type { Locator } from "../routing/locator.ts";
import type { ResolvedServer } from "../server_address.ts";

/** A server of a list. */
export interface Listed {
  readonly server: ResolvedServer;
}

/** A distribution of keys: the servers and their locator. */
export interface Distribution<Member extends Listed = Listed> {
  readonly members: readonly Member[];
  readonly locator: Locator;
}

/**
 * Finds the server of a key.
 *
 * @throws {ValidationException} When the locator has no server for the key.
 */
export function memberOf<Member extends Listed>(
  key: string,
  { members, locator }: Distribution<Member>,
): Member {
  const at = locator.locate(key);
  const member = typeof at === "number" ? members[at] : undefined;
  if (member !== undefined) return member;
  throw new ValidationException(
    `Cannot find the server of key "${key}": the locator gave no index of the server list`,
    key,
  );
}

/**
 * Returns the locator, which there is as soon as servers are known.
 *
 * @throws {SocketError} When none is known yet.
 */
export function requireLocator(locator: Locator | undefined): Locator {
  if (locator !== undefined) return locator;
  throw new SocketError("Cannot use any server: none has been discovered yet");
}

/**
 * Chooses servers of a list.
 *
 * @param server The name of one, or its index; by default all are chosen.
 * @throws {ValidationException} When it is not in the list.
 */
export function chooseServers<Member extends Listed>(
  members: readonly Member[],
  server: string | number | undefined,
): readonly Member[] {
  if (server === undefined) return members;
  const chosen = members.find(({ server: { name } }, i) => name === server || i === server);
  if (chosen !== undefined) return [chosen];
  throw new ValidationException(
    `Cannot use server ${show(server)}: it is no name or index of one of the client's servers`,
    server,
  );
}

/**
 * Makes the locator of some servers.
 *
 * @param options The client's options.
 * @throws {ValidationException} When the option `locator` does not make a locator.
 */
export function makeLocator(
  servers: readonly ResolvedServer[],
  { locator, keys }: Pick<ResolvedOptions, "locator" | "keys">,
): Locator {
  // A locator does not get certificates and passwords.
  const made = locator(servers.map(({ name, weight }) => ({ name, weight })));
  if (typeof made?.locate === "function") return keys === undefined ? made : routedBy(keys, made);
  throw new ValidationException("Cannot use locator: it made no object with locate", locator);
}

/** Makes a locator find the servers of keys by what their format makes of them. */
function routedBy(keys: KeyFormat, inner: Locator): Locator {
  const routed = (key: string) => {
    const name: unknown = keys.route?.(key) ?? keys.encode(key);
    // Its hash would be the same for all keys. The command names the key.
    if (typeof name !== "string") throw new TypeError("keys.route gave no string");
    return name;
  };
  const { locateUp, explain, locateFormer } = inner;
  return {
    locate: (key) => inner.locate(routed(key)),
    ...locateUp && { locateUp: (key, isUp) => locateUp.call(inner, routed(key), isUp) },
    ...explain && { explain: (key) => explain.call(inner, routed(key)) },
    ...locateFormer && { locateFormer: (key) => locateFormer.call(inner, routed(key)) },
  };
}
