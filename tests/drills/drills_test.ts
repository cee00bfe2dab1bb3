/** The failure drills in short; `deno task drills` measures how long it takes until all is well again. */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { memcachedPath } from "../support/memcached.ts";
import { type DrillOptions, type Mode, type Outcome, runDrill } from "./drill.ts";
import { ALL, type Drill, KILL, MOVE, REPLACE, RESTART, STOP } from "./drills.ts";
import { tableOf } from "./table.ts";

const OPTIONS: DrillOptions = {
  ...{ before: 150, outage: 1200, after: 250, timeout: 250, rate: 400 },
  maxProbeDelay: 200,
};

/** Runs a drill, checks what must never be, and then what this drill is about. */
function drillTest(
  name: string,
  drill: Drill,
  check: (of: Record<Mode, Outcome>) => void,
  options = OPTIONS,
): void {
  Deno.test({
    name,
    ignore: memcachedPath() === undefined,
    async fn() {
      const outcomes = await runDrill(drill, options);
      const table = tableOf(outcomes);
      for (const { wrong, strange, isWell } of outcomes) {
        assertEquals(wrong, [], table);
        assertEquals(strange, [], table);
        assert(isWell, table);
      }
      const of = Object.fromEntries(outcomes.map((outcome) => [outcome.mode, outcome])) as Record<
        Mode,
        Outcome
      >;
      // A server of its own for each key, and no writes that are dropped: nothing old can come back.
      assertEquals(of.error.stale, 0, table);
      // Whatever happens to the servers.
      assertEquals(of.miss.errors, 0, table);
      check(of);
    },
  });
}

function assertStoodIn({ error, remove, miss, gutter }: Record<Mode, Outcome>): void {
  assertGreater(error.errors, 0);
  assertGreater(miss.missed, 0);
  for (const { wasDown, errorsWhenDown } of [remove, gutter]) {
    assert(wasDown);
    assertEquals(errorsWhenDown, 0);
  }
}

drillTest("Client survives kill -9 of one server", KILL, assertStoodIn);

drillTest("Client survives one server that accepts and never answers", STOP, assertStoodIn);

drillTest("Client survives the restart of one server", RESTART, ({ error, remove }) => {
  assertGreater(error.misses + remove.misses, 0);
});

drillTest("Client survives the death of all servers", ALL, ({ error, remove, miss }) => {
  assertGreater(error.losses, 0);
  assertGreater(remove.losses, 0);
  assertGreater(miss.missed, 0);
});

drillTest("Client survives a name that moves to another server", MOVE, ({ error, remove }) => {
  assertGreater(error.misses + remove.misses, 0);
});

// Nothing fails here: only a busy machine would reach a short timeout.
drillTest("Client.setServers loses no operation under load", REPLACE, (of) => {
  for (const { losses, wasDown, missed } of Object.values(of)) {
    assertEquals([losses, wasDown, missed], [0, false, 0]);
  }
}, { ...OPTIONS, timeout: 30_000 });
