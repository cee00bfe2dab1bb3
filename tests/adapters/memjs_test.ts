import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { SocketError, ValidationException } from "../../mod.ts";
import memjs, {
  Client,
  type ClientOptions,
  Header,
  Server,
  Utils,
} from "../../src/adapters/memjs.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

const QUIET = { logger: { log() {} } };
/** Nothing listens there. */
const NOWHERE = "127.0.0.1:1";

function text(value: Uint8Array | null): string | null {
  return value && new TextDecoder().decode(value);
}

/** Sets environment variables for the duration of a call. */
function withEnvironment<Result>(
  variables: Readonly<Record<string, string>>,
  body: () => Result,
): Result {
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    return body();
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
}

Deno.test("memjs: touch() may have only a callback, or nothing, besides the key", async () => {
  await using server = await MemcachedServer.listen();
  const client = Client.create(server.address);
  await client.set("key", "value");
  const touched = await new Promise((resolve) => {
    client.touch("key", (error, success) => resolve([error, success]));
  });
  assertEquals([touched, await client.touch("key")], [[null, true], true]);
  assertEquals(client.server("key"), client.servers[0]);
  client.close();
});

Deno.test("memjs: calls are answered in their order, with callbacks and with promises", async () => {
  await using server = await MemcachedServer.listen();
  const client = Client.create(server.address, QUIET);
  await client.set("there", "value");
  const calls = [
    ["set", "new", "value", {}],
    ["get", "new"],
    // The client reads both with one request, and knows first what exists.
    ["get", "missing"],
    ["get", "there"],
    ["increment", "there", 1, {}],
    ["append", "there", "!"],
    ["delete", "missing"],
    ["get", "there"],
  ] as const;
  const call = (i: number, ...callback: (() => void)[]): unknown => {
    const [name, ...args] = calls[i]!;
    return Reflect.apply(client[name], client, [...args, ...callback]);
  };
  const ways: readonly ((i: number, answered: () => void) => void)[] = [
    (i, answered) => call(i, answered),
    (i, answered) => void Promise.resolve(call(i)).then(answered, answered),
  ];
  for (const way of ways) {
    const answered: number[] = [];
    await Promise.all(calls.map((_, i) => {
      return new Promise<void>((resolve) => {
        way(i, () => resolve(void answered.push(i)));
      });
    }));
    assertEquals(answered, [...calls.keys()]);
  }
  client.close();
});

Deno.test("memjs: no call waits for one before it that is sent again", async () => {
  let requests = 0;
  const fault = () => requests++ === 0 ? { drop: "before" } as const : undefined;
  await using server = await MemcachedServer.listen({ fault });
  const client = Client.create(server.address, { ...QUIET, "retry_delay": 0.05 });
  const answered: string[] = [];
  await Promise.all([
    client.set("key", "value").then(() => answered.push("set")),
    client.increment("key", 1).catch(() => answered.push("increment")),
  ]);
  assertEquals(answered, ["increment", "set"]);
  client.close();
});

Deno.test("memjs: the default export has the client, and values come as Buffers with their flags", async () => {
  await using server = await MemcachedServer.listen();
  assertEquals(memjs.Client, Client);
  const client = memjs.Client.create(server.address);
  assertEquals(await client.get("key"), { value: null, flags: null });
  assertEquals(await client.set("key", "väl"), true);
  const { value, flags } = await client.get("key");
  assertEquals([`${value}`, [...flags ?? []]], ["väl", [0, 0, 0, 0]]);
  client.close();
});

Deno.test("memjs: a Server has what a client connects to, and closes its clients", async () => {
  assertEquals([memjs.Server, memjs.Utils, memjs.Header], [Server, Utils, Header]);
  const auth = { username: "user", password: "secret" };
  await using server = await MemcachedServer.listen({ auth });
  const { hostname, port } = server;
  const given = [
    new Server(hostname, port, "user", "secret"),
    new Server(hostname, port, "", "", auth),
  ];
  for (const one of given) {
    const client = new Client([one], QUIET);
    assertEquals(client.server("key"), one);
    assertEquals(await client.set("key", "value"), true);
    one.close();
    // Later operations open connections, and a socket that stays open fails the test.
    assertEquals(text((await client.get("key")).value), "value");
    one.close();
  }
  assertEquals([given[0]?.username, given[1]?.password, `${given[0]}`], [
    "user",
    "secret",
    `<Server ${server.address}>`,
  ]);
});

Deno.test("memjs: the options of servers are those of their client, unless it has its own", async () => {
  await using silent = await MemcachedServer.listen();
  const server = (timeout: number) => {
    return new Server(silent.hostname, silent.port, "", "", { timeout });
  };
  const make = (...timeouts: number[]) => new Client(timeouts.map(server), QUIET);
  assertThrows(() => make(0), ValidationException, "timeout");
  assertThrows(() => make(1, 2), ValidationException, "server");
  make(1, 1).close();
  new Client([server(0)], { ...QUIET, timeout: 1 }).close();
});

Deno.test("memjs: arguments in the former order work", async () => {
  await using server = await MemcachedServer.listen();
  const client = Client.create(server.address, QUIET);
  const results: unknown[] = [];
  await new Promise<void>((resolve) => {
    client.set("key", "1", (...set) => {
      results.push(set);
      client.add("key", "2", (...added) => {
        results.push(added);
        client.increment(
          "key",
          5,
          (...counted) => {
            results.push(counted);
            client.increment(
              "new",
              5,
              (...begun) => {
                results.push(begun);
                resolve();
              },
              0,
              40,
            );
          },
          0,
          3,
        );
      }, 60);
    }, 60);
  });
  assertEquals(results, [[null, true], [null, false], [null, true, 6], [null, true, 40]]);
  client.close();
});

Deno.test("memjs: prepend prepends, and a missing key is false", async () => {
  await using server = await MemcachedServer.listen();
  const client = Client.create(server.address);
  assertEquals([await client.prepend("key", "a"), await client.append("key", "a")], [false, false]);
  await client.set("key", "b");
  assertEquals([await client.prepend("key", "a"), await client.append("key", "c")], [true, true]);
  assertEquals(text((await client.get("key")).value), "abc");
  client.close();
});

Deno.test("memjs: refusals are reported and logged as memjs words them", async () => {
  await using server = await MemcachedServer.listen();
  const lines: unknown[][] = [];
  const client = Client.create(server.address, { logger: { log: (...line) => lines.push(line) } });
  await client.set("key", "text");
  const message = "MemJS INCREMENT: Incr/Decr on non-numeric value";
  const error = await assertRejects(() => client.increment("key", 1), Error, message);
  assert(error.cause instanceof Error);
  assertEquals(lines, [[message]]);
  client.close();
});

Deno.test("memjs: the environment has servers and credentials, and options override it", async () => {
  const auth = { username: "user", password: "secret" };
  await using server = await MemcachedServer.listen({ auth, authDialect: "memcachier" });
  const environment = {
    MEMCACHIER_SERVERS: server.address,
    MEMCACHIER_USERNAME: "user",
    MEMCACHIER_PASSWORD: "secret",
  };
  const client = withEnvironment(environment, () => Client.create());
  assertEquals(await client.set("key", "value"), true);
  const refused = withEnvironment(
    environment,
    () => Client.create("", { password: "wrong", retries: 1, ...QUIET }),
  );
  await assertRejects(() => refused.set("key", "value"));
  const other = withEnvironment({ MEMCACHE_SERVERS: "10.0.0.1,10.0.0.2:5" }, () => Client.create());
  assertEquals(other.servers.map(String), ["<Server 10.0.0.1:11211>", "<Server 10.0.0.2:5>"]);
  assertEquals(Client.create().servers, [new Server("localhost", 11211)]);
  client.close();
  refused.close();
});

Deno.test("memjs: credentials in an address are that server's", async () => {
  const auth = { username: "user", password: "p:w" };
  await using server = await MemcachedServer.listen({ auth });
  const client = Client.create(`user:p:w@${server.address}`);
  assertEquals(await client.set("key", "value"), true);
  client.close();
});

Deno.test("memjs: without a server an operation fails after its tries, and a callback gets the error", async () => {
  const lines: unknown[] = [];
  const options = { "retry_delay": 0, logger: { log: (line: unknown) => lines.push(line) } };
  const client = Client.create(NOWHERE, options);
  const error = await assertRejects(() => client.get("key"), SocketError);
  assertEquals(lines, [
    `MemJS: Server <${NOWHERE}> failed after (2) retries with error - ${error.message}`,
  ]);
  const seen = await new Promise<unknown[]>((resolve) => {
    client.get("key", (...results) => resolve(results));
  });
  assertInstanceOf(seen[0], SocketError);
  assertEquals(seen.slice(1), [null, null]);
  const [failure, server, stats] = await new Promise<unknown[]>((resolve) => {
    client.stats((...results) => resolve(results));
  });
  assert(failure instanceof Error);
  assertEquals([server, stats], [NOWHERE, null]);
  await assertRejects(() => client.flush(), SocketError);
  client.close();
});

Deno.test("memjs: with failover the next server is used", async () => {
  await using server = await MemcachedServer.listen();
  const options = { failover: true, "retry_delay": 0, ...QUIET };
  const client = Client.create(`${NOWHERE},${server.address}`, options);
  assertEquals([client.getServer("\0"), client.getServer("a")], [0, 1]);
  for (const key of ["b", "d", "a"]) {
    assertEquals(await client.set(key, key), true);
    assertEquals(text((await client.get(key)).value), key);
  }
  const none = Client.create(NOWHERE, options);
  await assertRejects(() => none.get("key"), SocketError);
  client.close();
  none.close();
});

Deno.test("memjs: getServer can be replaced", async () => {
  await using one = await MemcachedServer.listen();
  await using two = await MemcachedServer.listen();
  const client = Client.create(`${one.address},${two.address}`);
  client.getServer = () => 1;
  for (const key of ["a", "b", "c", "d"]) await client.set(key, "value");
  const counts: string[] = [];
  await new Promise<void>((resolve) => {
    client.stats((_error, _server, stats) => {
      if (counts.push(stats?.curr_items ?? "") === 2) resolve();
    });
  });
  assertEquals(counts, ["0", "4"]);
  client.close();
});

Deno.test("memjs: what getServer of the program throws is the outcome of the call", async () => {
  const client = Client.create(`${NOWHERE},${NOWHERE}`, QUIET);
  client.getServer = () => {
    throw new Error("no server for it");
  };
  await assertRejects(() => client.get("key"), ValidationException, "no server for it");
  const error = await new Promise<Error | null>((resolve) => client.get("key", resolve));
  assertInstanceOf(error, ValidationException);
  client.close();
});

Deno.test("memjs: options and values that it cannot have are refused", async () => {
  const refused: readonly [Record<string, unknown>, string][] = [
    [{ keepAliveDelay: 30 }, "Cannot use keepAliveDelay 30: it must be absent"],
    [{ expire: 5 }, `unknown option "expire": did you mean "expires"?`],
    [{ retries: -1 }, "Cannot use retries -1"],
    [{ expires: -1 }, "Cannot use expires -1: it must be 0 to 2147483647 seconds"],
    [{ expires: Infinity }, "Cannot use expires Infinity"],
    [{ retry_delay: -1 }, "Cannot use retry_delay -1"],
    [{ timeout: 0 }, "Cannot use timeout 0"],
    [{ failoverTime: 3e6 }, "Cannot use failoverTime 3000000"],
    [{ logger: {} }, "logger.log"],
    [{ serializer: {} }, "serializer.serialize"],
    [{ clientOptions: { timeuot: 1 } }, "timeuot"],
  ];
  for (const [options, message] of refused) {
    assertThrows(() => Client.create("a", options as ClientOptions), ValidationException, message);
  }
  for (const servers of ["a:b", "a,,b", "a b", "x@", "x@y@a"]) {
    assertThrows(() => Client.create(servers), ValidationException);
  }
  assertThrows(() => new Client("a" as unknown as Server[]), ValidationException);
  const client = Client.create(NOWHERE, QUIET);
  await assertRejects(
    () => client.set("key", 5 as unknown as string),
    ValidationException,
    "a string or bytes",
  );
  await assertRejects(() => client.set("a key", "v"), ValidationException, "a key");
  assertThrows(() => client.get("key", 5 as unknown as () => void), ValidationException);
  client.close();
});

Deno.test("memjs: a key that is too long is refused as such, also one of many bytes", async () => {
  const client = Client.create(NOWHERE, QUIET);
  for (const length of [300, 400_000]) {
    const asked = () => client.get("é".repeat(length));
    await assertRejects(asked, ValidationException, "1 to 250 bytes");
  }
  client.close();
});

Deno.test("memjs: fractions of seconds and amounts are dropped, and ArrayBuffers are bytes", async () => {
  await using server = await MemcachedServer.listen();
  const client = Client.create(server.address, { expires: 60.5, ...QUIET });
  const bytes = Uint8Array.of(97, 0, 255);
  assertEquals(await client.set("key", bytes.buffer, { expires: 60.5 }), true);
  assertEquals([...(await client.get("key")).value ?? []], [...bytes]);
  assertEquals(await client.append("key", bytes.buffer.slice(0, 1)), true);
  assertEquals([...(await client.get("key")).value ?? []], [...bytes, 97]);
  assertEquals(await client.touch("key", 60.9), true);
  const begun = await client.increment("n", 1.9, { initial: 5.9 });
  assertEquals([begun.value, (await client.increment("n", 1.9)).value], [5, 6]);
  assertEquals((await client.decrement("n", 2.1)).value, 4);
  for (const expires of [-1, -0.5, Infinity, 2 ** 32]) {
    await assertRejects(() => client.set("key", "v", { expires }), ValidationException, "expires");
    await assertRejects(() => client.touch("key", expires), ValidationException, "expires");
    const counting = { expires };
    await assertRejects(() => client.increment("n", 1, counting), ValidationException, "expires");
  }
  await assertRejects(() => client.increment("n", -0.5), ValidationException, "amount");
  client.close();
});

Deno.test("memjs: a serializer does not get an expires that does not fit", async () => {
  const serializer = {
    serialize: (_opcode: number, value: unknown, extras: Uint8Array | string) => ({
      value,
      extras,
    }),
    deserialize: (_opcode: number, value: Uint8Array, extras: Uint8Array) => ({ value, extras }),
  };
  const options = { serializer, ...QUIET } as unknown as ClientOptions;
  const client = Client.create(NOWHERE, options);
  for (const expires of [-1, Infinity]) {
    await assertRejects(() => client.set("key", "v", { expires }), ValidationException, "expires");
  }
  client.close();
});

Deno.test("memjs: close() and quit() wait for what is under way, and later calls connect again", async () => {
  let connections = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ connection }) => {
      connections = Math.max(connections, connection);
      return { delay: 5 };
    },
  });
  const client = Client.create(server.address, QUIET);
  for (const [i, end] of (["close", "quit", "close"] as const).entries()) {
    const [set, got] = [client.set("key", `${i}`), client.get("key")];
    client[end]();
    client[end]();
    assertEquals([await set, text((await got).value)], [true, `${i}`]);
    assertEquals(connections, i + 1);
  }
  const none = Client.create(NOWHERE, { "retry_delay": 0, ...QUIET });
  const failed = assertRejects(() => none.get("key"), SocketError);
  none.close();
  await failed;
  await assertRejects(() => none.get("key"), SocketError, NOWHERE);
  none.close();
  client.close();
});

Deno.test("memjs: null is the default of an option", async () => {
  await using server = await MemcachedServer.listen();
  const options = { expires: null, timeout: null, retries: null, username: null, ...QUIET };
  const client = Client.create(server.address, options as unknown as ClientOptions);
  assertEquals(await client.set("key", "value", null as unknown as undefined), true);
  client.close();
  Client.create(server.address, null as unknown as ClientOptions).close();
  for (const wrong of [5, "options", []] as unknown as ClientOptions[]) {
    assertThrows(() => Client.create("a", wrong), ValidationException, "a plain object");
  }
});

Deno.test("memjs: a name or a password that an address lacks is that of the options or the environment", async () => {
  const auth = { username: "user", password: "p@ss" };
  await using server = await MemcachedServer.listen({ auth });
  const { address } = server;
  const environment = { MEMCACHE_USERNAME: "user", MEMCACHE_PASSWORD: "p@ss" };
  const make = [
    () => Client.create(`user@${address}`, { password: "p@ss" }),
    () => Client.create(`:p@ss@${address}`, { username: "user" }),
    () => Client.create(`user:@${address}`, { username: "nobody", password: "p@ss" }),
    () => withEnvironment(environment, () => Client.create(`user@${address}`)),
    () => withEnvironment(environment, () => Client.create(address)),
    () => withEnvironment({ MEMCACHE_PASSWORD: "p@ss" }, () => Client.create(`user@${address}`)),
  ];
  for (const client of make.map((one) => one())) {
    assertEquals(await client.set("key", "value"), true);
    client.close();
  }
});
