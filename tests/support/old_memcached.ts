/**
 * A memcached without meta commands: the real one, behind a filter that lets it see none. What is sent in their place
 * it answers with `ERROR`, and takes the value behind `ms` for commands, as version 1.5.16 does.
 *
 * @module
 */

import { MemcachedProcess } from "./memcached.ts";

/** What the server calls its version. */
const VERSION = "1.5.16";
const META = /^(mg|ms|md|ma|mn|me)( |$)/;
const STORAGE = /^(set|add|replace|append|prepend|cas) /;
const UNKNOWN = "nonsense";

/** A running memcached, and the filter before it. */
export class OldMemcached implements AsyncDisposable {
  readonly #memcached: MemcachedProcess;
  readonly #listener: Deno.TcpListener;
  readonly #sockets = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;

  constructor(memcached: MemcachedProcess) {
    this.#memcached = memcached;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  /** Starts memcached, and the filter. */
  static async start(): Promise<OldMemcached> {
    return new OldMemcached(await MemcachedProcess.start());
  }

  /** Where it listens, `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Where the memcached itself listens, which knows all of its commands there. */
  get unfiltered(): string {
    return this.#memcached.address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const socket of this.#sockets) closeSocket(socket);
    await this.#accepting;
    await this.#memcached[Symbol.asyncDispose]();
  }

  async #accept(): Promise<void> {
    const ended: Promise<void>[] = [];
    for await (const client of this.#listener) ended.push(this.#serve(client));
    await Promise.all(ended);
  }

  async #serve(client: Deno.Conn): Promise<void> {
    this.#sockets.add(client);
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#memcached.port });
    this.#sockets.add(server);
    await Promise.all([
      pass(client, server, new RequestFilter()),
      pass(server, client, { filter: renameVersion }),
    ]);
    this.#sockets.delete(client);
    this.#sockets.delete(server);
  }
}

interface Filter {
  filter(chunk: string): string;
}

/** Gives one socket what another one sends, in bytes as characters, until either has ended. */
async function pass(from: Deno.Conn, to: Deno.Conn, { filter }: Filter): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (let count; (count = await from.read(buffer)) !== null;) {
      const text = String.fromCharCode(...buffer.subarray(0, count));
      let rest = Uint8Array.from(filter(text), (character) => character.charCodeAt(0));
      while (rest.length > 0) rest = rest.subarray(await to.write(rest));
    }
  } catch (error) {
    const isOver = error instanceof Deno.errors.BadResource ||
      error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.Interrupted;
    if (!isOver) throw error;
  } finally {
    for (const socket of [from, to]) closeSocket(socket);
  }
}

function closeSocket(socket: Deno.Conn): void {
  try {
    socket.close();
  } catch (error) {
    // It is closed from both sides.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Takes requests apart, and puts something unknown in the place of meta commands. */
class RequestFilter implements Filter {
  #rest = "";
  /** How much of a value is still to come. */
  #missing = 0;

  readonly filter = (chunk: string): string => {
    let text = this.#rest + chunk;
    let passed = "";
    while (true) {
      const value = text.slice(0, this.#missing);
      passed += value;
      text = text.slice(value.length);
      this.#missing -= value.length;
      const end = text.indexOf("\n");
      if (this.#missing > 0 || end === -1) break;
      const line = text.slice(0, end + 1);
      text = text.slice(end + 1);
      passed += META.test(line.trimEnd()) ? `${UNKNOWN}\r\n` : line;
      if (STORAGE.test(line)) this.#missing = Number(line.split(" ")[4]!.trimEnd()) + 2;
    }
    this.#rest = text;
    return passed;
  };
}

/** The same length as before: what is no reply to `version` is left as it is. */
function renameVersion(chunk: string): string {
  return chunk.replace(/^VERSION \d\.\d\.\d+\r\n/gm, `VERSION ${VERSION}\r\n`);
}
