/** What workers cannot do, done for them by Deno. @module */

import { memcachedPath } from "../support/memcached.ts";

/** What an errand gets; each reads its own part of it. */
interface Told {
  /** Which listener, connection or program. */
  readonly id: number;
  /** Where to listen. */
  readonly port: number;
  /** How many bytes to read at most. */
  readonly size: number;
  /** What to run, and how. */
  readonly program: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  /** How to end it. */
  readonly signal: Deno.Signal;
  /** Which file or folder. */
  readonly path: string;
  readonly prefix: string;
  readonly recursive: boolean;
  /** What to write into a file. */
  readonly text: string;
}

/** Does something with its parameters and the bytes that it gets; the result is sent, mostly as JSON. */
type Errand = (told: Told, bytes: Uint8Array<ArrayBuffer>) => unknown;

/**
 * Runs errands for a worker, by HTTP: it listens, accepts, reads, writes and closes, and deals with files and
 * programs, as `worker_shim.js` asks. Nothing is read from a socket before the worker reads it, so that what
 * the other end of the socket sees is what Deno would have had it see.
 */
export class DenoHost implements AsyncDisposable {
  readonly #listeners = new Map<number, Deno.TcpListener>();
  readonly #connections = new Map<number, Deno.TcpConn>();
  readonly #programs = new Map<number, Deno.ChildProcess>();
  /** No other program may run commands: web pages reach this address as well. */
  readonly #secret = crypto.randomUUID();
  #lastId = 0;
  readonly #errands: Record<string, Errand> = {
    listen: ({ port }) => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port });
      return { id: this.#keep(this.#listeners, listener), addr: listener.addr };
    },
    accept: async ({ id }) => {
      const { done, value } = await this.#listeners.get(id)![Symbol.asyncIterator]().next();
      if (done) return null;
      return { id: this.#keep(this.#connections, value), remoteAddr: value.remoteAddr };
    },
    closeListener: ({ id }) => this.#listeners.get(id)!.close(),
    read: async ({ id, size }) => {
      const buffer = new Uint8Array(size);
      const byteLength = await this.#connections.get(id)!.read(buffer);
      return byteLength === null ? null : new Response(buffer.subarray(0, byteLength));
    },
    write: ({ id }, bytes) => this.#connections.get(id)!.write(bytes),
    closeWrite: ({ id }) => this.#connections.get(id)!.closeWrite(),
    close: ({ id }) => this.#connections.get(id)!.close(),
    run: async ({ id, program, args, env }) => {
      const command = new Deno.Command(program, { args, env, stdout: "null", stderr: "piped" });
      const child = command.spawn();
      this.#programs.set(id, child);
      const [status, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
      this.#programs.delete(id);
      return { status, stderr };
    },
    // One that has ended meanwhile is where it is wanted.
    kill: ({ id, signal }) => this.#programs.get(id)?.kill(signal),
    makeTempDir: ({ prefix }) => Deno.makeTempDir({ prefix }),
    makeTempFile: () => Deno.makeTempFile(),
    writeTextFile: ({ path, text }) => Deno.writeTextFile(path, text),
    readTextFile: ({ path }) => Deno.readTextFile(path),
    remove: ({ path, recursive }) => Deno.remove(path, { recursive }),
  };

  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#answer(request),
  );

  /** What the worker is to be bound to: where it finds the host, and what it would ask Deno at once. */
  get bindings(): Record<string, string> {
    const { hostname, port } = this.#server.addr;
    return {
      HOST: `http://${hostname}:${port}/${this.#secret}`,
      MEMCACHED: memcachedPath() ?? "",
      UID: `${Deno.uid()}`,
    };
  }

  /** Closes and ends whatever is left of the worker's. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of [...this.#listeners.values(), ...this.#connections.values()]) {
      resource[Symbol.dispose]();
    }
    for (const child of this.#programs.values()) child.kill("SIGKILL");
    await this.#server.shutdown();
  }

  #keep<Resource>(resources: Map<number, Resource>, resource: Resource): number {
    resources.set(++this.#lastId, resource);
    return this.#lastId;
  }

  /** Answers `POST /secret/errand?{"what":"it gets"}`; with status 500 and the error if it failed. */
  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const [, secret, errand] = pathname.split("/");
    if (secret !== this.#secret) return new Response(null, { status: 403 });
    try {
      const told = JSON.parse(decodeURIComponent(search.slice(1)));
      const result = await this.#errands[errand!]!(told, await request.bytes());
      return result instanceof Response ? result : Response.json(result ?? null);
    } catch (error) {
      const { name, message } = error as Error;
      return Response.json({ name, message }, { status: 500 });
    }
  }
}
