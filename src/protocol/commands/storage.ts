/** `set`. @module */

import { SocketError } from "../../errors.ts";
import { isText, startsWith } from "../bytes.ts";
import { Command, DONE, readRefusal, type Reject, type Resolve } from "../command.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/** What is stored: an item's client flags, its lifetime, and its bytes or the text they encode. */
export interface StoredItem {
  readonly flags: number;
  readonly exptime: number;
  readonly data: Uint8Array | string;
}

/** `set` of one key. Resolves when the item is stored. */
export class SetCommand extends Command<void> {
  readonly #key: string;
  readonly #item: StoredItem;

  constructor(key: string, item: StoredItem, resolve: Resolve<void>, reject: Reject) {
    super(resolve, reject);
    this.#key = key;
    this.#item = item;
  }

  write(buffer: RequestBuffer): void {
    const { flags, exptime, data } = this.#item;
    buffer.ascii("set").word(this.#key).ascii(` ${flags} ${exptime} `);
    if (typeof data === "string") buffer.textBlock(data);
    else buffer.dataBlock(data);
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    if (isText(bytes, start, end, "STORED")) this.succeed();
    else this.#refused(bytes, start, end);
    return DONE;
  }

  #refused(bytes: Uint8Array, start: number, end: number): void {
    const refusal = readRefusal(bytes, start, end, `set key "${this.#key}"`);
    this.fail(refusal);
    // memcached swallows the data block of a set that it understood and would not store. One that it
    // did not understand leaves the block in the stream, to be taken for commands.
    if (!startsWith(bytes, start, end, "SERVER_ERROR ")) {
      throw new SocketError("the server did not understand a set", { cause: refusal });
    }
  }
}
