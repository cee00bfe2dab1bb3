/** Real memcached for those who cannot start a program. @module */

import { MemcachedProcess } from "../memcached.ts";

/** Starts a memcached for each connection, tells its address and ends it with the connection. */
export class MemcachedStarter implements AsyncDisposable {
  readonly #listener: Deno.TcpListener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #accepting: Promise<void>;
  readonly #serving = new Set<Promise<void>>();

  /** Listens on a free port. */
  constructor() {
    this.#accepting = this.#accept();
  }

  /** Where it listens. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Takes no more connections, and resolves when the last one has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      const served = serve(connection).finally(() => this.#serving.delete(served));
      this.#serving.add(served);
    }
  }
}

async function serve(connection: Deno.TcpConn): Promise<void> {
  using _closed = connection;
  await using memcached = await MemcachedProcess.start();
  await connection.write(new TextEncoder().encode(memcached.address));
  try {
    await connection.read(new Uint8Array(1));
  } catch (error) {
    // A reset is an end as well.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
}
