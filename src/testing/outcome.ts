/**
 * What comes of a command's line: a reply, or something that takes more than that.
 *
 * @module
 */

import type { Watcher } from "./event_log.ts";
import type { Item } from "./items/item.ts";

/** A reply line without its line end, nothing, or something that takes more than that. */
export type Outcome = string | undefined | Reply | DataBlock | RefusedBlock | Watch | Quit;

/** A reply in parts, made as they are sent. */
export interface Reply {
  readonly kind: "reply";
  readonly parts: Iterable<ReplyPart>;
  /** Whether what the client sent behind the command is only read when it sends more. */
  readonly pauses?: boolean;
}

/** Characters up to U+00FF, a byte each, or an item with its value. */
export type ReplyPart = string | ItemReply;

/** An item as it is sent: a line, its value and a line end. */
export interface ItemReply {
  /** The words of the line, to be sent with spaces between. */
  readonly words: readonly (string | number | bigint)[];
  readonly item: Item;
}

/** The value that follows the command's line. */
export interface DataBlock {
  readonly kind: "data";
  /** Length of the value in bytes, without its line end. */
  readonly byteLength: number;
  /**
   * Called once the value has come with its line end, and with `undefined` where it did not end in one. The value
   * holds until it returns.
   */
  readonly complete: (value: Uint8Array | undefined) => string | undefined;
}

/** A value that follows the command's line and is thrown away. */
export interface RefusedBlock {
  readonly kind: "refused";
  /** Length of the value in bytes, without its line end. */
  readonly byteLength: number;
  /** The reply, sent when the value has come; absent where there is none. */
  readonly line: string | undefined;
}

/** The client will listen from now on, and is listened to no more. */
export interface Watch {
  readonly kind: "watch";
  readonly watcher: Watcher;
}

/** The client wants to leave. */
export interface Quit {
  readonly kind: "quit";
}
