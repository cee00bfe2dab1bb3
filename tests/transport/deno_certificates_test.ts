/** What Deno's `node:tls` lets pass and Deno's own TLS does not; the certificates are openssl's. */

import { assertRejects } from "@std/assert";
import tls from "node:tls";
import { SocketError } from "../../src/errors.ts";
import { checkCertificates } from "../../src/transport/deno_certificates.ts";
import { dialTls } from "../../src/transport/node_tls.ts";
import { CertificateAuthority, type KeyedCertificate } from "../support/certificates.ts";
import { programPath } from "../support/memcached.ts";

const ignore = programPath("openssl") === undefined;
const NAME = "cache.test";

/** A folder where openssl makes keys and certificates, each under a name of its own. */
class Workshop implements AsyncDisposable {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<Workshop> {
    return new Workshop(await Deno.makeTempDir());
  }

  /** Makes an authority's certificate, signed by itself. */
  async authority(name: string, subject: string): Promise<KeyedCertificate> {
    await this.#key(name);
    await this.#openssl("req", "-x509", "-new", "-key", `${name}.key`, "-subj", `/CN=${subject}`)
      .into(`${name}.pem`);
    return await this.#read(name);
  }

  /** Makes a certificate that an authority has signed; without extensions it is of version 1. */
  async signed(
    name: string,
    subject: string,
    authority: string,
    ...extensions: string[]
  ): Promise<KeyedCertificate> {
    await this.#key(name);
    await this.#openssl("req", "-new", "-key", `${name}.key`, "-subj", `/CN=${subject}`)
      .into(`${name}.csr`);
    await Deno.writeTextFile(`${this.#folder}/${name}.ext`, extensions.join("\n"));
    const extended = extensions.length === 0 ? [] : ["-extfile", `${name}.ext`];
    const signer = ["-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-set_serial", "7"];
    await this.#openssl("x509", "-req", "-in", `${name}.csr`, ...signer, ...extended)
      .into(`${name}.pem`);
    return await this.#read(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #key(name: string): Promise<void> {
    await this.#openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout").into(`${name}.key`);
  }

  async #read(name: string): Promise<KeyedCertificate> {
    const [cert, key] = await Promise.all(
      ["pem", "key"].map((end) => Deno.readTextFile(`${this.#folder}/${name}.${end}`)),
    );
    return { cert: cert!, key: key! };
  }

  #openssl(...args: string[]): { into(file: string): Promise<void> } {
    return {
      into: async (file) => {
        const options = { args: [...args, "-out", file], cwd: this.#folder };
        const { success, stderr } = await new Deno.Command("openssl", options).output();
        if (!success) throw new Error(new TextDecoder().decode(stderr));
      },
    };
  }
}

/** Dials a server that shows this, and trusts this authority. */
async function dial(shown: KeyedCertificate, authority: KeyedCertificate): Promise<void> {
  const server = tls.createServer(shown, (socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as { port: number };
    const settings = { caCerts: [authority.cert], serverName: NAME };
    const options = { signal: new AbortController().signal, keepAlive: true, noDelay: true };
    const transport = await dialTls({ hostname: "127.0.0.1", port, tls: settings }, options);
    await transport.close();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const V3 = `subjectAltName=DNS:${NAME}`;
const CA = "basicConstraints=critical,CA:TRUE";

Deno.test({
  name: "dialTls refuses a certificate that only names an authority, though it is of version 1",
  ignore,
  fn: async () => {
    await using workshop = await Workshop.open();
    const authority = await workshop.authority("authority", "authority");
    await workshop.authority("impostor", "authority");
    const forged = await workshop.signed("forged", NAME, "impostor");
    await assertRejects(() => dial(forged, authority), SocketError, "its certificate is not valid");
    const genuine = await workshop.signed("genuine", NAME, "authority");
    await assertRejects(() => dial(genuine, authority), SocketError, "is not valid");
    await dial(await workshop.signed("sound", NAME, "authority", V3), authority);
  },
});

Deno.test({
  name: "dialTls takes a chain of authorities, and refuses one with a foreign certificate",
  ignore,
  fn: async () => {
    await using workshop = await Workshop.open();
    const authority = await workshop.authority("authority", "authority");
    const chained = async (name: string, ...extensions: string[]) => {
      const middle = await workshop.signed(name, name, "authority", ...extensions);
      const own = await workshop.signed(`${name}_server`, NAME, name, V3);
      return { cert: own.cert + middle.cert, key: own.key };
    };
    await dial(await chained("middle", CA), authority);
    const refused = [
      await chained("no_authority", "subjectAltName=DNS:middle"),
      await chained("old"),
    ];
    for (const shown of refused) {
      await assertRejects(() => dial(shown, authority), SocketError, "its certificate");
    }
  },
});

Deno.test("checkCertificates refuses certificates that Deno's TLS cannot read, from any authority", async () => {
  const authority = await CertificateAuthority.create("authority");
  const { cert } = await authority.issue({ names: [NAME] });
  const der = Uint8Array.from(
    atob(cert.replace(/-----[^-]+-----|\s/g, "")),
    (character) => character.charCodeAt(0),
  );
  const dates = { "valid_from": new Date(0).toUTCString(), "valid_to": "Jan 1 00:00:00 2100 GMT" };
  await checkCertificates({ raw: der, ...dates }, [authority.cert]);
  const longer = Uint8Array.from([...der, 0]);
  const refusals = [
    [{ raw: longer, ...dates }, "is not valid"],
    [{ raw: der, ...dates, "valid_to": "soon" }, "has expired"],
    [{ raw: der, ...dates, "valid_from": dates.valid_to }, "is not valid yet"],
  ] as const;
  for (const [shown, message] of refusals) {
    await assertRejects(() => checkCertificates(shown, [authority.cert]), SocketError, message);
  }
  const stranger = await CertificateAuthority.create("authority");
  const shown = { raw: der, ...dates };
  await assertRejects(
    () => checkCertificates(shown, [stranger.cert]),
    SocketError,
    "not from a trusted authority",
  );
  await checkCertificates(shown, [stranger.cert + authority.cert]);
  await checkCertificates(shown, [cert]);
});
