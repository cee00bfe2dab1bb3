import { assert, assertEquals } from "@std/assert";
import { Client, type ClientOptions, type Server, type ServerAddress } from "../../mod.ts";
import { lock } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { lacksTls, TlsMemcached } from "../support/memcached_tls.ts";
import {
  answering,
  greeting,
  type PeerConnection,
  type Script,
  ScriptedPeer,
} from "../support/scripted_peer.ts";

const auth = { username: "canary-user", password: "canary-s3cret" };
const authority = await CertificateAuthority.create("authority");
const certificate = await authority.issue({ names: ["client"], usage: "client" });
/** What must not be seen anywhere: the password, as it is and as URLs and dumps have it, and the key. */
const SECRETS = [
  auth.password,
  auth.username,
  encodeURIComponent(auth.password),
  btoa(auth.password).slice(0, -4),
  `${new TextEncoder().encode(auth.password)}`.slice(0, 20),
  certificate.key.split("\n")[1]!,
];

function assertSecret(what: string, value: unknown): void {
  const texts = [
    Deno.inspect(value, {
      depth: 99,
      showHidden: true,
      iterableLimit: 9999,
      strAbbreviateSize: 9e9,
    }),
    String(value),
    value instanceof Error ? `${value.stack} ${value.message}` : "",
    value instanceof Response ? "" : safeJson(value),
  ];
  for (const text of texts) {
    for (const secret of SECRETS) assert(!text.includes(secret), `${what} shows it: ${text}`);
  }
}

function safeJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}` : part) ?? "";
}

/** Everything that a client shows while its server misbehaves. */
async function outcomes(address: ServerAddress, options: ClientOptions): Promise<unknown[]> {
  const seen: unknown[] = [];
  const locator = (servers: readonly Server[]) => {
    seen.push(servers);
    return { locate: () => 0 };
  };
  const client = new Client(address, { timeout: 300, connectTimeout: 300, locator, ...options });
  const users = client.namespace("user:");
  const events = client.watch(["fetchers"]);
  const items = client.items();
  seen.push(client, users, events, items);
  const settled = await Promise.allSettled([
    client.get("key"),
    client.getMany(["a", "b"]),
    client.set("key", "value"),
    client.setMany({ a: 1, b: 2 }),
    client.meta("ms", "key", ["T0"], "value"),
    client.incr("key"),
    client.stats(),
    client.version(),
    client.flushAll(),
    client.getOrSet("computed", () => Promise.resolve(1)),
    users.get("key"),
    events.ready,
    items.next(),
    lock(client, "mutex", { ttl: 5, signal: AbortSignal.timeout(200) }),
    client.get("key", { signal: AbortSignal.timeout(50) }),
  ]);
  const closing = client.get("key").catch((error) => error);
  await client.close();
  seen.push(await closing, await client.get("key").catch((error) => error), client);
  return [
    ...seen,
    ...settled.map((each) => each.status === "fulfilled" ? each.value : each.reason),
  ];
}

/** Sends something to a client that may have gone. */
async function sendIfThere(connection: PeerConnection, text: string): Promise<void> {
  await connection.send(text).catch((error) => {
    const hasGone = error instanceof Deno.errors.BadResource ||
      error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset;
    if (!hasGone) throw error;
  });
}

/** Sends back what it receives. */
const echo: Script = async (connection) => {
  for (let line; (line = await connection.request()) !== undefined;) {
    await sendIfThere(connection, `${line}\r\n`);
  }
};

/** Keeps the first line and sends back the second, which is the user name and the password. */
const betraying: Script = async (connection) => {
  await connection.request();
  const secret = await connection.request();
  await sendIfThere(connection, `CLIENT_ERROR "${secret}" is no command\r\n`);
};

/** Accepts, and then sends what it has received as the reply to something else. */
const traitor: Script = async (connection) => {
  await connection.request();
  await connection.request();
  await sendIfThere(connection, "STORED\r\n");
  for (let line; (line = await connection.request()) !== undefined;) {
    await sendIfThere(
      connection,
      line.startsWith("get") ? "SERVER_ERROR busy\r\n" : "nonsense\r\n",
    );
  }
};

const MISBEHAVING: Record<string, Script> = {
  "sends back what it receives": echo,
  "quotes the password": betraying,
  "takes the password and talks nonsense": traitor,
  "refuses the password": answering((line) =>
    line.startsWith("set") ? undefined : "CLIENT_ERROR authentication failure\r\n"
  ),
  "never answers": () => {},
  "closes": (connection) => connection.close(),
};

for (const [name, script] of Object.entries(MISBEHAVING)) {
  Deno.test(`Client shows no password when a server ${name}`, async () => {
    await using peer = new ScriptedPeer(script);
    const userInfo = `${auth.username}:${auth.password}`;
    const forms: [ServerAddress, ClientOptions][] = [
      [peer.address, { auth }],
      [`memcached://${userInfo}@${peer.address}`, { io: "streams" }],
    ];
    for (const [address, options] of forms) {
      const seen = await outcomes(address, options);
      for (const each of seen) assertSecret(name, each);
    }
  });
}

Deno.test("Client shows neither password nor private key when a server speaks no TLS or cannot be reached", async () => {
  await using peer = new ScriptedPeer(greeting("ERROR\r\n"));
  const { caCerts, ...rest } = { caCerts: [authority.cert], ...certificate };
  for (const address of [peer.address, "127.0.0.1:1"]) {
    const [hostname, port] = address.split(":");
    const tls = { caCerts, ...rest };
    const seen = [
      ...await outcomes({ hostname: hostname!, port: Number(port), tls, auth }, {}),
      ...await outcomes(address, { tls: { caCerts }, auth }),
      ...await outcomes(address, { tls: { ...tls, key: SECRET_KEY }, auth }),
    ];
    for (const each of seen) assertSecret(address, each);
  }
});

/** One that does not fit. */
const SECRET_KEY = (await authority.issue({ names: ["another"] })).key;
SECRETS.push(SECRET_KEY.split("\n")[1]!);

Deno.test({
  name: "Client shows no password over TLS, whether or not the server takes it",
  ignore: lacksTls(),
  fn: async () => {
    const shown = await authority.issue({ names: ["127.0.0.1"] });
    await using memcached = await TlsMemcached.start(shown, authority.cert);
    const tls = { caCerts: [authority.cert], ...certificate };
    const address = { hostname: "127.0.0.1", port: memcached.port };
    const seen = [
      ...await outcomes({ ...address, tls }, { auth }),
      ...await outcomes({ ...address, tls: { caCerts: tls.caCerts } }, { auth }),
    ];
    for (const each of seen) assertSecret("TLS", each);
  },
});

Deno.test("MemcachedServer shows no password in its events, its statistics or when it is inspected", async () => {
  await using server = await MemcachedServer.listen({ auth });
  assertSecret("server", server);
  await using client = new Client(server.address, { auth });
  const events = client.watch(["fetchers", "mutations", "connevents", "rawcmds"]);
  await events.ready;
  await using other = new Client(server.address, { auth });
  await other.set("key", "value");
  for await (const event of events) {
    assertSecret("event", event);
    if (event.type === "item_store") break;
  }
  for (const args of [undefined, "settings", "conns", "items"]) {
    assertSecret("stats", await client.stats(args));
  }
  assertEquals(await client.get("key"), "value");
});
