/**
 * Bun's and Node's sockets. Of the runtime, these tests ask for nothing but Node's modules, so that they
 * run on each that has them.
 */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import tls from "node:tls";
import { SocketError } from "../../src/errors.ts";
import { openChannel } from "../../src/transport/byte_channel.ts";
import { dialNode } from "../../src/transport/node.ts";
import { dialTls } from "../../src/transport/node_tls.ts";
import type { Endpoint, Receiver, Transport } from "../../src/transport/transport.ts";
import { standstill, turn, until } from "../support/turns.ts";

type Handler = (socket: net.Socket) => void;

const SETTINGS = { keepAlive: true, noDelay: true };
const LARGE = 3_000_000;
const isOldBun = process.versions.bun?.startsWith("1.2.") ?? false;

/** A server that does as it is told with each connection. */
class Peer implements AsyncDisposable {
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

  get endpoint(): Endpoint {
    return { hostname: "127.0.0.1", port: (this.server.address() as net.AddressInfo).port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

function dial(endpoint: Endpoint, signal = new AbortController().signal): Promise<Transport> {
  const dialHere = endpoint.tls === undefined ? dialNode : dialTls;
  return dialHere(endpoint, { signal, ...SETTINGS });
}

/** Gathers what comes; the first `vacant` bytes come into a vacancy. */
class Gathering implements Receiver {
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
function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

for (const direct of [true, false]) {
  const way = direct ? "direct" : "streams";
  const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} (${way})`, body);

  test("dialNode opens a socket that hands over all that comes, and ends with it", async () => {
    const sent = pattern(LARGE);
    await using peer = await Peer.listen((socket) => void socket.end(sent));
    for (const vacant of [0, 100, LARGE - 5, LARGE]) {
      const channel = await openChannel(await dial(peer.endpoint), direct);
      const gathering = new Gathering(vacant);
      await channel.receive(gathering);
      assert(isSame(gathering.bytes(), sent), `${vacant} vacant`);
      // Bun 1.2 reads into buffers of its own.
      if (direct && vacant > LARGE / 2 && !isOldBun) assert(gathering.filledCount > 0);
      await channel.close();
    }
  });

  test("dialNode opens a socket that keeps bytes that come before the first read", async () => {
    await using peer = await Peer.listen((socket) => void socket.end("early"));
    const transport = await dial(peer.endpoint);
    await pause(50);
    const channel = await openChannel(transport, direct);
    const gathering = new Gathering();
    await channel.receive(gathering);
    assertEquals(new TextDecoder().decode(gathering.bytes()), "early");
    await channel.close();
  });

  test("dialNode opens a socket that writes all it is given", async () => {
    const sent = pattern(LARGE);
    const received: Uint8Array[] = [];
    await using peer = await Peer.listen((socket) => {
      socket.on("data", (chunk: Uint8Array) => received.push(chunk));
      socket.on("end", () => socket.end());
    });
    const channel = await openChannel(await dial(peer.endpoint), direct);
    const receiving = channel.receive(new Gathering());
    await channel.write([sent, sent.subarray(0, 3)]);
    const whole = LARGE + 3;
    await until(() => received.reduce((sum, { length }) => sum + length, 0) >= whole);
    assert(isSame(Buffer.concat(received), Buffer.concat([sent, sent.subarray(0, 3)])));
    await channel.close();
    await receiving;
  });

  test("dialNode opens a socket whose write waits for a server that does not read", async () => {
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
        await channel.write([chunk]);
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

  test("dialNode opens a socket that tells of a reset", async () => {
    await using peer = await Peer.listen((socket) => {
      socket.on("data", () => socket.resetAndDestroy());
    });
    const channel = await openChannel(await dial(peer.endpoint), direct);
    const receiving = assertRejects(() => channel.receive(new Gathering()), Error);
    await channel.write([new Uint8Array(10)]);
    assertEquals((await receiving as Error & { code?: string }).code, "ECONNRESET");
    await channel.close();
  });

  test("dialNode opens a socket whose close ends a read, and may be called again", async () => {
    await using peer = await Peer.listen(() => {});
    const channel = await openChannel(await dial(peer.endpoint), direct);
    const receiving = channel.receive(new Gathering()).catch(() => {});
    await until(() => peer.sockets.length > 0);
    await channel.close();
    await channel.close();
    await receiving;
    await assertRejects(() => channel.write([new Uint8Array(1)]));
  });

  test("dialNode opens a socket that passes on what the receiver throws", async () => {
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

Deno.test("dialNode opens a socket that close() ends, also while bytes wait to be written", async () => {
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

Deno.test("dialNode opens a socket that is paused while its stream is not read", async () => {
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

Deno.test("dialNode opens a socket with a byte stream that reads into the reader's buffer", async () => {
  await using peer = await Peer.listen((socket) => void socket.end("hello"));
  const transport = await dial(peer.endpoint);
  const reader = transport.readable.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(3));
  assertEquals(new TextDecoder().decode(value), "hel");
  assertEquals(new TextDecoder().decode((await reader.read(new Uint8Array(9))).value), "lo");
  assertEquals((await reader.read(new Uint8Array(9))).done, true);
  await transport.close();
});

Deno.test("dialNode opens a socket that is read when it is asked, before it hands over the rest", async () => {
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

Deno.test("dialNode opens a socket whose close ends a read that waits", async () => {
  await using peer = await Peer.listen(() => {});
  const transport = await dial(peer.endpoint);
  const read = transport.read!(new Uint8Array(1));
  await transport.close();
  assertEquals(await read, null);
});

Deno.test("dialNode opens a socket that tells of a reset to a read", async () => {
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

Deno.test("dialNode opens a socket that closes when its readable is cancelled", async () => {
  await using peer = await Peer.listen(() => {});
  const transport = await dial(peer.endpoint);
  await transport.readable.getReader().cancel();
  await transport.close();
});

Deno.test("dialNode opens a socket whose writable ends its half", async () => {
  await using peer = await Peer.listen((socket) => {
    socket.on("end", () => socket.end("seen")).resume();
  });
  const transport = await dial(peer.endpoint);
  await transport.writable.close();
  const { value } = await transport.readable.getReader().read();
  assertEquals(new TextDecoder().decode(value), "seen");
  await transport.close();
});

Deno.test("dialNode rejects with the system's error when refused", async () => {
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

Deno.test("dialNode tries a host's next address when one refuses", async () => {
  await using peer = await Peer.listen((socket) => void socket.end("x"));
  const transport = await dial({ ...peer.endpoint, hostname: "localhost" });
  assertInstanceOf(await transport.readable.getReader().read(), Object);
  await transport.close();
});

Deno.test("dialNode gives up when its signal says so", async () => {
  const reason = new Error("enough");
  // It accepts, and says nothing of what TLS begins with.
  await using peer = await Peer.listen((socket) => void socket.resume());
  const controller = new AbortController();
  const endpoint = { ...peer.endpoint, tls: {} };
  const dialled = assertRejects(() => dial(endpoint, controller.signal), Error, "enough");
  await until(() => peer.sockets.length > 0);
  const gone = new Promise<void>((resolve) =>
    peer.sockets[0]!.on("close", resolve).on("end", resolve)
  );
  controller.abort(reason);
  assertEquals(await dialled, reason);
  await gone;
  assertEquals(await assertRejects(() => dial(endpoint, controller.signal)), reason);
});

Deno.test("dialNode leaves no socket open, however soon it is given up", async () => {
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
  assertEquals(await standstill(open), 0);
});

Deno.test("dialNode leaves no listener on its signal", async () => {
  await using peer = await Peer.listen(() => {});
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const transport = await dial(peer.endpoint, signal);
  assertEquals(listeners, 0);
  await transport.close();
});

Deno.test("dialNode opens a unix socket", async () => {
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

/** Certificates that openssl makes: an authority's, and two that it has signed. */
interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

function makeCertificates(): Certificates {
  const folder = mkdtempSync(`${tmpdir()}/moecache_`);
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const read = (name: string) => readFileSync(`${folder}/${name}`, "utf8");
  const sign = (name: string, extension: string) => {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-addext",
      extension,
      "-addext",
      "basicConstraints=critical,CA:FALSE",
    );
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };
  try {
    openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "2",
      "-subj",
      "/CN=authority",
    );
    const server = sign("server", "subjectAltName=DNS:cache.test,IP:127.0.0.1");
    return { ca: read("ca.pem"), server, client: sign("client", "subjectAltName=DNS:client.test") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hasOpenssl = (process.env.PATH ?? "").split(":").some((folder) =>
  existsSync(`${folder}/openssl`)
);

Deno.test({
  name: "dialNode speaks TLS and verifies the server",
  ignore: !hasOpenssl,
  async fn() {
    const { ca, server, client } = makeCertificates();
    const sent = pattern(LARGE);
    const echo: Handler = (socket) => void socket.once("data", () => socket.end(sent));
    await using peer = await Peer.listen(echo, server);
    const good: Endpoint["tls"][] = [
      { caCerts: [ca] },
      { caCerts: [ca], serverName: "cache.test" },
      { caCerts: [server.cert, ca], serverName: "127.0.0.1" },
      { caCerts: [ca], ...client },
    ];
    for (const tls of good) {
      for (const direct of [true, false]) {
        const channel = await openChannel(await dial({ ...peer.endpoint, tls: tls! }), direct);
        const gathering = new Gathering(LARGE);
        const receiving = channel.receive(gathering);
        await channel.write([pattern(100)]);
        await receiving;
        assert(isSame(gathering.bytes(), sent));
        await channel.close();
      }
    }
    const untrusted = () => dial({ ...peer.endpoint, tls: {} });
    await assertRejects(untrusted, SocketError, "not from a trusted authority");
    for (const serverName of ["other.test", "127.0.0.2"]) {
      const tls = { caCerts: [ca], serverName };
      const misnamed = () => dial({ ...peer.endpoint, tls });
      await assertRejects(misnamed, SocketError, `its certificate is not for "${serverName}"`);
    }
  },
});

Deno.test({
  name: "dialNode shows its certificate to a server that demands one",
  ignore: !hasOpenssl,
  async fn() {
    const { ca, server, client } = makeCertificates();
    const demanding = { ...server, ca, requestCert: true, rejectUnauthorized: true };
    await using peer = await Peer.listen((socket) => void socket.end("welcome"), demanding);
    const read = async (tls: NonNullable<Endpoint["tls"]>) => {
      const transport = await dial({ ...peer.endpoint, tls });
      try {
        const { value } = await transport.readable.getReader().read();
        return new TextDecoder().decode(value);
      } finally {
        await transport.close();
      }
    };
    assertEquals(await read({ caCerts: [ca], ...client }), "welcome");
    // With TLS 1.3 the refusal comes when the client takes itself for connected.
    const without = () => read({ caCerts: [ca] });
    await assertRejects(without, SocketError, "a client certificate, and tls has no cert");
  },
});
