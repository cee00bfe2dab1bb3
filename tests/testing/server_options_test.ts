import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, ValidationException } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { checkFault } from "../../src/testing/faults.ts";
import { resolveOptions } from "../../src/testing/server_options.ts";

Deno.test("MemcachedServer refuses options that cannot be what they are", async () => {
  const refused: Record<string, unknown[]> = {
    hostname: ["", 1],
    port: [-1, 65536, 1.5, "11211", NaN],
    now: [0, null],
    memoryLimit: [NaN, -1, 0, "64m", Infinity, 1.5, null, 2 ** 53],
    maxItemSize: [NaN, -1, 0, "1m", Infinity, 1.5, 2 ** 30 + 1],
    evictions: [0, "no", null],
    maxConnections: [NaN, -1, 0, "10", 1.5],
    idleTimeout: [NaN, -1, 0, "10", -Infinity],
    auth: ["user:password", null, { username: "user" }, { username: "a b", password: "c" }],
    authDialect: ["sasl", null],
    cluster: ["host:1", null, ["host"], [1], ["a|b:1"], ["a b:1"]],
    imitate: ["1.6.45", "memcached", 1.4, null],
    flagBits: [16, "64", null],
    fault: [{ reply: "no" }, null],
  };
  for (const [name, values] of Object.entries(refused)) {
    for (const value of values) {
      const error = await assertRejects(
        () => MemcachedServer.listen({ [name]: value }),
        ValidationException,
      );
      assert(error.message.includes(name), `${error.message} does not name ${name}`);
    }
  }
});

Deno.test("MemcachedServer evicts items unless an option says not to", async () => {
  for (const [options, isEvicted] of [[{}, true], [{ evictions: false }, false]] as const) {
    await using server = await MemcachedServer.listen({ memoryLimit: 100_000, ...options });
    await using client = new Client(server.address);
    const stored = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => client.set(`key${i}`, "x".repeat(10_000))),
    );
    assertEquals(stored.every(({ status }) => status === "fulfilled"), isEvicted);
    assertEquals(await client.get("key0") === undefined, isEvicted);
  }
});

Deno.test("MemcachedServer refuses unknown options, and what is no object of options", async () => {
  await assertRejects(
    () => MemcachedServer.listen({ memorylimit: 5 } as object),
    ValidationException,
    `Cannot use options: unknown option "memorylimit": did you mean "memoryLimit"?`,
  );
  for (const options of [null, 11211, "127.0.0.1"]) {
    await assertRejects(
      () => MemcachedServer.listen(options as unknown as object),
      ValidationException,
      "it must be a plain object",
    );
  }
});

Deno.test("new MemcachedServer refuses options too, and leaves the listener alone", () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assertThrows(
    () => new MemcachedServer(listener, { memoryLimit: -1 }),
    ValidationException,
    "Cannot use memoryLimit -1: it must be an integer from 1 to 9007199254740991",
  );
  assert(listener.addr.port > 0);
});

Deno.test("new MemcachedServer refuses what is no listener, such as the options of listen", () => {
  for (const wrong of [undefined, null, 11211, {}, { port: 0 }, { addr: {} }]) {
    assertThrows(
      () => new MemcachedServer(wrong as never),
      ValidationException,
      "a listener, which MemcachedServer.listen makes itself",
    );
  }
});

Deno.test("a fault that is no object is refused by its name", () => {
  for (const wrong of [null, 5, "reply", [], Promise.resolve({ delay: 1 })]) {
    const message = "it must be an object such as { delay }";
    assertThrows(() => checkFault(wrong as never), ValidationException, message);
    assertThrows(() => checkFault(wrong as never), ValidationException, "Cannot use fault ");
  }
});

Deno.test("MemcachedServer.setCluster refuses what is not a list of addresses", async () => {
  await using server = await MemcachedServer.listen();
  const error = assertThrows(() => server.setCluster(["host"]), ValidationException);
  assert(error.message.includes(`a list of "host:port"`));
});

Deno.test("options that are undefined count as left out", () => {
  const names = ["memoryLimit", "port", "auth", "fault", "imitate", "now"];
  const nothing = Object.fromEntries(names.map((name) => [name, undefined]));
  assertEquals(resolveOptions(nothing), resolveOptions({}));
});
