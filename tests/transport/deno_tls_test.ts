import { assertEquals, assertRejects } from "@std/assert";
import { Client, TimeoutError, type TlsOptions } from "../../mod.ts";
import { dialDeno } from "../../src/transport/deno.ts";
import { CertificateAuthority } from "../support/certificates.ts";

const authority = await CertificateAuthority.create("the authority of these tests");
const client = await authority.issue({ names: ["a client"], usage: "client" });
const caCerts = [authority.cert];

/** TLS without and with a client certificate, which are two implementations. */
const KINDS: Record<string, TlsOptions> = {
  "": { caCerts },
  "and a client certificate": { caCerts, ...client },
};

for (const [kind, tls] of Object.entries(KINDS)) {
  Deno.test(`dialDeno leaves nothing behind when a handshake is given up, with TLS ${kind}`, async () => {
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
      const dialled = dialDeno(endpoint, { signal: giveUp.signal, ...settings });
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

/** Connects until the system, for want of room in the listener's queue, lets an attempt hang. */
async function fillBacklog(address: { hostname: string; port: number }): Promise<Deno.Conn[]> {
  const connections: Deno.Conn[] = [];
  while (connections.length < 8) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), 100);
    try {
      connections.push(await Deno.connect({ ...address, signal: patience.signal }));
    } catch (error) {
      if (!patience.signal.aborted) throw error;
      break;
    } finally {
      clearTimeout(timer);
    }
  }
  return connections;
}

for (const [kind, tls] of Object.entries(KINDS)) {
  Deno.test(`dialDeno leaves nothing behind when a connection that hangs is given up, with TLS ${kind}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const address = { hostname: "127.0.0.1", port: listener.addr.port };
    const connections = await fillBacklog(address);
    const reason = new Error("enough");
    const giveUp = new AbortController();
    const settings = { signal: giveUp.signal, keepAlive: true, noDelay: true };
    const dialled = dialDeno({ ...address, tls }, settings);
    setTimeout(() => giveUp.abort(reason), 20);
    assertEquals(await dialled.catch((error) => error), reason);
    for (const connection of connections) connection.close();
  });
}
