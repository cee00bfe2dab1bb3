import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client, ClientException, type KeyCommands, ValidationException } from "../../mod.ts";
import { once } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { largeValues, nearCache, tagged, typed } from "../../src/views/mod.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { onEveryServer } from "../support/every_server.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";
import { RESTARTING } from "../support/restarting.ts";
import { assertTtl } from "../support/ttl.ts";

onEveryServer("once", (test) => {
  test("runs the action once for all callers", async (first, second) => {
    let calls = 0;
    const act = () => Promise.resolve({ calls: ++calls });
    const asked = [first, second, first, second].map((client) => once(client, "key", act));
    assertEquals(await Promise.all(asked), Array(4).fill({ calls: 1 }));
    assertEquals(await once(first, "key", act, { exptime: 60 }), { calls: 1 });
    assertEquals((await first.inspect("key"))?.ttl, -1);
  });

  test("remembers a result of undefined, or null, for exptime", async (first, second) => {
    for (const result of [undefined, null]) {
      let calls = 0;
      const act = () => (calls++, result);
      assertEquals(await once(first, `${result}`, act, { exptime: 60 }), result);
      assertEquals(await once(second, `${result}`, act), result);
      assertEquals(calls, 1);
      await assertTtl(first, `${result}`, 60);
    }
  });

  test("lets the next one try when the action fails", async (first, second) => {
    const fail = () => Promise.reject(new RangeError("no luck"));
    await assertRejects(() => once(first, "key", fail), RangeError, "no luck");
    assertEquals(await once(second, "key", () => "done"), "done");
  });

  test("does not run the action again when the result cannot be stored", async (first, second) => {
    const never = () => Promise.reject(new Error("nothing must be carried out"));
    const unstorable: [unknown, new (message: string) => Error, string][] = [
      [() => {}, ValidationException, "Cannot"],
      // Values that cannot be converted to text.
      [Symbol("result"), ValidationException, "a symbol"],
      [
        Object.create(null, { nested: { enumerable: true, value: Symbol() } }),
        ValidationException,
        "a symbol",
      ],
      ["x".repeat(1_100_000), ClientException, "too large"],
    ];
    for (const [i, [result, kind, why]] of unstorable.entries()) {
      const act = () => once(first, `key${i}`, () => result, { exptime: 60 });
      await assertRejects(act, kind, why);
      for (const client of [first, second]) {
        const error = await assertRejects(() => once(client, `key${i}`, never), ClientException);
        assert(error.message.includes("its result could not be stored: "), error.message);
      }
      await assertTtl(second, `key${i}`, 60);
    }
  });

  test(
    "stores a late result if no other client has begun",
    async (first, second) => {
      for (const result of ["done", undefined]) {
        const key = `${result}`;
        const act = async () => {
          await second.delete(key);
          return result;
        };
        assertEquals(await once(first, key, act), result);
        assertEquals(await once(second, key, () => "again"), result);
      }
    },
  );

  test("waits for another no longer than waitFor, or its signal", async (first, second) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    const slow = once(first, "key", () => {
      begun.resolve();
      return promise;
    });
    await begun.promise;
    const never = () => Promise.reject(new Error("nothing must be carried out"));
    const impatient = () => once(second, "key", never, { waitFor: 0.02 });
    await assertRejects(impatient, ClientException, "another client is still running the action");
    const signal = AbortSignal.timeout(20);
    const aborted = await once(second, "key", never, { signal }).catch((error) => error);
    assertEquals(aborted, signal.reason);
    const patient = once(second, "key", never);
    resolve("done");
    assertEquals(await Promise.all([slow, patient]), ["done", "done"]);
  });

  test("refuses what makes no sense", async (client) => {
    for (const options of [{ exptime: -1 }, { lockFor: 0 }, { waitFor: -1 }]) {
      await assertRejects(() => once(client, "key", () => 1, options), ValidationException);
    }
    await assertRejects(() => once(client, "a b", () => 1), ValidationException, "do once");
  });
});

for (const verb of ["get", "add"]) {
  Deno.test(`once ends with its signal when the server does not answer ${verb}`, async () => {
    const asked = Promise.withResolvers<void>();
    await using peer = new ScriptedPeer(answering((line) => {
      if (line.startsWith(`${verb} `)) return void asked.resolve();
      return line.startsWith("get ") ? "END\r\n" : undefined;
    }));
    await using client = new Client(peer.address);
    const stop = new AbortController();
    const never = () => Promise.reject(new Error("nothing must be carried out"));
    const done = once(client, "key", never, { signal: stop.signal });
    await asked.promise;
    stop.abort("enough");
    assertEquals(await done.catch((reason) => reason), "enough");
  });
}

for (const [kind, start] of Object.entries(RESTARTING)) {
  Deno.test(`once leaves another's turn alone after a restart of ${kind}`, async () => {
    await using server = await start();
    await using first = new Client(server.address, { timeout: 10_000 });
    await using second = new Client(server.address, { timeout: 10_000 });
    for (const result of ["lost", undefined]) {
      await server.restart(first, second);
      const turns = [0, 1].map(() => ({
        begun: Promise.withResolvers<void>(),
        result: Promise.withResolvers<unknown>(),
      }));
      const act = (turn: number) => () => {
        turns[turn]!.begun.resolve();
        return turns[turn]!.result.promise;
      };
      const lost = once(first, "key", act(0));
      await turns[0]!.begun.promise;
      const cas = (await first.inspect("key"))!.cas;
      await server.restart(first, second);
      const won = once(second, "key", act(1));
      await turns[1]!.begun.promise;
      assertEquals((await second.inspect("key"))?.cas, cas);
      turns[0]!.result.resolve(result);
      assertEquals(await lost, result);
      turns[1]!.result.resolve("won");
      assertEquals(await won, "won");
      assertEquals(await first.get("key"), "won");
    }
  });
}

Deno.test("once sends its result again when the server was lost meanwhile", async () => {
  const server = await RESTARTING["the embedded server"]!();
  await using _server = server;
  await using client = new Client(server.address, { timeout: 10_000 });
  const act = async () => {
    await server.restart();
    return "done";
  };
  assertEquals(await once(client, "key", act), "done");
  assertEquals(await client.get("key"), "done");
});

Deno.test("once inside its own action is an error, directly, through views and through other actions", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 10_000 });
  const places: Record<string, KeyCommands> = {
    client,
    names: client.namespace("n:"),
    near: nearCache(client, { maxBytes: 1 << 20, ttl: 60 }),
    tagged: tagged(client.namespace("t:")),
  };
  for (const [place, commands] of Object.entries(places)) {
    const key = `${place}:key`;
    const again = () => once(commands, key, () => "never");
    const later = async () => {
      await client.version();
      return await again();
    };
    const ways: Record<string, () => Promise<unknown>> = {
      again,
      later,
      "another action": () => once(commands, "other", later),
      "a load": () => commands.getOrSet(`${place}:loaded`, later),
    };
    for (const [way, act] of Object.entries(ways)) {
      const doOnce = () => once(commands, key, act);
      const why = "the action would wait for itself";
      await assertRejects(doOnce, ClientException, why, `${place}, ${way}`);
    }
    const load = () =>
      once(commands, key, () => commands.getOrSet(`${place}:loaded`, () => "never"));
    await assertRejects(
      () => commands.getOrSet(`${place}:loaded`, load),
      ClientException,
      "wait for itself",
    );
    // Nothing of it is left.
    assertEquals(await once(commands, key, () => place), place);
  }
});

Deno.test("once is an error where two actions would wait for each other", async () => {
  await using server = await MemcachedServer.listen();
  await using first = new Client(server.address, { timeout: 10_000 });
  await using second = new Client(server.address, { timeout: 10_000 });
  const begun = [deferred<void>(), deferred<void>()] as const;
  const one = once(first, "a", async () => {
    begun[0].resolve();
    await begun[1].promise;
    return await once(second, "b", () => "never");
  });
  const other = once(second, "b", async () => {
    begun[1].resolve();
    await begun[0].promise;
    return await once(first, "a", () => "never");
  });
  const outcomes = await Promise.allSettled([one, other]);
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") continue;
    assertEquals(`${outcome.reason}`.includes("the action would wait for itself"), true);
  }
  assert(outcomes.some(({ status }) => status === "rejected"));
});

Deno.test("once waits for another caller's action, also from inside an action of its own", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 10_000 });
  const begun = deferred<void>();
  const result = deferred<string>();
  const others = once(client, "a", () => {
    begun.resolve();
    return result.promise;
  });
  await begun.promise;
  const own = once(client, "b", () => {
    const waiting = once(client, "a", () => "never");
    result.resolve("theirs");
    return waiting;
  });
  assertEquals(await Promise.all([others, own]), ["theirs", "theirs"]);
});

Deno.test("once runs its action again when a view takes what is stored for absent", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 10_000 });
  let actions = 0;
  const act = () => `${++actions}`.padEnd(5000);

  for (const options of [{}, { format: "mcrouter" }] as const) {
    const large = largeValues(client, { chunkByteLength: 1024, ...options });
    await large.set("large", "x".repeat(5000));
    for (const { key } of await Array.fromAsync(client.items())) {
      if (key !== "large") await client.delete(key);
    }
    assertEquals(await once(large, "large", act), `${actions}`.padEnd(5000));
    assertEquals(await once(large, "large", act), `${actions}`.padEnd(5000));
  }
  assertEquals(actions, 2);

  const tags = tagged(client);
  await tags.set("tagged", "old", 0, { tags: ["a tag"] });
  await tags.invalidateTag("a tag");
  assertEquals(await once(tags, "tagged", () => "new"), "new");

  const text = typed<string, string>(client, {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        return typeof value === "string" ? { value } : { issues: [{ message: "no text" }] };
      },
    },
  });
  await client.set("typed", 5);
  assertEquals(await once(text, "typed", () => "text"), "text");
  assertEquals(await client.get("typed"), "text");
});

Deno.test("once replaces no result that faults have hidden, with failover: miss", async () => {
  let faults = 0;
  await using server = await MemcachedServer.listen({
    fault: ({ command }) => {
      return command === "get" && faults-- > 0
        ? { reply: "SERVER_ERROR backend failure" }
        : undefined;
    },
  });
  await using client = new Client(server.address, { timeout: 10_000, failover: "miss" });
  await client.set("key", "there");
  const act = () => Promise.reject(new Error("it ran again"));
  faults = 2;
  const error = await assertRejects(() => once(client, "key", act));
  assert(`${error}`.includes("backend failure"), `${error}`);
  faults = 1;
  assertEquals(await once(client, "key", act), "there");
});
