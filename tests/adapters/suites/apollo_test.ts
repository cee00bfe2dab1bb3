/** Apollo Server with its response cache and its persisted queries on memcached, as `docs/adapters.md` describes it. */

import { assert, assertEquals } from "@std/assert";
import { ApolloServer, HeaderMap } from "@apollo/server";
import { ApolloServerPluginCacheControl } from "@apollo/server/plugin/cacheControl";
import { ApolloServerPluginUsageReportingDisabled } from "@apollo/server/plugin/disabled";
import responseCachePlugin from "@apollo/server-plugin-response-cache";
import { KeyvAdapter } from "@apollo/utils.keyvadapter";
import { ErrorsAreMissesCache } from "@apollo/utils.keyvaluecache";
import { Keyv } from "keyv";
import { SocketError } from "@moecache/moecache";
import { KeyvMoecache } from "@moecache/moecache/keyv";
import { MemcachedProcess } from "../../support/memcached.ts";
import { SERVERS } from "./servers.ts";

const TYPES = "type Query { loads(name: String): Int }";
const QUERY = "query Loads($name: String) { loads(name: $name) }";

/** How often a field was loaded, by all servers. */
interface Loads {
  count: number;
}

/** A server of Apollo, as a process has it. */
class Process implements AsyncDisposable {
  readonly errors: unknown[] = [];
  readonly #keyv: Keyv;
  readonly #server: ApolloServer;

  constructor(servers: string, loads: Loads) {
    this.#keyv = new Keyv({ store: new KeyvMoecache({ servers }) });
    this.#keyv.on("error", (error: unknown) => this.errors.push(error));
    // Apollo's adapter has the types of Keyv for CommonJS, which differ by their names alone.
    const keyv = this.#keyv as unknown as ConstructorParameters<typeof KeyvAdapter<string>>[0];
    this.#server = new ApolloServer({
      typeDefs: TYPES,
      resolvers: { Query: { loads: () => ++loads.count } },
      cache: new ErrorsAreMissesCache(new KeyvAdapter(keyv)),
      plugins: [
        ApolloServerPluginCacheControl({ defaultMaxAge: 60 }),
        ApolloServerPluginUsageReportingDisabled(),
        responseCachePlugin(),
      ],
      nodeEnv: "test",
    });
    this.#server.startInBackgroundHandlingStartupErrorsByLoggingAndFailingAllRequests();
  }

  /** Asks by HTTP, but for the socket; resolves to the body. */
  async asks(body: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { body: answer } = await this.#server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: "POST", headers: jsonHeaders(), search: "", body },
      context: () => Promise.resolve({}),
    });
    assert(answer.kind === "complete");
    return JSON.parse(answer.string);
  }

  async loads(name: string): Promise<unknown> {
    const { data } = await this.asks({ query: QUERY, variables: { name } });
    return (data as { loads: number } | undefined)?.loads;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await this.#keyv.disconnect();
  }
}

function jsonHeaders(): HeaderMap {
  const headers = new HeaderMap();
  headers.set("content-type", "application/json");
  return headers;
}

/** Asks both until they have the same response, and none was made for it: one is stored after it was sent. */
async function agree(processes: readonly Process[], loads: Loads, name: string): Promise<unknown> {
  for (;;) {
    const before = loads.count;
    const answers = [];
    for (const process of [...processes, ...processes]) answers.push(await process.loads(name));
    if (loads.count === before && new Set(answers).size === 1) return answers[0];
  }
}

async function hashOf(query: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(query));
  return new Uint8Array(digest).toHex();
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`Apollo Server: two processes share responses and persisted queries on ${kind}`, async () => {
    await using memcached = await start();
    const loads = { count: 0 };
    await using one = new Process(memcached.address, loads);
    await using two = new Process(memcached.address, loads);
    assertEquals(await one.loads("tea ☕"), 1);
    const tea = await agree([one, two], loads, "tea ☕");
    assert(tea === 1 || tea === 2);
    assertEquals(await two.loads("x".repeat(300)), loads.count);
    await agree([two, one], loads, "x".repeat(300));

    const extensions = { persistedQuery: { version: 1, sha256Hash: await hashOf(QUERY) } };
    const unknown = await two.asks({ extensions });
    assertEquals(JSON.stringify(unknown).includes("PersistedQueryNotFound"), true);
    await one.asks({ query: QUERY, extensions });
    while ((await two.asks({ extensions })).data === undefined);
    assertEquals([...one.errors, ...two.errors], []);
  });
}

Deno.test("Apollo Server loads each time while memcached is down, and shares when it is back", async () => {
  const memcached = await MemcachedProcess.start();
  const { address, port } = memcached;
  const loads = { count: 0 };
  await using one = new Process(address, loads);
  assertEquals(await one.loads("tea"), 1);
  await memcached.kill();
  assertEquals([await one.loads("tea"), await one.loads("tea")], [2, 3]);
  assert(one.errors.length > 0 && one.errors.every((error) => error instanceof SocketError));
  await using _back = await MemcachedProcess.start([], { port });
  await using two = new Process(address, loads);
  await agree([one, two], loads, "tea");
});
