/**
 * As much of Deno as the tests ask for, made of Node's modules: `bundle.ts` has the name `Deno` mean this in
 * tests that are bundled for Bun and Node. The client is not taken in: it looks for `globalThis.Deno`.
 *
 * @module
 */

import { spawn, spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import { inspect } from "node:util";
import { knownFault } from "./known_faults.js";
import { runTests, test as register } from "./test_runner.js";

// The tests may use what Node 20 lacks, though the client may not.
Array.fromAsync ??= async (items, map = (item) => item) => {
  const array = [];
  for await (const item of items) array.push(await map(item));
  return array;
};

Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((...both) => [resolve, reject] = both);
  return { promise, resolve, reject };
};

globalThis.AsyncDisposableStack ??= class {
  #parts = [];

  use(part) {
    this.#parts.push(part);
    return part;
  }

  async [Symbol.asyncDispose]() {
    for (const part of this.#parts.reverse()) await part[Symbol.asyncDispose]();
  }
};

/** Deno's errors, by the codes that Node has for them. */
const ERRORS = {
  EADDRINUSE: class AddrInUse extends Error {},
  ECONNREFUSED: class ConnectionRefused extends Error {},
  ECONNRESET: class ConnectionReset extends Error {},
  ENOENT: class NotFound extends Error {},
  EPIPE: class BrokenPipe extends Error {},
};
class BadResource extends Error {}
class Interrupted extends Error {}

let isScheduled = false;

/** Registers a test; all are run when the modules have been loaded, and the process ends with status 1 if they are red. */
function test(first, fn) {
  register(first, fn);
  if (isScheduled) return;
  isScheduled = true;
  setTimeout(async () => process.exit(await runTests(knownFault) ? 0 : 1), 0);
}

/** Says in Deno's words what has failed in Node's. */
function translate(error) {
  const Translated = ERRORS[error.code];
  return Translated === undefined ? error : new Translated(error.message, { cause: error });
}

async function translating(promise) {
  try {
    return await promise;
  } catch (error) {
    throw translate(error);
  }
}

/** A socket that is read when it is asked, and not before. */
class Connection {
  #socket;
  #wake = () => {};
  #failWrite = () => {};
  #hasEnded = false;
  #failure;
  readable = new ReadableStream({
    pull: async (controller) => {
      const buffer = new Uint8Array(1 << 16);
      const count = await this.read(buffer);
      if (count === null) controller.close();
      else controller.enqueue(buffer.subarray(0, count));
    },
  }, { highWaterMark: 0 });
  writable = new WritableStream({ write: async (chunk) => void await this.write(chunk) });

  constructor(socket) {
    this.#socket = socket;
    socket.on("readable", () => this.#wake());
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#close());
    socket.on("error", (error) => this.#end(error));
  }

  get localAddr() {
    return { hostname: this.#socket.localAddress, port: this.#socket.localPort };
  }

  async read(into) {
    while (true) {
      const size = Math.min(into.length, this.#socket.readableLength);
      const bytes = size > 0 ? this.#socket.read(size) : this.#socket.read();
      if (bytes !== null) {
        into.set(bytes);
        return bytes.length;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#hasEnded) return null;
      await new Promise((resolve) => this.#wake = resolve);
    }
  }

  write(bytes) {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new BadResource("the socket is closed"));
      this.#failWrite = reject;
      this.#socket.write(
        bytes,
        (error) => error ? reject(translate(error)) : resolve(bytes.length),
      );
    });
  }

  closeWrite() {
    return new Promise((resolve) => this.#socket.end(resolve));
  }

  close() {
    if (this.#socket.destroyed) throw new BadResource("the socket is closed");
    this.#socket.destroy();
  }

  [Symbol.dispose]() {
    this.#socket.destroy();
  }

  /** Bun 1.2 says no more of a write that was under way. */
  #close() {
    this.#end();
    this.#failWrite(new BadResource("the socket is closed"));
  }

  #end(failure) {
    this.#hasEnded = true;
    this.#failure ??= failure && translate(failure);
    this.#wake();
  }
}

class Listener {
  #server;
  #accepted = [];
  #isClosed = false;
  #wake = () => {};

  constructor(port) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#accepted.push(new Connection(socket));
      this.#wake();
    });
    // With a host it would not be listening by the time this returns.
    this.#server.listen(port);
  }

  get addr() {
    return { hostname: "127.0.0.1", port: this.#server.address().port };
  }

  close() {
    this.#isClosed = true;
    this.#server.close();
    this.#wake();
  }

  [Symbol.dispose]() {
    this.close();
  }

  async *[Symbol.asyncIterator]() {
    while (true) {
      while (this.#accepted.length > 0) yield this.#accepted.shift();
      if (this.#isClosed) return;
      await new Promise((resolve) => this.#wake = resolve);
    }
  }
}

/** A program that runs, its standard error piped. */
class ChildProcess {
  #child;
  status;
  stderr;

  constructor(program, { args = [], env = {} }) {
    this.#child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.status = new Promise((resolve) => {
      this.#child.on("exit", (code, signal) => resolve({ code, signal, success: code === 0 }));
    });
    this.stderr = new ReadableStream({
      start: (controller) => {
        this.#child.stderr.on("data", (chunk) => controller.enqueue(new Uint8Array(chunk)));
        this.#child.stderr.on("end", () => controller.close());
      },
    });
  }

  get pid() {
    return this.#child.pid;
  }

  kill(signal) {
    this.#child.kill(signal);
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

  outputSync() {
    const { args } = this.#options;
    const { stdout, status } = spawnSync(this.#program, args, {
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { stdout, code: status, success: status === 0 };
  }
}

/** What `Deno` means in a bundled test. */
export const denoShim = {
  test,
  Command,
  errors: {
    ...Object.fromEntries(Object.values(ERRORS).map((Translated) => [Translated.name, Translated])),
    BadResource,
    Interrupted,
  },
  env: {
    get: (name) => process.env[name],
    set: (name, value) => process.env[name] = value,
    delete: (name) => delete process.env[name],
  },
  memoryUsage: () => process.memoryUsage(),
  inspect: (value) => inspect(value, { depth: 8 }),
  uid: () => process.getuid(),
  statSync: (path) => ({ isFile: statSync(path).isFile() }),
  makeTempDir: ({ prefix = "" } = {}) => mkdtemp(`${tmpdir()}/${prefix}`),
  makeTempFile: async () => {
    const path = `${await mkdtemp(`${tmpdir()}/`)}/file`;
    await writeFile(path, "");
    return path;
  },
  writeTextFile: (path, text) => translating(writeFile(path, text)),
  readTextFile: (path) => translating(readFile(path, "utf8")),
  readTextFileSync: (path) => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      throw translate(error);
    }
  },
  remove: (path, options) => translating(rm(path, options)),
  listen: ({ port }) => new Listener(port),
  connect: ({ hostname, port }) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port, allowHalfOpen: true });
      socket.once("error", (error) => reject(translate(error)));
      socket.once("connect", () => resolve(new Connection(socket)));
    }),
};
