/** TLS, credentials and servers that are lost: what each command says, and its exit code. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CertificateAuthority } from "../support/certificates.ts";
import { memcachedPath } from "../support/memcached.ts";
import { AuthMemcached } from "../support/memcached_auth.ts";
import { lacksTls, TlsMemcached } from "../support/memcached_tls.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import { moecache } from "./fake_terminal.ts";

const ITEM = JSON.stringify({ key: "loaded", exptime: null, flags: 274, base64: btoa("value") });
/** A command line for each kind of work, and its exit code on a server with the items `key` and `n`. */
const COMMANDS: readonly (readonly [line: string, code: number])[] = [
  ["get key", 0],
  ["get missing", 1],
  ["set other value", 0],
  ["touch key 60", 0],
  ["incr n", 0],
  ["meta mg key v", 0],
  ["inspect key", 0],
  ["keys", 0],
  ["keys --json", 0],
  ["explain key --everywhere", 0],
  ["stats", 0],
  ["stats items", 0],
  ["ping", 0],
  ["capable", 0],
  ["big", 0],
  ["ttl", 0],
  ["prefixes", 0],
  ["balance", 0],
  ["dump", 0],
  ["dump --values", 0],
  ["load", 0],
  ["latency --for 20ms", 0],
  ["stat --every 10ms --count 3", 0],
  ["hot --for 20ms", 1],
  ["doctor --for 20ms", 0],
  ["bench --for 20ms --keys 10", 0],
  ["del --prefix nothing", 1],
  ["del other", 0],
];

interface Place {
  readonly servers: string;
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function run(line: string, { servers, options = [], env = {} }: Place) {
  const args = [...line.split(" "), "-s", servers, "--timeout", "20s", ...options];
  return moecache(args, { env, input: ITEM });
}

/** Runs each command on a server that it can use. */
async function assertWorks(client: Client, place: Place): Promise<void> {
  for (const [line, code] of COMMANDS) {
    await client.set("key", "value");
    await client.set("n", "1");
    const ended = await run(line, place);
    assertEquals([line, ended.code, ended.messages], [line, code, ""]);
  }
  assertEquals(await client.get("loaded"), "value");
}

/** Runs each command on a server that it cannot use: it says why, in one line, and shows no secret. */
async function assertFails(place: Place, code: number, says: string | RegExp): Promise<void> {
  for (const [line] of COMMANDS) {
    const ended = await run(line, place);
    assertEquals([line, ended.code], [line, code], ended.messages);
    assertEquals(ended.messages.trimEnd().split("\n").length, 1, `${line}: ${ended.messages}`);
    assert(ended.messages.startsWith("moecache: "), ended.messages);
    assert(ended.messages.search(says) > 0, `${line}: ${ended.messages}`);
    for (const secret of Object.values(place.env ?? {})) {
      assert(!`${ended.messages}${ended.output}`.includes(secret), `${line} shows "${secret}"`);
    }
  }
}

Deno.test({
  name: "every command works over TLS, and says in one line why it cannot",
  ignore: lacksTls(),
  fn: async () => {
    const authority = await CertificateAuthority.create("the authority of these tests");
    const shown = await authority.issue({ names: ["localhost", "127.0.0.1"] });
    const elsewhere = await authority.issue({ names: ["cache.example.com"] });
    const file = await Deno.makeTempFile();
    const noCertificate = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(file, authority.cert);
      await Deno.writeTextFile(noCertificate, "no certificate");
      await using memcached = await TlsMemcached.start(shown);
      await using other = await TlsMemcached.start(elsewhere);
      await using mutual = await TlsMemcached.start(shown, authority.cert);
      await using plain = await MemcachedServer.listen();
      const address = `127.0.0.1:${memcached.port}`;
      const trusting = ["--tls-ca", file];
      await using client = new Client(`memcacheds://${address}`, {
        tls: { caCerts: [authority.cert] },
        timeout: 20_000,
      });
      await assertWorks(client, { servers: address, options: trusting });
      // A deployment is often moved to one that speaks TLS.
      await using old = new Client(plain.address);
      await old.set("moved", "value");
      const both = ["--from", plain.address, "--to", `memcacheds://${address}`];
      const copied = await moecache(["copy", ...both, ...trusting]);
      assertEquals([copied.code, copied.messages], [0, ""]);
      assertEquals(await client.get("moved"), "value");
      const strange = { servers: `memcacheds://${address}` };
      await assertFails(strange, 3, "its certificate is not from a trusted authority");
      const misnamed = { servers: `127.0.0.1:${other.port}`, options: trusting };
      await assertFails(misnamed, 3, 'its certificate is not for "127.0.0.1"');
      const asking = { servers: `127.0.0.1:${mutual.port}`, options: trusting };
      await assertFails(asking, 3, "a client certificate, which a command line cannot give");
      const silent = { servers: plain.address, options: trusting };
      await assertFails(silent, 3, `Cannot connect to ${plain.address}: it does not speak TLS`);
      const wrongFile = { servers: address, options: ["--tls-ca", noCertificate] };
      await assertFails(wrongFile, 2, "certificates in PEM");
      const noFile = { servers: address, options: ["--tls-ca", `${file}.missing`] };
      await assertFails(noFile, 2, "the file of --tls-ca cannot be read");
      for (const line of ["get key", "keys", "stats", "ping"]) {
        const ended = await run(line, { servers: address });
        assertEquals([line, ended.code], [line, 3]);
        assertStringIncludes(ended.messages, `Connection to ${address} ended`);
      }
    } finally {
      for (const path of [file, noCertificate]) await Deno.remove(path);
    }
  },
});

/** The servers there are here that demand credentials. */
const GUARDED: Readonly<
  Record<string, () => Promise<AsyncDisposable & { readonly port: number }>>
> = {
  "the embedded server": () =>
    MemcachedServer.listen({ auth: { username: "ann", password: "s3cret" } }),
  ...memcachedPath() !== undefined && {
    memcached: () => AuthMemcached.start({ username: "ann", password: "s3cret" }),
  },
};

for (const [kind, start] of Object.entries(GUARDED)) {
  Deno.test(`every command works with credentials, and says in one line if they are wrong, on ${kind}`, async () => {
    await using server = await start();
    const servers = `127.0.0.1:${server.port}`;
    await using client = new Client(servers, {
      auth: { username: "ann", password: "s3cret" },
      timeout: 20_000,
    });
    const env = { MEMCACHED_USERNAME: "ann", MEMCACHED_PASSWORD: "s3cret" };
    await assertWorks(client, { servers, env });
    const capable = await run("capable --json", { servers, env });
    assertEquals(JSON.parse(capable.output).password, true);
    const { MEMCACHED_PASSWORD } = env;
    const named = `memcached://ann@${servers}`;
    assertEquals((await run("get key", { servers: named, env: { MEMCACHED_PASSWORD } })).code, 0);
    await assertFails(
      { servers: named, env: { MEMCACHED_PASSWORD: "wr0ng" } },
      3,
      "the server refused the user name and password",
    );
    await assertFails(
      { servers },
      3,
      "the server requires a user name and a password: put them into MEMCACHED_USERNAME and MEMCACHED_PASSWORD",
    );
    await assertFails({ servers: named }, 2, "put it in MEMCACHED_PASSWORD");
  });
}

Deno.test("stats says which server does not have a kind", async () => {
  await using whole = await MemcachedServer.listen();
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => line.startsWith("stats items") ? { reply: "ERROR" } : undefined,
  });
  const ended = await run("stats items", { servers: `${whole.address},${server.address}` });
  assertEquals(ended.code, 3);
  assertStringIncludes(ended.messages, `Cannot request stats items of ${server.address}: `);
});

Deno.test("every command says in one line that no server can be reached", async () => {
  const server = await MemcachedServer.listen();
  const { address } = server;
  await server.close();
  const lines = COMMANDS.map(([line]) => line);
  for (const line of [...lines, "stats --diff 1h"]) {
    const ended = await run(line, { servers: address });
    assertEquals([line, ended.code], [line, 3]);
    assertEquals(ended.messages.trimEnd().split("\n").length, 1, ended.messages);
    assertStringIncludes(ended.messages, `Cannot connect to ${address}`);
  }
});

Deno.test("every command says in one line that one of three servers cannot be reached", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  const gone = await MemcachedServer.listen();
  await gone.close();
  const servers = `${first.address},${gone.address},${second.address}`;
  // What works on one key only needs the server of that key.
  const whole = ["keys", "explain", "stat", "stats", "ping", "capable", "big", "ttl", "prefixes"];
  const others = ["balance", "dump", "latency", "hot", "doctor", "del --prefix"];
  for (const line of [...COMMANDS.map(([line]) => line), "stats --diff 10ms"]) {
    if (![...whole, ...others].some((name) => line.startsWith(name))) continue;
    const ended = await run(line, { servers });
    assertEquals([line, ended.code], [line, 3], ended.messages);
    assertEquals(ended.messages.trimEnd().split("\n").length, 1, `${line}: ${ended.messages}`);
    assertStringIncludes(ended.messages, `Cannot connect to ${gone.address}`);
  }
});

Deno.test("get and del continue without a server that cannot be reached, and end with 3", async () => {
  await using server = await MemcachedServer.listen();
  const gone = await MemcachedServer.listen();
  await gone.close();
  const servers = [server.address, gone.address];
  await using client = new Client(servers);
  const of = (address: string) => {
    const names = Array.from({ length: 10_000 }, (_, i) => `${i}:key`);
    return names.filter((key) => client.locate(key).server === address).slice(0, 3);
  };
  const held = of(server.address);
  const keys = [...of(gone.address), ...held];
  for (const key of held) await client.set(key, "value");
  const got = await run(`get ${keys.join(" ")}`, { servers: servers.join() });
  assertEquals([got.code, got.output], [3, held.map((key) => `${key}\tvalue\n`).join("")]);
  const deleted = await run(`del ${keys.join(" ")}`, { servers: servers.join() });
  assertEquals([deleted.code, deleted.output], [3, `${held.length}\n`]);
  for (const { messages } of [got, deleted]) {
    assertStringIncludes(messages, `3 of ${keys.length} keys`);
    assertStringIncludes(messages, `Cannot connect to ${gone.address}`);
  }
});

Deno.test("a list whose server is lost midway ends with what had come, and with 3", async () => {
  const line = (key: string) => `key=${key} exp=-1 la=1795388585 cas=5 fetch=no cls=1 size=65\n`;
  for (const command of ["keys", "keys --json", "big", "ttl", "prefixes", "balance", "dump"]) {
    await using peer = new ScriptedPeer(async (connection) => {
      await connection.request();
      await connection.send(`${line("a")}${line("b")}key=c exp=`);
      connection.close();
    });
    const ended = await run(command, { servers: peer.address });
    assertEquals([command, ended.code], [command, 3]);
    assertEquals(ended.messages.trimEnd().split("\n").length, 1, ended.messages);
    assertStringIncludes(ended.messages, `Connection to ${peer.address} ended`);
    assert(ended.output !== "", command);
    if (command === "keys") assertEquals(ended.output, "a\nb\n");
  }
});

Deno.test("stat reports once that a server is lost, and continues when it is back", async () => {
  let server = await MemcachedServer.listen();
  const { address, port } = server;
  const interruption = new AbortController();
  const ups: number[] = [];
  let work = Promise.resolve();
  const { code, messages } = await moecache(
    ["stat", "--every", "10ms", "--json", "-s", address],
    {
      interrupted: interruption.signal,
      onOutput: (text) => {
        const { up } = JSON.parse(text);
        if (ups.at(-1) === up) return;
        ups.push(up);
        if (ups.length === 3) interruption.abort();
        else if (up === 1) work = work.then(() => server.close());
        else work = work.then(async () => void (server = await MemcachedServer.listen({ port })));
      },
    },
  );
  await work;
  await server.close();
  assertEquals([code, ups], [3, [1, 0, 1]]);
  const lines = messages.trimEnd().split("\n");
  assertEquals(new Set(lines).size, lines.length, messages);
  assertEquals(lines.every((line) => line.includes(address)), true, messages);
});

Deno.test("explain --everywhere ends with Ctrl-C, and calls no key missing then", async () => {
  const interruption = new AbortController();
  await using server = await MemcachedServer.listen({
    fault: () => {
      queueMicrotask(() => interruption.abort());
      return { delay: Infinity };
    },
  });
  const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
  const { code, output, messages } = await moecache(
    ["explain", ...keys, "--everywhere", "-s", server.address],
    { interrupted: interruption.signal },
  );
  assertEquals([code, output, messages], [130, "", ""]);
});

Deno.test("explain --everywhere leaves out a ring that cannot take names of hosts", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value");
  await using other = await MemcachedServer.listen();
  const names = [server, other].map(({ port }) => `localhost:${port}`);
  const { code, output, messages } = await run("explain key --everywhere", {
    servers: names.join(),
  });
  assertEquals([code, messages], [0, ""]);
  assertStringIncludes(output, `key: found on ${names[0]}, `);
  assert(!output.includes("spymemcached-ketama"), output);
});

Deno.test("explain --everywhere calls nothing missing that could not be asked for", async () => {
  await using server = await MemcachedServer.listen();
  const { output, code } = await run("explain key --everywhere", {
    servers: `127.0.0.1:1,${server.address}`,
  });
  assertEquals(code, 3);
  assert(!output.includes("127.0.0.1:1, and it is not there"), output);
});
