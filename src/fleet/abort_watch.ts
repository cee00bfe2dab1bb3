/** Ending operations when a signal says so. @module */

import type { Command } from "../protocol/command.ts";

/** The operations that wait on a signal, and the one listener that they share. */
interface Watch {
  readonly commands: Set<Command>;
  readonly listener: () => void;
}

/** A signal takes time in proportion to its listeners for each that is added or removed. */
const watches = /* @__PURE__ */ new WeakMap<AbortSignal, Watch>();

/** Fails a command with the signal's reason when it is aborted, unless it has ended by then. */
export function watchSignal(signal: AbortSignal, command: Command): void {
  if (command.settled) return;
  const { commands, listener } = watches.get(signal) ?? makeWatch(signal);
  if (commands.size === 0) signal.addEventListener("abort", listener);
  commands.add(command);
  command.whenSettled(() => {
    commands.delete(command);
    if (commands.size === 0) signal.removeEventListener("abort", listener);
  });
}

function makeWatch(signal: AbortSignal): Watch {
  const commands = new Set<Command>();
  const listener = () => {
    for (const command of commands) command.abandon(signal.reason);
  };
  const watch = { commands, listener };
  watches.set(signal, watch);
  return watch;
}
