/** `delete`. @module */

import { isText } from "../bytes.ts";
import { Command, DONE, readRefusal, type Reject, type Resolve } from "../command.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/** `delete` of one key. Resolves to whether the item existed. */
export class DeleteCommand extends Command<boolean> {
  readonly #key: string;

  constructor(key: string, resolve: Resolve<boolean>, reject: Reject) {
    super(resolve, reject);
    this.#key = key;
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii("delete ").ascii(this.#key).ascii("\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    if (isText(bytes, start, end, "DELETED")) this.succeed(true);
    else if (isText(bytes, start, end, "NOT_FOUND")) this.succeed(false);
    else this.fail(readRefusal(bytes, start, end, `delete key "${this.#key}"`));
    return DONE;
  }
}
