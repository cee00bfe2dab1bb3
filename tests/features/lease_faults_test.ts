/** Leases whose server fails once, at any of their commands: none must stay, because it would block all others. */

import { assertEquals } from "@std/assert";
import { Client, type ClientOptions } from "../../mod.ts";
import { type Fault, type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";
import { itemTranscoder, LEASE_FLAGS, type RawItem } from "../../src/transcoding/item_codec.ts";

const FAILOVERS = ["error", "miss"] as const;
const DIALECTS = ["meta", "classic"] as const;
const COMMANDS = ["add", "gets", "cas", "mg", "ms"];
/** At most, a lease needs so many of one command. */
const MOST_OF_A_COMMAND = 4;
/** Milliseconds after which a lease counts as one that stays. */
const PATIENCE = 10_000;

/** A command that is not executed, and one whose reply is lost. */
const FAULTS: readonly Fault[] = [{ reply: "SERVER_ERROR backend failure" }, { drop: "after" }];

/** A fault of the n-th of these commands, from 0. */
function nth(command: string, n: number, fault: Fault = FAULTS[0]!): FaultHook {
  let left = n;
  return (request) => request.command === command && left-- === 0 ? fault : undefined;
}

/** Whether one of the items is a lease, after some time. */
async function stay(client: Client, keys: readonly string[]): Promise<boolean> {
  const items = client.withTranscoder(itemTranscoder);
  for (const start = performance.now(); performance.now() - start < PATIENCE;) {
    const found = await items.getMany<RawItem>(keys);
    if (![...found.values()].some(({ flags }) => flags === LEASE_FLAGS)) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}

for (const dialect of DIALECTS) {
  for (const failover of FAILOVERS) {
    Deno.test(`a lease does not stay after a fault, in ${dialect} commands, with failover: ${failover}`, async () => {
      for (const isInvalid of [false, true]) {
        for (const command of COMMANDS) {
          for (let n = 0; n < MOST_OF_A_COMMAND; n++) {
            for (const kind of FAULTS) {
              let fault: FaultHook = () => undefined;
              await using server = await MemcachedServer.listen({
                fault: (request) => fault(request),
              });
              const options: ClientOptions = { dialect, failover };
              await using client = new Client(server.address, options);
              if (isInvalid) await client.set("key", "old");
              if (isInvalid) await client.invalidate("key");
              fault = nth(command, n, kind);
              const loading = client.getOrSet("key", () => "new", { lockFor: 600 });
              const [{ status }] = await Promise.allSettled([loading]);
              fault = () => undefined;
              const what = [command, n, isInvalid ? "stale" : "missing", ...Object.values(kind)];
              const keys = ["key", "key~moecache-lease"];
              assertEquals(await stay(client, keys), false, what.join(" "));
              if (failover === "miss") assertEquals(status, "fulfilled", what.join(" "));
            }
          }
        }
      }
    });

    Deno.test(`a value that invalidate says to be stale is, after a fault in ${dialect} commands, with failover: ${failover}`, async () => {
      for (const command of ["append", ...COMMANDS, "md"]) {
        for (let n = 0; n < MOST_OF_A_COMMAND; n++) {
          let fault: FaultHook = () => undefined;
          await using server = await MemcachedServer.listen({ fault: (request) => fault(request) });
          await using client = new Client(server.address, { dialect, failover });
          await client.set("key", "old");
          fault = nth(command, n);
          const [outcome] = await Promise.allSettled([client.invalidate("key", { staleFor: 60 })]);
          fault = () => undefined;
          const isStale = outcome.status === "fulfilled" && outcome.value;
          const value = await client.getOrSet("key", () => "new");
          if (isStale) assertEquals(value, "new", `${command} ${n}`);
        }
      }
    });
  }
}
