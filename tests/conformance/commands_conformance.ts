/** The client's further commands, whatever memcached it talks to. @module */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  type ClientOptions,
  PartialClientException,
  ValidationException,
} from "../../mod.ts";
import { CountedSignal } from "../support/counted_signal.ts";
import { extent } from "../support/extent.ts";
import { onEveryServer } from "../support/every_server.ts";
import { assertTtl } from "../support/ttl.ts";

/** Describes the commands of clients made with each of these options. */
export function describeCommands(
  clients: Readonly<Record<string, ClientOptions>> = { "": {} },
): void {
  onEveryServer("Commands", (test) => {
    test("getMany returns what exists and leaves out the rest", async (client) => {
      assertEquals(await client.getMany([]), new Map());
      await client.setMany({ a: "text", b: { c: [1] }, d: null });
      const keys = ["d", "missing", "a", "b", "a"];
      const expected = new Map<string, unknown>([["d", null], ["a", "text"], ["b", { c: [1] }]]);
      assertEquals(await client.getMany(keys), expected);
    });

    test("setMany, getMany and deleteMany take any number of keys", async (client) => {
      const keys = Array.from({ length: extent(10_000, 100_000) }, (_, i) => `key:${i}`);
      await client.setMany(new Map(keys.map((key) => [key, key])));
      const values = await client.getMany(keys);
      assertEquals(values.size, keys.length);
      assert(keys.every((key) => values.get(key) === key));
      const deleted = await client.deleteMany([...keys, "missing"]);
      assertEquals(deleted.get("missing"), false);
      assertEquals(Array.from(deleted.values()).filter((existed) => existed).length, keys.length);
    });

    test("operations on many keys keep their place among those of one turn", async (client) => {
      const [, first, , second, , third] = await Promise.all([
        client.setMany({ a: 1, b: 1 }),
        client.get("a"),
        client.setMany({ a: 2, b: 2 }),
        client.getMany(["a", "b"]),
        client.deleteMany(["a", "b"]),
        client.get("b"),
      ]);
      assertEquals([first, second, third], [1, new Map([["a", 2], ["b", 2]]), undefined]);
    });

    test("setMany names what was refused and keeps what was stored", async (client) => {
      const entries = { small: "value", large: "x".repeat(1_100_000) };
      const error = await assertRejects(() => client.setMany(entries), PartialClientException);
      assertEquals(error.item, ["large"]);
      assertInstanceOf(error.failures.get("large"), ClientException);
      assertEquals(error.results, new Map([["small", true]]));
      assertEquals(await client.get("small"), "value");
    });

    test("setMany and getMany check everything before they send anything", async (client) => {
      const invalid = () => client.setMany([["good", 1], ["bad", () => {}]]);
      await assertRejects(invalid, ValidationException);
      await assertRejects(() => client.setMany({ good: 1, "b d": 2 }), ValidationException);
      await assertRejects(() => client.setMany({ good: 1 }, -1), ValidationException);
      await assertRejects(() => client.getMany(["good", ""]), ValidationException);
      await assertRejects(() => client.deleteMany(["good", "é"]), ValidationException);
      assertEquals(await client.get("good"), undefined);
    });

    test("add stores only what does not exist, replace only what does", async (client) => {
      assertEquals(await client.replace("key", 1), false);
      assertEquals(await client.add("key", { a: 1 }), true);
      assertEquals(await client.add("key", { a: 2 }), false);
      assertEquals(await client.get("key"), { a: 1 });
      assertEquals(await client.replace("key", { a: 3 }), true);
      assertEquals(await client.get("key"), { a: 3 });
    });

    test("append and prepend extend a string", async (client) => {
      assertEquals(await client.append("key", "c"), false);
      assertEquals(await client.prepend("key", "a"), false);
      await client.set("key", "ö");
      assertEquals(await client.append("key", "日"), true);
      assertEquals(await client.prepend("key", new TextEncoder().encode("a")), true);
      assertEquals(await client.get("key"), "aö日");
      for (const data of ["\ud800", 1, null]) {
        const extend = () => client.append("key", data as string);
        await assertRejects(extend, ValidationException);
      }
    });

    test("cas stores only an item that has not changed", async (client) => {
      assertEquals(await client.gets("key"), undefined);
      assertEquals(await client.cas("key", 1, 1n), "not_found");
      await client.set("key", "first");
      const item = (await client.gets<string>("key"))!;
      assertEquals(item.value, "first");
      assertEquals(await client.cas("key", "second", item.cas), "stored");
      assertEquals(await client.cas("key", "third", item.cas), "exists");
      assertEquals(await client.get("key"), "second");
      for (const cas of [1, -1n, 2n ** 64n, "1", undefined]) {
        await assertRejects(() => client.cas("key", 1, cas as bigint), ValidationException);
      }
    });

    test("neighbouring gets of one kind share a request", async (client) => {
      await client.setMany({ a: 1, b: 2 });
      const [before] = await client.stats();
      const [a, b, plain, touchedA, touchedB, other] = await Promise.all([
        client.gets("a"),
        client.gets("b"),
        client.get("a"),
        client.getAndTouch("a", 60),
        client.getAndTouch("b", 60),
        client.getAndTouch("b", 61),
      ]);
      const [after] = await client.stats();
      // What changes something shares no request: where it is refused it could not be asked again.
      const touches = "gat 60 a\r\ngat 60 b\r\ngat 61 b\r\n";
      const bytes = `gets a b\r\nget a\r\n${touches}stats\r\n`.length;
      assertEquals(Number(after?.bytes_read) - Number(before?.bytes_read), bytes);
      assertEquals([a?.value, b?.value, plain, touchedA, touchedB, other], [1, 2, 1, 1, 2, 2]);
      assert(a!.cas !== b!.cas);
    });

    test("a key that is named twice is sent once, and the last of its values is stored", async (client) => {
      const [before] = await client.stats();
      await client.setMany([["a", "1"], ["b", "2"], ["a", "3"]]);
      assertEquals(await client.getMany(["a", "b", "a"]), new Map([["a", "3"], ["b", "2"]]));
      assertEquals(await client.deleteMany(["a", "a"]), new Map([["a", true]]));
      const [after] = await client.stats();
      const bytes = "set a 274 0 1\r\n3\r\nset b 274 0 1\r\n2\r\nget a b\r\ndelete a\r\nstats\r\n";
      assertEquals(Number(after?.bytes_read) - Number(before?.bytes_read), bytes.length);
    });

    test("incr and decr count in 64 bits", async (client) => {
      assertEquals(await client.incr("key"), undefined);
      assertEquals(await client.decr("key", 5), undefined);
      await client.set("key", "10");
      assertEquals(await client.incr("key"), 11n);
      assertEquals(await client.incr("key", 5), 16n);
      assertEquals(await client.decr("key", 7n), 9n);
      assertEquals(BigInt(await client.get<string>("key") as string), 9n);
      assertEquals(await client.decr("key", 100), 0n);
      assertEquals(await client.incr("key", 2n ** 64n - 1n), 2n ** 64n - 1n);
      assertEquals(await client.incr("key", 2), 1n);
    });

    test("incr and decr make a counter that get can read", async (client) => {
      assertEquals(await client.incr("up", 5, { initial: 10, exptime: 60 }), 10n);
      assertEquals(await client.incr("up", 5, { initial: 10, exptime: 60 }), 15n);
      assertEquals(await client.get("up"), "15");
      await assertTtl(client, "up", 60);
      assertEquals(await client.decr("down", 1n, { initial: 2n ** 64n - 1n }), 2n ** 64n - 1n);
      assertEquals(await client.get("down"), `${2n ** 64n - 1n}`);
    });

    test("incr counts each call of many that find no counter", async (client) => {
      const counts = await Promise.all(
        Array.from({ length: 50 }, () => client.incr("key", 1, { initial: 1 })),
      );
      assertEquals(
        counts.sort((a, b) => Number(a! - b!)),
        Array.from({ length: 50 }, (_, i) => BigInt(i + 1)),
      );
    });

    test("incr refuses what is not a counter, and what is not a number", async (client) => {
      await client.set("key", "text");
      await assertRejects(() => client.incr("key"), ClientException, "non-numeric");
      for (const delta of [-1, 1.5, NaN, -1n, 2n ** 64n, "1", null]) {
        if (delta === null) continue;
        await assertRejects(() => client.incr("key", delta as bigint), ValidationException);
        const initial = { initial: delta as bigint };
        await assertRejects(() => client.decr("key", 1, initial), ValidationException);
      }
    });

    test("touch and getAndTouch change the exptime", async (client) => {
      assertEquals(await client.touch("key", 60), false);
      assertEquals(await client.getAndTouch("key", 60), undefined);
      await client.set("key", "value");
      assertEquals((await client.inspect("key"))?.ttl, -1);
      assertEquals(await client.touch("key", 60), true);
      await assertTtl(client, "key", 60);
      assertEquals(await client.getAndTouch("key", 0), "value");
      assertEquals((await client.inspect("key"))?.ttl, -1);
      assertEquals(await client.touch("key", new Date(0)), true);
      assertEquals(await client.get("key"), undefined);
      await assertRejects(() => client.touch("key", 1.5), ValidationException);
      await assertRejects(() => client.getAndTouch("key", -1), ValidationException);
    });

    test("inspect returns what memcached knows, and does not change the item", async (client) => {
      assertEquals(await client.inspect("key"), undefined);
      await client.set("key", "value", 100);
      const [{ ttl, lastAccess, ...fresh }, again] = [
        (await client.inspect("key"))!,
        (await client.inspect("key"))!,
      ];
      assertEquals(typeof fresh.cas, "bigint");
      assertEquals(fresh, { flags: 274, size: 5, cas: again.cas, fetched: false });
      assertEquals(again.fetched, false);
      // memcached's clock may tick between the calls, and may be a second behind.
      assert(
        ttl! >= 91 && ttl! <= 102 && lastAccess! <= 9,
        `${ttl} to live, used ${lastAccess} ago`,
      );
      await client.get("key");
      assertEquals((await client.inspect("key"))?.fetched, true);
    });

    test("flushAll empties every server", async (client) => {
      await client.setMany({ a: 1, b: 2 });
      await client.flushAll();
      assertEquals(await client.getMany(["a", "b"]), new Map());
      await client.set("a", 1);
      await client.flushAll({ delay: 100 });
      assertEquals(await client.get("a"), 1);
      await assertRejects(() => client.flushAll({ delay: -1 }), ValidationException);
    });

    test(
      "version and verbosity are sent to every server",
      async (client, _other, { address, options }) => {
        await using two = new Client([address, address], options);
        const versions = await two.version();
        assertEquals(versions.length, 2);
        for (const version of versions) assert(version.startsWith("1."), version);
        await client.verbosity(1);
        await client.verbosity(0);
        await assertRejects(() => client.verbosity(1.5), ValidationException);
      },
    );

    test("meta sends any meta command", async (client) => {
      const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
      assertEquals(await client.meta("mg", "key", ["v"]), { status: "EN", flags: {} });
      const stored = await client.meta("ms", "key", ["T60", "F7", "Oabc"], "välue");
      assertEquals(stored, { status: "HD", flags: { O: "abc" } });
      const found = await client.meta("mg", "key", ["t", "f", "s", "v", "k", "O1"]);
      assertEquals(found.flags, { t: "60", f: "7", s: "6", k: "key", O: "1" });
      assertEquals(text(found.value), "välue");
      assertEquals((await client.meta("ms", "key", ["ME"], "other")).status, "NS");
      assertEquals((await client.meta("md", "key", ["C999999"])).status, "EX");
      assertEquals((await client.meta("md", "key")).status, "HD");
      assertEquals((await client.meta("md", "key")).status, "NF");
      const counted = await client.meta("ma", "count", ["N0", "J5", "v"]);
      assertEquals([counted.status, text(counted.value)], ["VA", "5"]);
      assertEquals((await client.meta("mn", "")).status, "MN");
      assertEquals((await client.meta("me", "missing")).status, "EN");
      const debug = await client.meta("me", "count");
      assertEquals([debug.status, debug.debug?.fetch], ["ME", "no"]);
      const binary = await client.meta("ms", btoa("a b\r\n\xff"), ["b"], new Uint8Array([1]));
      assertEquals(binary.status, "HD");
      assertEquals(
        (await client.meta("mg", btoa("a b\r\n\xff"), ["b", "v"])).value,
        Uint8Array.of(1),
      );
    });

    test("meta returns the status that a quiet command means when it sends no reply", async (client) => {
      const statuses = await Promise.all([
        client.meta("mg", "key", ["q", "v"]),
        client.meta("ms", "key", ["q"], "1"),
        client.meta("mg", "key", ["q", "v"]),
        client.meta("ma", "key", ["q"]),
        client.meta("md", "key", ["q"]),
        client.meta("md", "key", ["q"]),
        client.meta("ms", "key", ["q", "C999999"], "1"),
        client.get("key"),
      ]);
      const seen = statuses.map((reply) => (reply as { status?: string } | undefined)?.status);
      assertEquals(seen, ["EN", "HD", "VA", "HD", "HD", "NF", "NF", undefined]);
    });

    test("meta refuses what could not be understood, before it is sent", async (client) => {
      type Arguments = Parameters<Client["meta"]>;
      const invalid: unknown[] = [
        ["get", "key"],
        ["mg", "a b"],
        ["mg", ""],
        ["mg", "key", ["v", "v"]],
        ["mg", "key", ["v t"]],
        ["mg", "key", ["v\r\nflush_all"]],
        ["mg", "key", ["1"]],
        ["mg", "key", [""]],
        ["mg", "key", ["q0"]],
        ["mg", "key", ["vx"]],
        ["mg", "key", "v"],
        ["mg", "key", 5],
        ["ms", "key", [], new ArrayBuffer(10)],
        ["ms", "key", [], new Uint16Array(3)],
        ["ms", "key", [], [1, 2]],
        ["ms", "key", [], 5],
        ["ms", "key", [], "\ud800"],
        ["ms", "key", [], { slice: () => ({ length: 0, byteLength: "0\r\n\r\nflush_all" }) }],
        ["mg", "key", ["b", "k"]],
        ["mg", "key", ["O"]],
        ["mg", "key", [`O${"x".repeat(32)}`]],
        ["mg", "key", [..."acdefghijklmnopqr"]],
        ["mg", "key", ["v", `T${"1".repeat(64)}`]],
        ["mg", "key", [], "value"],
        ["ms", "key", []],
        ["mn", "key"],
        ["mn", "", ["q"]],
        ["me", "key", ["v"]],
      ];
      for (const args of invalid) {
        await assertRejects(() => client.meta(...args as Arguments), ValidationException);
      }
      assertEquals(await client.get("key"), undefined);
    });

    test("append, prepend and meta send the bytes that they were given", async (client) => {
      // As a Buffer does, whose slice is a view.
      class View extends Uint8Array {
        override slice(): Uint8Array<ArrayBuffer> {
          return this.subarray() as Uint8Array<ArrayBuffer>;
        }
      }
      const bytes = new View([97, 98, 99]);
      await client.set("key", "");
      const sent = [client.append("key", bytes), client.prepend("key", bytes)];
      const stored = client.meta("ms", "other", ["F274"], bytes);
      bytes.fill(120);
      await Promise.all([...sent, stored]);
      assertEquals(
        await client.getMany(["key", "other"]),
        new Map([["key", "abcabc"], ["other", "abc"]]),
      );
    });

    test(
      "meta finds a base64 key on the server of the decoded key",
      async (_client, _other, { address, start, options }) => {
        await using other = await start();
        await using client = new Client([address, other.address], options);
        const keys = Array.from({ length: 50 }, (_, i) => `key${i}`);
        await client.setMany(new Map(keys.map((key) => [key, key])));
        for (const key of keys) {
          assertEquals(
            (await client.meta("mg", btoa(key), ["b"])).status,
            "HD",
          );
        }
      },
    );

    test("many keys are a list, not a text", async (client) => {
      for (const keys of ["ab", null, 5, {}] as unknown as string[][]) {
        await assertRejects(() => client.getMany(keys), ValidationException);
        await assertRejects(() => client.deleteMany(keys), ValidationException);
      }
      for (const entries of ["ab", null, [1], [["a"]], 5] as unknown as Record<string, unknown>[]) {
        await assertRejects(() => client.setMany(entries), ValidationException);
      }
    });

    test("many keys add one listener to a signal", async (client) => {
      const { signal, listeners } = new CountedSignal();
      const keys = Array.from({ length: 1000 }, (_, i) => `key${i}`);
      await Promise.all([client.getMany(keys, { signal }), client.get("key", { signal })]);
      assertEquals(listeners(), { present: 0, most: 1 });
    });

    test("many keys end with a signal that has been aborted already", async (client) => {
      const reason = new Error("enough");
      const options = { signal: AbortSignal.abort(reason) };
      for (
        const operation of [
          () => client.getMany(["a", "b"], options),
          () => client.setMany({ a: 1, b: 2 }, 0, options),
          () => client.deleteMany(["a", "b"], options),
        ]
      ) {
        assertEquals(await assertRejects(operation), reason);
      }
      assertEquals(await client.getMany(["a", "b"]), new Map());
    });

    test("flushAll refuses a delay that memcached takes for a time", async (client) => {
      await assertRejects(() => client.flushAll({ delay: 2_592_001 }), ValidationException);
    });

    test("meta rejects what memcached refuses, and the connection stays good", async (client) => {
      const [before] = await client.stats();
      await assertRejects(() => client.meta("ma", "key", ["Dx"]), ClientException);
      await client.set("key", "text");
      await assertRejects(() => client.meta("ma", "key"), ClientException, "non-numeric");
      const large = new Uint8Array(1_100_000);
      await assertRejects(() => client.meta("ms", "key", [], large), ClientException, "too large");
      assertEquals((await client.meta("mn", "")).status, "MN");
      const [after] = await client.stats();
      assertEquals(after?.total_connections, before?.total_connections);
    });
  }, clients);
}
