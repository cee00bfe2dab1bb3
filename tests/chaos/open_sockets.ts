/** The sockets that the clients of this process have opened and not closed. @module */

/**
 * Counts what `Deno.connect` opens, and what is closed again, from when it is made until it is disposed
 * of. The other end cannot tell: a proxy that waits for its server does not see its client go.
 */
export class OpenSockets implements Disposable {
  readonly #connect = Deno.connect;
  #count = 0;

  constructor() {
    Deno.connect = (async (options: Deno.ConnectOptions) => {
      const socket = await this.#connect(options);
      const close = socket.close.bind(socket);
      let isOpen = true;
      this.#count++;
      socket.close = () => {
        if (isOpen) this.#count--;
        isOpen = false;
        close();
      };
      return socket;
    }) as typeof Deno.connect;
  }

  /** How many are open. */
  get count(): number {
    return this.#count;
  }

  [Symbol.dispose](): void {
    Deno.connect = this.#connect;
  }
}
