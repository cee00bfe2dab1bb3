import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { clearImmediate, setImmediate } from "node:timers";
import { Client, rawTranscoder, SocketError, TimeoutError } from "../../mod.ts";
import { openChannel, writeAll } from "../../src/transport/byte_channel.ts";
import type { Receiver, Transport } from "../../src/transport/transport.ts";
import { systemClock } from "../../src/waiting.ts";

/** A transport whose server gives one answer after another, each in the same Buffer. */
function bufferTransport(...answers: string[]): Transport {
  const buffer = Buffer.alloc(1000);
  let answer: () => void;
  let asked = new Promise<void>((resolve) => answer = resolve);
  return {
    readable: new ReadableStream({
      async pull(controller) {
        await asked;
        asked = new Promise((resolve) => answer = resolve);
        controller.enqueue(buffer.subarray(0, buffer.write(answers.shift() ?? "")));
      },
    }, { highWaterMark: 0 }),
    writable: new WritableStream({ write: () => answer() }),
    close: () => answer(),
  };
}

const never = (): Promise<never> => new Promise(() => {});

/** A transport of these ways, whose streams never do anything. */
function transportOf(ways: Partial<Transport>): Transport {
  const readable = new ReadableStream<Uint8Array>({ pull: never });
  return { readable, writable: new WritableStream(), close() {}, ...ways };
}

/** A receiver that takes chunks, and keeps them as text. */
function gathering(onPush = (): void => {}): Receiver & { text: string } {
  return {
    text: "",
    push(chunk) {
      this.text += new TextDecoder().decode(chunk);
      onPush();
    },
    vacancy: undefined,
    filled() {},
  };
}

/** Reads as though these had come, one after another, and then nothing. */
function reading(...parts: (string | number)[]): (into: Uint8Array) => Promise<number | null> {
  return (into) => {
    const part = parts.shift() ?? null;
    if (typeof part !== "string") return Promise.resolve(part);
    return Promise.resolve(new TextEncoder().encodeInto(part, into).written);
  };
}

const writing = (bytes: Uint8Array) => Promise.resolve(bytes.length);

Deno.test("openChannel passes on Buffers as Uint8Arrays", async () => {
  const channel = await openChannel(bufferTransport("hello"), false);
  await channel.write(new Uint8Array(1));
  const chunk = await new Promise<Uint8Array>((resolve) =>
    void channel.receive({ push: resolve, vacancy: undefined, filled: () => {} })
  );
  assertEquals(new TextDecoder().decode(chunk), "hello");
  assertStrictEquals(chunk.constructor, Uint8Array);
  await channel.close();
});

Deno.test("Client keeps no part of a Buffer that its transport uses again", async () => {
  const answers = ["moe", "cow"].map((value) => `VALUE key 0 3\r\n${value}\r\nEND\r\n`);
  const dial = () => Promise.resolve(bufferTransport(...answers));
  await using client = new Client("server", { dial, transcoder: rawTranscoder });
  const first = await client.get("key");
  await client.get("key");
  assertEquals(first, new TextEncoder().encode("moe"));
});

Deno.test("openChannel reads chunk by chunk, and passes on what follows", async () => {
  const words = ["one", "two", "three"].map((word) => new TextEncoder().encode(word));
  const readable = new ReadableStream<Uint8Array>({
    pull(controller) {
      const word = words.shift();
      if (word === undefined) controller.close();
      else controller.enqueue(word);
    },
  });
  const transports = [
    transportOf({ readable }),
    transportOf({ read: reading("one", "two", "three"), write: writing }),
  ];
  for (const transport of transports) {
    const channel = await openChannel(transport, true);
    assertEquals(new TextDecoder().decode(await channel.read()), "one");
    const receiver = gathering();
    await channel.receive(receiver);
    assertEquals(receiver.text, "twothree");
    await channel.close();
  }
});

Deno.test("openChannel has a transport that can keep the process alive or not", async () => {
  const called: string[] = [];
  const transport = transportOf({
    ref: () => called.push("ref"),
    unref: () => called.push("unref"),
  });
  const channel = await openChannel(transport, true);
  channel.unref();
  channel.ref();
  assertEquals(called, ["unref", "ref"]);
  const other = await openChannel(transportOf({}), true);
  other.unref();
  other.ref();
});

/** Fails unless others have run meanwhile, however busy the transport is. */
async function assertLetsRun(action: Promise<unknown>): Promise<void> {
  let turns = 0;
  let next: ReturnType<typeof setImmediate>;
  const count = () => {
    turns++;
    next = setImmediate(count);
  };
  count();
  try {
    await action;
  } finally {
    clearImmediate(next!);
  }
  assert(turns > 0, `others have run ${turns} times`);
}

/** A stream of chunks that nothing is in, each there at once. */
function emptyChunks(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array()) });
}

Deno.test("openChannel ends a transport whose reads or writes never end", async () => {
  const nothing = () => Promise.resolve(0);
  const givers = [
    transportOf({ read: nothing, write: writing }),
    transportOf({ readable: emptyChunks() }),
  ];
  for (const transport of givers) {
    const channel = await openChannel(transport, true);
    const received = assertRejects(
      () => channel.receive(gathering()),
      SocketError,
      "gives nothing",
    );
    await assertLetsRun(received);
    await channel.close();
  }
  const channel = await openChannel(transportOf({ read: never, write: nothing }), true);
  const written = assertRejects(
    () => writeAll(channel, new Uint8Array(3)),
    SocketError,
    "takes nothing",
  );
  await assertLetsRun(written);
  await channel.close();
});

Deno.test("openChannel accepts a transport that sometimes moves nothing", async () => {
  const counts = [0, 1, 0, 0, 2];
  const sent: number[] = [];
  const transport = transportOf({
    read: reading("a", 0, "b", 0, 0, "c"),
    write: (bytes) =>
      Promise.resolve((sent.push(...bytes.subarray(0, counts[0])), counts.shift()!)),
  });
  const channel = await openChannel(transport, true);
  await writeAll(channel, Uint8Array.of(1, 2, 3));
  assertEquals(sent, [1, 2, 3]);
  const receiver = gathering();
  await channel.receive(receiver);
  assertEquals(receiver.text, "abc");
  await channel.close();
});

Deno.test("openChannel ends a transport that says it has moved what it cannot have", async () => {
  for (const count of [-1, 1.5, NaN, Infinity, 1 << 24, undefined, "1"] as number[]) {
    const impossible = () => Promise.resolve(count);
    const channel = await openChannel(transportOf({ read: impossible, write: impossible }), true);
    const message = `it has moved ${count} of`;
    await assertRejects(() => channel.receive(gathering()), SocketError, message);
    await assertRejects(() => writeAll(channel, new Uint8Array(3)), SocketError, message);
    await channel.close();
  }
});

Deno.test("ByteChannel.close ends what waits to read, though the transport does not", async () => {
  for (
    const ways of [{}, { read: never, write: writing }, {
      receive: never,
      read: never,
      write: never,
    }]
  ) {
    const channel = await openChannel(transportOf(ways), true);
    const received = channel.receive(gathering());
    await channel.close();
    await received;
    const other = await openChannel(transportOf(ways), true);
    const read = other.read();
    await other.close();
    assertEquals(await read, undefined);
  }
});

Deno.test("ByteChannel passes on nothing that comes after close", async () => {
  let arrive = (): void => {};
  const read = (into: Uint8Array) =>
    new Promise<number>((resolve) => arrive = () => resolve((into[0] = 65, 1)));
  const channel = await openChannel(transportOf({ read, write: writing }), true);
  const receiver = gathering();
  const received = channel.receive(receiver);
  await channel.close();
  arrive();
  await received;
  assertEquals(receiver.text, "");
});

/** Makes everything end soon that takes its time. */
function withoutPatience(): Disposable {
  const { after } = systemClock;
  const soon: typeof after = (delay, callback) => after(Math.min(delay, 10), callback);
  Object.assign(systemClock, { after: soon });
  return { [Symbol.dispose]: () => void Object.assign(systemClock, { after }) };
}

Deno.test("ByteChannel.close accepts any result of a transport's close, and throws its error", async () => {
  await (await openChannel(transportOf({ close: () => "socket" as unknown as undefined }), true))
    .close();
  const fail = () => Promise.reject(new Error("no"));
  const failing = await openChannel(transportOf({ close: fail }), true);
  const received = failing.receive(gathering());
  await assertRejects(() => failing.close(), Error, "no");
  await received;
});

Deno.test("ByteChannel.close does not wait for a transport that never closes", async () => {
  using _ = withoutPatience();
  const hanging = [
    transportOf({ close: never }),
    transportOf({ close: never, read: never, write: never }),
    transportOf({ readable: new ReadableStream({ pull: never, cancel: never }) }),
    transportOf({ writable: new WritableStream({ write: never, abort: never }) }),
  ];
  for (const transport of hanging) {
    const channel = await openChannel(transport, true);
    channel.write(new Uint8Array(1)).catch(() => {});
    await channel.close();
  }
});

Deno.test("Client rejects operations if the streams of a transport are locked and it never closes", async () => {
  using _ = withoutPatience();
  for (const options of [{}, { maxSockets: 1 }]) {
    const client = new Client("server", {
      ...options,
      dial() {
        const transport = transportOf({ close: never });
        transport.writable.getWriter();
        return Promise.resolve(transport);
      },
    });
    // With maxSockets, the first one gives its socket back.
    for (let times = 0; times < 2; times++) {
      await assertRejects(() => client.get("key"), SocketError, 'not sent: get key "key"');
    }
    await client.close();
  }
});

Deno.test("Client uses its only socket again when a dial has never ended", async () => {
  using _ = withoutPatience();
  let dials = 0;
  const answering = {
    read: reading("END\r\n"),
    write: writing,
  };
  const client = new Client("server", {
    ...{ maxSockets: 1, connectTimeout: 20 },
    dial: () => ++dials === 1 ? never() : Promise.resolve(transportOf(answering)),
  });
  await assertRejects(() => client.get("key"), TimeoutError, "Cannot connect");
  let value: unknown = "nothing yet";
  while (value !== undefined) value = await client.get("key").catch(({ message }) => message);
  await client.close();
});

Deno.test("Client survives a dial whose transport moves nothing and never closes", async () => {
  using _ = withoutPatience();
  const nothing = () => Promise.resolve(0);
  for (const ways of [{ read: nothing, write: nothing }, { readable: emptyChunks() }]) {
    const client = new Client("server", {
      dial: () => Promise.resolve(transportOf({ ...ways, close: never })),
    });
    await assertLetsRun(assertRejects(() => client.get("key"), SocketError, "nothing"));
    await client.close();
  }
});

Deno.test("Client sends all of its requests through a transport that takes a few bytes at a time", async () => {
  let sent = "";
  let reply = (_: number): void => {};
  const counts = [0, 2, 1];
  const client = new Client("server", {
    transcoder: rawTranscoder(),
    dial: () =>
      Promise.resolve(transportOf({
        async read(into) {
          await new Promise<number>((resolve) => reply = resolve);
          return new TextEncoder().encodeInto("STORED\r\n", into).written;
        },
        write(bytes) {
          const taken = bytes.subarray(0, counts.shift() ?? 100_000);
          sent += new TextDecoder().decode(taken);
          if (sent.endsWith("x\r\n")) reply(0);
          return Promise.resolve(taken.length);
        },
      })),
  });
  // A long value is not copied to its header: it is written by itself.
  for (const length of [1, 40_000, 1 << 21]) {
    sent = "";
    const value = "x".repeat(length);
    await client.set("key", new TextEncoder().encode(value));
    assertEquals(sent, `set key 0 0 ${length}\r\n${value}\r\n`);
    counts.push(3, 0, 40_000);
  }
  await client.close();
});

Deno.test("Client rejects operations if a transport throws when it writes, or says it has written what it cannot", async () => {
  const writes = [
    () => {
      throw new Error("cannot write");
    },
    () => Promise.resolve(1 << 24),
    () => Promise.resolve(NaN),
  ];
  for (const write of writes) {
    const client = new Client("server", {
      dial: () => Promise.resolve(transportOf({ read: never, write })),
    });
    await assertRejects(() => client.get("key"), SocketError, 'under way: get key "key"');
    await client.close();
  }
});
