/** The tests of a dialer for sockets without TLS. They ask for nothing of the runtime but Node's modules. @module */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import tls from "node:tls";
import { openChannel } from "../../src/transport/byte_channel.ts";
import type {
  Dial,
  Endpoint,
  HostEndpoint,
  Receiver,
  Transport,
} from "../../src/transport/transport.ts";
import { CountedSignal } from "../support/counted_signal.ts";
import { standstill, turn, until } from "../support/turns.ts";

export type Handler = (socket: net.Socket) => void;

export const SETTINGS = { keepAlive: true, noDelay: true };
export const LARGE = 3_000_000;

/** A server that passes each connection to a handler. */
export class Peer implements AsyncDisposable {
  readonly server: net.Server;
  readonly sockets: net.Socket[] = [];

  constructor(handler: Handler, options?: tls.TlsOptions) {
    const accept = (socket: net.Socket) => {
      this.sockets.push(socket);
      // That the client ends the connection is what many of these tests are about.
      socket.on("error", () => {});
      handler(socket);
    };
    this.server = options === undefined
      ? net.createServer({ allowHalfOpen: true }, accept)
      : tls.createServer(options, accept);
    this.server.on("tlsClientError", () => {});
  }

  static async listen(handler: Handler, options?: tls.TlsOptions): Promise<Peer> {
    const peer = new Peer(handler, options);
    await new Promise<void>((resolve) => peer.server.listen(0, "127.0.0.1", resolve));
    return peer;
  }

  static async listenAt(path: string, handler: Handler): Promise<Peer> {
    const peer = new Peer(handler);
    await new Promise<void>((resolve) => peer.server.listen(path, resolve));
    return peer;
  }

  get endpoint(): HostEndpoint {
    return { hostname: "127.0.0.1", port: (this.server.address() as net.AddressInfo).port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** Gathers what comes; the first `vacant` bytes come into a vacancy. */
export class Gathering implements Receiver {
  readonly #chunks: Uint8Array[] = [];
  #vacancy: Uint8Array<ArrayBuffer> | undefined;
  readonly #whole: Uint8Array<ArrayBuffer> | undefined;
  onPush = (): void => {};
  filledCount = 0;
  byteLength = 0;

  constructor(vacant = 0) {
    if (vacant > 0) this.#whole = this.#vacancy = new Uint8Array(vacant);
  }

  get vacancy(): Uint8Array<ArrayBuffer> | undefined {
    return this.#vacancy;
  }

  push(chunk: Uint8Array): void {
    this.byteLength += chunk.length;
    // As the parser does: what fits goes to where it belongs.
    const room = this.#vacancy?.length ?? 0;
    this.#vacancy?.set(chunk.subarray(0, room));
    if (this.#vacancy !== undefined) this.#advance(Math.min(room, chunk.length));
    if (chunk.length > room) this.#chunks.push(chunk.slice(room));
    this.onPush();
  }

  filled(count: number): void {
    this.filledCount++;
    this.byteLength += count;
    this.#advance(count);
    this.onPush();
  }

  bytes(): Uint8Array {
    return Buffer.concat([this.#whole ?? new Uint8Array(), ...this.#chunks]);
  }

  #advance(count: number): void {
    this.#vacancy = this.#vacancy!.subarray(count);
    if (this.#vacancy.length === 0) this.#vacancy = undefined;
  }
}

/** Bytes that tell when one is missing or twice there. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What {@linkcode testSockets} tests. */
export interface Tested {
  /** What the tests' names begin with. */
  readonly name: string;
  readonly dial: Dial;
  /** Whether the sockets read large values into the receiver's own buffers. */
  readonly fillsVacancies: boolean;
}

/** Registers the tests of a dialer. */
export function testSockets({ name, dial: dialHere, fillsVacancies }: Tested): void {
  const test = (what: string, body: () => Promise<void>) => Deno.test(`${name} ${what}`, body);
  const dial = (endpoint: Endpoint, signal = new AbortController().signal): Promise<Transport> =>
    dialHere(endpoint, { signal, ...SETTINGS });

  for (const direct of [true, false]) {
    const way = direct ? "direct" : "streams";
    const testWay = (what: string, body: () => Promise<void>) => test(`${what} (${way})`, body);

    testWay("opens a socket that hands over all that comes, and ends with it", async () => {
      const sent = pattern(LARGE);
      await using peer = await Peer.listen((socket) => void socket.end(sent));
      for (const vacant of [0, 100, LARGE - 5, LARGE]) {
        const channel = await openChannel(await dial(peer.endpoint), direct);
        const gathering = new Gathering(vacant);
        await channel.receive(gathering);
        assert(isSame(gathering.bytes(), sent), `${vacant} vacant`);
        if (direct && vacant > LARGE / 2 && fillsVacancies) assert(gathering.filledCount > 0);
        await channel.close();
      }
    });

    testWay("opens a socket that keeps bytes that come before the first read", async () => {
      await using peer = await Peer.listen((socket) => void socket.end("early"));
      const transport = await dial(peer.endpoint);
      await pause(50);
      const channel = await openChannel(transport, direct);
      const gathering = new Gathering();
      await channel.receive(gathering);
      assertEquals(new TextDecoder().decode(gathering.bytes()), "early");
      await channel.close();
    });

    testWay("opens a socket that writes all it is given", async () => {
      const sent = pattern(LARGE);
      const received: Uint8Array[] = [];
      await using peer = await Peer.listen((socket) => {
        socket.on("data", (chunk: Uint8Array) => received.push(chunk));
        socket.on("end", () => socket.end());
      });
      const channel = await openChannel(await dial(peer.endpoint), direct);
      const receiving = channel.receive(new Gathering());
      await channel.write(sent);
      await channel.write(sent.subarray(0, 3));
      const whole = LARGE + 3;
      await until(() => received.reduce((sum, { length }) => sum + length, 0) >= whole);
      assert(isSame(Buffer.concat(received), Buffer.concat([sent, sent.subarray(0, 3)])));
      await channel.close();
      await receiving;
    });

    testWay("opens a socket whose write waits for a server that does not read", async () => {
      await using peer = await Peer.listen((socket) => {
        // Bun 1.2 resumes the socket when it has told of it.
        queueMicrotask(() => socket.pause());
      });
      const channel = await openChannel(await dial(peer.endpoint), direct);
      const receiving = channel.receive(new Gathering());
      let written = 0;
      let isClosed = false;
      const chunk = new Uint8Array(1 << 20);
      const writing = (async () => {
        while (!isClosed) {
          await channel.write(chunk);
          written++;
        }
      })();
      const most = await standstill(() => written);
      assert(most < 64, `${most} MiB were taken`);
      isClosed = true;
      const rejected = assertRejects(() => writing);
      await channel.close();
      await rejected;
      await receiving.catch(() => {});
    });

    testWay("opens a socket that tells of a reset", async () => {
      await using peer = await Peer.listen((socket) => {
        socket.on("data", () => socket.resetAndDestroy());
      });
      const channel = await openChannel(await dial(peer.endpoint), direct);
      const receiving = assertRejects(() => channel.receive(new Gathering()), Error);
      await channel.write(new Uint8Array(10));
      assertEquals((await receiving as Error & { code?: string }).code, "ECONNRESET");
      await channel.close();
    });

    testWay("opens a socket whose close ends a read, and may be called again", async () => {
      await using peer = await Peer.listen(() => {});
      const channel = await openChannel(await dial(peer.endpoint), direct);
      const receiving = channel.receive(new Gathering()).catch(() => {});
      await until(() => peer.sockets.length > 0);
      await channel.close();
      await channel.close();
      await receiving;
      await assertRejects(() => channel.write(new Uint8Array(1)));
    });

    testWay("opens a socket that passes on what the receiver throws", async () => {
      await using peer = await Peer.listen((socket) => void socket.write("x"));
      const channel = await openChannel(await dial(peer.endpoint), direct);
      const gathering = new Gathering();
      gathering.onPush = () => {
        throw new Error("enough");
      };
      await assertRejects(() => channel.receive(gathering), Error, "enough");
      await channel.close();
    });
  }

  test("opens a socket that close() ends, also while bytes wait to be written", async () => {
    await using peer = await Peer.listen((socket) => {
      queueMicrotask(() => socket.pause());
    });
    const transport = await dial(peer.endpoint);
    const writing = assertRejects(() => transport.write!(new Uint8Array(32 << 20)));
    await until(() => peer.sockets.length > 0);
    await transport.close();
    await writing;
    const [socket] = peer.sockets;
    const gone = new Promise<void>((resolve) => socket!.on("end", resolve).on("close", resolve));
    socket!.resume();
    await gone;
  });

  test("opens a socket that is paused while its stream is not read", async () => {
    let sent = 0;
    await using peer = await Peer.listen((socket) => {
      const chunk = new Uint8Array(1 << 20);
      const send = () =>
        socket.write(chunk, (error) => {
          if (error) return;
          sent++;
          send();
        });
      send();
    });
    const transport = await dial(peer.endpoint);
    const reader = transport.readable.getReader();
    await reader.read();
    const most = await standstill(() => sent);
    assert(most < 64, `${most} MiB were read ahead`);
    let read = 0;
    while (read < (most + 4) << 20) read += (await reader.read()).value!.length;
    await transport.close();
  });

  test("opens a socket with a byte stream that reads into the reader's buffer", async () => {
    await using peer = await Peer.listen((socket) => void socket.end("hello"));
    const transport = await dial(peer.endpoint);
    const reader = transport.readable.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(3));
    assertEquals(new TextDecoder().decode(value), "hel");
    assertEquals(new TextDecoder().decode((await reader.read(new Uint8Array(9))).value), "lo");
    assertEquals((await reader.read(new Uint8Array(9))).done, true);
    await transport.close();
  });

  test("opens a socket that is read when it is asked, before it hands over the rest", async () => {
    await using peer = await Peer.listen((socket) => void socket.end("hello"));
    const transport = await dial(peer.endpoint);
    const into = new Uint8Array(2);
    assertEquals(await transport.read!(into), 2);
    assertEquals(new TextDecoder().decode(into), "he");
    assertEquals(await transport.read!(into), 2);
    assertEquals(new TextDecoder().decode(into), "ll");
    const gathering = new Gathering();
    await transport.receive!(gathering);
    assertEquals(new TextDecoder().decode(gathering.bytes()), "o");
    assertEquals(await transport.read!(into), null);
    await transport.close();
  });

  test("opens a socket whose close ends a read that waits", async () => {
    await using peer = await Peer.listen(() => {});
    const transport = await dial(peer.endpoint);
    const read = transport.read!(new Uint8Array(1));
    await transport.close();
    assertEquals(await read, null);
  });

  test("opens a socket that tells of a reset to a read", async () => {
    await using peer = await Peer.listen((socket) => {
      socket.on("data", () => socket.resetAndDestroy());
    });
    const transport = await dial(peer.endpoint);
    const read = transport.read!(new Uint8Array(1));
    await transport.write!(new Uint8Array(10));
    const error = await assertRejects(() => read, Error);
    assertEquals((error as Error & { code?: string }).code, "ECONNRESET");
    await transport.close();
  });

  test("opens a socket that closes when its readable is cancelled", async () => {
    await using peer = await Peer.listen(() => {});
    const transport = await dial(peer.endpoint);
    await transport.readable.getReader().cancel();
    await transport.close();
  });

  test("opens a socket whose writable ends its half", async () => {
    await using peer = await Peer.listen((socket) => {
      socket.on("end", () => socket.end("seen")).resume();
    });
    const transport = await dial(peer.endpoint);
    await transport.writable.close();
    const { value } = await transport.readable.getReader().read();
    assertEquals(new TextDecoder().decode(value), "seen");
    await transport.close();
  });

  test("rejects with the system's error when refused", async () => {
    const peer = await Peer.listen(() => {});
    const { endpoint } = peer;
    await peer[Symbol.asyncDispose]();
    for (const hostname of ["127.0.0.1", "localhost"]) {
      const error = await assertRejects(() => dial({ ...endpoint, hostname }), Error);
      assertEquals((error as Error & { code?: string }).code, "ECONNREFUSED");
    }
    const path = `${tmpdir()}/no-such-socket-${endpoint.port}`;
    const error = await assertRejects(() => dial({ path }), Error);
    assertEquals((error as Error & { code?: string }).code, "ENOENT");
  });

  test("tries a host's next address when one refuses", async () => {
    await using peer = await Peer.listen((socket) => void socket.end("x"));
    const transport = await dial({ ...peer.endpoint, hostname: "localhost" });
    assertInstanceOf(await transport.readable.getReader().read(), Object);
    await transport.close();
  });

  test("leaves no socket open, however soon it is given up", async () => {
    await using peer = await Peer.listen((socket) =>
      void socket.resume().on("end", () => socket.end())
    );
    for (let turns = 0; turns < 40; turns++) {
      const controller = new AbortController();
      const dialled = dial(peer.endpoint, controller.signal).then(
        (transport) => transport.close(),
        (error) => assertEquals(error, controller.signal.reason),
      );
      for (let i = 0; i < turns; i++) await (i < 20 ? null : turn());
      controller.abort();
      await dialled;
    }
    const open = () => peer.sockets.filter(({ destroyed }) => !destroyed).length;
    await until(() => open() === 0);
    assertEquals(await standstill(open), 0);
  });

  test("leaves no listener on its signal", async () => {
    await using peer = await Peer.listen(() => {});
    const { signal, listeners } = new CountedSignal();
    const transport = await dial(peer.endpoint, signal);
    assertEquals(listeners().present, 0);
    await transport.close();
  });

  test("opens a unix socket", async () => {
    const folder = mkdtempSync(`${tmpdir()}/moecache_`);
    try {
      const path = `${folder}/socket`;
      await using _peer = await Peer.listenAt(path, (socket) => void socket.end("unix"));
      const transport = await dial({ path });
      const { value } = await transport.readable.getReader().read();
      assertEquals(new TextDecoder().decode(value), "unix");
      await transport.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
