/** Which servers know no meta commands: noticed once for each. @module */

import type { ServerNode } from "../connection/server_node.ts";
import { ClientException } from "../errors.ts";

const classicNodes = /* @__PURE__ */ new WeakSet<ServerNode>();

/** What a server answers to a meta command that is right, and that it does not know, or not in this form. */
const UNKNOWN =
  /^(ERROR|OK|CLIENT_ERROR (invalid flag|bad command line format|malformed request.*))$/;

/** The first version of memcached with the meta commands as they are now. */
const FIRST_META = [1, 6, 10];

/** Takes note that a server knows no meta commands. */
export function noteClassic(node: ServerNode): void {
  classicNodes.add(node);
}

/** Takes note of what a server says that its version is. */
export function noteVersion(node: ServerNode, version: string): void {
  if (!hasMeta(version)) classicNodes.add(node);
}

/** Whether a server is known to know no meta commands. */
export function isClassic(node: ServerNode): boolean {
  return classicNodes.has(node);
}

/** Whether an error says that the server does not know a meta command which is as it should be. */
export function isUnknownCommand(error: unknown): boolean {
  return error instanceof ClientException && UNKNOWN.test(String(error.item));
}

/**
 * Whether a version has the meta commands. One that is no number of memcached's, `mcrouter 1.0` say, is taken to have
 * none: the classic commands work everywhere.
 */
function hasMeta(version: string): boolean {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  const at = FIRST_META.findIndex((first, i) => numbers[i] !== first);
  return at === -1 || (numbers[at] ?? 0) > FIRST_META[at]!;
}
