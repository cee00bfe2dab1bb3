/** The option `clock`: whatever waits, waits by it. */

import { assertEquals, assertRejects } from "@std/assert";
import { Client, ClientException } from "../../mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { turn } from "../support/turns.ts";

/** Longer than a test may take. */
const DAYS = 30 * 86_400;

/** Moves the clock on until something has ended. */
async function passTime<Result>(clock: FakeClock, result: Promise<Result>): Promise<Result> {
  let isOver = false;
  const end = () => void (isOver = true);
  result.then(end, end);
  while (!isOver) {
    clock.tick(DAYS * 100);
    await turn();
  }
  return await result;
}

for (
  const [name, view] of Object.entries({
    "a client": (client: Client) => client,
    "a namespace": (client: Client) => client.namespace("view:"),
    "a view in another format": (client: Client) =>
      client.withTranscoder({
        encode: () => ({ flags: 0, data: new Uint8Array(1) }),
        decode: () => 1,
      }),
  })
) {
  Deno.test(`lock, once and getOrSet wait by the clock of ${name}`, async () => {
    await using server = await MemcachedServer.listen();
    await using holder = new Client(server.address);
    const clock = new FakeClock();
    await using client = new Client(server.address, { clock, stallTimeout: Infinity });
    const [held, commands] = [view(holder), view(client)];
    // Connecting has its own time limit.
    await client.get("key");
    const ended = deferred<number>();
    const begun = [deferred<void>(), deferred<void>()];
    const work = (index: number) => () => {
      begun[index]?.resolve();
      return ended.promise;
    };

    const locked = await lock(held, "lock", { ttl: DAYS });
    await assertRejects(
      () => passTime(clock, lock(commands, "lock", { ttl: DAYS })),
      ClientException,
      "Cannot lock key",
    );
    await locked.release();

    const doing = once(held, "once", work(0));
    const loading = held.getOrSet("load", work(1), { lockFor: DAYS });
    await Promise.all(begun.map(({ promise }) => promise));
    await assertRejects(
      () => passTime(clock, once(commands, "once", () => 2, { waitFor: DAYS })),
      ClientException,
      "Cannot get the result of key",
    );
    const loaded = commands.getOrSet("load", () => 1, { waitFor: DAYS });
    assertEquals(await passTime(clock, loaded), 1);
    ended.resolve(1);
    assertEquals(await Promise.all([doing, loading]), [1, 1]);
  });
}

Deno.test("discovery looks up by the client's clock", async () => {
  await using server = await MemcachedServer.listen();
  const clock = new FakeClock();
  let count = 0;
  await using client = new Client([], {
    clock,
    discovery: {
      name: "registry",
      lookUp: async () => {
        count++;
        return await Promise.resolve({ servers: [server.address] });
      },
    },
  });
  assertEquals(await client.get("key"), undefined);
  assertEquals(count, 1);
  await clock.tickSlowly(70_000);
  assertEquals(count, 2);
});
