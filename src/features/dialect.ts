/** Doing things by meta commands, or by classic ones where a server knows no others. @module */

import type { Session } from "../commands/session.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { SocketError } from "../errors.ts";
import { isClassic, isUnknownCommand, noteClassic, noteVersion } from "../fleet/dialects.ts";
import { VersionCommand } from "../protocol/commands/answer.ts";
import { lazily } from "../waiting.ts";

/** What is loaded when a server is noticed that knows no meta commands. */
export type ClassicWays = typeof import("./classic/ways.ts");

const loadClassic = /* @__PURE__ */ lazily(() => import("./classic/ways.ts"));

/** The two ways of doing something. */
export interface Ways<Result> {
  /** By meta commands. Of what it is refused for, the server has done nothing. */
  readonly meta: () => Promise<Result>;
  /** By commands that every server knows. */
  readonly classic: (ways: ClassicWays) => Promise<Result>;
}

/**
 * Does something for a key in the way that its server knows. A server that answers a meta command as one that it does
 * not know is asked by classic commands from then on.
 */
export async function inDialect<Result>(
  session: Session,
  key: string,
  { meta, classic }: Ways<Result>,
): Promise<Result> {
  if (!speaksClassic(session, key)) {
    try {
      return await meta();
    } catch (error) {
      if (session.settings.dialect === "meta" || !isUnknownCommand(error)) throw error;
      const node = nodeOf(session, key);
      if (node !== undefined) noteClassic(node);
    }
  }
  return await classic(await loadClassic());
}

/** The servers whose version has been asked for. */
const asked = /* @__PURE__ */ new WeakSet<ServerNode>();

/**
 * Asks the server of a key for its version, once: up to 1.6.9, memcached knows meta commands of another form, which it
 * answers as well, but not all of them.
 */
export async function learnVersion(session: Session, key: string): Promise<void> {
  const before = nodeOf(session, key);
  if (session.settings.dialect !== undefined) return;
  if (before !== undefined && (asked.has(before) || isClassic(before))) return;
  const [version] = await Promise.allSettled([
    session.ask(key, () => new VersionCommand(), undefined),
  ]);
  const node = nodeOf(session, key);
  // What fails here is tried by the operation itself, which tells of it.
  if (node === undefined || version.status === "rejected") return;
  asked.add(node);
  noteVersion(node, version.value);
}

/** Whether the server of a key is asked by classic commands. */
export function speaksClassic(session: Session, key: string): boolean {
  if (session.settings.dialect !== undefined) return session.settings.dialect === "classic";
  const node = nodeOf(session, key);
  return node !== undefined && isClassic(node);
}

/** The server of a key, where there is one at this moment. */
function nodeOf(session: Session, key: string): ServerNode | undefined {
  try {
    return session.route.find(key).member.node;
  } catch (error) {
    // What is done for the key then fails of itself, or waits for the servers to be discovered.
    if (error instanceof SocketError) return undefined;
    throw error;
  }
}
