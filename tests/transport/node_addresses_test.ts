/** Which of a name's addresses Bun and Node connect to, and when; sockets, names and time are made up. */

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import dns from "node:dns";
import { connectNode } from "../../src/transport/node.ts";
import type { NodeSocket } from "../../src/transport/node_socket.ts";
import type { NodeTransport } from "../../src/transport/node_transport.ts";
import { systemClock } from "../../src/waiting.ts";
import { turn } from "../support/turns.ts";

/** Names, and what `node:dns` says of them. */
const NAMES: Record<string, string[]> = {
  "none.test": [],
  "one.test": ["10.0.0.1"],
  "three.test": ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
  "both.test": ["fd00::1", "fd00::2", "10.0.0.1", "fd00::1"],
};

/** A socket that connects or fails when a test says so. */
class FakeSocket {
  readonly #listeners: Record<string, (error?: Error) => void> = {};
  isDestroyed = false;

  on(event: string, listener: (error?: Error) => void): this {
    this.#listeners[event] = listener;
    return this;
  }

  destroy(): this {
    if (!this.isDestroyed) queueMicrotask(() => this.#listeners["close"]!());
    this.isDestroyed = true;
    return this;
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  connect(): void {
    this.#listeners["connect"]!();
  }

  fail(message: string): void {
    this.#listeners["error"]!(new Error(message));
    this.destroy();
  }
}

/** A dial to a name, seen from inside. */
class Attempts implements Disposable {
  readonly sockets = new Map<string, FakeSocket>();
  readonly lookedUp: string[] = [];
  /** How long is waited for each address, in milliseconds. */
  readonly waits: number[] = [];
  readonly #caller = new AbortController();
  readonly #own = { lookup: dns.promises.lookup, after: systemClock.after };
  #due = (): void => {};

  constructor() {
    const lookup = (name: string) => {
      this.lookedUp.push(name);
      const addresses = NAMES[name]?.map((address) => ({ address }));
      return addresses === undefined ? new Promise(() => {}) : Promise.resolve(addresses);
    };
    Object.assign(dns.promises, { lookup });
    const after: typeof systemClock.after = (delay, callback) => {
      this.waits.push(delay);
      this.#due = callback;
      return () => this.#due = () => {};
    };
    Object.assign(systemClock, { after });
  }

  /** Begins to connect. */
  connect(hostname: string, connectTimeout = 100): Promise<NodeTransport> {
    const open = ({ host }: { host?: string }) => {
      const socket = new FakeSocket();
      this.sockets.set(host!, socket);
      return socket as unknown as NodeSocket;
    };
    const options = { keepAlive: true, noDelay: true, connectTimeout };
    const connected = connectNode(
      { hostname, port: 11211 },
      { ...options, signal: this.#caller.signal },
      open,
    );
    connected.catch(() => {});
    return connected;
  }

  /** The socket to an address, once there is one. */
  async socket(host: string): Promise<FakeSocket> {
    for (let turns = 0; turns < 100; turns++) {
      const socket = this.sockets.get(host);
      if (socket !== undefined) return socket;
      // Deno loads node:dns by an import.
      await turn();
    }
    throw new Error(`No test connects to ${host}`);
  }

  /** Lets the time be over that is waited for the address that was tried last. */
  wait(): void {
    this.#due();
  }

  abort(reason: Error): void {
    this.#caller.abort(reason);
  }

  /** The addresses whose sockets have not been destroyed. */
  get open(): string[] {
    return [...this.sockets].filter(([, { isDestroyed }]) => !isDestroyed).map(([host]) => host);
  }

  [Symbol.dispose](): void {
    Object.assign(dns.promises, { lookup: this.#own.lookup });
    Object.assign(systemClock, { after: this.#own.after });
  }
}

Deno.test("connectNode tries the next address after a share of the time, and keeps waiting for the first", async () => {
  using attempts = new Attempts();
  const connected = attempts.connect("three.test");
  const first = await attempts.socket("10.0.0.1");
  attempts.wait();
  await attempts.socket("10.0.0.2");
  assertEquals([...attempts.sockets.keys()], ["10.0.0.1", "10.0.0.2"]);
  assertEquals(attempts.waits, [25, 25]);
  first.connect();
  await connected;
  assertEquals(attempts.open, ["10.0.0.1"]);
  attempts.wait();
  assertEquals(attempts.sockets.size, 2);
});

Deno.test("connectNode takes the address that connects first, and gives up the others", async () => {
  using attempts = new Attempts();
  const connected = attempts.connect("three.test");
  await attempts.socket("10.0.0.1");
  attempts.wait();
  (await attempts.socket("10.0.0.2")).connect();
  await connected;
  assertEquals(attempts.open, ["10.0.0.2"]);
});

Deno.test("connectNode closes what connects at the same time as another address", async () => {
  using attempts = new Attempts();
  const connected = attempts.connect("three.test");
  const first = await attempts.socket("10.0.0.1");
  attempts.wait();
  const second = await attempts.socket("10.0.0.2");
  first.connect();
  second.connect();
  await connected;
  await Promise.resolve();
  assertEquals(attempts.open, ["10.0.0.1"]);
});

Deno.test("connectNode tries the next address at once when one fails, and throws the last error", async () => {
  using attempts = new Attempts();
  const connected = attempts.connect("three.test");
  for (const host of NAMES["three.test"]!) (await attempts.socket(host)).fail(`${host} refuses`);
  await assertRejects(() => connected, Error, "10.0.0.3 refuses");
});

Deno.test("connectNode waits for an address that has not failed, though all others have", async () => {
  using attempts = new Attempts();
  const connected = attempts.connect("three.test");
  const first = await attempts.socket("10.0.0.1");
  attempts.wait();
  for (const host of ["10.0.0.2", "10.0.0.3"]) (await attempts.socket(host)).fail("refused");
  first.connect();
  await connected;
});

Deno.test("connectNode gives up all addresses when its signal says so", async () => {
  for (const isConnected of [false, true]) {
    using attempts = new Attempts();
    const connected = attempts.connect("three.test");
    const first = await attempts.socket("10.0.0.1");
    attempts.wait();
    await attempts.socket("10.0.0.2");
    const reason = new Error("enough");
    // At the very moment that one connects.
    if (isConnected) first.connect();
    await Promise.resolve();
    attempts.abort(reason);
    const outcome = await connected.catch((error) => error);
    if (outcome !== reason) await (outcome as NodeTransport).close();
    assertEquals(attempts.open, []);
    if (!isConnected) assertStrictEquals(outcome, reason);
  }
});

Deno.test("connectNode gives up a look-up that hangs", async () => {
  using attempts = new Attempts();
  const connected = attempts.connect("hanging.test");
  await Promise.resolve();
  const reason = new Error("enough");
  attempts.abort(reason);
  assertStrictEquals(await assertRejects(() => connected), reason);
});

Deno.test("connectNode tries addresses of both versions in turn, each once", async () => {
  using attempts = new Attempts();
  const connected = attempts.connect("both.test");
  for (const host of ["fd00::1", "10.0.0.1", "fd00::2"]) (await attempts.socket(host)).fail(host);
  await assertRejects(() => connected, Error, "fd00::2");
  assertEquals([...attempts.sockets.keys()], ["fd00::1", "10.0.0.1", "fd00::2"]);
});

Deno.test("connectNode does not look up an address, and waits for nothing if there is only one", async () => {
  using attempts = new Attempts();
  for (const host of ["10.0.0.9", "fe80::1%eth0"]) {
    const connected = attempts.connect(host);
    (await attempts.socket(host)).connect();
    await connected;
  }
  assertEquals(attempts.lookedUp, []);
  for (const [name, host] of [["one.test", "10.0.0.1"], ["none.test", "none.test"]] as const) {
    const connected = attempts.connect(name);
    (await attempts.socket(host)).connect();
    await connected;
  }
  assertEquals(attempts.lookedUp, ["one.test", "none.test"]);
  assertEquals(attempts.waits, []);
});
