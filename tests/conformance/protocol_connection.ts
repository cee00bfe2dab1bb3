/**
 * A connection on which tests send bytes and wait for others.
 *
 * @module
 */

/** How long a test may use a connection, in milliseconds; a busy machine takes a while. */
const PATIENCE = 120_000;

/** A connection of characters that are bytes, closed when it takes too long. */
export class ProtocolConnection implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #timer: ReturnType<typeof setTimeout>;

  /** Takes over a connection; {@linkcode ProtocolConnection.open} makes one. */
  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#timer = setTimeout(() => connection.close(), PATIENCE);
  }

  /** Connects to a port on 127.0.0.1. */
  static async open(port: number): Promise<ProtocolConnection> {
    return new ProtocolConnection(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** The port at this end. */
  get localPort(): number {
    return this.#connection.localAddr.port;
  }

  /** Sends a character per byte. */
  async write(text: string): Promise<void> {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    for (let offset = 0; offset < bytes.byteLength;) {
      offset += await this.#connection.write(bytes.subarray(offset));
    }
  }

  /** Reads until there is enough; the other end must not close before. */
  async readUntil(isEnough: (text: string) => boolean): Promise<string> {
    let text = "";
    while (!isEnough(text)) {
      const part = await this.#read();
      if (part === undefined) throw new Error(`Cannot read on: closed after "${text}"`);
      text += part;
    }
    return text;
  }

  /** Reads until the other end closes. */
  async readToEnd(): Promise<string> {
    let text = "";
    for (let part = await this.#read(); part !== undefined; part = await this.#read()) {
      text += part;
    }
    return text;
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#connection[Symbol.dispose]();
  }

  async #read(): Promise<string | undefined> {
    const buffer = new Uint8Array(64 * 1024);
    const byteLength = await this.#connection.read(buffer);
    if (byteLength === null) return undefined;
    const bytes = buffer.subarray(0, byteLength);
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
}
