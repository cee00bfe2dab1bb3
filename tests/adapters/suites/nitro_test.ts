/** Applications of Nitro 2 and 3, built and started twice on Node: their storage and cache are in one memcached. */

import { assert, assertEquals } from "@std/assert";
import { Program } from "../../examples/program.ts";
import { MemcachedProcess } from "../../support/memcached.ts";
import { type App, buildApp, NITRO_3_APP, NITRO_APP } from "./built_apps.ts";

/** How long what happens in the background may take, on a busy machine. */
const PATIENCE = 60_000;

/** A port that is free now: Nitro takes 0 for 3000. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

for (const [name, app] of [["Nitro 2", NITRO_APP], ["Nitro 3", NITRO_3_APP]] as const) {
  Deno.test(`${name}: two processes share what is cached and stored, and compute it without memcached`, async () => {
    await share(app);
  });
}

async function share(app: App): Promise<void> {
  await using memcached = await MemcachedProcess.start();
  // Where the storage is stands in the configuration, which is built in.
  const { oldest, usual } = await buildApp(app, { BUILT_FOR: memcached.address });
  const start = (node: string) => {
    const env = {
      MEMCACHED_SERVERS: memcached.address,
      HOST: "127.0.0.1",
      PORT: `${freePort()}`,
    };
    return new Program(node, ["node_modules/.output/server/index.mjs"], env, app.folder);
  };
  await using one = start(oldest);
  const first = await one.prints(/Listening on (http:\S+)/);
  await using two = start(usual);
  const second = await two.prints(/Listening on (http:\S+)/);
  const ask = async (url: string): Promise<[status: number, text: string]> => {
    const response = await fetch(url);
    return [response.status, await response.text()];
  };

  const counts = [];
  for (const url of [first, second, first, second]) {
    const [, text] = await ask(`${url}/count`);
    counts.push(JSON.parse(text));
  }
  assertEquals(counts, [1, 2, 3, 4].map((count) => ({ count, keys: ["count"] })));

  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const [one, two] = [await ask(`${first}/cached`), await ask(`${second}/cached`)];
    assert(/^[\da-f-]{36}$/.test(one[1]), one[1]);
    if (one[1] === two[1]) break;
    // Nitro stores what it has computed after it has answered.
    assert(Date.now() < deadline, `They do not agree: ${one} and ${two}`);
  }

  await memcached.kill();
  const [[status, text], [otherStatus, other]] = [
    await ask(`${first}/cached`),
    await ask(`${second}/cached`),
  ];
  assertEquals([status, otherStatus, text === other], [200, 200, false]);
  // The storage is the program's own, which hears of the error.
  assertEquals((await ask(`${first}/count`))[0], 500);
}
