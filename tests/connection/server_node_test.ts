import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { RoomCheck } from "../../src/connection/refusals.ts";
import { ServerNode } from "../../src/connection/server_node.ts";
import { Counters } from "../../src/observation.ts";
import { SocketError, TimeoutError } from "../../src/errors.ts";
import { DeleteCommand } from "../../src/protocol/commands/answer.ts";
import { MetaCommand } from "../../src/protocol/commands/meta.ts";
import { CAS_ANSWERS, StorageCommand } from "../../src/protocol/commands/storage.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { turn } from "../support/turns.ts";

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

function stuckNode(clock: FakeClock): ServerNode {
  return new ServerNode({
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
    counters: new Counters("test"),
    report() {},
  });
}

Deno.test("ServerNode sends no cas over another connection than its cas unique was read through", async () => {
  const clock = new FakeClock();
  const node = stuckNode(clock);
  const ask = (command: DeleteCommand | StorageCommand<unknown> | MetaCommand) =>
    new Promise((resolve, reject) => node.submit(command.settleBy(resolve, reject)));
  const read = new DeleteCommand("key");
  const written = ask(read).catch((error) => error);
  await turn();
  clock.tick(TIMEOUT / 5);
  const { carrier } = read;
  const item = { flags: 0, exptime: 0, data: "value", cas: 7n, carrier };
  const cas = () => ask(new StorageCommand<unknown>("cas", "key", item, CAS_ANSWERS));
  const meta = () =>
    ask(new MetaCommand({ verb: "ms", key: "key", flags: ["C7"], data: "value", carrier }));
  const queued = [cas(), meta()];
  await turn();
  assertEquals(node.pending, 3);
  clock.tick(TIMEOUT * 4 / 5);
  assertInstanceOf(await written, TimeoutError);
  const lost: [unknown, unknown] = ["exists", { status: "EX", flags: {} }];
  assertEquals(await Promise.all(queued), lost);
  assertEquals(await Promise.all([cas(), meta()]), lost);
  assertEquals(node.pending, 0);
  await node.close(new SocketError("over"));
});

Deno.test("ServerNode does not extend the time of an operation whose connection ends before its turn", async () => {
  const clock = new FakeClock();
  const node = stuckNode(clock);
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

Deno.test("RoomCheck searches few of the operations that wait for each that it refuses", () => {
  let sweeps = 0;
  const place = { pending: 10_000, pendingBytes: 0, sweep: () => void sweeps++ };
  const room = new RoomCheck({ maxPending: 10_000, maxPendingBytes: 1 });
  for (let i = 0; i < 1000; i++) assertMatch(room.fullOf([place], 0) ?? "", /maxPending allows/);
  assertEquals(sweeps, 6);
  place.sweep = () => void (place.pending = 0);
  for (let i = 0; i < 1000; i++) room.fullOf([place], 0);
  assertEquals(room.fullOf([place], 0), undefined);
});
