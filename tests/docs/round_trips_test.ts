/** The round trips that an operation takes: pages of the documentation name their number. */

import { assertEquals } from "@std/assert";
import { Client, type Dial } from "@moecache/moecache";
import { lock, rateLimit } from "@moecache/moecache/patterns";
import { ketama, migrate } from "@moecache/moecache/rings";
import { MemcachedServer } from "@moecache/moecache/testing";
import { largeValues, spread, tagged } from "@moecache/moecache/views";

/** Counts the writes that begin a round trip: the first one, and each one behind a reply. */
class RoundTrips {
  #count = 0;
  #isAnswered = true;

  readonly dial: Dial = async ({ hostname, port }, { signal }) => {
    const connection = await Deno.connect({ hostname: hostname!, port: port!, signal });
    const replies = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        this.#isAnswered = true;
        controller.enqueue(chunk);
      },
    });
    const requests = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        if (this.#isAnswered) this.#count++;
        this.#isAnswered = false;
        controller.enqueue(chunk);
      },
    });
    void requests.readable.pipeTo(connection.writable).catch(() => {});
    const readable = connection.readable.pipeThrough(replies);
    return { readable, writable: requests.writable, close: () => connection.close() };
  };

  async of(operate: () => Promise<unknown>): Promise<number> {
    this.#count = 0;
    this.#isAnswered = true;
    await operate();
    return this.#count;
  }
}

/** What is counted, in its order. */
type Steps = Record<string, () => Promise<unknown>>;

async function counted(trips: RoundTrips, steps: Steps): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [step, operate] of Object.entries(steps)) counts[step] = await trips.of(operate);
  return counts;
}

/** A client of servers whose dialects it knows, and the round trips that it takes. */
async function knowingClient(
  addresses: string[],
  options: ConstructorParameters<typeof Client>[1] = {},
): Promise<{ client: Client; trips: RoundTrips }> {
  const trips = new RoundTrips();
  const client = new Client(addresses, { dial: trips.dial, io: "streams", ...options });
  const keys = Array.from({ length: 20 }, (_, i) => `warm:${i}`);
  for (const key of [...keys, ...keys]) await client.getOrSet(key, () => 1);
  return { client, trips };
}

for (
  const { imitate, name, expected } of [
    {
      imitate: undefined,
      name: "1.6.18",
      expected: {
        "getOrSet that computes": 4,
        "getOrSet that computes, with staleFor": 4,
        "getOrSet that finds": 1,
        "invalidate": 1,
        "invalidate with staleFor": 1,
      },
    },
    {
      imitate: "1.5.16",
      name: "1.5.16",
      expected: {
        "getOrSet that computes": 5,
        "getOrSet that computes, with staleFor": 8,
        "getOrSet that finds": 1,
        "invalidate": 4,
        "invalidate with staleFor": 6,
      },
    },
  ] as const
) {
  Deno.test(`getOrSet and invalidate take the round trips of docs/servers.md on memcached ${name}`, async () => {
    await using server = await MemcachedServer.listen({ imitate });
    const { client, trips } = await knowingClient([server.address]);
    await using _ = client;
    const stale = { exptime: 60, staleFor: 30 };
    const counts = await counted(trips, {
      "getOrSet that computes": () => client.getOrSet("a", () => 1, { exptime: 60 }),
      "getOrSet that computes, with staleFor": () => client.getOrSet("b", () => 1, stale),
      "getOrSet that finds": () => client.getOrSet("b", () => 1, stale),
      "invalidate": () => client.invalidate("a"),
      "invalidate with staleFor": () => client.invalidate("b", { staleFor: 20 }),
    });
    assertEquals(counts, expected);
  });
}

Deno.test("namespaces, locks and limits take the round trips of docs/patterns.md", async () => {
  await using server = await MemcachedServer.listen();
  const { client, trips } = await knowingClient([server.address]);
  await using _ = client;
  await using other = new Client(server.address);
  const [mine, theirs] = [client.namespace("n:"), other.namespace("n:")];
  const limited = () => rateLimit(client, "limited", { limit: 1, window: 1_000_000 });
  const held = await lock(client, "lock", { ttl: 30 });
  const counts = await counted(trips, {
    "a namespace's first operation": () => mine.get("a"),
    "its second one": () => mine.get("a"),
    "two of one turn": () => Promise.all([mine.get("a"), mine.set("b", 1)]),
    "invalidateAll": () => mine.invalidateAll(),
    "invalidateAll without a counter": () => client.namespace("m:").invalidateAll(),
    "release": () => held.release(),
    "rateLimit at first": limited,
    "rateLimit that refuses": limited,
  });
  await theirs.invalidateAll();
  counts["an operation under a new generation"] = await trips.of(() => mine.get("a"));
  await other.set("n:~moecache-generation", "5", 0);
  counts["invalidateAll of an old counter"] = await trips.of(() => mine.invalidateAll());
  await other.namespace("k:").get("a");
  counts["the first operation where there is a counter"] = await trips.of(() =>
    client.namespace("k:").get("a")
  );
  assertEquals(counts, {
    "a namespace's first operation": 4,
    "its second one": 1,
    "two of one turn": 1,
    "invalidateAll": 1,
    "an operation under a new generation": 2,
    "invalidateAll without a counter": 2,
    "release": 2,
    "rateLimit at first": 2,
    "rateLimit that refuses": 2,
    "invalidateAll of an old counter": 3,
    "the first operation where there is a counter": 2,
  });
});

Deno.test("views take the round trips of docs/views.md", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  const { client, trips } = await knowingClient([first.address, second.address]);
  await using _ = client;
  const files = largeValues(client, { chunkByteLength: 1024 });
  const hot = spread(client, { copies: 2, keys: ["hot"] });
  const found = spread(client, { copies: 2, hotKeys: { share: 1 } });
  const [pages, elsewhere] = [tagged(client), tagged(client)];
  const tags = ["tag"];
  const counts = await counted(trips, {
    "largeValues: set": () => files.set("file", new Uint8Array(10_000), 60),
    "largeValues: set of what is there": () => files.set("file", new Uint8Array(10_000), 60),
    "largeValues: get": () => files.get("file"),
    "spread: set of a hot key": () => hot.set("hot", 1, 60),
    "spread: set of another": () => hot.set("cold", 1, 60),
    "spread with hotKeys: set of another": () => found.set("cold", 1, 60),
    "tagged: set with a new tag": () => pages.set("page", 1, 60, { tags }),
    "tagged: set": () => pages.set("page", 1, 60, { tags }),
    "tagged: the first get": () => elsewhere.get("page"),
    "tagged: another get": () => elsewhere.get("page"),
    "tagged: invalidateTag": () => pages.invalidateTag("tag"),
  });
  assertEquals(counts, {
    "largeValues: set": 3,
    "largeValues: set of what is there": 4,
    "largeValues: get": 2,
    "spread: set of a hot key": 4,
    "spread: set of another": 1,
    "spread with hotKeys: set of another": 2,
    "tagged: set with a new tag": 4,
    "tagged: set": 2,
    "tagged: the first get": 2,
    "tagged: another get": 1,
    "tagged: invalidateTag": 1,
  });
});

Deno.test("a command on a key that moves takes at most the six round trips of docs/rings.md", async () => {
  await using former = await MemcachedServer.listen();
  await using latter = await MemcachedServer.listen();
  const [from, to] = [former, latter].map(({ address }) => ({
    locator: ketama,
    servers: [address],
  }));
  const { client, trips } = await knowingClient([former.address, latter.address], {
    locator: migrate(from!, to!),
  });
  await using _ = client;
  await using old = new Client(former.address);
  const commands: Steps = {
    get: () => client.get("get"),
    gets: () => client.gets("gets"),
    getAndTouch: () => client.getAndTouch("getAndTouch", 60),
    inspect: () => client.inspect("inspect"),
    set: () => client.set("set", "new"),
    add: () => client.add("add", "new"),
    replace: () => client.replace("replace", "new"),
    append: () => client.append("append", "new"),
    incr: () => client.incr("incr"),
    touch: () => client.touch("touch", 60),
    delete: () => client.delete("delete"),
    invalidate: () => client.invalidate("invalidate"),
  };
  await old.setMany(Object.fromEntries(Object.keys(commands).map((key) => [key, "5"])));
  const counts = await counted(trips, commands);
  assertEquals(Math.max(...Object.values(counts)), 6, JSON.stringify(counts));
});
