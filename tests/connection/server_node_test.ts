import { assertInstanceOf } from "@std/assert";
import { ServerNode } from "../../src/connection/server_node.ts";
import { SocketError, TimeoutError } from "../../src/errors.ts";
import { DeleteCommand } from "../../src/protocol/commands/answer.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { Transport } from "../../src/transport/transport.ts";

const TIMEOUT = 150;
const CONNECT_TIMEOUT = 20;

/** A socket whose other end takes nothing and says nothing. */
function stuckTransport(): Transport {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  return {
    readable: new ReadableStream(),
    writable: new WritableStream(),
    read: () => closed.then(() => null),
    write: () => closed.then(() => Promise.reject(new Error("closed"))),
    close,
  };
}

Deno.test("ServerNode gives an operation no more time when its connection ends before its turn", async () => {
  const clock = new FakeClock();
  const node = new ServerNode({
    server: "server",
    dial: () => Promise.resolve(stuckTransport()),
    timeout: TIMEOUT,
    connectTimeout: CONNECT_TIMEOUT,
    timesConnectingApart: true,
    stallTimeout: Infinity,
    clock,
    connections: 1,
    maxPending: 100,
    maxPendingBytes: 1000,
    maxValueBytes: 100,
    direct: true,
    failuresBeforeDead: 1000,
    probeDelay: 100,
    maxProbeDelay: 100,
    dialsRefusing: true,
    report() {},
  });
  const remove = () =>
    new Promise((resolve, reject) =>
      node.submit(new DeleteCommand("key").settleBy(resolve, reject))
    );
  const written = remove().catch((error) => error);
  await turn();
  clock.tick(TIMEOUT / 5);
  const queued = remove().catch((error) => error);
  await turn();
  clock.tick(TIMEOUT * 4 / 5);
  assertInstanceOf(await written, TimeoutError);
  clock.tick(TIMEOUT / 5 + CONNECT_TIMEOUT);
  assertInstanceOf(await queued, TimeoutError);
  await node.close(new SocketError("over"));
});

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
