/** Keyv's own test suite, on memcached and on the embedded server. */

import keyvTestSuite, { keyvIteratorTests } from "@keyv/test-suite";
import { JestChaiExpect, JestExtend } from "@vitest/expect";
import * as chai from "chai";
import { assertEquals } from "@std/assert";
import { Keyv, type KeyvStoreAdapter } from "keyv";
import { Client } from "@moecache/moecache";
import { KeyvMoecache } from "@moecache/moecache/keyv";
import { type Server, SERVERS } from "./servers.ts";

chai.use(JestExtend);
chai.use(JestChaiExpect);

type Body = (context: { expect: unknown }) => unknown;

/** Collects what the suite asks of vitest, and makes a test of Deno's of each. */
class Tests {
  readonly #before: (() => Promise<void>)[] = [];
  readonly #after: (() => Promise<void>)[] = [];
  readonly #bodies = new Map<string, Body>();

  readonly beforeEach = (body: () => Promise<void>): number => this.#before.push(body);
  readonly afterEach = (body: () => Promise<void>): number => this.#after.push(body);
  readonly it = (name: string, body: Body): unknown => this.#bodies.set(name, body);

  register(suite: string): void {
    for (const [kind, start] of Object.entries(SERVERS)) {
      for (const [name, body] of this.#bodies) {
        this.#registerOn(`${suite} on ${kind}: ${name}`, body, start);
      }
    }
  }

  #registerOn(name: string, body: Body, start: () => Promise<Server>): void {
    Deno.test(name, async () => {
      await using memcached = await start();
      await using client = new Client(memcached.address, { timeout: 10_000 });
      current = client;
      for (const before of this.#before) await before();
      const expect = countingExpect();
      await body({ expect: expect.function });
      for (const after of this.#after) await after();
      expect.check();
    });
  }
}

/** The client of the test that runs. */
let current: Client;

/** vitest's `expect`, with the one function that belongs to its runner. */
function countingExpect(): { readonly function: unknown; check(): void } {
  let actual = 0;
  let wanted: number | undefined;
  const expect = (value: unknown) => {
    actual++;
    return chai.expect(value);
  };
  expect.assertions = (count: number) => wanted = count;
  return {
    function: expect,
    check: () => assertEquals(actual, wanted ?? actual, "the number of assertions"),
  };
}

/** Makes a store, a new one each time: the suite sets `opts` of one that it throws away. */
const store = (): KeyvStoreAdapter => new KeyvMoecache({ client: current });

/** As the documentation tells to have an iterator: Keyv takes those only that it knows by name. */
class IterableKeyv extends Keyv {
  constructor(options: { store: KeyvStoreAdapter; namespace?: string }) {
    super(options);
    const { store } = options;
    this.iterator = this.generateIterator((namespace) => store.iterator!(namespace));
  }
}

const api = new Tests();
// deno-lint-ignore no-explicit-any -- vitest's own type is expected, and three of its functions are used
keyvTestSuite(api as any, Keyv as any, store);
api.register("@keyv/test-suite");

const iterator = new Tests();
// deno-lint-ignore no-explicit-any -- the same
keyvIteratorTests(iterator as any, IterableKeyv as any, store);
iterator.register("@keyv/test-suite iterator");

const more = new Tests();
more.it("values are kept without serialization", async () => {
  const keyv = new Keyv({ store: store(), serialize: undefined, deserialize: undefined });
  const value = { date: new Date(0), bytes: new Uint8Array([1]), none: undefined };
  const { none: _, ...kept } = value;
  assertEquals(await keyv.set("key", value), true);
  assertEquals(await keyv.get("key"), kept);
  assertEquals(await keyv.set("key", "text", 60_000), true);
  assertEquals(await keyv.get("key"), "text");
});
more.it("a ttl of 50 years is one", async () => {
  const keyv = new Keyv({ store: store() });
  await keyv.set("key", "value", 50 * 365 * 24 * 60 * 60 * 1000);
  assertEquals(await keyv.has("key"), true);
});
more.register("keyv 5");
