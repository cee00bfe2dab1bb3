/** Runs operations, and checks their events but not their results. @module */

import type { Client } from "../../mod.ts";
import { isExplained } from "./accounted_client.ts";
import type { EventOrder } from "./event_order.ts";
import type { Random } from "./random.ts";
import { sleep } from "./sockets.ts";
import type { Tally } from "./tally.ts";

const CALLERS = 3;
const KEYS = 40;
/** The longest time in milliseconds between two calls of one caller. */
const REST = 5;
const ABORTED = 0.1;

/** What a call is made of. */
interface Call {
  readonly client: Client;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** The methods, by what is published of them. */
const CALLS = {
  get: ({ client, random, signal }: Call): Promise<unknown> =>
    client.get(keyOf(random), { signal }),
  set: ({ client, random, signal }: Call): Promise<unknown> =>
    client.set(keyOf(random), "value", 0, { signal }),
  getMany: ({ client, random, signal }: Call): Promise<unknown> =>
    client.getMany(keysOf(random), { signal }),
  setMany: ({ client, random, signal }: Call): Promise<unknown> =>
    client.setMany(new Map(keysOf(random).map((key) => [key, "value"])), 0, { signal }),
  deleteMany: ({ client, random, signal }: Call): Promise<unknown> =>
    client.deleteMany(keysOf(random), { signal }),
  getOrSet: ({ client, random, signal }: Call): Promise<unknown> =>
    client.getOrSet(keyOf(random), () => "value", { signal, waitFor: 0.05 }),
};
const COMMANDS = Object.keys(CALLS) as (keyof typeof CALLS)[];

/** What the calls need. */
export interface UnjudgedOptions {
  readonly client: Client;
  readonly events: EventOrder;
  readonly random: Random;
  readonly tally: Tally;
}

/**
 * Calls a client that fails over. A value may then be on two servers, so what is read is not judged.
 *
 * @returns Resolves after the signal, when all that was called has settled.
 */
export async function runUnjudged(options: UnjudgedOptions, signal: AbortSignal): Promise<void> {
  const { client, events, tally } = options;
  const callers = Array.from({ length: CALLERS }, () => options.random.fork());
  await Promise.all(callers.map(async (random) => {
    while (!signal.aborted) {
      const command = random.pick(COMMANDS);
      const aborting = new AbortController();
      const call = { client, random, signal: aborting.signal };
      if (random.chance(ABORTED)) queueMicrotask(() => aborting.abort());
      try {
        await events.check(command, () => CALLS[command](call));
      } catch (error) {
        if (error !== aborting.signal.reason && !isExplained(error)) {
          tally.wrong.push(`a rejection of ${command} that nothing explains: ${error}`);
        }
      }
      await sleep(random.below(REST));
    }
  }));
}

function keyOf(random: Random): string {
  return `unjudged:${random.below(KEYS)}`;
}

function keysOf(random: Random): string[] {
  return Array.from({ length: 1 + random.below(KEYS) }, () => keyOf(random));
}
