/** The judge is judged: histories that memcached can have written, and those that it cannot. */

import { assertEquals } from "@std/assert";
import { ABSENT, type Operation, type Restart } from "./history.ts";
import type { Request } from "./journal.ts";
import { judge, type Verdict } from "./model.ts";

type Part = Partial<Operation> & Pick<Operation, "command" | "start" | "end">;

function operation(part: Part): Operation {
  return {
    key: "key",
    version: undefined,
    outcome: "answered",
    existed: false,
    startedAt: part.start * 100,
    settledAt: part.end * 100,
    ...part,
  };
}

const set = (version: number, start: number, end: number, rest: Partial<Operation> = {}) =>
  operation({ command: "set", version, start, end, ...rest });
const get = (version: number | undefined, start: number, end: number) =>
  operation({ command: "get", version, start, end });
const remove = (existed: boolean, start: number, end: number, rest: Partial<Operation> = {}) =>
  operation({ command: "delete", existed, start, end, ...rest });
const failed = { outcome: "failed" } as const;

function verdictOf(
  operations: Operation[],
  { restarts = [], shifted = [] }: { restarts?: Restart[]; shifted?: Request[] } = {},
): Verdict {
  return judge(operations, { restarts, shifted, serverOf: () => 0 });
}

function isRight(operations: Operation[], restarts: Restart[] = []): boolean {
  const { wrong, indistinguishable } = verdictOf(operations, { restarts });
  assertEquals(indistinguishable, 0);
  return wrong.length === 0;
}

Deno.test("judge knows what follows on a set that was answered", () => {
  assertEquals(isRight([set(1, 1, 2), get(1, 3, 4)]), true);
  assertEquals(isRight([set(1, 1, 2), get(ABSENT, 3, 4)]), false);
  assertEquals(isRight([set(1, 1, 2), set(2, 3, 4), get(1, 5, 6)]), false);
  assertEquals(isRight([set(1, 1, 2), remove(true, 3, 4), get(ABSENT, 5, 6)]), true);
  assertEquals(isRight([set(1, 1, 2), remove(true, 3, 4), get(1, 5, 6)]), false);
});

Deno.test("judge allows either order of what goes on at the same time", () => {
  for (const version of [1, 2]) {
    assertEquals(isRight([set(1, 1, 3), set(2, 2, 4), get(version, 5, 6)]), true);
    assertEquals(isRight([set(1, 1, 2), set(2, 3, 6), get(version, 4, 5)]), true);
  }
  assertEquals(isRight([set(1, 2, 4), get(ABSENT, 1, 3)]), true);
});

Deno.test("judge lets no value be read that was not stored, or not yet", () => {
  assertEquals(isRight([set(1, 1, 2), get(undefined, 3, 4)]), false);
  assertEquals(isRight([set(1, 1, 2), get(2, 3, 4)]), false);
  assertEquals(isRight([get(1, 1, 2), set(1, 3, 4)]), false);
  assertEquals(isRight([set(1, 1, 2, { outcome: "unsent" }), get(1, 3, 4)]), false);
});

Deno.test("judge lets time not run backwards between reads", () => {
  const writes = [set(1, 1, 3), set(2, 2, 4)];
  assertEquals(isRight([...writes, get(2, 5, 6), get(1, 7, 8)]), false);
  assertEquals(isRight([...writes, get(2, 5, 7), get(1, 6, 8)]), true);
});

Deno.test("judge lets a set that failed take effect at any later time, once", () => {
  const writes = [set(1, 1, 2, failed), set(2, 3, 4)];
  assertEquals(isRight([...writes, get(2, 5, 6)]), true);
  assertEquals(isRight([...writes, get(2, 5, 6), get(1, 7, 8)]), true);
  assertEquals(isRight([set(1, 1, 2, failed), get(ABSENT, 3, 4)]), true);
  assertEquals(isRight([...writes, get(1, 5, 6), set(3, 7, 8), get(1, 9, 10)]), false);
  assertEquals(isRight([...writes, get(1, 5, 6), get(ABSENT, 7, 8)]), false);
});

Deno.test("judge lets a delete that failed take effect at any later time", () => {
  const writes = [remove(false, 1, 2, failed), set(1, 3, 4)];
  assertEquals(isRight([...writes, get(ABSENT, 5, 6)]), true);
  assertEquals(isRight([...writes, remove(false, 5, 6)]), true);
});

Deno.test("judge knows whether a delete can have found something", () => {
  assertEquals(isRight([remove(false, 1, 2)]), true);
  assertEquals(isRight([remove(true, 1, 2)]), false);
  assertEquals(isRight([set(1, 1, 2), remove(false, 3, 4)]), false);
  assertEquals(isRight([set(1, 1, 2), remove(true, 3, 4), remove(true, 5, 6)]), false);
});

Deno.test("judge knows that a server comes back empty", () => {
  const restart = { server: 0, start: 3, end: 4 };
  assertEquals(isRight([set(1, 1, 2), get(ABSENT, 5, 6)], [restart]), true);
  assertEquals(isRight([set(1, 1, 2), get(1, 5, 6)], [restart]), false);
  assertEquals(isRight([set(1, 1, 2), get(ABSENT, 5, 6)], [{ ...restart, server: 1 }]), false);
  assertEquals(isRight([set(1, 5, 6), get(ABSENT, 7, 8)], [restart]), false);
});

Deno.test("judge sets apart what a shifted reply explains, and nothing else", () => {
  const late = { command: "get", keys: ["key"], version: 0, since: 340, at: 350 };
  const operations = [set(1, 1, 2), get(ABSENT, 3, 4)];
  assertEquals(verdictOf(operations, { shifted: [late] }), { wrong: [], indistinguishable: 1 });
  // A proxy that was busy read it when the doubled reply had answered it.
  const noted = { ...late, at: 450 };
  assertEquals(verdictOf(operations, { shifted: [noted] }), { wrong: [], indistinguishable: 1 });
  for (const other of [{ since: 440, at: 450 }, { keys: ["other"] }, { command: "delete" }]) {
    assertEquals(verdictOf(operations, { shifted: [{ ...late, ...other }] }).wrong.length, 1);
  }
  const foreign = verdictOf([get(undefined, 3, 4)], { shifted: [late] });
  assertEquals([foreign.wrong.length, foreign.indistinguishable], [1, 0]);
});

Deno.test("judge does not trust a shifted reply", () => {
  const request = { command: "set", keys: ["key"], version: 1, since: 140, at: 150 };
  const operations = [set(1, 1, 2), get(ABSENT, 3, 4), get(1, 5, 6)];
  assertEquals(verdictOf(operations, { shifted: [request] }), { wrong: [], indistinguishable: 0 });
});
