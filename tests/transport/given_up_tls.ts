/**
 * Run by `deno_tls_test.ts`: gives TLS connections to two servers up, one that never shakes hands and one that
 * shakes hands and never reads, and prints how many descriptors and connections that leaves.
 */

import { dial } from "../../src/transport/dial.ts";
import type { Transport } from "../../src/transport/transport.ts";

const ROUNDS = 10;
/** How often to look whether something is left; on a busy machine, the runtime closes it late. */
const MOST_LOOKS = 500;
const [silent, unread] = Deno.args.map(Number) as [number, number];
const caCerts = [await new Response(Deno.stdin.readable).text()];

async function connect(port: number, signal: AbortSignal): Promise<Transport> {
  const endpoint = { hostname: "127.0.0.1", port, tls: { caCerts } };
  return await dial(endpoint, { signal, keepAlive: true, noDelay: true });
}

/** Aborts while the handshake is under way. */
async function giveUpHandshake(milliseconds: number): Promise<void> {
  const giveUp = new AbortController();
  setTimeout(() => giveUp.abort(new Error("enough")), milliseconds);
  await connect(silent, giveUp.signal).then((transport) => transport.close(), () => {});
}

/** Closes while there is something to write that the server does not take. */
async function giveUpWriting(): Promise<void> {
  const transport = await connect(unread, new AbortController().signal);
  transport.write!(new Uint8Array(16 << 20)).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 10));
  await transport.close();
}

/** How many sockets this process has, but for those of the runtime's own, which are unix sockets. */
function descriptors(): number {
  const own = Deno.readTextFileSync("/proc/net/unix");
  const links = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => linkOf(name));
  const inodes = links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]);
  return inodes.filter((inode) => inode !== undefined && !own.includes(` ${inode}`)).length;
}

function linkOf(descriptor: string): string {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // It was that of the folder itself.
    return "";
  }
}

/** How many connections to a port of 127.0.0.1 the system has, but for those that it is done with. */
function established(port: number): number {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = Deno.readTextFileSync("/proc/net/tcp").split("\n").map((line) => line.split(/\s+/));
  return lines.filter((fields) => fields[3] === remote && fields[4] === "01").length;
}

const before = descriptors();
for (let round = 0; round < ROUNDS; round++) {
  await giveUpHandshake(round % 4 * 5);
  await giveUpWriting();
}
const left = { descriptors: 0, connections: 0 };
// The runtime closes a descriptor a turn later.
for (let looks = 0; looks < MOST_LOOKS; looks++) {
  left.descriptors = descriptors() - before;
  left.connections = established(silent) + established(unread);
  if (left.descriptors === 0 && left.connections === 0) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(left)));
Deno.exit();
