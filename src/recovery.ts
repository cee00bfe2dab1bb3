/** What is done about operations whose server fails. @module */

import { SocketError, TimeoutError } from "./errors.ts";
import type { Command, Failure } from "./protocol/command.ts";

/** The ways there are for an operation to go on. */
export interface Ways {
  /** How often what may be sent again is. */
  readonly retries: number;
  /** Whether nothing goes on any more. */
  readonly isClosed: () => boolean;
  /**
   * Gives the command to the server that its key belongs to now, or to one that stands in for it.
   *
   * @param failed Whether the server it was given to last has failed it, and is not to be asked again.
   * @returns Whether there is such a server.
   * @throws {SocketError} When that server takes no more, or there is none left.
   * @throws {ValidationException} When the locator has none for it.
   */
  readonly submit: (command: Command, failed: boolean) => boolean;
  /** Lets the command find nothing; absent where that has not been asked for. */
  readonly miss: ((command: Command) => boolean) | undefined;
}

/** No operation goes from server to server more often than this, however many fail. */
const MOST_MOVES = 16;

/**
 * Lets a command go on where its server fails: what has not been sent, or may be sent again, elsewhere;
 * and as a miss where that has been asked for. What has waited as long as it may goes nowhere.
 */
export function recoverable(command: Command, ways: Ways): void {
  let retries = command.isRepeatable ? ways.retries : 0;
  let moves = MOST_MOVES + retries;

  const goOn = ({ error, isUnsent }: Failure): boolean => {
    if (error instanceof TimeoutError || !(isUnsent || command.isRepeatable)) return false;
    // Of a process that was busy meanwhile, the end of a connection may come before the timer does.
    if (moves-- === 0 || command.deadline <= performance.now()) return false;
    try {
      return ways.submit(command, true) || (retries-- > 0 && ways.submit(command, false));
    } catch (next) {
      // That nobody takes it is no server's failure.
      command.abandon(next);
      return true;
    }
  };

  command.recover = (failure) => {
    if (!(failure.error instanceof SocketError) || ways.isClosed()) return false;
    return goOn(failure) || (ways.miss?.(command) ?? false);
  };
}
