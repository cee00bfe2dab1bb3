/**
 * As much of Deno as the tests ask for that are bundled for workerd: `bundle.ts` has the name `Deno` mean this.
 * A worker opens sockets itself. What it cannot do, listening above all, is done by whom the binding `HOST`
 * names, a `DenoHost`.
 *
 * @module
 */

import { connect } from "cloudflare:sockets";
import { env } from "cloudflare:workers";
import { runTests as runAll, test } from "./test_runner.js";

/** How many listeners are kept ready, since `listen` has no time to ask for one. */
const READY = 16;

const ERRORS = ["BadResource", "BrokenPipe", "ConnectionReset", "Interrupted", "NotFound"];
const errors = Object.fromEntries(ERRORS.map((name) => [
  name,
  class extends Error {
    name = name;
  },
]));

/** Has the host run an errand; resolves to its response. */
async function send(errand, told = {}, body = undefined) {
  const query = encodeURIComponent(JSON.stringify(told));
  const response = await fetch(`${env.HOST}/${errand}?${query}`, { method: "POST", body });
  if (response.ok) return response;
  const { name, message } = await response.json();
  throw new (errors[name] ?? Error)(message);
}

/** Has the host run an errand; resolves to what came of it. */
async function ask(errand, told, body) {
  return await (await send(errand, told, body)).json();
}

/** The server's end of a connection, which the host has. */
class AcceptedConnection {
  #id;
  #isClosed = false;
  remoteAddr;

  constructor({ id, remoteAddr }) {
    this.#id = id;
    this.remoteAddr = remoteAddr;
  }

  async read(into) {
    const response = await send("read", { id: this.#id, size: into.length });
    // JSON is null here, the end.
    if (response.headers.has("content-type")) return await response.json();
    const bytes = await response.bytes();
    into.set(bytes);
    return bytes.length;
  }

  write(bytes) {
    return ask("write", { id: this.#id }, bytes);
  }

  closeWrite() {
    return ask("closeWrite", { id: this.#id });
  }

  /** Resolves when it is closed, which Deno's is by the time this returns. */
  async close() {
    if (this.#isClosed) throw new errors.BadResource("the socket is closed");
    this.#isClosed = true;
    await ask("close", { id: this.#id });
  }
}

/** A listener of the host's. */
class Listener {
  #id;
  addr;

  constructor({ id, addr }) {
    this.#id = id;
    this.addr = addr;
  }

  close() {
    ask("closeListener", { id: this.#id });
  }

  async *[Symbol.asyncIterator]() {
    for (let accepted; (accepted = await ask("accept", { id: this.#id })) !== null;) {
      yield new AcceptedConnection(accepted);
    }
  }
}

const ready = [];

async function makeReady() {
  ready.push(new Listener(await ask("listen", { port: 0 })));
}

/**
 * Listens on a port that the host has been listening on already. Where one is given this is a promise, which
 * suits `MemcachedServer.listen`.
 */
function listen({ port }) {
  if (port !== 0) return ask("listen", { port }).then((made) => new Listener(made));
  const listener = ready.shift();
  if (listener === undefined) throw new Error("Cannot listen: no listener is ready");
  makeReady();
  return listener;
}

/** A socket that the worker has opened. */
class Connection {
  #socket;
  #reader;
  #writer;

  constructor(socket) {
    this.#socket = socket;
    this.#reader = socket.readable.getReader({ mode: "byob" });
    this.#writer = socket.writable.getWriter();
  }

  async read(into) {
    const { value, done } = await this.#reader.read(new Uint8Array(into.length));
    if (done) return null;
    into.set(value);
    return value.length;
  }

  async write(bytes) {
    await this.#writer.write(bytes);
    return bytes.length;
  }

  close() {
    // A read under way is rejected then, and told by read().
    this.#socket.close().catch(() => {});
  }

  [Symbol.dispose]() {
    this.close();
  }
}

let lastProgram = 0;

/** A program that the host runs. */
class ChildProcess {
  #id = ++lastProgram;
  status;
  stderr;

  constructor(program, { args = [], env = {} }) {
    const end = ask("run", { id: this.#id, program, args, env });
    this.status = end.then(({ status }) => status);
    this.stderr = new ReadableStream({
      start: async (controller) => {
        controller.enqueue(new TextEncoder().encode((await end).stderr));
        controller.close();
      },
    });
  }

  kill(signal) {
    ask("kill", { id: this.#id, signal });
  }
}

class Command {
  #program;
  #options;

  constructor(program, options) {
    this.#program = program;
    this.#options = options;
  }

  spawn() {
    return new ChildProcess(this.#program, this.#options);
  }
}

/** Runs what was registered but for what is unfit; resolves to whether it is green. */
async function runTests(unfit) {
  await Promise.all(Array.from({ length: READY }, makeReady));
  return await runAll(unfit);
}

/** What `Deno` means in a test that is bundled for workerd. */
export const denoShim = {
  test,
  runTests,
  Command,
  errors,
  env: { get: (name) => env[name] },
  uid: () => Number(env.UID),
  inspect: (value) =>
    JSON.stringify(value, (_, each) => typeof each === "bigint" ? `${each}n` : each) ??
      String(value),
  makeTempDir: ({ prefix }) => ask("makeTempDir", { prefix }),
  makeTempFile: () => ask("makeTempFile"),
  writeTextFile: (path, text) => ask("writeTextFile", { path, text }),
  readTextFile: (path) => ask("readTextFile", { path }),
  readTextFileSync: () => {
    throw new errors.NotFound("there are no files on a worker");
  },
  remove: (path, { recursive = false } = {}) => ask("remove", { path, recursive }),
  listen,
  connect: async ({ hostname, port }) => {
    const socket = connect({ hostname, port });
    await socket.opened;
    return new Connection(socket);
  },
};

// The embedded server looks for this; the client finds out before that it is in a worker.
globalThis.Deno = { listen };
