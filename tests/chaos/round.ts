/** One deployment, from its first socket to its last, under fire. @module */

import { Client, type ClientOptions, moecacheRing } from "../../mod.ts";
import { dialNode } from "../../src/transport/node.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { AccountedClient } from "./accounted_client.ts";
import { EventOrder } from "./event_order.ts";
import { Heartbeat } from "./heartbeat.ts";
import { History } from "./history.ts";
import type { Journal } from "./journal.ts";
import { Load } from "./load.ts";
import { judge } from "./model.ts";
import { ProxyThread } from "./proxy_thread.ts";
import { OpenSockets } from "./open_sockets.ts";
import { Punctuality } from "./punctuality.ts";
import { Random } from "./random.ts";
import { sleep } from "./sockets.ts";
import { Tally } from "./tally.ts";
import { runUnjudged } from "./unjudged_load.ts";
import { LARGE } from "./values.ts";

/** How a deployment looks and how its clients behave. */
export interface Setting {
  readonly servers: number;
  readonly timeout: number;
  /** Whether some values are so large that writes have to wait. */
  readonly hasLargeValues: boolean;
  readonly options: ClientOptions;
}

/** A miss must never be an eviction: there is room for all, and an error beyond it. */
const MEMCACHED_ARGS = ["-m", "1024", "-M"];
/** Milliseconds that a client may take to close. */
const CLOSING = 2000;
/** One key in so many is as long as a key may be, or has large values. */
const LONG_EVERY = 16;
const LARGE_EVERY = 20;
const TIMEOUTS = [50, 100, 200];
const CONNECT_TIMEOUTS = [undefined, 30, 100];
const RETRIES = [0, 0, 2];
/** What another client does when a server fails, beside the one whose answers are judged. */
const FAILOVERS = ["miss", "remove"] as const;
const GUTTER = 0.3;
/** In how many of the cases something listens to what clients publish. */
const OBSERVED = 0.5;

/** The setting of the nth round: all ways to dial and to read, numbers of sockets and of servers come in turn. */
export function settingOf(round: number, random: Random): Setting {
  const timeout = random.pick(TIMEOUTS);
  const connectTimeout = random.pick(CONNECT_TIMEOUTS);
  return {
    servers: round & 2 ? 3 : 1,
    timeout,
    hasLargeValues: random.chance(0.25),
    options: {
      timeout,
      ...(connectTimeout === undefined ? {} : { connectTimeout }),
      io: round & 1 ? "streams" : "direct",
      connections: round & 4 ? 3 : 1,
      ...(round % 3 === 2 ? { dial: dialNode } : {}),
      retries: random.pick(RETRIES),
    },
  };
}

/** Runs one round for some time and judges it. */
export async function runRound(seed: number, round: number, milliseconds: number): Promise<Tally> {
  const random = new Random(seed ^ Math.imul(round + 1, 0x85ebca6b));
  await using deployment = await Deployment.start(settingOf(round, random), random);
  return await deployment.fight(milliseconds);
}

/** Fails when a client does not come to its end. */
async function settled(closing: Promise<void>): Promise<void> {
  const waiting = new AbortController();
  const giveUp = sleep(CLOSING, waiting.signal).then(() => {
    if (!waiting.signal.aborted) throw new Error(`Client.close does not settle in ${CLOSING} ms`);
  });
  await Promise.race([closing, giveUp]);
  waiting.abort();
  await giveUp;
}

class Deployment implements AsyncDisposable {
  readonly #setting: Setting;
  readonly #random: Random;
  readonly #servers: MemcachedProcess[];
  readonly #proxies: ProxyThread;
  readonly #history = new History();
  readonly #tally = new Tally();
  #keys = 0;

  constructor(
    setting: Setting,
    random: Random,
    servers: MemcachedProcess[],
    proxies: ProxyThread,
  ) {
    this.#setting = setting;
    this.#random = random;
    this.#servers = servers;
    this.#proxies = proxies;
  }

  static async start(setting: Setting, random: Random): Promise<Deployment> {
    const servers = await Promise.all(
      Array.from({ length: setting.servers }, () => MemcachedProcess.start(MEMCACHED_ARGS)),
    );
    const proxies = await ProxyThread.start(servers.map(({ port }) => ({
      seed: random.below(2 ** 32),
      upstream: port,
      timeout: setting.timeout,
    })));
    return new Deployment(setting, random, servers, proxies);
  }

  /** Lets clients, one after the other, work under fire, and judges what they got. */
  async fight(milliseconds: number): Promise<Tally> {
    using heartbeat = new Heartbeat();
    using sockets = new OpenSockets();
    const punctuality = new Punctuality(heartbeat);
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      const left = end - performance.now();
      await this.#useClient(punctuality, Math.min(left, this.#random.between(300, 2000)));
    }
    this.#tally.worstOverrun = punctuality.worst;
    this.#tally.leaked = sockets.count;
    this.#conclude(await this.#proxies.close());
    return this.#tally;
  }

  async #useClient(punctuality: Punctuality, milliseconds: number): Promise<void> {
    const { timeout, options } = this.#setting;
    using events = this.#random.chance(OBSERVED) ? new EventOrder() : undefined;
    const client = new Client(this.#proxies.addresses, options);
    const load = new Load({
      client: new AccountedClient(client, this.#history, this.#tally, events),
      random: this.#random.fork(),
      punctuality,
      limit: timeout + (options.connectTimeout ?? 0),
      newKey: () => this.#newKey(),
    });
    const over = new AbortController();
    const running = load.run(over.signal);
    const killing = this.#killServers(over.signal);
    const watching = events && this.#failOver(events, over.signal);
    await sleep(milliseconds);
    // A client may be closed while it is used, or after.
    if (this.#random.chance(0.5)) await close();
    over.abort();
    this.#tally.unsettled += await running;
    await killing;
    await close();
    await watching;
    events?.conclude(this.#tally);
    this.#tally.late.push(...load.late);

    async function close(): Promise<void> {
      load.endNow();
      await settled(client.close());
    }
  }

  /** Makes another client fail over, until the signal. */
  async #failOver(events: EventOrder, signal: AbortSignal): Promise<void> {
    const random = this.#random.fork();
    const { addresses } = this.#proxies;
    // Where there are several servers, the last one may be a spare one.
    const spares = random.chance(GUTTER) ? addresses.slice(1).slice(-1) : [];
    const client = new Client(addresses.filter((address) => !spares.includes(address)), {
      ...this.#setting.options,
      // Deno.connect leaks what connects while it is aborted, and this client is often closed while it dials.
      dial: dialNode,
      failuresBeforeDead: 1,
      failover: spares.length > 0 ? { gutter: spares } : random.pick(FAILOVERS),
    });
    await runUnjudged({ client, events, random, tally: this.#tally }, signal);
    await settled(client.close());
  }

  /** Kills a server at a time, and starts it again. */
  async #killServers(signal: AbortSignal): Promise<void> {
    const random = this.#random.fork();
    if (random.chance(0.3)) return;
    while (!signal.aborted) {
      await sleep(random.between(200, 1000), signal);
      if (signal.aborted) return;
      const server = random.below(this.#servers.length);
      const { port } = this.#servers[server]!;
      const start = this.#history.tick();
      await this.#servers[server]!.kill("SIGKILL");
      this.#history.restarts.push({ server, start, end: this.#history.tick() });
      this.#tally.faults.add("kill -9 of memcached");
      await sleep(random.below(this.#setting.timeout));
      this.#servers[server] = await MemcachedProcess.start(MEMCACHED_ARGS, { port });
    }
  }

  #newKey(): string {
    const count = ++this.#keys;
    if (this.#setting.hasLargeValues && count % LARGE_EVERY === 0) return `${LARGE}${count}:`;
    return count % LONG_EVERY === 0 ? `key:${count}:`.padEnd(250, "k") : `key:${count}:`;
  }

  #conclude(journals: readonly Journal[]): void {
    const locator = moecacheRing(this.#proxies.addresses.map((name) => ({ name, weight: 1 })));
    for (const { faults } of journals) this.#tally.faults.addAll(Object.entries(faults));
    const { wrong, indistinguishable } = judge(this.#history.operations, {
      restarts: this.#history.restarts,
      shifted: journals.flatMap(({ shifted }) => shifted),
      serverOf: (key) => locator.locate(key),
    });
    this.#tally.wrong.push(...wrong);
    this.#tally.indistinguishable += indistinguishable;
    this.#tally.rounds = 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#proxies[Symbol.dispose]();
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }
}
