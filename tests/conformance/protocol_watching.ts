/**
 * The conformance body for `watch`, which takes two connections: one that watches and one that does
 * what there is to see.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { ProtocolConnection } from "./protocol_connection.ts";

/** What one client watches while another sends something. */
export interface Watching {
  /** What it shows: "symbol does what when". */
  readonly name: string;
  /** What the one who watches sends. */
  readonly watch: string;
  /** What the other one sends, a character per byte. */
  readonly send: string;
  /** The lines to see, without time and number, with `N` for file descriptors and ports. */
  readonly expect: readonly string[];
}

const LINE = /^ts=\d+\.\d+ gid=\d+ (.*)$/;

/**
 * Runs a watching.
 *
 * @param port The server's port on 127.0.0.1.
 * @param watching What to watch.
 */
export async function runWatching(port: number, watching: Watching): Promise<void> {
  using watcher = await ProtocolConnection.open(port);
  await watcher.write(watching.watch);
  // Behind it there may be events of the connections before already.
  assertEquals((await watcher.readUntil((text) => text.length >= 4)).slice(0, 4), "OK\r\n");
  using other = await ProtocolConnection.open(port);
  await other.write(watching.send);
  const seen = (text: string) => linesAbout(text, other.localPort);
  const text = await watcher.readUntil((text) => seen(text).length >= watching.expect.length);
  assertEquals(seen(text).map(normalize), watching.expect);
}

/** All lines but those about connections of tests before, which memcached may tell late. */
function linesAbout(text: string, port: number): string[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.filter((line) => !line.includes(" rport=") || line.includes(` rport=${port} `));
}

function normalize(line: string): string {
  assertMatch(line, LINE);
  return line.replace(LINE, "$1").replace(/ (cfd|rport)=\d+/g, " $1=N");
}
