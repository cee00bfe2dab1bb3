/** What becomes of operations when the caller's own `dial` opens the sockets, or something else. */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Client, type Dial, SocketError, TimeoutError, type Transport } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const REPLY = new TextEncoder().encode("VALUE key 274 5\r\nvalue\r\nEND\r\n");

/** A transport that answers whatever it is asked, and counts how often it is closed. */
function answering(): Transport & { closeCount: number } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    transform: (_request, replies) => replies.enqueue(REPLY),
  });
  return {
    readable,
    writable,
    closeCount: 0,
    close: function () {
      this.closeCount++;
    },
  };
}

function connect(dial: unknown, timeout?: number): Client {
  return new Client("cache.test", { dial: dial as Dial, ...(timeout ? { timeout } : {}) });
}

Deno.test("Client calls ClientOptions.dial with the endpoint and the options", async () => {
  const told: unknown[] = [];
  const dial: Dial = (endpoint, { signal, ...settings }) => {
    told.push(endpoint, settings, signal.aborted);
    return Promise.resolve(answering());
  };
  await using client = new Client("cache.test:1234", {
    dial,
    keepAlive: false,
    connectTimeout: 1500,
  });
  assertEquals(await client.get("key"), "value");
  const endpoint = { hostname: "cache.test", port: 1234 };
  const settings = { keepAlive: false, noDelay: true, connectTimeout: 1500 };
  assertEquals(told, [endpoint, settings, false]);
});

Deno.test("Client speaks over any streams, whether they are byte streams or not", async () => {
  await using server = await MemcachedServer.listen();
  const { hostname, port } = server;
  for (const kind of [{ type: "bytes" }, {}]) {
    const dial: Dial = async () => {
      const socket = await Deno.connect({ hostname, port });
      const chunks = socket.readable[Symbol.asyncIterator]();
      const readable = new ReadableStream<Uint8Array>({
        ...(kind as object),
        async pull(controller) {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
      });
      return { readable, writable: socket.writable, close: () => socket.close() };
    };
    await using client = connect(dial, 5000);
    const large = "x".repeat(500_000);
    await client.set("key", large);
    assertEquals(await client.get("key"), large);
    assertEquals(await client.getMany(["key", "missing"]), new Map([["key", large]]));
  }
});

Deno.test("Client reads a transport through receive, and through read where it has none", async () => {
  for (const shortcut of ["receive", "read"] as const) {
    let asked = (): void => {};
    const question = new Promise<void>((resolve) => asked = resolve);
    const used: string[] = [];
    const dial = () =>
      Promise.resolve({
        ...answering(),
        write: (bytes: Uint8Array) => Promise.resolve((asked(), bytes.length)),
        async read(into: Uint8Array) {
          if (used.push("read") > 1) return await new Promise<null>(() => {});
          await question;
          into.set(REPLY);
          return REPLY.length;
        },
        ...(shortcut === "read" ? {} : {
          async receive(receiver: { push(chunk: Uint8Array): void }) {
            used.push("receive");
            await question;
            receiver.push(REPLY);
            await new Promise(() => {});
          },
        }),
      });
    // What never ends is the transport's affair; the client is left to the garbage collector.
    assertEquals(await connect(dial).get("key"), "value");
    assertEquals(used[0], shortcut);
  }
});

Deno.test("Client rejects with a SocketError whose cause is what dial threw", async () => {
  const cause = new Error("no tunnel");
  const dials = [
    () => Promise.reject(cause),
    () => {
      throw cause;
    },
  ];
  for (const dial of dials) {
    await using client = connect(dial);
    const error = await assertRejects(() => client.get("key"), SocketError);
    const message = 'Cannot connect to cache.test:11211: no tunnel, not sent: get key "key"';
    assertEquals(error.message, message);
    assertEquals(error.server, "cache.test:11211");
    assertStrictEquals(error.cause, cause);
  }
});

Deno.test("Client rejects with a SocketError when dial gives no transport", async () => {
  const { readable, writable, close } = answering();
  const junk = [undefined, null, 5, "socket", {}, { readable, writable }, { readable, close }, {
    readable: "r",
    writable: "w",
    close,
  }];
  for (const transport of junk) {
    for (const dial of [() => Promise.resolve(transport), () => transport]) {
      await using client = connect(dial);
      const error = await assertRejects(() => client.get("key"), SocketError, "dial returned no");
      assertEquals(error.server, "cache.test:11211");
    }
  }
});

Deno.test("Client closes a transport whose streams are locked by another reader or writer", async () => {
  for (const half of ["readable", "writable"] as const) {
    const transport = answering();
    if (half === "readable") transport.readable.getReader();
    else transport.writable.getWriter();
    await using client = connect(() => Promise.resolve(transport));
    await assertRejects(() => client.get("key"), SocketError, "lock");
    assertEquals(transport.closeCount, 1);
    const items = client.items();
    await assertRejects(() => items[Symbol.asyncIterator]().next(), SocketError);
    assertEquals(transport.closeCount, 2);
  }
});

Deno.test("Client aborts a dial that hangs", async () => {
  let signal: AbortSignal | undefined;
  const late = answering();
  let arrive = (): void => {};
  const dial: Dial = (_, options) => {
    signal = options.signal;
    return new Promise((resolve) => arrive = () => resolve(late));
  };
  const client = connect(dial, 20);
  await assertRejects(() => client.get("key"), TimeoutError, "Cannot connect to cache.test:11211");
  assert(signal!.aborted);
  // It did not heed the signal: what comes after all is closed unused.
  arrive();
  await client.close();
  assertEquals(late.closeCount, 1);
});

Deno.test("Client.close waits for a dial that it gave up, and closes its socket", async () => {
  const late = answering();
  let arrive = (): void => {};
  const client = connect(() => new Promise((resolve) => arrive = () => resolve(late)));
  const operation = assertRejects(() => client.get("key"), SocketError, "the client is closed");
  await Promise.resolve();
  const closed = client.close();
  await operation;
  assertEquals(late.closeCount, 0);
  arrive();
  await closed;
  assertEquals(late.closeCount, 1);
});

Deno.test("Client opens nothing and calls nothing when it is made", () => {
  let dials = 0;
  new Client(["a", "b"], { dial: () => Promise.reject(dials++) });
  assertEquals(dials, 0);
});

Deno.test("Client.close reports a late socket that does not close", async () => {
  const late = { ...answering(), close: () => Promise.reject(new Error("stuck")) };
  let arrive = (): void => {};
  const client = connect(() => new Promise((resolve) => arrive = () => resolve(late)), 20);
  await assertRejects(() => client.get("key"), TimeoutError, "no answer within 20 ms");
  arrive();
  await assertRejects(() => client.close(), Error, "stuck");
});

Deno.test("Client.close does not wait for a dial that never ends", async () => {
  const client = connect(() => new Promise(() => {}), 20);
  const operations = [client.get("key"), client.items().next()].map((operation) =>
    assertRejects(() => operation, TimeoutError, "no answer within 20 ms")
  );
  await Promise.all(operations);
  await client.close();
});

Deno.test("Client's loops and close do not wait without a limit for a transport that never closes", async () => {
  const never = () => new Promise<void>(() => {});
  const line = "key=a exp=-1 la=1 cas=1 fetch=no cls=1 size=1\nEND\r\n";
  const list = () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
      transform: (_request, replies) => replies.enqueue(new TextEncoder().encode(line)),
    });
    return Promise.resolve({ readable, writable, close: never });
  };
  const client = connect(list);
  const keys = [];
  for await (const { key } of client.items()) keys.push(key);
  assertEquals(keys, ["a"]);
  await client.close();
});

Deno.test("Client ends a connection whose transport passes on empty chunks without end", async () => {
  let passed = 0;
  const dial: Dial = () =>
    Promise.resolve({
      ...{ readable: new ReadableStream(), writable: new WritableStream(), close() {} },
      read: () => Promise.resolve(null),
      write: (bytes) => Promise.resolve(bytes.length),
      async receive(receiver) {
        // Without an end, a failure would leave the event loop no turn.
        while (passed++ < 10_000) {
          receiver.push(new Uint8Array());
          await undefined;
        }
      },
    });
  await using client = connect(dial);
  await assertRejects(() => client.get("key"), SocketError, "the transport gives nothing");
  assert(passed < 1000, `${passed} chunks`);
});

Deno.test("Client connects even if the process was busy for longer than connectTimeout", async () => {
  await using server = await MemcachedServer.listen();
  await using first = new Client(server.address);
  // This loads the dialer. What follows runs in a callback of a socket, after which Bun 1.2 runs its timers before it
  // reads sockets again.
  assertEquals(await first.get("key"), undefined);
  await using client = new Client(server.address, { connectTimeout: 100 });
  const value = client.get("key");
  for (let i = 0; i < 50; i++) await undefined;
  for (const end = performance.now() + 300; performance.now() < end;);
  assertEquals(await value, undefined);
});
