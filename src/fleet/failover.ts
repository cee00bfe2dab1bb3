/** What is done about operations whose server fails. @module */

import { SocketError, TimeoutError } from "../errors.ts";
import type { Command, Failure } from "../protocol/command.ts";

/** How an operation can go on whose server fails. */
export interface Alternatives {
  /** How often an operation that may be sent again is retried. */
  readonly retries: number;
  /** Whether the client is closed, and nothing goes on. */
  readonly isClosed: () => boolean;
  /** The time by the client's clock. */
  readonly now: () => number;
  /**
   * Gives the command to the server that its key belongs to now, or to one that stands in for it.
   *
   * @param failed Whether the server it was given to last has failed, and must not be asked again.
   * @returns Whether there is such a server.
   * @throws {SocketError} When that server takes no more, or there is none left.
   * @throws {ValidationException} When the locator has none for it.
   */
  readonly submit: (command: Command, failed: boolean) => boolean;
  /** Turns the command into a miss; absent unless `failover: "miss"` asks for that. */
  readonly miss: ((command: Command) => boolean) | undefined;
}

/** No operation goes from server to server more often than this, however many fail. */
const MOST_MOVES = 16;

/**
 * Lets a command go on when its server fails: elsewhere, if it has not been sent or may be sent again; as a
 * miss, if that has been asked for. A command whose time is up goes nowhere.
 */
export function surviveFailures(command: Command, alternatives: Alternatives): void {
  let retries = command.isRepeatable ? alternatives.retries : 0;
  let moves = MOST_MOVES + retries;

  const goOn = ({ error, isUnsent }: Failure): boolean => {
    if (error instanceof TimeoutError || !(isUnsent || command.isRepeatable)) return false;
    // Of a process that was busy meanwhile, the end of a connection may come before the timer does.
    if (moves-- === 0 || command.deadline <= alternatives.now()) return false;
    try {
      return alternatives.submit(command, true) ||
        (retries-- > 0 && alternatives.submit(command, false));
    } catch (next) {
      // That nobody takes it is no server's failure.
      command.abandon(next);
      return true;
    }
  };

  command.recover = (failure) => {
    if (!(failure.error instanceof SocketError) || alternatives.isClosed()) return false;
    return goOn(failure) || (alternatives.miss?.(command) ?? false);
  };
}
