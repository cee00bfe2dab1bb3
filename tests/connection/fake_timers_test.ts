/** A client in the tests of a program that replaces the timers and moves the clock. */

import { assertEquals } from "@std/assert";
import { Client } from "../../mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { withFakeTimers } from "../support/fake_timers.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";

for (const options of [{}, { timeout: 1000 }, { connections: 2, retries: 1 }]) {
  Deno.test(`Client works under fake timers whose clock is moved by a minute: ${JSON.stringify(options)}`, async () => {
    await using peer = new ScriptedPeer(answering(() => "END\r\n"));
    const clock = new FakeClock();
    await using client = new Client(peer.address, { clock, ...options });
    assertEquals(await client.get("key"), undefined);
    using _ = withFakeTimers();
    for (let minute = 0; minute < 3; minute++) {
      clock.tick(60_000);
      assertEquals(await client.get("key"), undefined);
    }
    assertEquals(peer.connectionCount, 1);
  });
}
