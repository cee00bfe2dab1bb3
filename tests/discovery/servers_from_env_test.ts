import { assertEquals, assertThrows } from "@std/assert";
import { Client, type Credentials, ValidationException } from "../../mod.ts";
import { serversFromEnv } from "../../src/discovery/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

Deno.test("serversFromEnv reads the variables of each provider, the first that is set", () => {
  const auth = { username: "u", password: "p" };
  const named = (prefix: string, servers = "a:1,b") => ({
    [`${prefix}_SERVERS`]: servers,
    [`${prefix}_USERNAME`]: "u",
    [`${prefix}_PASSWORD`]: "p",
  });
  const both = (auth: Credentials) => [{ auth, hostname: "a", port: 1 }, { auth, hostname: "b" }];
  assertEquals(serversFromEnv(named("MEMCACHIER")), both({ ...auth, dialect: "memcachier" }));
  for (const prefix of ["MEMCACHEDCLOUD", "MEMCACHED", "MEMCACHE"]) {
    assertEquals(serversFromEnv(named(prefix)), both(auth));
  }
  assertEquals(serversFromEnv({ MEMCACHED_SERVERS: " a:1 , b, " }), [
    { hostname: "a", port: 1 },
    { hostname: "b" },
  ]);
  const several = { ...named("MEMCACHE", "c"), MEMCACHED_SERVERS: "a", MEMCACHIER_SERVERS: " " };
  assertEquals(serversFromEnv(several), [{ hostname: "a" }]);
  const env = new Map([["MEMCACHE_SERVERS", "memcacheds://x:y@a:1,memcached://b"], [
    "MEMCACHE_USERNAME",
    "u",
  ]])
    .set("MEMCACHE_PASSWORD", "p");
  assertEquals(serversFromEnv(env), [
    { auth: { username: "x", password: "y" }, hostname: "a", port: 1, tls: true },
    { auth, hostname: "b" },
  ]);
});

Deno.test("serversFromEnv refuses what it cannot use, and shows no password", () => {
  const cases: [unknown, string][] = [
    [{}, "none is set of MEMCACHIER_SERVERS, MEMCACHEDCLOUD_SERVERS, MEMCACHED_SERVERS"],
    [{ MEMCACHED_SERVERS: "" }, "none is set"],
    [{ MEMCACHE_SERVERS: "a", MEMCACHE_USERNAME: "u" }, "MEMCACHE_USERNAME and MEMCACHE_PASSWORD"],
    [{ MEMCACHE_SERVERS: "a:b:c" }, "Cannot use server address"],
    [{ MEMCACHE_SERVERS: "a:0" }, "its port must be"],
    [null, "it must be an object of variables"],
    ["MEMCACHED_SERVERS=a", "it must be an object of variables"],
  ];
  for (const [env, message] of cases) {
    assertThrows(() => serversFromEnv(env as Record<string, string>), ValidationException, message);
  }
  const env = { MEMCACHE_SERVERS: "a", MEMCACHE_PASSWORD: "s3cret" };
  const error = assertThrows(() => serversFromEnv(env), ValidationException);
  assertEquals(`${error.message} ${Deno.inspect(error.item)}`.includes("s3cret"), false);
});

Deno.test("serversFromEnv gives a client what it needs for a server like MemCachier", async () => {
  const auth = { username: "user", password: "s3cret/ü" };
  await using server = await MemcachedServer.listen({ auth, authDialect: "memcachier" });
  const env = {
    MEMCACHIER_SERVERS: server.address,
    MEMCACHIER_USERNAME: auth.username,
    MEMCACHIER_PASSWORD: auth.password,
  };
  await using client = new Client(serversFromEnv(env));
  await client.set("key", "value");
  assertEquals(await client.get("key"), "value");
});
