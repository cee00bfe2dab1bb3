import { assertEquals } from "@std/assert";
import { CertificateAuthority } from "../support/certificates.ts";

const authority = await CertificateAuthority.create("authority");

/** A process that stays longer than this is not going to end. */
const LONGEST = 60_000;

/** Runs a process that waits for a server, which sends a word if it is to; what the process has printed. */
async function run(
  { isSecured, isDirect, word }: { isSecured: boolean; isDirect: boolean; word?: string },
  ...steps: ("ref" | "unref")[]
): Promise<string> {
  const address = { hostname: "127.0.0.1", port: 0 };
  const shown = await authority.issue({ names: [address.hostname] });
  using listener = isSecured ? Deno.listenTls({ ...address, ...shown }) : Deno.listen(address);
  const accepted = listener.accept();
  const secured = isSecured ? { authority: authority.cert } : {};
  const told = { port: listener.addr.port, ...secured, isDirect, steps };
  const program = new URL("idle_process.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-net", program, JSON.stringify(told)],
    stdout: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill(), LONGEST);
  using connection = await accepted;
  if ("handshake" in connection) await connection.handshake();
  let printed = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    if (word === undefined || printed !== "waits ") continue;
    // Long enough for a process to end that has nothing to wait for.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await connection.write(new TextEncoder().encode(word));
    await connection.closeWrite();
  }
  clearTimeout(timer);
  assertEquals((await child.status).code, 0);
  return printed;
}

for (const isSecured of [false, true]) {
  for (const isDirect of [true, false]) {
    const kind = `${isSecured ? "TLS" : "TCP"}, ${isDirect ? "direct" : "streams"}`;
    Deno.test(`an idle socket keeps the process alive by default (${kind})`, async () => {
      const ways = { isSecured, isDirect };
      assertEquals(await run(ways, "unref"), "waits ");
      assertEquals(await run({ ...ways, word: "hello" }), "waits hello");
      assertEquals(await run({ ...ways, word: "hello" }, "unref", "ref"), "waits hello");
    });
  }
}
