/** The client behind real proxies, one of whose servers fails. */

import { assert, assertEquals } from "@std/assert";
import { Client, type ClientOptions } from "../../mod.ts";
import { lock } from "../../src/patterns/mod.ts";
import { extent } from "../support/extent.ts";
import { MemcachedProcess } from "../support/memcached.ts";
import { REAL_PROXIES } from "../support/real_proxies.ts";
import { until } from "../support/turns.ts";
import { History } from "./history.ts";
import { judge } from "./model.ts";
import { ProxiedLoad, storeLasting } from "./proxied_load.ts";
import { Random, withSeed } from "./random.ts";
import { sleep } from "./sockets.ts";

const ROUND = extent(2000, 10_000);
/** More troubles than there are in a round, even on a machine that does little in one. */
const MOST_TROUBLES = 100;
/** A miss must never be an eviction: there is room for all, and an error beyond it. */
const ARGS = ["-m", "1024", "-M"];
/** The server that fails. */
const FAILING = 1;

/** Three memcacheds. */
class Backends implements AsyncDisposable {
  readonly #servers: MemcachedProcess[];

  constructor(servers: MemcachedProcess[]) {
    this.#servers = servers;
  }

  static async start(): Promise<Backends> {
    return new Backends(
      await Promise.all([0, 1, 2].map(() => MemcachedProcess.start(ARGS))),
    );
  }

  get ports(): number[] {
    return this.#servers.map(({ port }) => port);
  }

  signal(signal: Deno.Signal): void {
    Deno.kill(this.#servers[FAILING]!.pid, signal);
  }

  async kill(): Promise<void> {
    await this.#servers[FAILING]!.kill("SIGKILL");
  }

  async startAgain(): Promise<void> {
    const { port } = this.#servers[FAILING]!;
    this.#servers[FAILING] = await MemcachedProcess.start(ARGS, { port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

/** What happens to the server again and again. It is there again at the end. */
interface Trouble {
  /** Whether it comes back empty. */
  readonly loses: boolean;
  readonly make: (backends: Backends, random: Random, history: History) => Promise<void>;
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  hangs: {
    loses: false,
    make: async (backends, random) => {
      backends.signal("SIGSTOP");
      await sleep(random.between(50, 700));
      backends.signal("SIGCONT");
    },
  },
  restarts: {
    loses: true,
    make: async (backends, random, history) => {
      const start = history.tick();
      await backends.kill();
      history.restarts.push({ server: FAILING, start, end: history.tick() });
      await sleep(random.between(0, 400));
      await backends.startAgain();
    },
  },
};

/** What the clients of a proxy are made with, besides the default. */
const SETTINGS: Readonly<Record<keyof typeof REAL_PROXIES, readonly ClientOptions[]>> = {
  memcached: [{}, { connections: 3 }, { io: "streams" }],
  twemproxy: [{ proxy: "twemproxy" }, { proxy: "twemproxy", connections: 3 }],
};

for (const [name, proxy] of Object.entries(REAL_PROXIES)) {
  for (const [verb, trouble] of Object.entries(TROUBLES)) {
    Deno.test({
      name:
        `Client gives correct answers through ${proxy.name} while one of its servers ${verb}${proxy.lacks}`,
      ignore: proxy.lacks !== "",
      fn: () =>
        withSeed(async (seed) => {
          const random = new Random(seed);
          await using backends = await Backends.start();
          const { ports } = backends;
          await using running = await proxy.start(ports);
          const { address } = running;
          const { indexOf } = proxy;
          const settings = SETTINGS[name as keyof typeof REAL_PROXIES];
          const clients = settings.map((options) => new Client(address, options));
          await using _ = closing(clients);
          await reaches(clients[0]!, ports, indexOf);
          const history = new History();
          const isTwemproxy = name === "twemproxy";
          const { loses } = trouble;
          const load = new ProxiedLoad({
            clients,
            history,
            random: random.fork(),
            isTwemproxy,
            loses,
          });
          await storeLasting(clients[0]!);
          const over = new AbortController();
          const loading = load.run(over.signal);
          const end = performance.now() + ROUND;
          const isAnswered = (command: string) => (load.answered.counts.get(command) ?? 0) > 0;
          const isSeen = () => load.failed.total > 0 && load.commands.every(isAnswered);
          // On a busy machine, some commands need more than a round until one of them is answered.
          for (let left = MOST_TROUBLES; left > 0; left--) {
            if (performance.now() >= end && isSeen()) break;
            await trouble.make(backends, random, history);
            await sleep(random.between(50, 300));
          }
          over.abort();
          await loading;
          const { restarts } = history;
          const serverOf = (key: string) => indexOf(key, ports);
          const { wrong } = judge(history.operations, { restarts, shifted: [], serverOf });
          assertEquals([...wrong, ...load.wrong], []);
          for (const command of load.commands) {
            assert(isAnswered(command), `no ${command} was answered`);
          }
          assert(load.failed.total > 0, "nothing has failed");
          await expectNothingLeftBehind({ address, options: settings[0]!, ports, indexOf }, load);
        }),
    });
  }
}

/** A proxy, and the servers behind it. */
interface Reached {
  readonly address: string;
  readonly options: ClientOptions;
  readonly ports: readonly number[];
  readonly indexOf: (key: string, ports: readonly number[]) => number;
}

/** All locks are free and all leases have ended, soon after the server is there again. */
async function expectNothingLeftBehind(
  { address, options, ports, indexOf }: Reached,
  load: ProxiedLoad,
): Promise<void> {
  await using client = new Client(address, options);
  await reaches(client, ports, indexOf);
  await Promise.all([
    ...load.locks.map(async (key) => {
      await using held = await lock(client, key, { ttl: 600, waitFor: 40 });
      assert(await held.isHeld());
    }),
    ...load.loaded.map(async (key) => {
      await client.getOrSet(key, () => `value of ${key}`, { lockFor: 600, waitFor: 40 });
      assertEquals(await client.get(key), `value of ${key}`);
    }),
  ]);
}

/** Waits until a proxy that has just begun to listen has reached its servers. */
async function reaches(
  client: Client,
  ports: readonly number[],
  indexOf: (key: string, ports: readonly number[]) => number,
): Promise<void> {
  const missing = new Set(ports.keys());
  let number = 0;
  await until(async () => {
    const key = `${number++}:key`;
    const isReached = await client.get(key).then(() => true, () => false);
    if (isReached) missing.delete(indexOf(key, ports));
    return missing.size === 0;
  });
}

function closing(clients: readonly Client[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
