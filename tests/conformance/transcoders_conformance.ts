/** What a client does with each transcoder, whatever memcached it talks to. @module */

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  compressed,
  jsonTranscoder,
  moecacheTranscoder,
  rawTranscoder,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { enyimTranscoder } from "../../src/transcoding/mod.ts";
import { lock, memoize, once, rateLimit } from "../../src/patterns/mod.ts";
import { onEveryServer } from "../support/every_server.ts";

/** A transcoder, and values that it gives back. */
interface Subject {
  readonly transcoder: Transcoder;
  readonly values: readonly unknown[];
  /** What a counter reads as. */
  count(text: string): unknown;
}

const LONG = "moecache ".repeat(2000);
const utf8 = (text: string) => new TextEncoder().encode(text);

const moecache: Subject = {
  transcoder: moecacheTranscoder,
  values: ["", "日本語\r\n", LONG, null, 1.5, { a: [LONG] }, new Uint8Array(5000)],
  count: (text) => text,
};
const enyim: Subject = {
  transcoder: enyimTranscoder,
  values: [
    "",
    "日本語\r\n",
    LONG,
    null,
    true,
    -5,
    2 ** 40,
    2n ** 63n,
    new Date(0),
    new Uint8Array(5000),
  ],
  count: (text) => text,
};
const json: Subject = {
  transcoder: jsonTranscoder,
  values: ["", "日本語\r\n", LONG, null, true, -1.5, { a: [LONG] }],
  count: Number,
};
const raw: Subject = {
  transcoder: rawTranscoder,
  values: [new Uint8Array(0), utf8("END\r\n"), new Uint8Array(5000), utf8(LONG)],
  count: utf8,
};

const SUBJECTS: Record<string, Subject> = {
  moecacheTranscoder: moecache,
  enyimTranscoder: enyim,
  jsonTranscoder: json,
  rawTranscoder: raw,
  "compressed moecacheTranscoder": around(moecache),
  "compressed enyimTranscoder": around(enyim),
  "compressed jsonTranscoder": around(json),
  "compressed rawTranscoder": around(raw),
};

function around(subject: Subject): Subject {
  return { ...subject, transcoder: compressed(subject.transcoder, { threshold: 100 }) };
}

/** Describes clients with each transcoder. */
export function describeTranscoders(): void {
  for (const [name, { transcoder, values, count }] of Object.entries(SUBJECTS)) {
    onEveryServer(`Client with ${name}`, (test) => {
      test("gives back what it stored, one by one and together", async (client) => {
        for (const value of values) {
          await client.set("key", value);
          assertEquals(await client.get("key"), value);
        }
        const entries = values.map((value, i): [string, unknown] => [`key${i}`, value]);
        await client.setMany(entries);
        assertEquals(await client.getMany(entries.map(([key]) => key)), new Map(entries));
      });

      test("compares and swaps, and updates", async (client) => {
        const [first, second] = values;
        assertEquals(await client.add("key", first), true);
        const item = await client.gets("key");
        assertEquals(item?.value, first);
        assertEquals(await client.cas("key", second, item!.cas), "stored");
        assertEquals(await client.cas("key", second, item!.cas), "exists");
        for (const value of values) {
          assertEquals(await client.update("key", () => value), value);
          assertEquals(await client.getAndTouch("key", 60), value);
        }
      });

      test("reads counters", async (client) => {
        assertEquals(await client.incr("hits", 1, { initial: 9 }), 9n);
        assertEquals(await client.get("hits"), count("9"));
        assertEquals(await client.incr("hits", 1), 10n);
        assertEquals(await client.get("hits"), count("10"));
      });

      test("computes values once, and remembers failures", async (client, other) => {
        for (const [i, value] of values.entries()) {
          let loads = 0;
          const load = () => (loads++, value);
          const asked = [client, other, client].map((one) => one.getOrSet(`key${i}`, load));
          assertEquals(await Promise.all(asked), Array(3).fill(value));
          assertEquals([loads, await other.get(`key${i}`)], [1, value]);
        }
        const fail = () => Promise.reject(new Error("no luck"));
        await assertRejects(() => client.getOrSet("bad", fail, { negativeFor: 60 }), Error);
        assertEquals(await other.get("bad"), undefined);
        await assertRejects(() => other.getOrSet("bad", fail), ClientException, "no luck");
      });

      test("keeps namespaces apart", async (client) => {
        const namespace = client.namespace("n:");
        await namespace.set("key", values.at(-1));
        assertEquals(await namespace.get("key"), values.at(-1));
        await namespace.invalidateAll();
        assertEquals(await namespace.get("key"), undefined);
      });

      test("serves the patterns", async (client, other) => {
        for (const [i, result] of [undefined, ...values].entries()) {
          let calls = 0;
          const act = () => (calls++, result);
          const asked = [client, other].map((one) => once(one, `once${i}`, act));
          assertEquals(await Promise.all(asked), [result, result]);
          assertEquals(calls, 1);
        }
        const memoized = memoize(client, (i: number) => values[i], {
          key: (i) => `memo:${i}`,
          exptime: 60,
        });
        assertEquals(await Promise.all([memoized(1), memoized(1)]), [values[1], values[1]]);
        const options = { limit: 1, window: 60, now: () => 60_000 };
        assertEquals((await rateLimit(client, "rate", options)).allowed, true);
        assertEquals((await rateLimit(other, "rate", options)).allowed, false);
        await using held = await lock(client, "lock", { ttl: 60 });
        await assertRejects(() => lock(other, "lock", { ttl: 60, waitFor: 0 }), ClientException);
        assert(held.token > 0n);
      });

      test("refuses what it cannot store before anything is sent", async (client) => {
        await assertRejects(() => client.set("key", () => {}), ValidationException);
        await assertRejects(
          () => client.setMany({ a: values[0], b: undefined }),
          ValidationException,
        );
        assertEquals(await client.get("a"), undefined);
      });
    }, { "": { transcoder } });
  }

  onEveryServer("compressed", (test) => {
    test(
      "stores fewer bytes, and what is too large for memcached otherwise",
      async (_client, _other, { address }) => {
        const transcoder = compressed(moecacheTranscoder);
        await using client = new Client(address, { timeout: 10_000, transcoder });
        const text = "moecache".repeat(1_000_000);
        await client.set("key", text);
        assertEquals(await client.get("key"), text);
        const item = await client.inspect("key");
        assertEquals(item?.flags, 274 | 128);
        assertLess(item!.size!, 100_000);
      },
    );

    test("stops at the client's maxValueBytes", async (_client, _other, { address }) => {
      const transcoder = compressed(moecacheTranscoder);
      await using client = new Client(address, {
        timeout: 10_000,
        transcoder,
        maxValueBytes: 10_000,
      });
      await client.setMany({ long: "x".repeat(10_001), short: "x".repeat(10_000) });
      assertEquals(await client.get("short"), "x".repeat(10_000));
      await assertRejects(
        () => client.get("long"),
        ClientException,
        "more than maxValueBytes, 10000",
      );
    });

    test(
      "leaves short values to clients without it, which refuse the others",
      async (_client, _other, { address }) => {
        const transcoder = compressed(enyimTranscoder);
        await using client = new Client(address, { timeout: 10_000, transcoder });
        await using plain = new Client(address, { timeout: 10_000 });
        await client.setMany({ short: "text", long: LONG });
        await plain.set("plain", LONG);
        assertEquals(await plain.get("short"), "text");
        assertEquals(await client.get("plain"), LONG);
        await assertRejects(() => plain.get("long"), ClientException, "unsupported data type 146");
      },
    );

    test(
      "refuses to count what is compressed, and to read what was appended to",
      async (_client, _other, { address }) => {
        const transcoder = compressed(moecacheTranscoder);
        await using client = new Client(address, { timeout: 10_000, transcoder });
        await client.set("key", LONG);
        await assertRejects(() => client.incr("key"), ClientException);
        await client.append("key", "more");
        await assertRejects(() => client.get("key"), ClientException, "are damaged");
      },
    );
  });
}
