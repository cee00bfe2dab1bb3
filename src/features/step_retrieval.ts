/** A retrieval that is a step of another operation. @module */

import { RetrievalCommand } from "../protocol/commands/retrieval.ts";

/** Reads an item for an operation that counts itself whether there was a value, and its bytes. */
export class StepRetrieval extends RetrievalCommand {
  override isStep = true;

  override found(flags: number, data: Uint8Array, cas: bigint | undefined): void {
    // The bytes of stubs and marks do not count as the value's.
    this.context = undefined;
    super.found(flags, data, cas);
  }
}
