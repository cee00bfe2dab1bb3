import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { Client } from "../../mod.ts";
import { decodeLatin1, encodeLatin1 } from "../../src/testing/byte_text.ts";
import {
  MemcachedServer,
  type ServerConnection,
  type ServerListener,
} from "../../src/testing/mod.ts";
import { turn } from "../support/turns.ts";

function connect(server: MemcachedServer): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: server.hostname, port: server.port });
}

async function send(connection: Deno.Conn, text: string): Promise<void> {
  await connection.write(encodeLatin1(text));
}

async function receive(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65536);
  return decodeLatin1(buffer.subarray(0, await connection.read(buffer) ?? 0));
}

async function ask(connection: Deno.Conn, text: string): Promise<string> {
  await send(connection, text);
  return await receive(connection);
}

Deno.test("MemcachedServer.listen takes any free port on 127.0.0.1", async () => {
  await using server = await MemcachedServer.listen({ port: 0 });
  assertEquals(server.hostname, "127.0.0.1");
  assertEquals(server.address, `127.0.0.1:${server.port}`);
  assert(server.port > 0);
});

Deno.test("MemcachedServer.listen rejects when the port is taken", async () => {
  await using server = await MemcachedServer.listen();
  await assertRejects(
    () => MemcachedServer.listen({ port: server.port }),
    Deno.errors.AddrInUse,
  );
});

Deno.test("MemcachedServer shares its items among all connections", async () => {
  await using server = await MemcachedServer.listen();
  using first = await connect(server);
  using second = await connect(server);
  assertEquals(await ask(first, "set a 0 0 1\r\nx\r\n"), "STORED\r\n");
  assertEquals(await ask(second, "get a\r\n"), "VALUE a 0 1\r\nx\r\nEND\r\n");
  assertEquals(server.connectionCount, 2);
});

Deno.test("MemcachedServer takes its clock and limits from its options", async () => {
  let time = Date.now();
  await using server = await MemcachedServer.listen({
    now: () => time,
    memoryLimit: 500,
    maxItemSize: 200,
  });
  using connection = await connect(server);
  assertEquals(await ask(connection, "set a 0 10 1\r\nx\r\n"), "STORED\r\n");
  time += 10_000;
  assertEquals(await ask(connection, "get a\r\n"), "END\r\n");
  assertMatch(await ask(connection, `set a 0 0 200\r\n${"x".repeat(200)}\r\n`), /^SERVER_ERROR /);
  assertMatch(await ask(connection, "stats settings\r\n"), /maxbytes 500\r\n/);
});

Deno.test("MemcachedServer follows a Date that fake timers replace while it runs", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value", 60);
  const own = Date;
  globalThis.Date = class extends own {
    static override now = () => own.now() + 61_000;
  } as DateConstructor;
  try {
    assertEquals(await client.get("key"), undefined);
  } finally {
    globalThis.Date = own;
  }
});

Deno.test("MemcachedServer knows its connections", async () => {
  await using server = await MemcachedServer.listen();
  using connection = await connect(server);
  const { hostname, port } = connection.localAddr;
  const stats = await ask(connection, "stats conns\r\n");
  assert(stats.includes(`:addr tcp:${hostname}:${port}\r\n`));
  assertMatch(await ask(connection, "stats\r\n"), /STAT curr_connections 1\r\n/);
});

Deno.test("MemcachedServer.closeConnections ends every connection and continues to listen", async () => {
  await using server = await MemcachedServer.listen();
  using connection = await connect(server);
  await ask(connection, "set a 0 0 1\r\nx\r\n");
  server.closeConnections();
  assertEquals(server.connectionCount, 0);
  assertEquals(await receive(connection), "");
  using another = await connect(server);
  assertEquals(await ask(another, "get a\r\n"), "VALUE a 0 1\r\nx\r\nEND\r\n");
});

Deno.test("MemcachedServer.close ends every connection, also within a command", async () => {
  const server = await MemcachedServer.listen();
  using idle = await connect(server);
  using uploading = await connect(server);
  await ask(idle, "version\r\n");
  await ask(uploading, "version\r\nset a 0 0 100\r\nx");
  await server.close();
  assertEquals(server.connectionCount, 0);
  assertEquals(await receive(idle), "");
  await assertRejects(() => connect(server), Deno.errors.ConnectionRefused);
});

Deno.test("MemcachedServer.close is the same however often it is called", async () => {
  const server = await MemcachedServer.listen();
  assertStrictEquals(server.close(), server.close());
  await server.close();
});

Deno.test("MemcachedServer comes back empty on the same port", async () => {
  const server = await MemcachedServer.listen();
  using connection = await connect(server);
  await ask(connection, "set a 0 0 1\r\nx\r\n");
  await server.close();
  await using successor = await MemcachedServer.listen({ port: server.port });
  using another = await connect(successor);
  assertEquals(await ask(another, "get a\r\n"), "END\r\n");
});

Deno.test("MemcachedServer forgets a client that went away", async () => {
  await using server = await MemcachedServer.listen();
  const connection = await connect(server);
  await ask(connection, "version\r\n");
  await send(connection, "set a 0 0 100\r\nhalf a value");
  connection.close();
  using another = await connect(server);
  while (server.connectionCount > 1) await ask(another, "version\r\n");
  assertEquals(server.connectionCount, 1);
});

Deno.test("MemcachedServer listens on a unix socket", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/memcached.sock`;
  try {
    await using server = new MemcachedServer(Deno.listen({ transport: "unix", path }));
    assertEquals([server.address, server.hostname, server.port], [path, "", 0]);
    using connection = await Deno.connect({ transport: "unix", path });
    assertEquals(await ask(connection, "get a\r\n"), "END\r\n");
    const conns = await ask(connection, "stats conns\r\n");
    assertMatch(conns, /^STAT 1:addr unix:.*\r\nSTAT 1:listen_addr unix:\/.*memcached\.sock\r\n/);
    const settings = await ask(connection, "stats settings\r\n");
    assertMatch(
      settings,
      /STAT inter NULL\r\n(STAT .*\r\n)*STAT domain_socket .*memcached\.sock\r\n/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A client that sends everything at once and reads nothing until it is let. */
class SlowClient implements ServerConnection {
  readonly remoteAddr = { hostname: "192.0.2.1", port: 1 };
  #requests: string;
  readonly #pending: PromiseWithResolvers<void>[] = [];
  #closed = false;
  written = 0;

  constructor(requests: string) {
    this.#requests = requests;
  }

  get pendingWrites(): number {
    return this.#pending.length;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#requests === "") return Promise.resolve(null);
    const part = encodeLatin1(this.#requests.slice(0, buffer.byteLength));
    buffer.set(part);
    this.#requests = this.#requests.slice(part.byteLength);
    return Promise.resolve(part.byteLength);
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#closed) throw new Deno.errors.BadResource("Cannot write: closed");
    const pending = Promise.withResolvers<void>();
    this.#pending.push(pending);
    await pending.promise;
    this.written += bytes.byteLength;
    return bytes.byteLength;
  }

  /** Reads what was written; says whether there was anything. */
  readReply(): boolean {
    const pending = this.#pending.shift();
    pending?.resolve();
    return pending !== undefined;
  }

  close(): void {
    this.#closed = true;
    while (this.readReply());
  }
}

class OneClientListener implements ServerListener {
  readonly addr = { hostname: "192.0.2.2", port: 11211 };
  readonly #client: ServerConnection;
  readonly #closed = Promise.withResolvers<void>();

  constructor(client: ServerConnection) {
    this.#client = client;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ServerConnection> {
    yield this.#client;
    await this.#closed.promise;
  }

  close(): void {
    this.#closed.resolve();
  }
}

Deno.test("MemcachedServer waits for a client that does not read", async () => {
  const store = `set a 0 0 60000\r\n${"x".repeat(60000)}\r\n`;
  const client = new SlowClient(store + "get a\r\n".repeat(9000));
  await using server = new MemcachedServer(new OneClientListener(client));
  assertEquals(server.address, "192.0.2.2:11211");
  await turn();
  assert(client.readReply());
  await turn();
  for (let reply = 0; reply < 10; reply++) {
    assertEquals(client.pendingWrites, 1);
    client.readReply();
    await turn();
  }
  assert(client.written < 11 * 128 * 1024);
});

Deno.test("MemcachedServer pushes events to its watchers", async () => {
  await using server = await MemcachedServer.listen();
  using watcher = await connect(server);
  assertEquals(await ask(watcher, "watch fetchers connevents\r\n"), "OK\r\n");
  const other = await connect(server);
  assertMatch(
    await receive(watcher),
    /type=conn_new rip=127\.0\.0\.1 rport=\d+ transport=tcp cfd=2\n$/,
  );
  await ask(other, "get a\r\n");
  assertMatch(
    await receive(watcher),
    / type=item_get key=a status=not_found clsid=0 cfd=2 size=0\n$/,
  );
  other.close();
  assertMatch(await receive(watcher), / type=conn_close .* reason=normal cfd=2\n$/);
});

Deno.test("MemcachedServer forgets a watcher when its connection ends", async () => {
  await using server = await MemcachedServer.listen();
  using other = await connect(server);
  for (let round = 0; round < 25; round++) {
    const watcher = await connect(server);
    assertEquals(await ask(watcher, "watch\r\n"), "OK\r\n");
    watcher.close();
    while (server.connectionCount > 1) await ask(other, "get a\r\n");
  }
});

Deno.test("MemcachedServer.close ends the connections of watchers", async () => {
  const server = await MemcachedServer.listen();
  using watcher = await connect(server);
  await ask(watcher, "watch connevents fetchers\r\n");
  await server.close();
  assertEquals(await receive(watcher), "");
});

Deno.test("MemcachedServer forgets a watcher that did not wait for its OK", async () => {
  const client = new SlowClient("watch\r\n");
  await using server = new MemcachedServer(new OneClientListener(client));
  await turn();
  assertEquals(server.connectionCount, 1);
  server.closeConnections();
  await turn();
  assertEquals(server.connectionCount, 0);
});

Deno.test("MemcachedServer turns away connections beyond its limit, until one goes", async () => {
  await using server = await MemcachedServer.listen({ maxConnections: 2 });
  const first = await connect(server);
  using second = await connect(server);
  assertEquals(await ask(first, "mn\r\n") + await ask(second, "mn\r\n"), "MN\r\nMN\r\n");
  using third = await connect(server);
  assertEquals(await receive(third), "ERROR Too many open connections\r\n");
  assertEquals(await receive(third), "");
  assertMatch(
    await ask(second, "stats\r\n"),
    /STAT max_connections 2\r\nSTAT curr_connections 2\r\nSTAT total_connections 2\r\nSTAT rejected_connections 1\r\n/,
  );
  first.close();
  while (server.connectionCount > 1) await ask(second, "mn\r\n");
  using fourth = await connect(server);
  assertEquals(await ask(fourth, "mn\r\n"), "MN\r\n");
});

Deno.test("MemcachedServer ends connections that have been idle for too long by its clock", async () => {
  let time = Date.now();
  await using server = await MemcachedServer.listen({ now: () => time, idleTimeout: 60_000 });
  using idle = await connect(server);
  using watcher = await connect(server);
  await ask(idle, "mn\r\n");
  assertEquals(await ask(watcher, "watch connevents\r\n"), "OK\r\n");
  time += 59_999;
  using busy = await connect(server);
  assertEquals(await ask(busy, "mn\r\n"), "MN\r\n");
  time += 1;
  assertEquals(await receive(idle), "");
  const stats = await ask(busy, "stats\r\n");
  assertMatch(stats, /STAT curr_connections 2\r\n(STAT .*\r\n)*STAT idle_kicks 1\r\n/);
  assertMatch(await ask(busy, "stats settings\r\n"), /STAT idle_timeout 60\r\n/);
  assertMatch(await receive(watcher), / type=conn_close .* reason=idle_timeout cfd=1\n$/);
});

Deno.test("MemcachedServer serves other connections while a fault delays one", async () => {
  await using server = await MemcachedServer.listen({
    fault: ({ line }) =>
      line.startsWith("get ") ? { delay: line === "get a" ? 30 : Infinity } : undefined,
  });
  using slow = await connect(server);
  using silent = await connect(server);
  using other = await connect(server);
  await send(silent, "get b\r\n");
  const start = performance.now();
  await send(slow, "get a\r\nmn\r\n");
  assertEquals(await ask(other, "mn\r\n"), "MN\r\n");
  let answer = "";
  while (!answer.endsWith("MN\r\n")) answer += await receive(slow);
  assertEquals(answer, "END\r\nMN\r\n");
  assert(performance.now() - start >= 29);
});

Deno.test("MemcachedServer.close does not wait for the delay of a fault", async () => {
  const server = await MemcachedServer.listen({ fault: () => ({ delay: Infinity }) });
  using connection = await connect(server);
  await send(connection, "get a\r\n");
  while (server.connectionCount < 1) await turn();
  await turn();
  await server.close();
  assertEquals(await receive(connection), "");
});

Deno.test("MemcachedServer.close does not wait for a delay that would begin after it", async () => {
  let arrive: (byteLength: number) => void = () => {};
  let isClosed = false;
  const request = encodeLatin1("get a\r\n");
  const client: ServerConnection = {
    remoteAddr: { hostname: "192.0.2.1", port: 1 },
    read: (buffer) => {
      if (isClosed) return Promise.reject(new Deno.errors.BadResource());
      buffer.set(request);
      return new Promise((resolve) => arrive = resolve);
    },
    write: () => Promise.reject(new Deno.errors.BadResource()),
    close: () => void (isClosed = true),
  };
  const fault = () => ({ delay: Infinity });
  const server = new MemcachedServer(new OneClientListener(client), { fault });
  await turn();
  // The request has come, and has not been looked at yet.
  arrive(request.byteLength);
  let hasClosed = false;
  server.close().then(() => hasClosed = true);
  await turn();
  assert(hasClosed);
});

Deno.test("MemcachedServer ends a connection that a fault drops", async () => {
  await using server = await MemcachedServer.listen({
    fault: ({ command }) => command === "get" ? { drop: 4 } : undefined,
  });
  using connection = await connect(server);
  await send(connection, "mn\r\nget a\r\nmn\r\n");
  let answer = "";
  for (let part; (part = await receive(connection)) !== "";) answer += part;
  assertEquals(answer, "MN\r\nEND\r");
  assertEquals(server.connectionCount, 0);
});

Deno.test("MemcachedServer ends a connection that a fault drops when it begins to watch", async () => {
  for (const drop of [3, "before", "after"] as const) {
    await using server = await MemcachedServer.listen({ fault: () => ({ drop }) });
    using connection = await connect(server);
    await send(connection, "watch fetchers\r\n");
    let answer = "";
    for (let part; (part = await receive(connection)) !== "";) answer += part;
    assertEquals([answer, server.connectionCount], [drop === 3 ? "OK\r" : "", 0]);
  }
});

Deno.test("MemcachedServer demands authentication as MemCachier does", async () => {
  const auth = { username: "user", password: "secret" };
  await using server = await MemcachedServer.listen({ auth, authDialect: "memcachier" });
  using connection = await connect(server);
  assertEquals(await ask(connection, "set user 0 0 6\r\nsecret\r\n"), "STORED\r\n");
  assertEquals(await ask(connection, "get user\r\n"), "END\r\n");
});
