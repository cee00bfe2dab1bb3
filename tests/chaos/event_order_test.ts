import { assertEquals, assertRejects } from "@std/assert";
import diagnostics from "node:diagnostics_channel";
import { CHANNELS, Client } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { EventOrder } from "./event_order.ts";
import { Tally } from "./tally.ts";

const FAULT = new Error("fault");

/** Publishes events of an operation, as a client that is wrong may do. */
function publish(context: object, ...events: string[]): void {
  for (const event of events) {
    diagnostics.channel(`tracing:${CHANNELS.command}:${event}`).publish(context);
  }
}

/** What an operation that publishes these events, and then settles, is blamed for. */
async function blame(
  events: string[],
  { error, context = { command: "get" } }: { error?: Error; context?: object } = {},
): Promise<string[]> {
  using order = new EventOrder();
  const tally = new Tally();
  await order.check("get", () => {
    publish(context, ...events);
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }).catch(() => {});
  order.conclude(tally);
  return tally.wrong;
}

Deno.test("EventOrder accepts what a client publishes", async () => {
  await using server = await MemcachedServer.listen();
  using order = new EventOrder();
  {
    await using client = new Client(server.address);
    await order.check("get", () => client.get("key"));
    await assertRejects(() => order.check("get", () => client.get("not a key")));
  }
  const tally = new Tally();
  order.conclude(tally);
  assertEquals(tally.wrong, []);
  assertEquals(tally.observed, { operations: 2, failed: 1, failovers: 0 });
});

Deno.test("EventOrder finds events that are missing, doubled or in another order", async () => {
  const failed = { command: "get", error: FAULT };
  assertEquals(await blame(["start", "end", "asyncStart", "asyncEnd"]), []);
  assertEquals(
    await blame(["start", "end", "error", "asyncStart", "asyncEnd"], {
      error: FAULT,
      context: failed,
    }),
    [],
  );
  const wrong = [
    await blame([]),
    await blame(["start"]),
    await blame(["start", "end"]),
    await blame(["end", "start", "asyncStart", "asyncEnd"]),
    await blame(["start", "end", "asyncEnd"]),
    await blame(["start", "end", "asyncStart", "asyncEnd", "asyncEnd"]),
    await blame(["start", "end", "asyncStart", "asyncEnd", "asyncStart", "asyncEnd"]),
    await blame(["start", "end", "asyncStart", "asyncEnd"], { error: FAULT, context: failed }),
    await blame(["start", "end", "asyncStart", "error", "asyncEnd"], {
      error: FAULT,
      context: failed,
    }),
    await blame(["start", "end", "error", "asyncStart", "asyncEnd"], { context: failed }),
    await blame(["start", "end", "error", "asyncStart", "asyncEnd"], { error: FAULT }),
    await blame(["start", "end", "error", "asyncStart", "asyncEnd"], {
      error: new Error("other"),
      context: failed,
    }),
    await blame(["start", "end", "asyncStart", "asyncEnd"], { context: { command: "set" } }),
  ];
  assertEquals(wrong.filter((accounts) => accounts.length === 0), []);
});
