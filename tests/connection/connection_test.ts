import { assertEquals, assertLess } from "@std/assert";
import { Connection } from "../../src/connection/connection.ts";
import { SocketError } from "../../src/errors.ts";
import { DeleteCommand } from "../../src/protocol/commands/answer.ts";
import { Counters } from "../../src/observation.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { systemClock } from "../../src/waiting.ts";
import { turn } from "../support/turns.ts";

const OPTIONS = {
  server: "server",
  timeout: Infinity,
  connectTimeout: Infinity,
  timesConnectingApart: false,
  stallTimeout: Infinity,
  clock: systemClock,
  maxValueBytes: 1,
  counters: new Counters("test"),
};

/** A socket on which nothing happens until it is closed. */
class QuietTransport implements Transport {
  readonly #ended = new AbortController();
  readonly #end = new Promise<null>((resolve) => {
    this.#ended.signal.addEventListener("abort", () => resolve(null));
  });

  get isClosed(): boolean {
    return this.#ended.signal.aborted;
  }

  readonly readable: ReadableStream<Uint8Array> = new ReadableStream();
  readonly writable: WritableStream<Uint8Array> = new WritableStream();
  readonly read = (): Promise<null> => this.#end;
  readonly write = (bytes: Uint8Array): Promise<number> => Promise.resolve(bytes.length);

  close(): void {
    this.#ended.abort();
  }
}

for (const direct of [true, false]) {
  const name = `Connection closes its socket whenever it ends after dialing (direct: ${direct})`;
  Deno.test(name, async () => {
    for (let turns = 0; turns < 12; turns++) {
      const transport = new QuietTransport();
      const { promise: dialed, resolve: open } = Promise.withResolvers<Transport>();
      const connection = new Connection({
        dial: () => dialed,
        ...OPTIONS,
        direct,
      }, { opened() {}, answered() {}, ended() {} });
      open(transport);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      connection.end(new SocketError("over"));
      await connection.closed;
      // The dialer's socket comes after the end where it ended first.
      await turn();
      assertEquals(transport.isClosed, true, `after ${turns} turns`);
    }
  });
}

/** A socket that writes what its peer does not read, and is not closed before that is done or given up, as workers' are. */
function reluctantTransport(): Transport {
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>();
  const writable = new WritableStream<Uint8Array>({
    async write(_, { signal }) {
      signal.addEventListener("abort", () => giveUp());
      await givenUp;
    },
  });
  return { readable: new ReadableStream(), writable, close: () => givenUp };
}

Deno.test("Connection closes its socket before everything is written", async () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let ends = 0;
  const connection = new Connection({
    dial: () => Promise.resolve(reluctantTransport()),
    ...OPTIONS,
    direct: true,
  }, { opened: () => open(), answered() {}, ended: () => void ends++ });
  connection.submit(new DeleteCommand("key"));
  await opened;
  await turn();
  connection.end(new SocketError("over"));
  await connection.closed;
  assertEquals(ends, 1);
});

Deno.test("Connection keeps little of what is given up while it cannot write", () => {
  const connection = new Connection({
    dial: () => new Promise<Transport>(() => {}),
    ...OPTIONS,
    direct: true,
  }, { opened() {}, answered() {}, ended() {} });
  const wanted = new DeleteCommand("wanted");
  connection.submit(wanted);
  for (let i = 0; i < 100_000; i++) {
    const command = new DeleteCommand("key");
    connection.submit(command);
    command.abandon(new Error("given up"));
  }
  assertLess(connection.pending, 3000);
  connection.sweep();
  assertEquals(connection.pending, 1);
  connection.end(new SocketError("over"));
});
