import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Client, type ServerAddress, type TlsOptions } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { memcachedPath, programPath } from "../support/memcached.ts";
import { lacksTls, TlsMemcached } from "../support/memcached_tls.ts";
import { until } from "../support/turns.ts";
import { leaveUnanswered } from "../support/unanswered.ts";

async function assertServes(address: ServerAddress): Promise<void> {
  await using client = new Client(address);
  await client.set("key", "value");
  assertEquals(await client.get("key"), "value");
}

Deno.test("Client reaches a server on a unix socket, and authenticates there", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/memcached.sock`;
  const auth = { username: "user", password: "secret" };
  {
    await using server = new MemcachedServer(Deno.listen({ transport: "unix", path }), { auth });
    await assertServes({ path: server.address, auth });
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "Client reaches a memcached on a unix socket",
  ignore: memcachedPath() === undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/memcached.sock`;
    const args = ["-s", path, ...(Deno.uid() === 0 ? ["-u", "root"] : [])];
    const memcached = new Deno.Command(memcachedPath()!, { args, stderr: "null" }).spawn();
    try {
      await until(() => canConnect(path));
      await assertServes({ path });
    } finally {
      memcached.kill("SIGKILL");
      await memcached.status;
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function canConnect(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    // Not there yet, or nothing listens there yet.
    return false;
  }
}

function hasIPv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    // No loopback interface of version 6.
    return false;
  }
}

Deno.test({
  name: "Client reaches a server by its IPv6 address, in every form",
  ignore: !hasIPv6(),
  fn: async () => {
    await using server = await MemcachedServer.listen({ hostname: "::1" });
    const { port } = server;
    await assertServes(`[::1]:${port}`);
    await assertServes(["::1", port]);
    await assertServes({ hostname: "[0:0:0:0:0:0:0:1]", port });
    await assertServes(`memcached://[::1]:${port}`);
  },
});

Deno.test({
  name: "Client speaks TLS with a server by its IPv6 address",
  ignore: !hasIPv6(),
  fn: async () => {
    const authority = await CertificateAuthority.create("authority");
    const shown = await authority.issue({ names: ["::1"] });
    const client = await authority.issue({ names: ["client"], usage: "client" });
    const caCerts = [authority.cert];
    await using server = new MemcachedServer(
      Deno.listenTls({ hostname: "::1", port: 0, ...shown }),
    );
    await assertServes({ hostname: "::1", port: server.port, tls: { caCerts } });
    await assertServes({ hostname: "[::1]", port: server.port, tls: { caCerts, ...client } });
  },
});

/**
 * Runs a program by Deno where a host name stands for these addresses, on this process's machine.
 *
 * @param input What it gets to do.
 * @param allowed Where it may connect to; anywhere by default.
 */
async function runWithHosts(hosts: string, input: unknown, allowed?: string): Promise<unknown> {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, hosts);
  const program = new URL("several_addresses.ts", import.meta.url).pathname;
  const command = `mount --bind "$0" /etc/hosts && exec "$@"`;
  const net = allowed === undefined ? "--allow-net" : `--allow-net=${allowed}`;
  const deno = [Deno.execPath(), "run", "--no-prompt", net, program];
  const child = new Deno.Command("unshare", {
    args: ["-rm", "sh", "-c", command, file, ...deno],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(input)));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  await Deno.remove(file);
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Whether this user may have files of its own in place of the system's. */
function mayMount(): boolean {
  if (programPath("unshare") === undefined) return false;
  const args = ["-rm", "mount", "--bind", "/etc/hosts", "/etc/hosts"];
  return new Deno.Command("unshare", { args, stderr: "null" }).outputSync().success;
}

const HOSTS = `127.0.0.1 localhost
127.0.0.2 several.test
127.0.0.3 several.test
127.0.0.1 several.test
::1 both.test
127.0.0.1 both.test
127.0.0.2 elsewhere.test
127.0.0.3 elsewhere.test
127.0.0.4 dead.test
127.0.0.5 dead.test
127.0.0.1 dead.test
`;

const ignore = !mayMount();

Deno.test({
  name: "Client tries the next address of a host name where one refuses",
  ignore,
  fn: async () => {
    await using server = await MemcachedServer.listen();
    const names = ["several.test", "both.test", "elsewhere.test"];
    const results = await runWithHosts(HOSTS, names.map((name) => `${name}:${server.port}`));
    const [several, both, elsewhere] = results as string[];
    assertEquals([several, both], ["value", "value"]);
    assertStringIncludes(elsewhere!, "SocketError: Cannot connect to elsewhere.test:");
    assertStringIncludes(elsewhere!, "refused");
  },
});

Deno.test({
  name: "Client tries the next address over TLS, with and without a client certificate",
  ignore: ignore || lacksTls(),
  fn: async () => {
    const authority = await CertificateAuthority.create("authority");
    const names = ["several.test", "both.test"];
    const client = await authority.issue({ names: ["client"], usage: "client" });
    await using server = await TlsMemcached.start(await authority.issue({ names }));
    const caCerts = [authority.cert];
    const kinds: TlsOptions[] = [{ caCerts }, { caCerts, ...client }];
    const addresses = names.flatMap((hostname) => {
      return kinds.map((tls) => ({ hostname, port: server.port, tls }));
    });
    assertEquals(await runWithHosts(HOSTS, addresses), addresses.map(() => "value"));
  },
});

Deno.test({
  name: "dial tries the next address of a host name when one has had its share of the time",
  ignore,
  fn: async () => {
    const authority = await CertificateAuthority.create("authority");
    const shown = await authority.issue({ names: ["dead.test"] });
    const tls: TlsOptions = { caCerts: [authority.cert] };
    for (const [secured, listen] of [[{}, Deno.listen], [{ tls }, Deno.listenTls]] as const) {
      // The system puts 127.0.0.1 first, whatever the order in the file.
      using listener = listen({ hostname: "127.0.0.5", port: 0, ...shown });
      const { port } = listener.addr;
      using _dead = await leaveUnanswered({ hostname: "127.0.0.1", port });
      using _too = await leaveUnanswered({ hostname: "127.0.0.4", port });
      const accepting = (async () => {
        for await (const connection of listener) {
          // A client that has what it wanted goes away.
          if ("handshake" in connection) await connection.handshake().catch(() => {});
          connection.close();
        }
      })();
      const dialled = {
        endpoint: { hostname: "dead.test", port, ...secured },
        connectTimeout: 100,
        // Left to itself, a runtime waits 250 ms or longer for each of the dead ones.
        soon: 500,
      };
      const [took] = await runWithHosts(HOSTS, [dialled]) as number[];
      assert(took! < dialled.soon, `it took ${took} ms`);
      listener.close();
      await accepting;
    }
  },
});

Deno.test({
  name: "Client needs permission only for a host name, not for its addresses",
  ignore: ignore || lacksTls(),
  fn: async () => {
    const authority = await CertificateAuthority.create("authority");
    await using plain = await MemcachedServer.listen();
    await using secured = await TlsMemcached.start(await authority.issue({ names: ["both.test"] }));
    const tls = { caCerts: [authority.cert] };
    const addresses = [
      { hostname: "both.test", port: plain.port },
      { hostname: "both.test", port: secured.port, tls },
    ];
    for (const address of addresses) {
      const allowed = `both.test:${address.port}`;
      assertEquals(await runWithHosts(HOSTS, [address], allowed), ["value"]);
    }
  },
});
