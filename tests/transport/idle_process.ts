/**
 * Run by `unref_test.ts`: waits for what a server sends and prints it, over a socket that may keep the process
 * alive or not.
 */

import { openChannel } from "../../src/transport/byte_channel.ts";
import { dial } from "../../src/transport/dial.ts";

interface Told {
  readonly port: number;
  /** The authority of the server's certificate, if TLS is to be spoken. */
  readonly authority?: string;
  readonly isDirect: boolean;
  /** What is done with the socket, in this order. */
  readonly steps: readonly ("ref" | "unref")[];
}

const { port, authority, isDirect, steps }: Told = JSON.parse(Deno.args[0]!);
const tls = authority === undefined ? {} : { tls: { caCerts: [authority] } };
const { signal } = new AbortController();
const transport = await dial(
  { hostname: "127.0.0.1", port, ...tls },
  { signal, keepAlive: true, noDelay: true },
);
const channel = await openChannel(transport, isDirect);
channel.receive({
  push: (chunk) => void Deno.stdout.writeSync(chunk),
  vacancy: undefined,
  filled: () => {},
});
for (const step of steps) channel[step]();
await Deno.stdout.write(new TextEncoder().encode("waits "));
