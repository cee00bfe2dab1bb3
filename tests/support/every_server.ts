/** Runs what a client does on every kind of server: the embedded one, and memcached where it is installed. @module */

import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { Client, type ClientOptions } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "./memcached.ts";

/** A server that a test may fill and empty as it likes. */
export interface TestServer extends AsyncDisposable {
  readonly address: string;
}

/** Where a test runs. */
export interface Place {
  /** The server's, which is the test's own until it ends. */
  readonly address: string;
  /** Starts another server of the kind. */
  readonly start: () => Promise<TestServer>;
  /** What clients are made with. */
  readonly options: ClientOptions;
}

/** Defines a test, with two clients of a server that is empty, and that no other test uses meanwhile. */
export type DefineTest = (
  name: string,
  body: (client: Client, other: Client, place: Place) => Promise<void>,
) => void;

/** What starts each kind of server that there is here, by its name. */
export const SERVERS: Readonly<Record<string, () => Promise<TestServer>>> = {
  "the embedded server": () => MemcachedServer.listen(),
  ...memcachedPath() !== undefined && { memcached: () => MemcachedProcess.start() },
};

/** What a test of a server without meta commands asks it in. */
const CLASSIC: ClientOptions = { timeout: 10_000, dialect: "classic" };

/** Describes something on the embedded server without meta commands, as old memcacheds are, and most proxies. */
export function onClassicServer(name: string, define: (test: DefineTest) => void): void {
  const start = () => MemcachedServer.listen({ imitate: "1.5.16" });
  describeOn(`${name} on a server without meta commands`, start, { options: CLASSIC, define });
}

/**
 * Describes something on every kind of server.
 *
 * @param name What is described.
 * @param define Defines its tests.
 * @param clients Options of the clients, by what is added to the kind's name.
 * @param needs What each test needs: an empty memcached, which others have used before it, or a new one.
 */
export function onEveryServer(
  name: string,
  define: (test: DefineTest) => void,
  clients: Readonly<Record<string, ClientOptions>> = { "": {} },
  needs: "empty" | "new" = "empty",
): void {
  for (const [kind, start] of Object.entries(SERVERS)) {
    for (const [addition, given] of Object.entries(clients)) {
      const options = { timeout: 10_000, ...given };
      const isShared = kind === "memcached" && needs !== "new";
      describeOn(`${name} on ${kind}${addition}`, start, { options, define, isShared });
    }
  }
}

interface Description {
  readonly options: ClientOptions;
  readonly define: (test: DefineTest) => void;
  /** Whether one server serves all tests, one after another: to start a process takes longer than most of them. */
  readonly isShared?: boolean;
}

function describeOn(
  name: string,
  start: () => Promise<TestServer>,
  { options, define, isShared = false }: Description,
): void {
  describe(name, () => {
    let shared: TestServer | undefined;
    if (isShared) {
      beforeAll(async () => {
        shared = await start();
      });
      afterAll(async () => {
        await shared?.[Symbol.asyncDispose]();
      });
    }
    define((test, body) =>
      it(test, async () => {
        await using server = shared === undefined ? await start() : await emptied(shared);
        const { address } = server;
        await using client = new Client(address, options);
        await using other = new Client(address, options);
        await body(client, other, { address, start, options });
      })
    );
  });
}

/** A server without the items of the tests before, to which nothing happens when it is disposed of. */
async function emptied({ address }: TestServer): Promise<TestServer> {
  await using client = new Client(address, CLASSIC);
  await client.flushAll();
  return { address, [Symbol.asyncDispose]: () => Promise.resolve() };
}
