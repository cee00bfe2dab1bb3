/** A client that opens again after it was closed, as the packages do whose place the drop-ins take. @module */

import type { Client } from "../../mod.ts";

/** A client, and what uses it. */
interface Opened {
  readonly client: Client;
  /** How many calls have not ended. */
  calls: number;
  isClosing: boolean;
}

/** A client that is closed when its calls have ended, and made again for later ones. */
export class ReopenedClient {
  readonly #make: () => Client;
  #opened: Opened | undefined;

  /** @param make Makes a client. It is called at once, so that it refuses wrong options then. */
  constructor(make: () => Client) {
    this.#make = make;
    this.#open();
  }

  /** Lets a call use the client; all of its attempts use the same one. */
  async use<Result>(call: (client: Client) => Promise<Result>): Promise<Result> {
    const opened = this.#opened ?? this.#open();
    opened.calls++;
    try {
      return await call(opened.client);
    } finally {
      opened.calls--;
      closeUnused(opened);
    }
  }

  /** Closes the client, as soon as its calls have ended. */
  close(): void {
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#opened = undefined;
    opened.isClosing = true;
    closeUnused(opened);
  }

  #open(): Opened {
    return this.#opened = { client: this.#make(), calls: 0, isClosing: false };
  }
}

function closeUnused({ client, calls, isClosing }: Opened): void {
  if (isClosing && calls === 0) void client.close();
}
