/** What the commands of a client share. @module */

import type { OperationOptions, ResolvedOptions } from "./client_options.ts";
import type { Command } from "./protocol/command.ts";
import { itemReader, itemWriter, type ReadItem, type WriteItem } from "./transcoding/item_codec.ts";

/** Gives a command to the server of a key. */
export type Submit = (
  key: string,
  command: Command,
  options: OperationOptions | undefined,
) => void;

/** A value that is being read or computed, for any number of callers. */
export interface Flight {
  /** What those are served who came later; the signal ends the waiting for it. */
  join(signal: AbortSignal | undefined): Promise<unknown>;
}

/** Where a client's commands go, and how its values are read and written. */
export interface Session {
  /** Turns an item into a value. */
  readonly readItem: ReadItem;
  /** Turns a value into an item. */
  readonly writeItem: WriteItem;
  /** The flags of strings that are stored as they are, as counters are. */
  readonly textFlags: number;
  /** What is under way for each key, and may be joined. */
  readonly flights: Map<string, Flight>;
  /** Gives a command to the server of a key. */
  readonly submit: Submit;
  /** Does so with one that changes the key's value: what was under way before is joined no more. */
  readonly submitChange: Submit;
}

/**
 * Makes the session of a client.
 *
 * @param submit Tells, too, whether what is submitted for the key from now on is carried out after it.
 */
export function makeSession(
  submit: (...operation: Parameters<Submit>) => boolean,
  options: ResolvedOptions,
): Session {
  const { transcoder } = options;
  const flights = new Map<string, Flight>();
  return {
    readItem: itemReader(transcoder, options),
    writeItem: itemWriter(transcoder),
    textFlags: transcoder.textFlags ?? 0,
    flights,
    submit,
    submitChange: (key, command, options) => {
      if (flights.size > 0) flights.delete(key);
      if (!submit(key, command, options)) forgetAgain(flights, key, command);
    },
  };
}

/** What begins during a change that it may overtake can still read what was there before it. */
function forgetAgain(flights: Map<string, Flight>, key: string, command: Command): void {
  const { onSettled } = command;
  command.onSettled = () => {
    flights.delete(key);
    onSettled?.();
  };
}
