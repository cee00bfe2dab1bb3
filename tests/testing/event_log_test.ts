import { assert, assertEquals, assertMatch } from "@std/assert";
import { EventLog } from "../../src/testing/event_log.ts";
import { decodeLatin1 } from "../../src/testing/byte_text.ts";
import type { Watcher } from "../../src/testing/event_log.ts";
import { Clock } from "./session_world.ts";

function createLog(clock = new Clock()): EventLog {
  return new EventLog(clock.now);
}

function watchFetchers(log: EventLog): Watcher {
  const watcher = log.watch(new Set(["fetchers"]));
  assert(watcher);
  return watcher;
}

function lines(watcher: Watcher): string[] {
  return decodeLatin1(watcher.take()).split("\n").slice(0, -1);
}

Deno.test("EventLog.log writes the time, a number and the connection of the command", () => {
  const clock = new Clock();
  const log = createLog(clock);
  const watcher = watchFetchers(log);
  clock.time += 70.5;
  log.connectionId = 5;
  log.log("fetchers", (connectionId) => `type=x cfd=${connectionId}`);
  assertEquals(lines(watcher), ["ts=1000000000.70500 gid=2 type=x cfd=5"]);
});

Deno.test("EventLog.log sends no event of a kind that no client watches, and does not describe it", () => {
  const log = createLog();
  const watcher = watchFetchers(log);
  log.log("mutations", () => {
    throw new Error("Cannot describe: no connection watches");
  });
  assertEquals(lines(watcher), []);
});

Deno.test("EventLog.watch takes 20, and another when one has closed", () => {
  const log = createLog();
  const watchers = Array.from({ length: 20 }, () => watchFetchers(log));
  assertEquals(log.watch(new Set()), undefined);
  watchers[0]?.close();
  assertEquals(log.watcherCount, 19);
  watchFetchers(log);
});

Deno.test("Watcher counts lines it has no room for, and reports the gap", () => {
  const log = createLog();
  const watcher = watchFetchers(log);
  for (let count = 0; count < 300; count++) log.log("fetchers", () => "x".repeat(1000));
  const kept = lines(watcher).length;
  assert(kept < 300);
  log.log("fetchers", () => "last");
  const [gap, last, ...rest] = lines(watcher);
  assertEquals([gap, rest], [`skipped=${300 - kept}`, []]);
  assertMatch(last ?? "", / last$/);
});

Deno.test("Watcher yields lines as they come, and ends when it is closed", async () => {
  const log = createLog();
  const watcher = watchFetchers(log);
  const chunks = watcher[Symbol.asyncIterator]();
  const first = chunks.next();
  log.log("fetchers", () => "first");
  assertMatch(decodeLatin1((await first).value ?? new Uint8Array()), / first\n$/);
  log.log("fetchers", () => "second");
  watcher.close();
  assertMatch(decodeLatin1((await chunks.next()).value ?? new Uint8Array()), / second\n$/);
  assertEquals((await chunks.next()).done, true);
});
