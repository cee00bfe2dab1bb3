/** First act: operations of one turn of the event loop share a write. @module */

import { Client } from "@moecache/moecache";
import { barLine, count, paint, print } from "./screen.ts";

const MILLISECONDS = 700;
const TOGETHER = 100;

/** Shows how many gets a second there are one after the other, and a hundred at a time. */
export async function showBatching(servers: readonly string[]): Promise<void> {
  await using client = new Client(servers);
  const keys = Array.from({ length: TOGETHER }, (_, i) => `user:${i}`);
  await Promise.all(keys.map((key) => client.set(key, `The record of ${key}`)));

  print(`${paint("bold", "1 Batching")}  gets a second over TCP, in one program`);
  const alone = await rate(1, (i) => client.get(keys[i % keys.length]!));
  const together = await rate(
    TOGETHER,
    () => Promise.all(keys.map((key) => client.get(key))),
  );
  const most = Math.max(alone, together);
  const times = `${(together / alone).toFixed(1)} times`;
  print(
    barLine("one after the other", alone / most, count(alone), "yellow"),
    barLine(
      `${TOGETHER} started at once`,
      together / most,
      `${count(together)}, ${times}`,
      "green",
    ),
  );
}

/** Repeats an action for a while; resolves to how many operations a second that makes. */
async function rate(operations: number, act: (turn: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let turn = 0;
  while (performance.now() - start < MILLISECONDS) await act(turn++);
  return turn * operations / (performance.now() - start) * 1000;
}
