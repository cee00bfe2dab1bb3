/** How it is noticed what a server knows, and what comes of it. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, ClientException, type ClientOptions, ValidationException } from "../../mod.ts";
import { type ImitatedServer, MemcachedServer } from "../../src/testing/mod.ts";

/** A client of an older server, and the names of the commands that come there. */
async function withServer(
  imitate: ImitatedServer | undefined,
  options: ClientOptions,
  body: (client: Client, commands: string[], other: Client) => Promise<void>,
): Promise<void> {
  const commands: string[] = [];
  await using server = await MemcachedServer.listen({
    ...imitate && { imitate },
    fault: ({ command }) => void commands.push(command),
  });
  await using client = new Client(server.address, options);
  await using other = new Client(server.address, options);
  await body(client, commands, other);
}

const isMeta = (command: string) => /^m[gsdaen]$/.test(command);

Deno.test("a server without meta commands is noticed once", () =>
  withServer("1.5.16", {}, async (client, commands) => {
    assertEquals(await client.getOrSet("a", () => 1), 1);
    assertEquals(commands.filter(isMeta), ["mg"]);
    assertEquals(await client.getOrSet("b", () => 2), 2);
    assertEquals(await client.invalidate("a"), true);
    assertEquals((await client.inspect("a"))?.size, 5);
    assertEquals(commands.filter(isMeta), ["mg"]);
  }));

Deno.test("the first operation of any kind detects the server's dialect", async () => {
  for (const imitate of ["1.5.16", "1.6.0", "1.6.6", "1.6.9"] as const) {
    await withServer(imitate, {}, async (client, _, other) => {
      await client.set("key", "old");
      // Nothing that waits on the same connection is lost.
      const [existed, read] = await Promise.all([client.invalidate("key"), client.get("key")]);
      assertEquals([existed, read], [true, "old"]);
      assertEquals(await other.getOrSet("key", () => "new"), "new", imitate);
    });
    await withServer(imitate, {}, async (client, _, other) => {
      await client.set("key", "old");
      const { cas, ...info } = (await client.inspect("key"))!;
      assertEquals(info, { flags: 274, size: 3 });
      assertEquals(await client.cas("key", "new", cas), "stored");
      assertEquals(await other.inspect("none"), undefined);
    });
    await withServer(imitate, {}, async (client, _, other) => {
      const computed = Array.from({ length: 20 }, (_, i) => {
        return [client, other].map((each) => each.getOrSet(`${i}`, () => i));
      });
      const expected = computed.flatMap((_, i) => [i, i]);
      assertEquals(await Promise.all(computed.flat()), expected);
      // A mark that another client has left is seen by one that has only read until then.
      await client.invalidate("0");
      assertEquals(await other.getOrSet("0", () => "again"), "again", imitate);
    });
  }
});

Deno.test("a reader that has only found values sees the marks of others on 1.6.6", () =>
  withServer("1.6.6", {}, async (client, _, other) => {
    await client.set("key", "old");
    await client.invalidate("key");
    assertEquals(await other.getOrSet("key", () => "new"), "new");
  }));

Deno.test('dialect: "classic" sends no meta command to any server', () =>
  withServer(undefined, { dialect: "classic" }, async (client, commands) => {
    assertEquals(await client.getOrSet("key", () => 1, { exptime: 60, staleFor: 10 }), 1);
    assertEquals(await client.invalidate("key", { staleFor: 5 }), true);
    assertEquals(await client.invalidate("none", { staleFor: 5 }), false);
    assertEquals(Object.keys((await client.inspect("key"))!), ["flags", "size", "cas"]);
    assertEquals(await client.getOrSet("key", () => 2), 2);
    assertEquals(
      [...commands.filter(isMeta), ...commands.filter((name) => name === "version")],
      [],
    );
  }));

Deno.test('dialect: "meta" fails where a server knows no meta commands', () =>
  withServer("1.5.16", { dialect: "meta" }, async (client) => {
    for (const ask of [() => client.inspect("key"), () => client.getOrSet("key", () => 1)]) {
      await assertRejects(ask, ClientException, "meta commands need memcached 1.6.10 or later");
    }
  }));

Deno.test("dialect is one of the two", () => {
  assertThrows(
    () => new Client("h", { dialect: "binary" as "meta" }),
    ValidationException,
    'Cannot use dialect "binary": it must be one of "classic", "meta"',
  );
});

Deno.test("other clients read values with classic commands unchanged", () =>
  withServer("1.5.16", {}, async (client, _, other) => {
    await client.getOrSet("key", () => "värde", { exptime: 60, staleFor: 10 });
    assertEquals(await other.get("key"), "värde");
    await other.invalidate("key");
    assertEquals(await other.get("key"), "värde");
    // What is kept beside it holds no value.
    assertEquals(await other.getMany(["key~moecache-mark", "key~moecache-fresh"]), new Map());
  }));
