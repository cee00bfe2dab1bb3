import { assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { memcachedPath, MemcachedProcess } from "./memcached.ts";

const ignore = memcachedPath() === undefined;

async function version(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode("version\r\n"));
  const reply = new Uint8Array(64);
  const byteLength = await connection.read(reply);
  return new TextDecoder().decode(reply.subarray(0, byteLength ?? 0));
}

Deno.test("memcachedPath() prefers the environment's MEMCACHED", () => {
  const before = Deno.env.get("MEMCACHED");
  Deno.env.set("MEMCACHED", "/somewhere/memcached");
  try {
    assertEquals(memcachedPath(), "/somewhere/memcached");
  } finally {
    if (before === undefined) Deno.env.delete("MEMCACHED");
    else Deno.env.set("MEMCACHED", before);
  }
});

Deno.test({
  name: "MemcachedProcess.start() resolves when the server takes connections",
  ignore,
  fn: async () => {
    await using memcached = await MemcachedProcess.start();
    assertEquals(memcached.address, `127.0.0.1:${memcached.port}`);
    assertStringIncludes(await version(memcached.port), "VERSION ");
  },
});

Deno.test({
  name: "MemcachedProcess.start() runs servers side by side",
  ignore,
  fn: async () => {
    await using first = await MemcachedProcess.start();
    await using second = await MemcachedProcess.start();
    assertNotEquals(first.port, second.port);
    assertNotEquals(first.pid, second.pid);
  },
});

Deno.test({
  name: "MemcachedProcess.kill() ends the server, and start() brings it back on its port",
  ignore,
  fn: async () => {
    const first = await MemcachedProcess.start();
    await first.kill();
    await first.kill();
    await assertRejects(() => version(first.port), Deno.errors.ConnectionRefused);
    await using second = await MemcachedProcess.start([], { port: first.port });
    assertEquals(second.address, first.address);
    assertStringIncludes(await version(second.port), "VERSION ");
  },
});

Deno.test({
  name: "MemcachedProcess.start() tries a taken port again until it is free",
  ignore,
  fn: async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const starting = MemcachedProcess.start([], { port });
    setTimeout(() => listener.close(), 50);
    await using memcached = await starting;
    assertEquals(memcached.port, port);
  },
});

Deno.test({
  name: "MemcachedProcess.start() reports what memcached printed when it refuses its arguments",
  ignore,
  fn: async () => {
    await assertRejects(
      () => MemcachedProcess.start(["--nonsense"]),
      Error,
      "unrecognized option '--nonsense'",
    );
  },
});
