import { assertEquals } from "@std/assert";
import { DeleteCommand } from "../../src/protocol/commands/answer.ts";

Deno.test("a command passes itself to the functions that settle it, so that many can share these", () => {
  const settled: unknown[] = [];
  const settle = (how: string) => (_: unknown, command: object) => {
    settled.push([how, (command as DeleteCommand).key]);
  };
  const [found, lost] = ["found", "lost"].map((key) =>
    new DeleteCommand(key).settleBy(settle("resolved"), settle("rejected"))
  );
  found?.succeed(true);
  lost?.fail(new Error("lost"));
  assertEquals(settled, [["resolved", "found"], ["rejected", "lost"]]);
});
