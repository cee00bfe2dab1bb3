import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { Client, type ClientOptions, SocketError, type TlsOptions } from "../../mod.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { listed } from "../support/listed.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { lacksTls, TlsMemcached } from "../support/memcached_tls.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import { until } from "../support/turns.ts";

const ignore = lacksTls();
const authority = await CertificateAuthority.create("the authority of these tests");
const stranger = await CertificateAuthority.create("an unknown authority");
const server = await authority.issue({ names: ["localhost", "127.0.0.1"] });
const elsewhere = await authority.issue({ names: ["cache.example.com", "127.0.0.9"] });
const expired = await authority.issue({ names: ["localhost", "127.0.0.1"], expiresIn: -60_000 });
const client = await authority.issue({ names: ["a client"], usage: "client" });
const strangeClient = await stranger.issue({ names: ["a client"], usage: "client" });
const caCerts = [authority.cert];

/** Both ways to read and write a socket. */
const WAYS: readonly Pick<ClientOptions, "io">[] = [{ io: "direct" }, { io: "streams" }];
/** TLS without and with a client certificate, which are two implementations. */
const KINDS: Record<string, TlsOptions> = {
  "": { caCerts },
  "and a client certificate": { caCerts, ...client },
};

async function fault(port: number, tls: TlsOptions, options?: ClientOptions): Promise<SocketError> {
  await using client = new Client({ hostname: "127.0.0.1", port, tls }, {
    timeout: 5000,
    ...options,
  });
  const error = await assertRejects(() => client.get("key"), SocketError);
  assertEquals(error.server, `127.0.0.1:${port}`);
  return error;
}

function assertTells(error: Error, ...words: string[]): void {
  for (const word of words) assert(error.message.includes(word), `"${word}" in: ${error.message}`);
}

for (const [kind, tls] of Object.entries(KINDS)) {
  /** Starts a server that demands a certificate where the client has one. */
  const start = (shown: typeof server, args?: string[]) => {
    return TlsMemcached.start(shown, tls.cert === undefined ? undefined : authority.cert, args);
  };

  for (const { io } of WAYS) {
    Deno.test({
      name: `Client stores and reads over TLS ${kind} (${io})`,
      ignore,
      fn: async () => {
        await using memcached = await start(server, ["-I", "4m"]);
        await using client = new Client(`memcacheds://localhost:${memcached.port}`, {
          io: io!,
          tls,
          timeout: 20_000,
        });
        const large = "large ".repeat(1 << 18);
        await client.set("large", large);
        const keys = Array.from({ length: 1000 }, (_, i) => `key${i}`);
        await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
        const values = await Promise.all([...keys, "large"].map((key) => client.get(key)));
        assertEquals(values, [...keys.map((key) => `value of ${key}`), large]);
        const items = await listed(() => client.items(), keys.length + 1);
        assertEquals([...items.keys()].sort(), [...keys, "large"].sort());
      },
    });
  }

  Deno.test({
    name: `Client tells what is wrong with a server's certificate, with TLS ${kind}`,
    ignore,
    fn: async () => {
      {
        await using memcached = await start(server);
        const strange = await fault(memcached.port, { ...tls, caCerts: [stranger.cert] });
        assertTells(strange, "Cannot connect to 127.0.0.1:", "not from a trusted authority");
        const { caCerts: _, ...none } = tls;
        assertTells(await fault(memcached.port, none), "not from a trusted authority");
        assertInstanceOf(strange.cause, Error);
        const named = await fault(memcached.port, { ...tls, serverName: "other.example.com" });
        assertTells(named, `its certificate is not for "other.example.com"`);
      }
      {
        await using memcached = await start(elsewhere);
        assertTells(await fault(memcached.port, tls), `its certificate is not for "127.0.0.1"`);
      }
      {
        await using memcached = await start(expired);
        assertTells(await fault(memcached.port, tls), "its certificate has expired");
      }
    },
  });

  Deno.test({
    name: `Client leaves no connection to a server whose certificate it refuses, with TLS ${kind}`,
    ignore,
    fn: async () => {
      await using memcached = await start(server);
      await using observer = new Client({ hostname: "127.0.0.1", port: memcached.port, tls });
      const count = async () => (await observer.stats())[0]?.curr_connections;
      const before = await count();
      for (let i = 0; i < 5; i++) await fault(memcached.port, { ...tls, caCerts: [stranger.cert] });
      await until(async () => await count() === before);
    },
  });

  Deno.test({
    name: `Client takes a certificate for the serverName that it is given, with TLS ${kind}`,
    ignore,
    fn: async () => {
      await using memcached = await start(elsewhere);
      for (const serverName of ["cache.example.com", "127.0.0.9"]) {
        const address = { hostname: "127.0.0.1", port: memcached.port };
        await using client = new Client({ ...address, tls: { ...tls, serverName } });
        assertEquals((await client.version()).length, 1);
      }
      for (const serverName of ["cache2.example.com", "127.0.0.8", "example.com"]) {
        const error = await fault(memcached.port, { ...tls, serverName });
        assertTells(error, `its certificate is not for "${serverName}"`);
      }
    },
  });

  Deno.test({
    name: `Client tells that a server speaks no TLS, with TLS ${kind}`,
    ignore: memcachedPath() === undefined,
    fn: async () => {
      await using memcached = await MemcachedProcess.start();
      const { message } = await fault(memcached.port, tls);
      assertMatch(
        message,
        /^Cannot connect to .*: it does not speak TLS \(.{1,200}\), not sent: get key "key"$/,
      );
    },
  });
}

for (const { io } of WAYS) {
  Deno.test({
    name: `Client tells that a server demands a client certificate, or another (${io})`,
    ignore,
    fn: async () => {
      await using memcached = await TlsMemcached.start(server, authority.cert);
      for (let round = 0; round < 20; round++) {
        const without = await fault(memcached.port, { caCerts }, { io: io! });
        assertTells(without, "require", "a client certificate, and tls has no cert");
        const strange = await fault(memcached.port, { caCerts, ...strangeClient }, { io: io! });
        assertTells(strange, "refuse", "the client certificate");
      }
    },
  });
}

Deno.test({
  name: "Client.items and watch tell that a server demands a client certificate",
  ignore,
  fn: async () => {
    await using memcached = await TlsMemcached.start(server, authority.cert);
    const address = { hostname: "127.0.0.1", port: memcached.port, tls: { caCerts } };
    await using client = new Client(address);
    const listed = await assertRejects(() => client.items().next(), SocketError);
    assertTells(listed, "require", "a client certificate, and tls has no cert");
    const events = client.watch(["fetchers"]);
    const watched = await assertRejects(() => events.ready, SocketError);
    assertTells(watched, "require", "a client certificate, and tls has no cert");
  },
});

Deno.test({
  name: "Client verifies the server even where the environment tells Node not to",
  ignore,
  fn: async () => {
    await using memcached = await TlsMemcached.start(server);
    const before = Deno.env.get("NODE_TLS_REJECT_UNAUTHORIZED");
    Deno.env.set("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    try {
      for (const tls of Object.values(KINDS)) {
        const strange = await fault(memcached.port, { ...tls, caCerts: [stranger.cert] });
        assertTells(strange, "not from a trusted authority");
        const named = await fault(memcached.port, { ...tls, serverName: "other.example.com" });
        assertTells(named, `its certificate is not for "other.example.com"`);
      }
    } finally {
      if (before === undefined) Deno.env.delete("NODE_TLS_REJECT_UNAUTHORIZED");
      else Deno.env.set("NODE_TLS_REJECT_UNAUTHORIZED", before);
    }
  },
});

Deno.test({
  name: "Client tells that the key of its certificate is that of another",
  ignore,
  fn: async () => {
    await using memcached = await TlsMemcached.start(server, authority.cert);
    const tls = { caCerts, cert: client.cert, key: strangeClient.key };
    assertTells(await fault(memcached.port, tls), "tls.key is not the key of tls.cert");
  },
});

Deno.test("Client does not blame a key behind EC PARAMETERS, as openssl writes it, for what a server does", async () => {
  await using peer = new ScriptedPeer((connection) => connection.close());
  const { port } = new URL(`memcached://${peer.address}`);
  const parameters =
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  const tls = { caCerts, cert: client.cert, key: `${parameters}${client.key}` };
  const { message } = await fault(Number(port), tls);
  assert(!message.includes("tls.key"), message);
});

Deno.test({
  name: "Client reconnects over TLS when the server has closed an idle connection",
  ignore,
  fn: async () => {
    const args = ["-o", "idle_timeout=1"];
    await using memcached = await TlsMemcached.start(server, undefined, args);
    const address = `memcacheds://127.0.0.1:${memcached.port}`;
    await using client = new Client(address, { tls: { caCerts } });
    await using busyClient = new Client(address, { tls: { caCerts } });
    await client.set("key", "value");
    // memcached looks for idle connections now and then; the busy one tells when it has closed the other. On a busy
    // machine it may have been idle itself.
    await until(async () => Number((await busyClient.stats())[0]?.idle_kicks) > 0);
    await until(() => client.servers[0]!.connections === 0);
    assertEquals(await client.get("key"), "value");
  },
});

for (const [kind, tls] of Object.entries(KINDS)) {
  Deno.test({
    name:
      `Client fails, and leaves nothing behind, for a serverName that can be none, with TLS ${kind}`,
    ignore,
    fn: async () => {
      await using memcached = await TlsMemcached.start(server);
      for (const serverName of ["a_b", "1.2.3.4.5", "-", "a..b", "x".repeat(300), "ü"]) {
        await fault(memcached.port, { ...tls, serverName });
      }
    },
  });
}
