/**
 * The result of a command's line: a reply, or a further step.
 *
 * @module
 */

import type { Watcher } from "./event_log.ts";
import type { Item } from "./items/item.ts";

/** A reply line without its line end, no reply, or a further step. */
export type Outcome = string | undefined | Reply | DataBlock | RefusedBlock | Watch | Quit;

/** A reply in parts, which are made while they are sent. */
export interface Reply {
  readonly kind: "reply";
  readonly parts: Iterable<ReplyPart>;
  /** Whether commands that the client has sent after this one are read only when it sends more. */
  readonly pauses?: boolean;
}

/** Characters up to U+00FF, a byte each, or an item with its value. */
export type ReplyPart = string | ItemReply;

/** An item in a reply: a line, its value and a line end. */
export interface ItemReply {
  /** The words of the line, to be sent with spaces between. */
  readonly words: readonly (string | number | bigint)[];
  readonly item: Item;
}

/** The value that follows the command's line. */
export interface DataBlock {
  readonly kind: "data";
  /** The length of the value in bytes, without its line end. */
  readonly byteLength: number;
  /**
   * Called when the value and its line end have arrived; with `undefined` if the line end is missing. The value is
   * valid until this returns.
   */
  readonly complete: (value: Uint8Array | undefined) => string | undefined;
}

/** A value that follows the command's line and is discarded. */
export interface RefusedBlock {
  readonly kind: "refused";
  /** The length of the value in bytes, without its line end. */
  readonly byteLength: number;
  /** The reply, which is sent when the value has arrived; absent when there is none. */
  readonly line: string | undefined;
}

/** From now on the client only receives events; its commands are not read any more. */
export interface Watch {
  readonly kind: "watch";
  readonly watcher: Watcher;
}

/** The client has sent `quit`. */
export interface Quit {
  readonly kind: "quit";
}
