import { assert, assertEquals, assertRejects } from "@std/assert";
import tls from "node:tls";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Client, SocketError, TimeoutError, type TlsOptions } from "../../mod.ts";
import { dialTls } from "../../src/transport/node_tls.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { turns } from "../support/turns.ts";
import { leaveUnanswered } from "../support/unanswered.ts";

const authority = await CertificateAuthority.create("the authority of these tests");
const client = await authority.issue({ names: ["a client"], usage: "client" });
const caCerts = [authority.cert];

/** TLS without and with a client certificate, which are two implementations. */
const KINDS: Record<string, TlsOptions> = {
  "": { caCerts },
  "and a client certificate": { caCerts, ...client },
};

for (const [kind, tls] of Object.entries(KINDS)) {
  Deno.test(`dialTls leaves nothing behind when a handshake is given up, with TLS ${kind}`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted: Deno.Conn[] = [];
    const accepting = (async () => {
      for await (const connection of listener) accepted.push(connection);
    })();
    const endpoint = { hostname: "127.0.0.1", port: listener.addr.port, tls };
    const settings = { keepAlive: true, noDelay: true };
    for (const delay of [0, 1, 5, 20]) {
      const giveUp = new AbortController();
      const reason = new Error("enough");
      const dialled = dialTls(endpoint, { signal: giveUp.signal, ...settings });
      setTimeout(() => giveUp.abort(reason), delay);
      assertEquals(await dialled.catch((error) => error), reason);
    }
    await using client = new Client(
      { hostname: "127.0.0.1", port: listener.addr.port, tls },
      { connectTimeout: 50 },
    );
    await assertRejects(() => client.get("key"), TimeoutError, "Cannot connect");
    listener.close();
    await accepting;
    for (const connection of accepted) connection.close();
  });
}

function hasProc(): boolean {
  try {
    Deno.statSync("/proc/net/tcp");
    return true;
  } catch {
    // It is Linux that has it.
    return false;
  }
}

Deno.test({
  name: "a TLS connection that is given up leaves no descriptor open",
  ignore: !hasProc(),
  fn: async () => {
    const shown = await authority.issue({ names: ["127.0.0.1"] });
    const address = { hostname: "127.0.0.1", port: 0 };
    const listeners = [Deno.listen(address), Deno.listenTls({ ...address, ...shown })] as const;
    const accepted: Deno.Conn[] = [];
    const accepting = listeners.map(async (listener) => {
      for await (const connection of listener) {
        accepted.push(connection);
        // The other end has the first word, and gives up.
        if ("handshake" in connection) connection.handshake().catch(() => {});
      }
    });
    const program = new URL("given_up_tls.ts", import.meta.url).pathname;
    const ports = listeners.map(({ addr }) => `${addr.port}`);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", program, ...ports],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    await ReadableStream.from([authority.cert]).pipeThrough(new TextEncoderStream())
      .pipeTo(child.stdin);
    const { stdout } = await child.output();
    // Until now none of the servers has closed anything.
    assert(accepted.length > 0);
    for (const listener of listeners) listener.close();
    await Promise.all(accepting);
    for (const connection of accepted) connection.close();
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), { descriptors: 0, connections: 0 });
  },
});

Deno.test({
  name: "a TLS connection whose key is another's leaves no descriptor open",
  ignore: !hasProc(),
  fn: async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { key } = await authority.issue({ names: ["another client"], usage: "client" });
    const tls = { caCerts, cert: client.cert, key };
    const endpoint = { hostname: "127.0.0.1", port: listener.addr.port, tls };
    const countOpen = () => Array.from(Deno.readDirSync("/proc/self/fd")).length;
    const before = countOpen();
    for (let i = 0; i < 20; i++) {
      const { signal } = new AbortController();
      const dialled = () => dialTls(endpoint, { signal, keepAlive: true, noDelay: true });
      await assertRejects(dialled, SocketError, "tls.key is not the key of tls.cert");
    }
    assert(countOpen() < before + 10);
  },
});

Deno.test("dialTls keeps nothing of attempts that were refused: each would keep 128 KB", async () => {
  const endpoint = { hostname: "127.0.0.1", port: 1, tls: { caCerts } };
  const errors: WeakRef<Error>[] = [];
  for (let i = 0; i < 50; i++) {
    const { signal } = new AbortController();
    const dialled = () => dialTls(endpoint, { signal, keepAlive: true, noDelay: true });
    errors.push(new WeakRef(await assertRejects(dialled, Error, "ECONNREFUSED")));
  }
  // References that have been read or made in a turn of the event loop hold for the rest of it.
  await turns(2);
  collect();
  assert(errors.filter((error) => error.deref() !== undefined).length < 10);
});

Deno.test("dialTls fails as it should on a later Deno whose sockets are different inside", async () => {
  const { connect } = tls;
  const wrong = () => {
    throw new TypeError("not with this");
  };
  tls.connect = ((options: tls.ConnectionOptions) => {
    const socket = connect(options);
    Object.assign(Reflect.get(socket, "_handle"), { setHandle: wrong });
    return socket;
  }) as typeof connect;
  try {
    const endpoint = { hostname: "127.0.0.1", port: 1, tls: { caCerts } };
    const { signal } = new AbortController();
    const dialled = () => dialTls(endpoint, { signal, keepAlive: true, noDelay: true });
    await assertRejects(dialled, Error, "ECONNREFUSED");
    // What a listener of a socket throws ends the program.
    await turns(2);
  } finally {
    tls.connect = connect;
  }
});

/** Frees what nothing refers to. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

for (const [kind, tls] of Object.entries(KINDS)) {
  Deno.test(`dialTls leaves nothing behind when a connection that hangs is given up, with TLS ${kind}`, async () => {
    const hostname = "127.0.0.1";
    using unanswered = await leaveUnanswered({ hostname, port: 0 });
    const address = { hostname, port: unanswered.port };
    const reason = new Error("enough");
    const giveUp = new AbortController();
    const settings = { signal: giveUp.signal, keepAlive: true, noDelay: true };
    const dialled = dialTls({ ...address, tls }, settings);
    setTimeout(() => giveUp.abort(reason), 20);
    assertEquals(await dialled.catch((error) => error), reason);
  });
}

Deno.test("a TLS socket ends when more bytes have come than are kept for a reader", async () => {
  const shown = await authority.issue({ names: ["127.0.0.1"] });
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...shown });
  const sending = (async () => {
    using connection = await listener.accept();
    const chunk = new Uint8Array(1 << 20);
    // It ends when the client has gone.
    for (let sent = 0; sent < 200 * chunk.length;) sent += await connection.write(chunk);
  })();
  const settings = { keepAlive: true, noDelay: true, signal: new AbortController().signal };
  const endpoint = { hostname: "127.0.0.1", port: listener.addr.port, tls: { caCerts } };
  const transport = await dialTls(endpoint, settings);
  const reader = transport.readable.getReader();
  await assertRejects(() => sending);
  const reading = async () => {
    while (!(await reader.read()).done);
  };
  await assertRejects(reading, SocketError, "unread bytes have come");
  await transport.close();
});
