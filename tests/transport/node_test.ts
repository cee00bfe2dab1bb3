/**
 * The sockets of Node's modules. Of the runtime, these tests ask for nothing but Node's modules, so that they
 * run on each that has them.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { SocketError } from "../../src/errors.ts";
import { openChannel } from "../../src/transport/byte_channel.ts";
import { dialNode } from "../../src/transport/node.ts";
import { dialTls } from "../../src/transport/node_tls.ts";
import type { Endpoint, Transport } from "../../src/transport/transport.ts";
import { until } from "../support/turns.ts";
import {
  Gathering,
  type Handler,
  isSame,
  LARGE,
  pattern,
  Peer,
  SETTINGS,
  testSockets,
} from "./socket_tests.ts";

const isOldBun = process.versions.bun?.startsWith("1.2.") ?? false;

// Bun 1.2 reads into buffers of its own.
testSockets({ name: "dialNode", dial: dialNode, fillsVacancies: !isOldBun });

function dial(endpoint: Endpoint, signal = new AbortController().signal): Promise<Transport> {
  return dialTls(endpoint, { signal, ...SETTINGS });
}

Deno.test("dialNode gives up when its signal says so", async () => {
  const reason = new Error("enough");
  // It accepts, and says nothing of what TLS begins with.
  await using peer = await Peer.listen((socket) => void socket.resume());
  const controller = new AbortController();
  const endpoint = { ...peer.endpoint, tls: {} };
  const dialled = assertRejects(() => dial(endpoint, controller.signal), Error, "enough");
  await until(() => peer.sockets.length > 0);
  const gone = new Promise<void>((resolve) =>
    peer.sockets[0]!.on("close", resolve).on("end", resolve)
  );
  controller.abort(reason);
  assertEquals(await dialled, reason);
  await gone;
  assertEquals(await assertRejects(() => dial(endpoint, controller.signal)), reason);
});

/** Certificates that openssl makes: an authority's, and two that it has signed. */
interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

function makeCertificates(): Certificates {
  const folder = mkdtempSync(`${tmpdir()}/moecache_`);
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const read = (name: string) => readFileSync(`${folder}/${name}`, "utf8");
  const sign = (name: string, extension: string) => {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-addext",
      extension,
      "-addext",
      "basicConstraints=critical,CA:FALSE",
    );
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };
  try {
    openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "2",
      "-subj",
      "/CN=authority",
    );
    const server = sign("server", "subjectAltName=DNS:cache.test,IP:127.0.0.1");
    return { ca: read("ca.pem"), server, client: sign("client", "subjectAltName=DNS:client.test") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hasOpenssl = (process.env.PATH ?? "").split(":").some((folder) =>
  existsSync(`${folder}/openssl`)
);

Deno.test({
  name: "dialNode speaks TLS and verifies the server",
  ignore: !hasOpenssl,
  async fn() {
    const { ca, server, client } = makeCertificates();
    const sent = pattern(LARGE);
    const echo: Handler = (socket) => void socket.once("data", () => socket.end(sent));
    await using peer = await Peer.listen(echo, server);
    const good: Endpoint["tls"][] = [
      { caCerts: [ca] },
      { caCerts: [ca], serverName: "cache.test" },
      { caCerts: [server.cert, ca], serverName: "127.0.0.1" },
      { caCerts: [ca], ...client },
    ];
    for (const tls of good) {
      for (const direct of [true, false]) {
        const channel = await openChannel(await dial({ ...peer.endpoint, tls: tls! }), direct);
        const gathering = new Gathering(LARGE);
        const receiving = channel.receive(gathering);
        await channel.write(pattern(100));
        await receiving;
        assert(isSame(gathering.bytes(), sent));
        await channel.close();
      }
    }
    const untrusted = () => dial({ ...peer.endpoint, tls: {} });
    await assertRejects(untrusted, SocketError, "not from a trusted authority");
    for (const serverName of ["other.test", "127.0.0.2"]) {
      const tls = { caCerts: [ca], serverName };
      const misnamed = () => dial({ ...peer.endpoint, tls });
      await assertRejects(misnamed, SocketError, `its certificate is not for "${serverName}"`);
    }
  },
});

Deno.test({
  name: "dialNode shows its certificate to a server that demands one",
  ignore: !hasOpenssl,
  async fn() {
    const { ca, server, client } = makeCertificates();
    const demanding = { ...server, ca, requestCert: true, rejectUnauthorized: true };
    await using peer = await Peer.listen((socket) => void socket.end("welcome"), demanding);
    const read = async (tls: NonNullable<Endpoint["tls"]>) => {
      const transport = await dial({ ...peer.endpoint, tls });
      try {
        const { value } = await transport.readable.getReader().read();
        return new TextDecoder().decode(value);
      } finally {
        await transport.close();
      }
    };
    assertEquals(await read({ caCerts: [ca], ...client }), "welcome");
    // With TLS 1.3 the refusal comes when the client takes itself for connected.
    const without = () => read({ caCerts: [ca] });
    await assertRejects(without, SocketError, "a client certificate, and tls has no cert");
  },
});
