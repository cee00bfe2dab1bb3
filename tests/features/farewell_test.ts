import { assertEquals, assertRejects } from "@std/assert";
import type { Session } from "../../src/commands/session.ts";
import { beforeClosing } from "../../src/features/farewell.ts";
import { CountedSignal } from "../support/counted_signal.ts";

Deno.test("beforeClosing leaves nothing at a client that has done the work, or failed", async () => {
  const { signal, listeners } = new CountedSignal();
  const session = { ending: signal, root: {} } as Session;
  for (let i = 0; i < 3; i++) await beforeClosing(session, () => Promise.resolve());
  const failed = beforeClosing(session, () => Promise.reject(new Error("lost")));
  await assertRejects(() => failed, Error, "lost");
  assertEquals(listeners(), { present: 0, most: 1 });
});
