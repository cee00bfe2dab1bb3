import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  Client,
  ClientException,
  type ClientOptions,
  type Credentials,
  SocketError,
  TimeoutError,
  ValidationException,
} from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { listed } from "../support/listed.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { AuthMemcached } from "../support/memcached_auth.ts";
import { type Script, ScriptedPeer } from "../support/scripted_peer.ts";
import { turn } from "../support/turns.ts";

const auth: Credentials = { username: "user", password: "s3cret/ü" };
const wrong: Credentials = { username: "user", password: "wrong-pässword" };
const WAYS: readonly ClientOptions[] = [{ io: "direct" }, { io: "streams" }];
const URL_AUTH = "user:s3cret%2F%C3%BC";

/** A server that demands authentication, and can be ended and started again on its port. */
interface Demanding extends AsyncDisposable {
  readonly port: number;
}

interface Kind {
  readonly name: string;
  readonly ignore: boolean;
  start(port?: number): Promise<Demanding>;
}

const KINDS: readonly Kind[] = [
  {
    name: "memcached",
    ignore: memcachedPath() === undefined,
    start: (port) => AuthMemcached.start(auth, port),
  },
  {
    name: "MemcachedServer",
    ignore: false,
    start: (port) => MemcachedServer.listen({ auth, port: port ?? 0 }),
  },
];

for (const { name, ignore, start } of KINDS) {
  for (const way of WAYS) {
    Deno.test({
      name: `Client authenticates to ${name} on each of its connections (${way.io})`,
      ignore,
      fn: async () => {
        await using server = await start();
        const servers = [
          { address: `127.0.0.1:${server.port}`, options: { auth } },
          { address: { hostname: "127.0.0.1", port: server.port, auth }, options: { auth: wrong } },
          { address: `memcached://${URL_AUTH}@127.0.0.1:${server.port}`, options: {} },
        ];
        for (const { address, options } of servers) {
          await using client = new Client(address, { ...options, ...way, connections: 4 });
          const keys = Array.from({ length: 200 }, (_, i) => `key${i}`);
          await Promise.all(keys.map((key) => client.set(key, key)));
          assertEquals(await Promise.all(keys.map((key) => client.get(key))), keys);
          assertEquals((await listed(() => client.items(), 200)).size, 200);
          const events = client.watch(["mutations"]);
          await events.ready;
          await events.cancel();
          await client.flushAll();
        }
      },
    });
  }

  Deno.test({
    name: `Client rejects operations with a ClientException when ${name} refuses its password`,
    ignore,
    fn: async () => {
      await using server = await start();
      const address = `127.0.0.1:${server.port}`;
      await using client = new Client(address, { auth: wrong });
      const operations = [client.get("key"), client.set("key", "value"), client.stats()];
      for (const operation of operations) {
        const error = await assertRejects(() => operation, ClientException);
        assertMatch(error.message, /^Cannot use 127.0.0.1:\d+: the server refused the user name/);
        assertEquals(error.item, "CLIENT_ERROR authentication failure");
      }
      await assertRejects(() => client.items().next(), ClientException, "refused the user name");
      await assertRejects(() => client.watch(["fetchers"]).ready, ClientException, "refused");
    },
  });

  Deno.test({
    name: `Client rejects operations with a ClientException when it has no password for ${name}`,
    ignore,
    fn: async () => {
      await using server = await start();
      await using client = new Client(`127.0.0.1:${server.port}`, { timeout: 5000 });
      const operations = [client.get("a"), client.delete("b"), client.get("c"), client.version()];
      for (const operation of operations) {
        const error = await assertRejects(() => operation, ClientException);
        assertMatch(error.message, /^Cannot use 127.0.0.1:\d+: the server requires a user name/);
      }
      const together = [client.set("key", "value"), client.set("key", "a value"), client.get("a")];
      for (const operation of together) {
        await assertRejects(() => operation, ClientException, "requires a user name");
      }
      await assertRejects(() => client.meta("ms", "key", [], "value"), ClientException, "requires");
      await assertRejects(() => client.items().next(), ClientException, "unauthenticated");
      await assertRejects(() => client.watch(["fetchers"]).ready, ClientException);
    },
  });

  Deno.test({
    name: `Client authenticates to ${name} again when it comes back`,
    ignore,
    fn: async () => {
      const first = await start();
      const { port } = first;
      await using client = new Client(`127.0.0.1:${port}`, { auth });
      await client.set("key", "value");
      await first[Symbol.asyncDispose]();
      await assertRejects(() => client.get("key"), SocketError);
      await using _second = await start(port);
      assertEquals(await client.get("key"), undefined);
    },
  });
}

Deno.test({
  name: "Client leaves no readable item on a memcached that requires no authentication",
  ignore: memcachedPath() === undefined,
  fn: async () => {
    await using server = await MemcachedProcess.start();
    await using client = new Client(server.address, { auth });
    await client.set("key", "value");
    const items = await listed(() => client.items(), 1);
    assertEquals([...items.keys()], ["key"]);
    assertEquals(await client.get("moecache:authentication"), undefined);
    assertEquals((await client.stats())[0]?.curr_items, "1");
  },
});

/** What a peer received on each connection, until it answered the authentication with this line. */
function answeringOnce(answer: string, received: string[][]): Script {
  return async (connection, index) => {
    const lines: string[] = received[index] = [];
    while (lines.length < 2) {
      const line = await connection.request();
      if (line === undefined) return;
      lines.push(line);
    }
    await connection.send(answer);
    for (let line; (line = await connection.request()) !== undefined;) {
      lines.push(line);
      await connection.send("END\r\n");
    }
  };
}

for (const way of WAYS) {
  Deno.test(`Client sends nothing before it is authenticated (${way.io})`, async () => {
    const answered = Promise.withResolvers<void>();
    const received: string[] = [];
    await using peer = new ScriptedPeer(async (connection) => {
      received.push((await connection.request())!, (await connection.request())!);
      const next = connection.request().then((line) => received.push(line!));
      await answered.promise;
      assertEquals(received.length, 2);
      await connection.send("STORED\r\n");
      await next;
      await connection.send("END\r\n");
    });
    await using client = new Client(peer.address, { auth, ...way });
    const operations = [client.get("a"), client.get("b")];
    for (let turns = 0; turns < 20; turns++) await turn();
    answered.resolve();
    assertEquals(await Promise.all(operations), [undefined, undefined]);
    assertEquals(received, [
      "set moecache:authentication 0 -1 14",
      "user s3cret/ü",
      "get a b",
    ]);
  });

  Deno.test(`Client counts authentication into connectTimeout (${way.io})`, async () => {
    await using peer = new ScriptedPeer(() => {});
    await using client = new Client(peer.address, { auth, connectTimeout: 30, ...way });
    await assertRejects(() => client.get("key"), TimeoutError, "Cannot connect");
    await assertRejects(() => client.items().next(), TimeoutError, "Cannot connect");
  });

  Deno.test(`Client accepts no other reply as a successful authentication (${way.io})`, async () => {
    const answers: Record<string, [new (message: string) => Error, string]> = {
      "NOT_STORED\r\n": [SocketError, "does not answer the authentication"],
      "STORED\r\nSTORED\r\n": [SocketError, "sent more than the reply to the authentication"],
      "STORED \r\n": [SocketError, "does not answer"],
      "VALUE a 0 1\r\n": [SocketError, "does not answer"],
      "\r\n": [SocketError, "does not answer"],
      [`${"x".repeat(5000)}`]: [SocketError, "no end"],
      "ERROR\r\n": [ClientException, "refused the user name and password"],
      "CLIENT_ERROR unauthenticated\r\n": [ClientException, "refused"],
      "SERVER_ERROR out of memory storing object\r\n": [ClientException, "refused"],
      "SERVER_ERROR\r\n": [ClientException, "refused"],
    };
    for (const [answer, [type, message]] of Object.entries(answers)) {
      const received: string[][] = [];
      await using peer = new ScriptedPeer(answeringOnce(answer, received));
      await using client = new Client(peer.address, { auth, ...way });
      const error = await assertRejects(() => client.get("key"), type, message);
      assert(error.message.includes(peer.address), error.message);
      assertEquals(received.map(({ length }) => length), [2]);
    }
  });

  Deno.test(`Client tells that a server closed the connection while authenticating (${way.io})`, async () => {
    await using peer = new ScriptedPeer(async (connection) => {
      await connection.request();
      await connection.request();
      connection.close();
    });
    await using client = new Client(peer.address, { auth, ...way });
    const error = await assertRejects(() => client.get("key"), SocketError, "authenticating");
    assertInstanceOf(error, SocketError);
  });
}

Deno.test("Client dials once for operations that wait together, and again for those that follow", async () => {
  const received: string[][] = [];
  const script = answeringOnce("CLIENT_ERROR authentication failure\r\n", received);
  await using peer = new ScriptedPeer(script);
  const clock = new FakeClock();
  await using client = new Client(peer.address, { auth: wrong, clock });
  const together = Array.from({ length: 100 }, (_, i) => client.get(`key${i}`));
  for (const operation of together) await assertRejects(() => operation, ClientException);
  assertEquals(peer.connectionCount, 1);
  await clock.tickSlowly(60_000);
  assertEquals(peer.connectionCount, 1);
  await assertRejects(() => client.get("key"), ClientException);
  assertEquals(peer.connectionCount, 2);
});

Deno.test("Client.close ends an authentication that waits", async () => {
  const { promise: asked, resolve: wasAsked } = Promise.withResolvers<void>();
  await using peer = new ScriptedPeer(async (connection) => {
    await connection.request();
    wasAsked();
  });
  const client = new Client(peer.address, { auth });
  const operation = assertRejects(() => client.get("key"), SocketError, "closed");
  await asked;
  await client.close();
  await operation;
});

for (const idle of ["gives", "takes"] as const) {
  Deno.test(`Client stops authenticating over a transport that ${idle} nothing`, async () => {
    const dial = () =>
      Promise.resolve({
        readable: new ReadableStream<Uint8Array<ArrayBuffer>>(),
        writable: new WritableStream<Uint8Array>(),
        read: () => Promise.resolve(0),
        write: (bytes: Uint8Array) => Promise.resolve(idle === "takes" ? 0 : bytes.length),
        close() {},
      });
    await using client = new Client("127.0.0.1:11211", { auth, dial });
    await assertRejects(() => client.get("key"), SocketError, `${idle} nothing, again and again`);
  });
}

Deno.test("Client authenticates to a server like MemCachier in its dialect, and in no other", async () => {
  await using server = await MemcachedServer.listen({ auth, authDialect: "memcachier" });
  const right = { ...auth, dialect: "memcachier" } as const;
  for (const way of WAYS) {
    await using client = new Client(server.address, { ...way, auth: right, connections: 3 });
    const keys = Array.from({ length: 50 }, (_, i) => `key${i}`);
    await Promise.all(keys.map((key) => client.set(key, key)));
    assertEquals((await client.getMany(keys)).size, 50);
    server.closeConnections();
    // Each of the connections may be found closed by an operation.
    let value: unknown;
    for (let i = 0; i <= 3 && value === undefined; i++) {
      value = await client.get("key1").catch(() => undefined);
    }
    assertEquals(value, "key1");
  }
  for (const given of [auth, { ...wrong, dialect: "memcachier" } as const]) {
    await using client = new Client(server.address, { auth: given });
    const error = await assertRejects(() => client.get("key1"), ClientException, "refused");
    assert(!error.message.includes(given.password));
  }
});

Deno.test("Client sends MemCachier the user name as the key of a set", async () => {
  const lines: string[] = [];
  const script: Script = async (connection) => {
    for (let line; (line = await connection.request()) !== undefined;) {
      lines.push(line);
      if (lines.length === 2) await connection.send("STORED\r\n");
      if (lines.length === 3) await connection.send("END\r\n");
    }
  };
  await using peer = new ScriptedPeer(script);
  await using client = new Client(peer.address, { auth: { ...auth, dialect: "memcachier" } });
  assertEquals(await client.get("key"), undefined);
  assertEquals(lines.slice(0, 1), ["set user 0 0 9"]);
  assertEquals(lines[2], "get key");
});

Deno.test("Client refuses an unknown dialect of authentication", () => {
  const cases = [
    { ...auth, dialect: "sasl" },
    { ...auth, username: "\u00fcser", dialect: "memcachier" },
  ];
  for (const given of cases) {
    assertThrows(
      () => new Client("h", { auth: given as Credentials }),
      ValidationException,
      "auth.",
    );
  }
});

Deno.test("a transport that cannot be closed while it authenticates does not end the process", async () => {
  for (const io of ["direct", "streams"] as const) {
    const client = new Client("unclosable", {
      ...{ auth, io, connectTimeout: 20 },
      dial: () => {
        const readable = new ReadableStream<Uint8Array>();
        const writable = new WritableStream<Uint8Array>();
        const close = () => Promise.reject(new Error("cannot be closed"));
        return Promise.resolve({ readable, writable, close });
      },
    });
    await assertRejects(() => client.get("key"), TimeoutError);
    await Promise.allSettled([client.close()]);
  }
});

for (
  const [how, close] of Object.entries({
    "never closes": () => new Promise<void>(() => {}),
    "cannot be closed": () => Promise.reject(new Error("cannot be closed")),
  })
) {
  Deno.test(`a transport that ${how} does not hide a refusal of the password`, async () => {
    await using client = new Client("memcached:11211", {
      ...{ auth, connectTimeout: 5000 },
      dial: () =>
        Promise.resolve({
          readable: new ReadableStream<Uint8Array>(),
          writable: new WritableStream<Uint8Array>(),
          read: (into: Uint8Array) => {
            const answer = "CLIENT_ERROR authentication failure\r\n";
            return Promise.resolve(new TextEncoder().encodeInto(answer, into).written);
          },
          write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
          close,
        }),
    });
    await assertRejects(() => client.get("key"), ClientException, "password");
  });
}
