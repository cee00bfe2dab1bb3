/** Remembers which servers have no meta commands. @module */

import type { ServerHandle } from "../connection/server_handle.ts";
import { ClientException } from "../errors.ts";

const classicNodes = /* @__PURE__ */ new WeakSet<ServerHandle>();
/** The servers that have reported their version. */
const versionedNodes = /* @__PURE__ */ new WeakSet<ServerHandle>();

/** The replies to a valid meta command that a server does not know in this form. */
const UNKNOWN =
  /^(ERROR|OK|CLIENT_ERROR (invalid flag|bad command line format|malformed request))( |$)/;

/** The first version of memcached with the current form of the meta commands. */
const FIRST_META = [1, 6, 10];

/** Records that a server has no meta commands. */
export function noteClassic(node: ServerHandle): void {
  classicNodes.add(node);
}

/** Records the version that a server reports. */
export function noteVersion(node: ServerHandle, version: string): void {
  versionedNodes.add(node);
  if (!hasMeta(version)) classicNodes.add(node);
}

/** Whether a server is known to have no meta commands. */
export function isClassic(node: ServerHandle): boolean {
  return classicNodes.has(node);
}

/**
 * Whether it is known of a server which commands it has. Up to 1.6.9, memcached has meta commands of another form, and
 * replies to some of ours: only its version tells.
 */
export function isDialectKnown(node: ServerHandle): boolean {
  return versionedNodes.has(node) || classicNodes.has(node);
}

/** Whether an error means that the server does not know a valid meta command. */
export function isUnknownCommand(error: unknown): boolean {
  return error instanceof ClientException && UNKNOWN.test(String(error.item));
}

/**
 * Whether a version has the meta commands. A version that is not memcached's, for example `mcrouter 1.0`, counts as
 * without: classic commands work everywhere.
 */
function hasMeta(version: string): boolean {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  const at = FIRST_META.findIndex((first, i) => numbers[i] !== first);
  return at === -1 || (numbers[at] ?? 0) > FIRST_META[at]!;
}
