import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { LineReader, type LineReaderOptions } from "../../src/connection/line_reader.ts";
import { SocketError, TimeoutError } from "../../src/errors.ts";
import { dial as dialHere } from "../../src/transport/dial.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { splits, utf8 } from "../protocol/splits.ts";
import { CountedSignal } from "../support/counted_signal.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { settle } from "./manual_socket.ts";
import { type Script, ScriptedPeer } from "../support/scripted_peer.ts";
import { systemClock } from "../../src/waiting.ts";
import { standstill, turn } from "../support/turns.ts";

/** A transport whose server says these chunks, one for each read, and then nothing more. */
class ChunkTransport implements Transport {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array> = new WritableStream();
  reads = 0;
  isClosed = false;

  constructor(chunks: Iterator<Uint8Array>) {
    this.readable = new ReadableStream({
      pull: (controller) => {
        this.reads++;
        const { done, value } = chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    }, { highWaterMark: 0 });
  }

  close(): void {
    this.isClosed = true;
  }
}

const TIMES = {
  timeout: Infinity,
  connectTimeout: Infinity,
  timesConnectingApart: false,
  stallTimeout: Infinity,
  clock: systemClock,
};

function readerOf(transport: Transport, options: Partial<LineReaderOptions> = {}): LineReader {
  return new LineReader({
    server: "server",
    dial: () => Promise.resolve(transport),
    ...TIMES,
    ...options,
  });
}

async function withPeer(
  script: Script,
  body: (lines: LineReader) => Promise<void>,
  options: Partial<LineReaderOptions> & { readonly signal?: AbortSignal } = {},
): Promise<void> {
  await using peer = new ScriptedPeer(script);
  const [hostname, port] = peer.address.split(":");
  const endpoint = { hostname: hostname!, port: Number(port) };
  const lines = new LineReader({
    server: peer.address,
    dial: (signal) => dialHere(endpoint, { signal, keepAlive: true, noDelay: true }),
    ...TIMES,
    ...options,
  }, options.signal);
  await body(lines);
  lines.end();
  await lines.closed;
}

Deno.test("LineReader reads lines that end in LF or CRLF, however they arrive", async () => {
  for (const chunks of splits(utf8("OK\r\nkey=a\n\n\r\nkey=ö\nEND\r\n"))) {
    const transport = new ChunkTransport(chunks.values());
    const lines = readerOf(transport);
    const read = [await lines.ask("request\r\n")];
    while (read.length < 6) read.push(await lines.next());
    assertEquals(read, ["OK", "key=a", "", "", "key=ö", "END"]);
    await assertRejects(() => lines.next(), SocketError, "the server closed it");
    await lines.closed;
    assertEquals(transport.isClosed, true);
  }
});

Deno.test("LineReader returns all lines that have arrived, after those that it has returned as text", async () => {
  const transport = new ChunkTransport([
    utf8("OK\r\nö\n"),
    utf8("c\r\nd"),
    utf8("d"),
    utf8("\ne\nf\n"),
    utf8("g\nh"),
  ].values());
  const lines = readerOf(transport);
  const next = async () => new TextDecoder().decode(await lines.nextLines());
  assertEquals(await lines.ask("request\r\n"), "OK");
  assertEquals([await next(), await next(), await lines.next()], ["ö\n", "c\r\n", "dd"]);
  assertEquals([await lines.next(), await next(), await next()], ["e", "f\n", "g\n"]);
  // A line without an end is no line.
  await assertRejects(() => lines.nextLines(), SocketError, "the server closed it");
  await lines.closed;
});

Deno.test("LineReader reads nothing before a line is asked for", async () => {
  const endless = (function* () {
    while (true) yield utf8("a\nb\n");
  })();
  const transport = new ChunkTransport(endless);
  const lines = readerOf(transport);
  assertEquals(transport.reads, 0);
  assertEquals(await lines.ask("request\r\n"), "a");
  for (const reads of [1, 2, 2, 3, 3]) {
    await lines.next();
    await turn();
    assertEquals(transport.reads, reads);
  }
  lines.end();
  await lines.closed;
});

Deno.test("LineReader gives up a server that sends nothing when a line is due, and only then", async () => {
  const clock = new FakeClock();
  const replies = new TransformStream<Uint8Array, Uint8Array>();
  const server = replies.writable.getWriter();
  const lines = readerOf({
    readable: replies.readable,
    writable: new WritableStream(),
    close() {},
  }, { clock, stallTimeout: 10_000 });
  const first = lines.ask("request\r\n");
  await settle();
  clock.tick(9_999);
  server.write(utf8("OK\r\n"));
  assertEquals(await first, "OK");
  // Nothing waits for a line: the caller has something else to do.
  await settle();
  clock.tick(60_000);
  // Nor is one due that comes when there is something to tell.
  const event = lines.nextAnyTime();
  await settle();
  clock.tick(60_000);
  server.write(utf8("event\r\n"));
  assertEquals(await event, "event");
  const next = lines.next();
  await settle();
  clock.tick(9_999);
  server.write(utf8("line\r\n"));
  assertEquals(await next, "line");
  const late = assertRejects(() => lines.next(), TimeoutError, "has sent nothing for 10000 ms");
  await settle();
  clock.tick(15_000);
  await late;
  await lines.closed;
});

Deno.test("LineReader gives up a line without an end", async () => {
  const endless = (function* () {
    while (true) yield new Uint8Array(4096).fill(0x61);
  })();
  const transport = new ChunkTransport(endless);
  await assertRejects(() => readerOf(transport).ask("request\r\n"), SocketError, "no end");
  assertLess(transport.reads, 20);
});

Deno.test("LineReader makes a server wait that sends more than is read", async () => {
  let sent = 0;
  const megabyte = `${"x".repeat(1023)}\n`.repeat(1024);
  const script: Script = async (connection) => {
    await connection.request();
    while (await connection.send(megabyte).then(() => true, () => false)) sent++;
  };
  await withPeer(script, async (lines) => {
    assertEquals((await lines.ask("request\r\n")).length, 1023);
    const before = await standstill(() => sent);
    // What the sockets of both ends hold, and no more.
    assertLess(sent, 64);
    for (let taken = 0; taken < (before + 2) * 1024; taken++) await lines.next();
    await turn();
    assertLess(before, sent);
  });
});

Deno.test("LineReader ends a read that waits with the reason it is given", async () => {
  const script: Script = async (connection) => {
    await connection.request();
    await connection.send("OK\r\n");
  };
  const reason = new SocketError("over");
  await withPeer(script, async (lines) => {
    await lines.ask("request\r\n");
    const next = lines.next();
    lines.end(reason);
    lines.end(new Error("later"));
    assertEquals(await assertRejects(() => next), reason);
    assertEquals(await assertRejects(() => lines.next()), reason);
    assertEquals(await assertRejects(() => lines.ask("request\r\n")), reason);
  });
  const caller = new AbortController();
  await withPeer(script, async (lines) => {
    await lines.ask("request\r\n");
    const next = lines.next();
    caller.abort(reason);
    assertEquals(await assertRejects(() => next), reason);
  }, { signal: caller.signal });
});

Deno.test("LineReader does not dial when the signal is already aborted", async () => {
  await using peer = new ScriptedPeer(() => {});
  const dial = () => Promise.reject(new Error("dialed"));
  const options = { server: peer.address, dial, ...TIMES };
  const lines = new LineReader(options, AbortSignal.abort("aborted"));
  assertEquals(await lines.ask("request\r\n").catch((reason) => reason), "aborted");
  await lines.closed;
});

Deno.test("LineReader throws a TimeoutError when the first line is overdue, not when others are", async () => {
  const silent: Script = () => {};
  const options = { timeout: 20, connectTimeout: 20 };
  await withPeer(silent, async (lines) => {
    await assertRejects(() => lines.ask("request\r\n"), TimeoutError, "No reply");
  }, options);
  const clock = new FakeClock();
  const { promise: later, resolve: goOn } = Promise.withResolvers<void>();
  const slow: Script = async (connection) => {
    await connection.request();
    await connection.send("OK\r\n");
    await later;
    await connection.send("END\r\n");
  };
  await withPeer(slow, async (lines) => {
    assertEquals(await lines.ask("request\r\n"), "OK");
    const next = lines.next();
    await clock.tickSlowly(60_000);
    goOn();
    assertEquals(await next, "END");
  }, { ...options, clock });
});

Deno.test("LineReader throws a TimeoutError when the server does not accept the connection", async () => {
  for (const timesConnectingApart of [false, true]) {
    const clock = new FakeClock();
    const options = { timeout: 20, connectTimeout: 20, timesConnectingApart, clock };
    const never = new Promise<Transport>(() => {});
    const transport = new ChunkTransport([].values());
    const lines = readerOf(transport, { dial: () => never, ...options });
    const asked = lines.ask("request\r\n");
    const failed = assertRejects(() => asked, TimeoutError, "Cannot connect to server");
    await settle();
    clock.tick(20);
    await failed;
    await lines.closed;
  }
});

Deno.test("LineReader begins an operation's time when it is connected, if connecting has its own", async () => {
  const clock = new FakeClock();
  const options = { timeout: 20, connectTimeout: 100, timesConnectingApart: true, clock };
  const transport = new ChunkTransport([utf8("OK\r\n")].values());
  const { promise: dialed, resolve: open } = Promise.withResolvers<Transport>();
  const lines = readerOf(transport, { dial: () => dialed, ...options });
  const asked = lines.ask("request\r\n");
  await settle();
  clock.tick(99);
  open(transport);
  assertEquals(await asked, "OK");
  lines.end();
  await lines.closed;
});

Deno.test("LineReader ends when its request cannot be written, although nothing is read", async () => {
  const transport: Transport = {
    readable: new ReadableStream(),
    writable: new WritableStream({ write: () => Promise.reject(new Error("broken pipe")) }),
    close() {},
  };
  const lines = readerOf(transport);
  await assertRejects(() => lines.ask("request\r\n"), SocketError, "broken pipe");
  await lines.closed;
});

Deno.test("LineReader leaves no listener at the caller's signal when it has ended", async () => {
  const { signal, listeners } = new CountedSignal();
  await withPeer(
    async (connection) => {
      await connection.request();
      await connection.send("OK\r\n");
    },
    async (lines) => assertEquals(await lines.ask("request\r\n"), "OK"),
    { signal },
  );
  assertEquals(listeners(), { present: 0, most: 1 });
});

Deno.test("LineReader closes its socket whenever it ends while dialing", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const transport = new ChunkTransport([].values());
    const { promise: dialed, resolve: open } = Promise.withResolvers<Transport>();
    const lines = readerOf(transport, { dial: () => dialed });
    const asked = lines.ask("request\r\n").catch((error) => error);
    open(transport);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    lines.end(new SocketError("over"));
    await asked;
    await lines.closed;
    // The dialer's socket comes after the end where it ended first.
    await turn();
    assertEquals(transport.isClosed, true, `after ${turns} turns`);
  }
});

Deno.test("LineReader reads ahead up to its limit, and fails after what it has read", async () => {
  const chunks = Array.from({ length: 10 }, (_, i) => utf8(`line ${i}\n`));
  const transport = new ChunkTransport(chunks.values());
  const lines = readerOf(transport);
  assertEquals(await lines.ask("request\r\n"), "line 0");
  assertEquals(transport.reads, 1);
  lines.readAhead(3 * chunks[0]!.length);
  await turn();
  assertEquals(transport.reads, 4);
  assertEquals(await lines.next(), "line 1");
  await turn();
  assertEquals(transport.reads, 5);
  lines.readAhead(1 << 20);
  await turn();
  assertEquals(transport.reads, 11);
  for (let i = 2; i < 10; i++) assertEquals(await lines.next(), `line ${i}`);
  await assertRejects(() => lines.next(), SocketError, "the server closed it");
  await lines.closed;
});
