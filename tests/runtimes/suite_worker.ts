/**
 * A worker for workerd: the conformance bodies on real memcached, which is started for each test by whom the
 * binding `STARTER` names, a {@linkcode MemcachedStarter}.
 *
 * @module
 */

import { describeClient } from "../conformance/client_conformance.ts";
import { describeCommands } from "../conformance/commands_conformance.ts";
import { describeListing } from "../conformance/listing_conformance.ts";
import { describeTranscoders } from "../conformance/transcoders_conformance.ts";

/** What `Deno` means in this bundle, as far as tests do not know it. */
const { runTests } = Deno as unknown as { runTests(): Promise<boolean> };

interface Environment {
  /** The address of a {@linkcode MemcachedStarter}. */
  readonly STARTER: string;
}

let starter = { hostname: "", port: 0 };

/** Asks for a memcached, which lives as long as the connection. */
async function start(): Promise<{ address: string } & AsyncDisposable> {
  const connection = await Deno.connect(starter);
  const buffer = new Uint8Array(100);
  const byteLength = await connection.read(buffer) ?? 0;
  return {
    address: new TextDecoder().decode(buffer.subarray(0, byteLength)),
    [Symbol.asyncDispose]: () => Promise.resolve(connection.close()),
  };
}

const WHERE = "memcached, from a worker";
describeClient(WHERE, start);
describeCommands(WHERE, start);
describeListing(WHERE, start);
describeTranscoders(WHERE, start);

/** What `workerd test` runs. */
export const test = {
  async test(_controller: unknown, { STARTER }: Environment): Promise<void> {
    const [hostname, port] = STARTER.split(":");
    starter = { hostname: hostname!, port: Number(port) };
    if (!await runTests()) throw new Error("Some tests failed");
  },
};
