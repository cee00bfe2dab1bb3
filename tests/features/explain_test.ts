import { assertEquals, assertThrows } from "@std/assert";
import { Client, type Locator, moecacheRing, ValidationException } from "../../mod.ts";

const SERVERS = ["10.0.0.1:11211", "10.0.0.2:11211"];

Deno.test("explain returns server, index and the locator's explanation", async () => {
  await using client = new Client(SERVERS);
  const own = moecacheRing(SERVERS.map((name) => ({ name, weight: 1 })));
  const index = own.locate("user:1");
  assertEquals(client.explain("user:1"), {
    ...own.explain!("user:1"),
    key: "user:1",
    server: SERVERS[index]!,
    index,
  });
});

Deno.test("explain works for a locator that explains nothing", async () => {
  await using client = new Client(SERVERS, { locator: () => ({ locate: () => 1 }) });
  assertEquals(client.explain("key"), {
    key: "key",
    server: "10.0.0.2:11211",
    index: 1,
    algorithm: "custom",
    why: "the client's locator chose it, and has no method explain to tell more",
  });
});

Deno.test("explain keeps a locator's own particulars, and its this, but not a false server", async () => {
  class Fixed {
    readonly shard = 7;
    locate(): number {
      return 0;
    }
    explain(key: string): ReturnType<NonNullable<Locator["explain"]>> & { server: string } {
      const why = `shard ${this.shard} has ${key}`;
      return { algorithm: "fixed", why, keyHash: 7n, server: "elsewhere" };
    }
  }
  await using client = new Client(SERVERS, { locator: () => new Fixed() });
  assertEquals(client.explain("key"), {
    key: "key",
    server: "10.0.0.1:11211",
    index: 0,
    algorithm: "fixed",
    keyHash: 7n,
    why: "shard 7 has key",
  });
});

Deno.test("explain refuses an invalid key, and one that the locator has no server for", async () => {
  await using client = new Client(SERVERS, { locator: () => ({ locate: () => 2 }) });
  assertThrows(() => client.explain("a b"), ValidationException, `Cannot explain key "a b"`);
  assertThrows(
    () => client.explain("key"),
    ValidationException,
    `Cannot find the server of key "key"`,
  );
});
