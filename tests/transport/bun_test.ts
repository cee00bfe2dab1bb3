/** Bun's own sockets, and what TLS leaves behind there; the tests are there on Bun alone. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { readdirSync } from "node:fs";
import net from "node:net";
import process from "node:process";
import { Client, SocketError } from "../../mod.ts";
import { dialBun } from "../../src/transport/bun.ts";
import type { Endpoint } from "../../src/transport/transport.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
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

  get endpoint(): Endpoint {
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

Deno.test({
  name: "dialBun keeps no buffer of an attempt that was refused",
  ignore: !isBun,
  async fn() {
    const endpoint = { hostname: "127.0.0.1", port: 1 };
    const { signal } = new AbortController();
    const used = async () => {
      await collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await used();
    for (let i = 0; i < 300; i++) {
      await assertRejects(() => dialBun(endpoint, { signal, ...SETTINGS }), Error, "ECONNREFUSED");
    }
    // Bun 1.2 itself keeps 4 KB of each.
    assert(await used() - before < 300 * 16_384);
  },
});

Deno.test({
  name: "Client can be collected after a failed handshake with its certificate",
  ignore: !isBun,
  async fn() {
    const authority = await CertificateAuthority.create("the authority of this test");
    const certificate = await authority.issue({ names: ["a client"], usage: "client" });
    await using peer = new ScriptedPeer((connection) => connection.send("this is no TLS\r\n"));
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

/** Has the process free what nothing refers to. */
async function collect(): Promise<void> {
  const { Bun } = globalThis as unknown as { Bun: { gc(isForced: boolean): void } };
  Bun.gc(true);
  await standstill(() => 0);
  Bun.gc(true);
}
