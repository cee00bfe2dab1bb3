import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Client, SocketError } from "../../mod.ts";
import { openChannel } from "../../src/transport/byte_channel.ts";
import { dialDeno } from "../../src/transport/deno.ts";
import { dial } from "../../src/transport/dial.ts";
import { afterTurn } from "../../src/transport/event_loop.ts";
import { systemClock } from "../../src/waiting.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { FakeClock } from "../support/fake_clock.ts";

const ENDPOINT = { hostname: "127.0.0.1", port: 1 };
const SETTINGS = { keepAlive: true, noDelay: true };

/** What becomes of the socket that a test connects. */
interface ConnectedSocket {
  /** Resolves when `Deno.connect` is called. */
  readonly begun: Promise<void>;
  isClosed: boolean;
}

/** Runs a body with a `Deno.connect` that takes its time, or hangs. */
async function withConnect(
  milliseconds: number,
  body: (socket: ConnectedSocket) => Promise<void>,
): Promise<void> {
  const { connect } = Deno;
  const begun = deferred<void>();
  const socket = { begun: begun.promise, isClosed: false };
  const connection = {
    setNoDelay() {},
    setKeepAlive() {},
    read: () => new Promise(() => {}),
    write: () => new Promise(() => {}),
    close: () => socket.isClosed = true,
  };
  Deno.connect = (({ signal }: Deno.ConnectOptions) =>
    new Promise((resolve, reject) => {
      begun.resolve();
      const cancel = systemClock.after(milliseconds, () => resolve(connection));
      signal!.addEventListener("abort", () => {
        cancel();
        reject(signal!.reason);
      });
    })) as unknown as typeof Deno.connect;
  try {
    await body(socket);
  } finally {
    Deno.connect = connect;
  }
}

Deno.test("dialDeno closes the socket of an attempt that was given up", async () => {
  await withConnect(10, async (socket) => {
    const giveUp = new AbortController();
    const dialled = dialDeno(ENDPOINT, { signal: giveUp.signal, ...SETTINGS });
    giveUp.abort();
    const transport = await dialled;
    await transport.close();
    assertEquals(socket.isClosed, true);
  });
});

Deno.test("dialDeno aborts an attempt that is given up and hangs", async () => {
  await withConnect(60_000, async () => {
    const giveUp = new AbortController();
    const reason = new Error("enough");
    const dialled = dialDeno(ENDPOINT, { signal: giveUp.signal, ...SETTINGS });
    giveUp.abort(reason);
    assertStrictEquals(await assertRejects(() => dialled), reason);
  });
});

Deno.test("dial connects nowhere when it is given up before its dialer is loaded", async () => {
  await withConnect(60_000, async () => {
    const giveUp = new AbortController();
    const reason = new Error("enough");
    const dialled = dial(ENDPOINT, { signal: giveUp.signal, ...SETTINGS });
    giveUp.abort(reason);
    assertStrictEquals(await assertRejects(() => dialled), reason);
  });
});

/** Makes every touch of the globals for timers fail: on Deno the first loads all of Node's, which takes 5 ms. */
function withoutTimers(): Disposable {
  const names = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate"];
  const own = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name)!);
  for (const name of names) {
    const get = () => {
      throw new Error(`${name} is touched`);
    };
    Object.defineProperty(globalThis, name, { get, configurable: true });
  }
  return {
    [Symbol.dispose]() {
      names.forEach((name, i) => Object.defineProperty(globalThis, name, own[i]!));
    },
  };
}

Deno.test("a plain connection touches no timer, on its way and when it is given up", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const endpoint = { hostname: "127.0.0.1", port: listener.addr.port };
  using _ = withoutTimers();
  const channel = await openChannel(
    await dial(endpoint, { signal: new AbortController().signal, ...SETTINGS }),
    true,
  );
  using peer = await accepted;
  await channel.write(Uint8Array.of(1));
  assertEquals(await peer.read(new Uint8Array(9)), 1);
  await peer.write(Uint8Array.of(2));
  assertEquals(await channel.read(), Uint8Array.of(2));
  await new Promise<void>((resolve) => afterTurn(resolve));
  await channel.close();
  await withConnect(0, async () => {
    const giveUp = new AbortController();
    const dialled = dialDeno(ENDPOINT, { signal: giveUp.signal, ...SETTINGS });
    giveUp.abort();
    (await dialled).close();
  });
});

Deno.test("Client.close closes the socket of a dial that ends after it was called", async () => {
  await withConnect(10, async (socket) => {
    // On a busy machine, the dial takes longer than the second that `close` waits at most.
    const client = new Client("127.0.0.1:1", { clock: new FakeClock() });
    const operation = assertRejects(() => client.get("key"), SocketError);
    await socket.begun;
    await client.close();
    await operation;
    assertEquals(socket.isClosed, true);
  });
});
