/** A client whose module is loaded after a test has replaced the timers. Apart from what runs on every runtime. */

import { assertEquals } from "@std/assert";
import { bundle } from "../runtimes/bundle.ts";
import { programPath } from "../support/memcached.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";

/**
 * Loads a client's module after a test has replaced the timers and the clock, as Jest does with `enableGlobally`. Node's
 * own `AbortSignal.timeout` uses the timers of `node:timers`, which fake timers replace as well.
 */
const LOADED_LATE = `
  import timers from "node:timers";
  let time = performance.now();
  performance.now = () => time;
  for (const owner of [globalThis, timers]) {
    for (const kind of ["Timeout", "Interval", "Immediate"]) {
      owner["set" + kind] = () => ({ ref() {}, unref() {} });
      owner["clear" + kind] = () => {};
    }
  }
  const { Client } = await import("./mod.mjs");
  const client = new Client(process.argv[2]);
  for (let minute = 0; minute < 3; minute++) {
    console.log(await client.get("key"));
    time += 60_000;
  }
  await client.close();`;

for (const runtime of ["node", "bun"]) {
  const program = programPath(runtime);
  Deno.test({
    name: `Client works if its module is loaded under fake timers (${runtime})`,
    ignore: program === undefined || programPath("npm") === undefined,
    fn: async () => {
      await using peer = new ScriptedPeer(answering(() => "END\r\n"));
      const folder = await Deno.makeTempDir();
      try {
        await bundle(new URL("../../mod.ts", import.meta.url), `${folder}/mod.mjs`);
        await Deno.writeTextFile(`${folder}/late.mjs`, LOADED_LATE);
        const args = [`${folder}/late.mjs`, peer.address];
        // It would wait for ever.
        const { stdout } = await new Deno.Command(program!, {
          args,
          signal: AbortSignal.timeout(60_000),
        })
          .output();
        assertEquals(new TextDecoder().decode(stdout), "undefined\n".repeat(3));
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
