/** Chooses between meta commands and classic commands for a server. @module */

import { cannotLoad } from "../errors.ts";
import type { Session } from "../commands/session.ts";
import {
  isClassic,
  isDialectKnown,
  isUnknownCommand,
  noteClassic,
  noteVersion,
} from "../fleet/dialects.ts";
import { nodeOf } from "../fleet/route.ts";
import { inContext, presentContext } from "../observation.ts";
import { VersionCommand } from "../protocol/commands/answer.ts";
import { lazily } from "../waiting.ts";

/** The module that is loaded when a server without meta commands is found. */
export type ClassicFeatures = typeof import("./classic/classic_features.ts");

const loadClassic = /* @__PURE__ */ lazily(() => {
  return import("./classic/classic_features.ts").catch(cannotLoad);
});

/** The two implementations of an operation. */
export interface Implementations<Result> {
  /** With meta commands. If the server does not know them, it has changed nothing. */
  readonly meta: () => Promise<Result>;
  /** With classic commands, which every server knows. */
  readonly classic: (features: ClassicFeatures) => Promise<Result>;
}

/**
 * Runs an operation for a key with the commands that its server knows. After a server has refused a meta command as
 * unknown, it gets classic commands.
 */
export async function inDialect<Result>(
  session: Session,
  key: string,
  { meta, classic }: Implementations<Result>,
): Promise<Result> {
  const context = presentContext();
  if (!speaksClassic(session, key)) {
    try {
      return await meta();
    } catch (error) {
      if (session.settings.dialect === "meta" || !isUnknownCommand(error)) throw error;
      const node = nodeOf(session.route, key);
      if (node !== undefined) noteClassic(node);
    }
  }
  const features = await loadClassic();
  return await inContext(context, () => classic(features));
}

/** Requests the version of a key's server, once. */
export async function learnVersion(session: Session, key: string): Promise<void> {
  const before = nodeOf(session.route, key);
  if (session.settings.dialect !== undefined) return;
  if (before !== undefined && isDialectKnown(before)) return;
  const [version] = await Promise.allSettled([
    session.ask(key, () => new VersionCommand(), undefined),
  ]);
  const node = nodeOf(session.route, key);
  // An error here is ignored: the operation itself will fail and report it.
  if (node === undefined || version.status === "rejected") return;
  noteVersion(node, version.value);
}

/** Whether the server of a key gets classic commands. */
export function speaksClassic(session: Session, key: string): boolean {
  if (session.settings.dialect !== undefined) return session.settings.dialect === "classic";
  const node = nodeOf(session.route, key);
  return node !== undefined && isClassic(node);
}
