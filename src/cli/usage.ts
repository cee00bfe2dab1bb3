/** Faults of the command line itself, and the exit codes. @module */

import { ClientException, SocketError, ValidationException } from "../../mod.ts";

/** The exit codes of every command. */
export const EXIT = {
  /** Found, or done. */
  done: 0,
  /** A miss, or nothing to show. */
  nothing: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A server refuses, or cannot be reached. */
  server: 3,
} as const;

/** A command line that makes no sense; its message says why. */
export class UsageFault extends Error {
  override readonly name: string = "UsageFault";
}

/** Whether a server refuses, or cannot be reached: the others may do better. */
export function isServerFault(error: unknown): boolean {
  return error instanceof SocketError ||
    error instanceof ClientException && !(error instanceof ValidationException);
}

/** What an error says, its cause included where that says more. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
