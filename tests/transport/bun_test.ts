/** Bun's own sockets, and what TLS leaves behind there; the tests are there on Bun alone. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { readdirSync } from "node:fs";
import net from "node:net";
import process from "node:process";
import { Client, SocketError } from "../../mod.ts";
import { dialBun } from "../../src/transport/bun.ts";
import { dialNode } from "../../src/transport/node.ts";
import { dialTls } from "../../src/transport/node_tls.ts";
import type { HostEndpoint } from "../../src/transport/transport.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { greeting, ScriptedPeer } from "../support/scripted_peer.ts";
import { standstill, until } from "../support/turns.ts";
import { SETTINGS, testSockets } from "./socket_tests.ts";

const isBun = "Bun" in globalThis;
const isOldBun = process.versions.bun?.startsWith("1.2.") ?? false;

if (isBun) testSockets({ name: "dialBun", dial: dialBun, fillsVacancies: false });

/** A server that does not run, and whose queue of connections is full. */
class HangingServer implements AsyncDisposable {
  readonly #memcached: MemcachedProcess;
  readonly #waiting: net.Socket[] = [];

  constructor(memcached: MemcachedProcess) {
    this.#memcached = memcached;
  }

  static async start(): Promise<HangingServer> {
    const memcached = await MemcachedProcess.start(["-b", "1"]);
    process.kill(memcached.pid, "SIGSTOP");
    const server = new HangingServer(memcached);
    await server.#fill();
    return server;
  }

  get endpoint(): HostEndpoint {
    return { hostname: "127.0.0.1", port: this.#memcached.port };
  }

  async #fill(): Promise<void> {
    let connected = 0;
    const { port } = this.#memcached;
    do {
      this.#waiting.push(net.connect(port, "127.0.0.1", () => connected++));
      await standstill(() => connected);
    } while (connected === this.#waiting.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#waiting) socket.on("error", () => {}).destroy();
    await this.#memcached[Symbol.asyncDispose]();
  }
}

for (
  const [what, hostname, most] of [
    ["no socket of another machine", "0.0.0.0", 0],
    ["one socket of this machine at most", "127.0.0.1", 1],
  ] as const
) {
  Deno.test({
    name: `dialBun leaves ${what} where attempts hang and are given up`,
    // The sockets of its node:net stay as well.
    ignore: !isBun || isOldBun,
    async fn() {
      await using server = await HangingServer.start();
      const endpoint = { ...server.endpoint, hostname };
      const countOpen = () => readdirSync("/proc/self/fd").length;
      const before = countOpen();
      for (let i = 0; i < 5; i++) {
        const controller = new AbortController();
        const dialled = dialBun(endpoint, { signal: controller.signal, ...SETTINGS });
        const rejected = assertRejects(() => dialled, Error, "enough");
        await until(() => countOpen() > before + Math.min(i, most));
        controller.abort(new Error("enough"));
        await rejected;
      }
      const countLeft = () => countOpen() - before;
      await until(() => countLeft() <= most);
      assertEquals(await standstill(countLeft), most);
    },
  });
}

const refusing = { hostname: "127.0.0.1", port: 1 };

for (
  const [name, dial, endpoint] of [
    ["dialBun", dialBun, refusing],
    ["dialNode", dialNode, refusing],
    ["dialTls", dialTls, { ...refusing, tls: {} }],
  ] as const
) {
  // An operation that meets a server that refuses connections makes an attempt each turn of the event loop.
  Deno.test({
    name: `${name} keeps nothing of attempts that were refused`,
    ignore: !isBun,
    async fn() {
      const { signal } = new AbortController();
      const refused = async () => {
        const error = await assertRejects(() => dial(endpoint, { signal, ...SETTINGS }), Error);
        // Not by its message, which is another one on each version of Bun.
        assertEquals(Reflect.get(error, "code"), "ECONNREFUSED");
        return error;
      };
      assert(await countKept(refused) < 10);
    },
  });
}

Deno.test({
  name: "dialBun keeps nothing of closed sockets whose streams were used",
  ignore: !isBun,
  async fn() {
    await using peer = new ScriptedPeer(() => {});
    const { hostname, port } = new URL(`memcached://${peer.address}`);
    const endpoint = { hostname, port: Number(port) };
    const used = async () => {
      const { signal } = new AbortController();
      const transport = await dialBun(endpoint, { signal, ...SETTINGS });
      await transport.writable.getWriter().write(new Uint8Array(1));
      await transport.close();
      return transport;
    };
    assert(await countKept(used) < 10);
  },
});

Deno.test({
  name: "Client can be collected after a failed handshake with its certificate",
  ignore: !isBun,
  async fn() {
    const authority = await CertificateAuthority.create("the authority of this test");
    const certificate = await authority.issue({ names: ["a client"], usage: "client" });
    await using peer = new ScriptedPeer(greeting("this is no TLS\r\n"));
    const { hostname, port } = new URL(`memcached://${peer.address}`);
    const tls = { caCerts: [authority.cert], ...certificate };
    for (let i = 0; i < 50; i++) {
      await using client = new Client({ hostname, port: Number(port), tls });
      await assertRejects(() => client.get("key"), SocketError, "Cannot connect");
    }
    // Bun 1.2 crashed here.
    await collect();
  },
});

/** How many of 50 objects are kept although nothing refers to them; a few may still be on the stack. */
async function countKept(make: () => Promise<object>): Promise<number> {
  const made: WeakRef<object>[] = [];
  for (let i = 0; i < 50; i++) made.push(new WeakRef(await make()));
  await collect();
  return made.filter((reference) => reference.deref() !== undefined).length;
}

/** Makes the process free what nothing refers to. */
async function collect(): Promise<void> {
  const { Bun } = globalThis as unknown as { Bun: { gc(isForced: boolean): void } };
  Bun.gc(true);
  await standstill(() => 0);
  Bun.gc(true);
}
