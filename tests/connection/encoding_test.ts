/** Values that take a while to encode: they are within the operation's time, and end with the client. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Client,
  type ClientOptions,
  SocketError,
  TimeoutError,
  type Transcoder,
} from "../../mod.ts";
import { once } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { CountedSignal } from "../support/counted_signal.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { play, settle, until } from "./manual_socket.ts";

/** A transcoder that encodes, or decodes, when the test says so. */
function slowTranscoder() {
  const encoded = deferred<{ flags: number; data: Uint8Array }>();
  const begun = deferred<void>();
  const transcoder: Transcoder = {
    encode: () => {
      begun.resolve();
      return encoded.promise;
    },
    decode: () => 1,
  };
  const finish = () => encoded.resolve({ flags: 0, data: new Uint8Array(1) });
  return { transcoder, begun: begun.promise, finish };
}

function playEncoding(options: ClientOptions = {}) {
  const slow = slowTranscoder();
  return { ...play({ transcoder: slow.transcoder, ...options }), ...slow };
}

const STORES: Readonly<
  Record<string, (client: Client, options?: { signal: AbortSignal }) => Promise<unknown>>
> = {
  set: (client, options) => client.set("a", 1, 0, options),
  setMany: (client, options) => client.setMany({ a: 1, b: 2 }, 0, options),
  add: (client, options) => client.add("a", 1, 0, options),
  replace: (client, options) => client.replace("a", 1, 0, options),
  cas: (client, options) => client.cas("a", 1, 1n, 0, options),
  "set of a view": (client, options) =>
    client.withTranscoder({ encode: () => new Promise(() => {}), decode: () => 1 }).set(
      "a",
      1,
      0,
      options,
    ),
};

for (const [name, store] of Object.entries(STORES)) {
  Deno.test(`Client counts encoding as part of the time of ${name}`, async () => {
    const { client, clock, sockets } = playEncoding({ timeout: 1000 });
    const late = assertRejects(
      () => store(client),
      TimeoutError,
      `${name.split(/ |M/, 1)[0]} key "a": its value is still being encoded after 1000 ms`,
    );
    await settle();
    clock.tick(999);
    await settle();
    clock.tick(2);
    await late;
    assertEquals(sockets.length, 0);
    assertEquals(client.servers[0]!.failures, 0);
    await client.close();
  });

  Deno.test(`Client.close and signals end the encoding of ${name}`, async () => {
    const { client } = playEncoding();
    const stop = new AbortController();
    const stopped = store(client, { signal: stop.signal }).catch((error) => error);
    const ended = assertRejects(() => store(client), SocketError, "the client is closed");
    await settle();
    const reason = new Error("enough");
    stop.abort(reason);
    assertEquals(await stopped, reason);
    await client.close();
    await ended;
    await assertRejects(() => store(client), SocketError, "the client is closed");
  });
}

for (const name of ["set", "setMany"]) {
  Deno.test(`Client gives the request of ${name} the time that encoding has left of its timeout`, async () => {
    const { client, clock, sockets, finish } = playEncoding({ timeout: 1000 });
    const late = assertRejects(() => STORES[name]!(client), SocketError);
    await settle();
    clock.tick(600);
    finish();
    await until(() => sockets[0]?.sent.includes("set a") ?? false);
    clock.tick(399);
    await settle();
    assert(!sockets[0]!.isClosed);
    clock.tick(2);
    await settle();
    clock.tick(0);
    await late;
    await client.close();
  });
}

Deno.test("Client ends each value that takes too long to encode at its own time", async () => {
  const { client, clock } = playEncoding({ timeout: 1000 });
  const ended: string[] = [];
  const store = (key: string) =>
    assertRejects(() => client.set(key, 1), TimeoutError).then(() => ended.push(key));
  const first = store("first");
  await settle();
  clock.tick(600);
  const second = store("second");
  await settle();
  clock.tick(500);
  await first;
  assertEquals(ended, ["first"]);
  clock.tick(501);
  await second;
  await client.close();
});

Deno.test("Client keeps no timer and no listener for a value that has been encoded", async () => {
  const { signal, listeners } = new CountedSignal();
  const encoded = deferred<never>();
  const transcoder = { encode: () => encoded.promise, decode: () => 1 };
  const { client, clock } = play({ timeout: 60_000, transcoder });
  const failed = assertRejects(() => client.set("a", 1, 0, { signal }), Error, "no form");
  await until(() => clock.pending === 1);
  encoded.reject(new Error("no form"));
  await failed;
  assertEquals([clock.pending, listeners()], [0, { present: 0, most: 1 }]);
  await client.close();
});

/** Runs something with a client whose values are encoded when it is too late. */
async function late(
  use: (client: Client, begun: Promise<void>) => Promise<unknown>,
  closes: boolean,
) {
  await using server = await MemcachedServer.listen();
  const clock = new FakeClock();
  const { transcoder, begun, finish } = slowTranscoder();
  const client = new Client(server.address, { clock, transcoder, timeout: 60_000 });
  const outcome = use(client, begun).catch((error) => error);
  await begun;
  await settle();
  const closed = closes ? client.close() : clock.tick(60_001);
  const error = await outcome;
  assert(error instanceof SocketError, `${error}`);
  assertEquals(error instanceof TimeoutError, !closes, `${error}`);
  finish();
  await closed;
  await client.close();
}

for (
  const [name, use] of Object.entries({
    getOrSet: (client: Client) => client.getOrSet("a", () => 1),
    update: (client: Client) => client.update("a", () => 1),
    once: (client: Client) => once(client, "a", () => 1),
    "getOrSet of a namespace": (client: Client) => client.namespace("n:").getOrSet("a", () => 1),
  })
) {
  Deno.test(`${name} waits no longer than timeout for its value to be encoded`, () =>
    late(use, false));
  Deno.test(`${name} waits no longer than until the client is closed for its value to be encoded`, () =>
    late(use, true));
}

for (
  const [name, use] of Object.entries({
    getOrSet: (client: Client, work: () => Promise<never>) => client.getOrSet("a", work),
    update: (client: Client, work: () => Promise<never>) => client.update("a", work),
    "getOrSet of a namespace": (client: Client, work: () => Promise<never>) =>
      client.namespace("n:").getOrSet("a", work),
  })
) {
  Deno.test(`Client.close rejects ${name} whose value is being made`, async () => {
    await using server = await MemcachedServer.listen();
    const client = new Client(server.address);
    const begun = deferred<void>();
    const outcome = use(client, () => {
      begun.resolve();
      return new Promise(() => {});
    }).catch((error) => error);
    await begun.promise;
    await client.close();
    const error = await outcome;
    assert(error instanceof SocketError, `${error}`);
  });
}

Deno.test("setMany leaves no rejection unhandled when a value is refused while another is being encoded", async () => {
  const refused = new Error("it has no bytes");
  const transcoder: Transcoder = {
    encode(value) {
      if (value === "refused") throw refused;
      return new Promise(() => {});
    },
    decode: () => 1,
  };
  const { client } = play({ transcoder });
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const storing = client.setMany({ a: "slow", b: "refused" }, 0, options);
  assertEquals((await assertRejects(() => storing, Error)).cause, refused);
  // An unhandled rejection would end the process.
  controller.abort();
  await settle();
  await client.close();
});
