import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  ClientException,
  SocketError,
  TimeoutError,
  ValidationException,
} from "../../mod.ts";
import {
  type DiscoveredServers,
  elastiCache,
  type ElastiCacheOptions,
} from "../../src/discovery/mod.ts";
import type { DiscoveryContext } from "../../src/discovery/discovery.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { lacksTls, TlsMemcached } from "../support/memcached_tls.ts";
import { answering, type Script, ScriptedPeer } from "../support/scripted_peer.ts";

const CONFIG = "3\n0a.example|10.0.0.1|11211 b.example|10.0.0.2|11212\n";

function configured(text: string): string {
  return `CONFIG cluster 0 ${text.length}\r\n${text}\r\nEND\r\n`;
}

/** Looks up once, at a peer that plays this script. */
async function lookUp(
  script: Script,
  options: ElastiCacheOptions = {},
  given: Partial<DiscoveryContext> = {},
): Promise<DiscoveredServers> {
  await using peer = new ScriptedPeer(script);
  const [hostname = "", port] = peer.address.split(":");
  return await elastiCache(peer.address, options).lookUp({
    signal: new AbortController().signal,
    tls: undefined,
    connect: (address) => {
      assertEquals(address, peer.address);
      return Deno.connect({ hostname, port: Number(port) });
    },
    ...given,
  });
}

function names({ servers }: DiscoveredServers): unknown[] {
  return servers.map((server) => {
    const { hostname, port } = server as { hostname: string; port: number };
    return `${hostname}:${port}`;
  });
}

Deno.test("elastiCache gives the nodes by host name, or by address if an option says so", async () => {
  const script = answering(() => configured(CONFIG));
  const byName = await lookUp(script);
  assertEquals(byName.version, 3n);
  assertEquals(names(byName), ["0a.example:11211", "b.example:11212"]);
  assertEquals(names(await lookUp(script, { address: "ip" })), [
    "10.0.0.1:11211",
    "10.0.0.2:11212",
  ]);
});

Deno.test("elastiCache takes the other name of a node where one is empty", async () => {
  const script = answering(() => configured("1\na.example||1 |10.0.0.2|2\n"));
  for (const address of ["hostname", "ip"] as const) {
    assertEquals(names(await lookUp(script, { address })), ["a.example:1", "10.0.0.2:2"]);
  }
});

Deno.test("elastiCache asks once over one connection, and closes it", async () => {
  const asked: (string | undefined)[] = [];
  await lookUp(async (connection, index) => {
    asked.push(`connection ${index}`, await connection.request());
    await connection.send(configured(CONFIG));
    asked.push(await connection.request());
  });
  assertEquals(asked, ["connection 0", "config get cluster", undefined]);
});

Deno.test("elastiCache asks older endpoints as they understand it", async () => {
  const asked: string[] = [];
  const answers: Record<string, string> = {
    "config get cluster": "ERROR\r\n",
    "get AmazonElastiCache:cluster":
      `VALUE AmazonElastiCache:cluster 0 ${CONFIG.length}\r\n${CONFIG}\r\nEND\r\n`,
  };
  const found = await lookUp(answering((line) => {
    asked.push(line);
    return answers[line];
  }));
  assertEquals(asked, Object.keys(answers));
  assertEquals(names(found), ["0a.example:11211", "b.example:11212"]);
});

Deno.test("elastiCache says so when the endpoint is a plain server", async () => {
  const error = await assertRejects(
    () => lookUp(answering((line) => line.startsWith("get") ? "END\r\n" : "ERROR\r\n")),
    ClientException,
  );
  assert(error.message.includes("not the endpoint of a cluster"), error.message);
});

Deno.test("elastiCache rejects with the refusal, and does not ask again", async () => {
  const asked: string[] = [];
  const script = answering((line) => {
    asked.push(line);
    return "SERVER_ERROR busy\r\n";
  });
  await assertRejects(() => lookUp(script), ClientException, "SERVER_ERROR busy");
  assertEquals(asked, ["config get cluster"]);
});

Deno.test("elastiCache rejects invalid answers", async () => {
  const answers = [
    "END\r\n",
    configured("x\na|b|1\n"),
    configured("1\na|b\n"),
    "CONFIG cluster 0 2000000\r\n",
    "CONFIG cluster 0 1\r\n12345\r\nEND\r\n",
    "VALUE a 0 1\r\n1\r\nEND\r\n",
    "\r\n",
  ];
  for (const answer of answers) {
    await assertRejects(() => lookUp(answering(() => answer)), SocketError);
  }
});

Deno.test("elastiCache rejects when the endpoint closes before the end", async () => {
  const whole = configured(CONFIG);
  for (let at = 0; at < whole.length; at += 7) {
    const script: Script = async (connection) => {
      await connection.request();
      await connection.send(whole.slice(0, at));
      connection.close();
    };
    await assertRejects(() => lookUp(script), SocketError);
  }
});

Deno.test("elastiCache rejects when the endpoint closes instead of being asked the older way", async () => {
  const script: Script = async (connection) => {
    await connection.request();
    await connection.send("ERROR\r\n");
    connection.close();
  };
  await assertRejects(() => lookUp(script), SocketError);
});

Deno.test("elastiCache ends when its signal is aborted, before and while it waits", async () => {
  for (const reason of [new TimeoutError("enough"), "another reason"]) {
    const aborting = new AbortController();
    const script: Script = async (connection) => {
      await connection.request();
      aborting.abort(reason);
    };
    const given = { signal: aborting.signal };
    const error = await assertRejects(() => lookUp(script, {}, given), SocketError);
    assertEquals(reason, reason instanceof Error ? error : error.cause);
    const again = await lookUp(script, {}, given).catch((error) => error);
    assertEquals(again, reason);
  }
});

Deno.test("elastiCache makes the client check certificates against host names", async () => {
  const script = answering(() => configured("1\na.example|10.0.0.1|1 |10.0.0.2|2\n"));
  const tls = { caCerts: ["a certificate"] };
  const secured = async (options: ElastiCacheOptions, given: typeof tls | { serverName: string }) =>
    (await lookUp(script, options, { tls: given })).servers.map((server) =>
      (server as { tls: unknown }).tls
    );
  assertEquals(await secured({}, tls), [{ serverName: "a.example", ...tls }, tls]);
  assertEquals(await secured({ address: "ip" }, tls), [{ serverName: "a.example", ...tls }, tls]);
  const named = { serverName: "other.example" };
  assertEquals(await secured({ address: "ip" }, named), [named, named]);
});

Deno.test("elastiCache gives the nodes what its own address says of TLS and authentication", async () => {
  const context: DiscoveryContext = {
    signal: new AbortController().signal,
    tls: undefined,
    connect: () => Promise.resolve(transport()),
  };
  const transport = () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
      transform: (_, replies) => replies.enqueue(new TextEncoder().encode(configured(CONFIG))),
    });
    return { readable, writable, close() {} };
  };
  const auth = { username: "user", password: "secret" };
  const secure = elastiCache("memcacheds://user:secret@cfg.example:11211");
  assertEquals(secure.name, "cfg.example:11211");
  for (const server of (await secure.lookUp(context)).servers) {
    const { hostname, tls, auth: own } = server as {
      hostname: string;
      tls: unknown;
      auth: unknown;
    };
    assertEquals([tls, own], [{ serverName: hostname }, auth]);
  }
  const plain = elastiCache({ hostname: "cfg.example", tls: false });
  for (const server of (await plain.lookUp({ ...context, tls: {} })).servers) {
    assertEquals((server as { tls: unknown }).tls, false);
  }
});

Deno.test("elastiCache refuses endpoints and options that make no sense", () => {
  assertThrows(() => elastiCache(""), ValidationException);
  assertThrows(() => elastiCache("http://cfg.example"), ValidationException);
  assertThrows(() => elastiCache("cfg.example", { address: "name" as "ip" }), ValidationException);
});

Deno.test("elastiCache authenticates at the endpoint as the client does everywhere", async () => {
  const auth = { username: "user", password: "secret" };
  await using server = await MemcachedServer.listen({ auth });
  await using endpoint = await MemcachedServer.listen({ auth, cluster: [server.address] });
  await using client = new Client([], { discovery: elastiCache(endpoint.address), auth });
  await client.set("key", "value");
  assertEquals(await client.get("key"), "value");

  const wrong = { ...auth, password: "another" };
  await using stranger = new Client([], { discovery: elastiCache(endpoint.address), auth: wrong });
  const error = await assertRejects(() => stranger.get("key"), SocketError);
  assertInstanceOf(error.cause, ClientException);
  assert(!Deno.inspect(error).includes("another"));
});

Deno.test({
  name: "elastiCache speaks TLS with endpoint and nodes, by host name and by address",
  ignore: lacksTls(),
  fn: async () => {
    const authority = await CertificateAuthority.create("the authority of discovery's tests");
    const shown = await authority.issue({ names: ["localhost"] });
    await using memcached = await TlsMemcached.start(shown);
    const { port } = memcached;
    const tls = { caCerts: [authority.cert] };
    // memcached is no endpoint, but knows as much as those of old did.
    const config = `1\nlocalhost|127.0.0.1|${port}\n`;
    await using teller = new Client(`localhost:${port}`, { tls });
    await teller.meta("ms", "AmazonElastiCache:cluster", [], config);

    for (const address of ["hostname", "ip"] as const) {
      const discovery = elastiCache(`localhost:${port}`, { address });
      await using client = new Client([], { discovery, tls, timeout: 10_000 });
      await client.set("key", address);
      assertEquals(await client.get("key"), address);
      const expected = address === "ip" ? "127.0.0.1" : "localhost";
      assertEquals(client.servers.map(({ name }) => name), [`${expected}:${port}`]);
    }
    await using stranger = new Client([], {
      discovery: elastiCache({ hostname: "127.0.0.1", port }),
      tls,
      timeout: 10_000,
    });
    await assertRejects(() => stranger.get("key"), SocketError, "Cannot discover servers");
  },
});
