/** What the commands of a client share. @module */

import type { OperationOptions } from "./client_options.ts";
import type { Command } from "./protocol/command.ts";
import type { ReadItem, WriteItem } from "./transcoding/item_codec.ts";

/** Where a client's commands go, and how its values are read and written. */
export interface Session {
  /** Turns an item into a value. */
  readonly readItem: ReadItem;
  /** Turns a value into an item. */
  readonly writeItem: WriteItem;
  /** The flags of strings that are stored as they are, as counters are. */
  readonly textFlags: number;
  /** Gives a command to the server of a key. */
  submit(key: string, command: Command, options: OperationOptions | undefined): void;
}
