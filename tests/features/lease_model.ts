/**
 * Leases under chance: clients that read, change and invalidate a key at the same time, through connections whose
 * replies come late. Whatever the order, a value that was computed before a change must not stay for fresh.
 *
 * @module
 */

import { Client, type ClientOptions } from "../../mod.ts";
import { type ImitatedServer, MemcachedServer } from "../../src/testing/mod.ts";
import type { Random } from "../chaos/random.ts";

/** What is tried. */
export interface LeaseTrial {
  /** What the server is; the embedded one as it is by default. */
  readonly imitate?: ImitatedServer;
  readonly options?: ClientOptions;
  readonly rounds: number;
  readonly random: Random;
}

/** What has come of it. */
export interface LeaseTally {
  /** How often a value was computed in rounds without a change, where once is enough. */
  readonly needless: number;
  /** What was served for fresh though it was computed before the last change. */
  readonly outdated: readonly string[];
}

const CLIENTS = 3;
/** How many rounds are played at the same time. */
const AT_ONCE = 25;
/** The longest that a reply or a load is late, in milliseconds. */
const LATEST = 4;

/** Plays the rounds, each with a key of its own. */
export async function tryLeases(trial: LeaseTrial): Promise<LeaseTally> {
  const { imitate, options = {}, rounds, random } = trial;
  const late = () => random.chance(0.5) ? { delay: random.below(LATEST) } : undefined;
  await using server = await MemcachedServer.listen({ fault: late, ...imitate && { imitate } });
  const clients = Array.from({ length: CLIENTS }, () => {
    return new Client(server.address, { timeout: 10_000, ...options });
  });
  try {
    const tally = { needless: 0, outdated: [] as string[] };
    const play = async (round: number) => {
      const key = `key:${round}`;
      const chance = random.fork();
      const isQuiet = chance.chance(0.2);
      const game = new Game(clients, key, chance);
      await game.play(isQuiet);
      if (isQuiet) tally.needless += game.loads - 1;
      // No client computes any more: what is stale is not served, but computed again.
      const last = await game.get(chance.pick(clients));
      if (last !== game.present) tally.outdated.push(`${key}: ${last}, not ${game.present}`);
    };
    for (let round = 0; round < rounds; round += AT_ONCE) {
      const several = Array.from(
        { length: Math.min(AT_ONCE, rounds - round) },
        (_, i) => round + i,
      );
      await Promise.all(several.map(play));
    }
    return tally;
  } finally {
    for (const client of clients) await client.close();
  }
}

/** One key, what it should be, and what is done to it. */
class Game {
  /** What a load finds. */
  present = 0;
  loads = 0;
  readonly #clients: readonly Client[];
  readonly #key: string;
  readonly #random: Random;

  constructor(clients: readonly Client[], key: string, random: Random) {
    this.#clients = clients;
    this.#key = key;
    this.#random = random;
  }

  async play(isQuiet: boolean): Promise<void> {
    const readers = this.#clients.map((client) => this.#read(client));
    await Promise.all(isQuiet ? readers : [...readers, this.#change()]);
  }

  /** Reads the value, or computes what was there when that began. */
  async get(client: Client): Promise<unknown> {
    // However busy the machine is, no caller stops waiting for a value that another client computes.
    const options = { exptime: 600, staleFor: 300, lockFor: 600, waitFor: 600 };
    return await client.getOrSet(this.#key, async () => {
      this.loads++;
      const found = this.present;
      await rest(this.#random.below(LATEST));
      return found;
    }, options);
  }

  async #read(client: Client): Promise<void> {
    for (let times = this.#random.between(1, 3); times > 0; times--) {
      await this.get(client);
      await rest(this.#random.below(LATEST));
    }
  }

  /** Changes what a load finds, and says so. */
  async #change(): Promise<void> {
    for (let times = this.#random.between(1, 3); times > 0; times--) {
      await rest(this.#random.below(LATEST * 2));
      const client = this.#random.pick(this.#clients);
      const value = ++this.present;
      const way = this.#random.pick(["invalidate", "invalidate", "staleFor", "delete", "set"]);
      if (way === "set") await client.set(this.#key, value, 600);
      else if (way === "delete") await client.delete(this.#key);
      else await client.invalidate(this.#key, way === "staleFor" ? { staleFor: 200 } : {});
    }
  }
}

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
