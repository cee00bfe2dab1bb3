/**
 * One of many processes that ask for a value at once; `get_or_set_processes_test.ts` runs it.
 *
 * It prints `loading` when it computes the value and `got <value>` for each caller. The first load of all
 * hangs where its argument says so, and waits for the process to be killed.
 *
 * @module
 */

import { Client } from "../../mod.ts";
import { systemClock } from "../../src/waiting.ts";
import { pause } from "../../src/waiting/timers.ts";

/** What a process gets, as JSON in its argument. */
export interface Task {
  readonly address: string;
  readonly key: string;
  readonly callers: number;
  readonly lockFor: number;
  readonly waitFor: number;
  /** How long a load takes, in milliseconds. */
  readonly loadTime: number;
  readonly firstHangs: boolean;
  /** How often each caller asks, half a second apart; once by default. */
  readonly rounds?: number;
}

if (import.meta.main) await run(JSON.parse(Deno.args[0]!));

async function run(task: Task): Promise<void> {
  await using client = new Client(task.address, { timeout: 10_000 });
  const load = async () => {
    const count = await client.incr("loads", 1, { initial: 1 });
    print("loading");
    if (task.firstHangs && count === 1n) await pause(systemClock, 60_000);
    await pause(systemClock, task.loadTime);
    return `load ${count}`;
  };
  const { key, lockFor, waitFor } = task;
  const get = () => client.getOrSet(key, load, { exptime: 60, lockFor, waitFor });
  for (let round = 1; round <= (task.rounds ?? 1); round++) {
    if (round > 1) await pause(systemClock, 500);
    const values = await Promise.all(Array.from({ length: task.callers }, get));
    for (const value of values) print(`got ${value}`);
  }
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
