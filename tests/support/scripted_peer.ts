/** A server that follows a script. @module */

/** One client's connection to a {@linkcode ScriptedPeer}. */
export class PeerConnection {
  readonly #socket: Deno.Conn;
  #received = "";

  constructor(socket: Deno.Conn) {
    this.#socket = socket;
  }

  /** The next request line, without its CRLF; `undefined` when the client has gone. */
  async request(): Promise<string | undefined> {
    const buffer = new Uint8Array(4096);
    while (!this.#received.includes("\r\n")) {
      const count = await this.#socket.read(buffer).catch(() => null);
      if (count === null) return undefined;
      this.#received += new TextDecoder().decode(buffer.subarray(0, count));
    }
    const end = this.#received.indexOf("\r\n");
    const line = this.#received.slice(0, end);
    this.#received = this.#received.slice(end + 2);
    return line;
  }

  /** Sends text or bytes. */
  async send(data: string | Uint8Array): Promise<void> {
    let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
    while (rest.length > 0) rest = rest.subarray(await this.#socket.write(rest));
  }

  /** Ends this side of the connection only. */
  async halfClose(): Promise<void> {
    await this.#socket.closeWrite();
  }

  /** Closes the connection, at once but on workers; with unread requests pending that is a reset. */
  async close(): Promise<void> {
    try {
      await this.#socket.close();
    } catch (error) {
      // The script has closed it already.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

/** What a peer does with a connection; `index` counts connections from 0. */
export type Script = (connection: PeerConnection, index: number) => Promise<void> | void;

/**
 * Listens on a free port and plays a script to each connection. The connection stays open when the
 * script is over, until the peer is closed.
 */
export class ScriptedPeer implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #script: Script;
  readonly #connections: PeerConnection[] = [];
  readonly #plays: Promise<void>[] = [];
  readonly #accepting: Promise<void>;

  constructor(script: Script) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#script = script;
    this.#accepting = this.#accept();
  }

  /** Where it listens, `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** How many connections it has seen. */
  get connectionCount(): number {
    return this.#connections.length;
  }

  /** Closes the connections and stops listening; a script that failed fails here. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#connections.map((connection) => connection.close()));
    await Promise.all(this.#plays);
  }

  async #accept(): Promise<void> {
    for await (const socket of this.#listener) {
      const connection = new PeerConnection(socket);
      const index = this.#connections.push(connection) - 1;
      const play = Promise.resolve(this.#script(connection, index));
      // It fails when the peer is closed, and not before.
      play.catch(() => {});
      this.#plays.push(play);
    }
  }
}

/** A script that answers each request by a function of its line; `undefined` stays unanswered. */
export function answering(answer: (line: string) => string | undefined): Script {
  return async (connection) => {
    for (let line; (line = await connection.request()) !== undefined;) {
      const reply = answer(line);
      if (reply === undefined) continue;
      try {
        await connection.send(reply);
      } catch {
        // The client has gone, as a request that comes to nothing tells too.
        return;
      }
    }
  };
}

/** A script that sends text at once, whether or not the client is still there. */
export function greeting(text: string): Script {
  return (connection) => connection.send(text).catch(() => {});
}
