import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  Client,
  ClientException,
  compressed,
  type Dial,
  type EncodedValue,
  jsonTranscoder,
  type KeyCommands,
  moecacheTranscoder,
  type OperationOptions,
  PartialClientException,
  rawTranscoder,
  SocketError,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { hashedKeys, type LargeValueCommands, largeValues, tagged } from "../../src/views/mod.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";
import { dialNode } from "../../src/transport/node.ts";
import { onEveryServer } from "../support/every_server.ts";
import { SwitchedFleet, untilUp } from "../support/switched_fleet.ts";
import { assertTtl } from "../support/ttl.ts";
import { describeKeyCommands } from "./key_commands_suite.ts";

const SMALL = { chunkByteLength: 1024 };
const FORMATS = { "": SMALL, " in mcrouter's format": { ...SMALL, format: "mcrouter" } } as const;

for (const [name, options] of Object.entries(FORMATS)) {
  describeKeyCommands(`largeValues${name}`, (client) => largeValues(client, options), {
    takesLargeValues: "format" in options,
  });
}
describeKeyCommands("largeValues under tagged", (client) => tagged(largeValues(client, SMALL)));
describeKeyCommands(
  "largeValues over hashedKeys, of a namespace",
  (client) => largeValues(hashedKeys(client.namespace("n:")), SMALL),
  { takesAnyKey: true },
);

function bytes(length: number, start = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + start) % 251);
}

/** Without `ReadableStream.from`, which Bun 1.2 does not have. */
function streamOf<Piece>(...pieces: Piece[]): ReadableStream<Piece> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

async function slowly<Value>(value: Value): Promise<Value> {
  await Promise.resolve();
  return value;
}

async function read(stream: ReadableStream<Uint8Array> | undefined): Promise<Uint8Array> {
  assert(stream !== undefined);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function keysOf(client: Client): Promise<string[]> {
  return await Array.fromAsync(client.items(), ({ key }) => key);
}

for (const [name, options] of Object.entries(FORMATS)) {
  onEveryServer(`largeValues${name}, of a value that has lost a chunk`, (test) => {
    const keys = ["read", "replaced", "touched", "deleted", "among", "other", "added"];
    test("is absent for every command", async (client) => {
      const view = largeValues(client, options);
      await view.setMany(keys.map((key) => [key, bytes(3000)] as const), 60);
      const items = client.withTranscoder(rawTranscoder({ withFlags: true }));
      const heads = await items.getMany(keys);
      await client.deleteMany((await keysOf(client)).filter((key) => !keys.includes(key)));
      await view.set("whole", bytes(3000), 60);
      assertEquals(await view.get("read"), undefined);
      assertEquals(await view.getAndTouch("read", 60), undefined);
      assertEquals(await view.inspect("read"), undefined);
      assertEquals(await view.invalidate("read"), false);
      await items.setMany(heads as Map<string, unknown>, 60);
      const { cas = 0n } = await items.gets("read") ?? {};
      assertEquals(await view.cas("read", bytes(3000), cas, 60), "not_found");
      assertEquals(await view.replace("replaced", bytes(3000), 60), false);
      assertEquals(await view.touch("touched", 60), false);
      assertEquals(await view.delete("deleted"), false);
      assertEquals(
        await view.deleteMany(["among", "whole", "none"]),
        new Map([["among", false], ["whole", true], ["none", false]]),
      );
      assertEquals([await view.add("added", bytes(2000)), await view.add("added", 1)], [
        true,
        false,
      ]);
      // What was refused has left no chunks.
      await view.delete("added");
      const left = (await keysOf(client)).filter((key) => !keys.includes(key));
      assertEquals(left, []);
    });

    test("is there for every command while it is whole", async (client) => {
      const view = largeValues(client, options);
      await view.set("a", bytes(3000), 60);
      const { cas = 0n } = await view.gets("a") ?? {};
      assertEquals((await view.inspect("a"))?.cas, cas);
      assertEquals(await view.touch("a", 60), true);
      const { cas: present = 0n } = await view.gets("a") ?? {};
      assertEquals(await view.cas("a", bytes(2000), present, 60), "stored");
      assertEquals(await view.replace("a", bytes(4000), 60), true);
      assertEquals(await view.get("a"), bytes(4000));
      assertEquals(await view.invalidate("a"), true);
      await view.set("a", bytes(3000), 60);
      assertEquals([await view.delete("a"), await view.delete("a")], [true, false]);
      assertEquals(await keysOf(client), []);
    });
  });

  onEveryServer(`largeValues${name}`, (test) => {
    test("stores values of every length around a chunk's", async (client) => {
      const view = largeValues(client, options);
      for (const length of [0, 1, 300, 341, 342, 1023, 1024, 1025, 2047, 2048, 2049, 10_000]) {
        await view.set("bytes", bytes(length));
        assertEquals(await view.get("bytes"), bytes(length), `${length}`);
        const text = "ü€x".repeat(length).slice(0, length);
        await view.set("text", text);
        assertEquals(await view.get("text"), text, `${length}`);
      }
    });

    test("deletes the chunks of what is replaced or deleted", async (client, other) => {
      const [view, otherView] = [largeValues(client, options), largeValues(other, options)];
      const changes: readonly ((view: KeyCommands) => Promise<unknown>)[] = [
        (view) => view.set("a", bytes(3000)),
        (view) => view.replace("a", bytes(3000)),
        (view) => view.append("a", bytes(3000)),
        (view) => view.setMany({ a: "small" }),
        (view) => view.update("a", () => bytes(3000)),
        async (view) => {
          const cas = (await view.gets("a"))?.cas ?? 0n;
          assertEquals(await view.cas("a", bytes(5000), cas), "stored");
          assertEquals(await view.cas("a", bytes(5000), cas), "exists");
        },
        (view) => view.add("a", bytes(9000)),
        (view) => view.delete("a"),
      ];
      for (const [i, change] of changes.entries()) {
        await change(i % 2 === 0 ? view : otherView);
        const { byteLength = 0 } = await view.get<Uint8Array>("a").then(Object);
        const chunks = Math.ceil(byteLength / 1024);
        const isCut = byteLength > 1024;
        const keys = await keysOf(client);
        assert(keys.length >= (isCut ? 1 + chunks : 0), `${keys}`);
        // Pickles hold bytes as UTF-8, up to twice as many.
        assert(keys.length <= 2 * chunks + 2, `after change ${i}: ${keys}`);
      }
      assertEquals(await keysOf(client), []);
    });

    test("treats a value that lacks a chunk as a miss", async (client) => {
      const view = largeValues(client, options);
      for (const index of [0, 1, 4]) {
        await view.set("a", bytes(4500), 60);
        const chunk = (await keysOf(client)).find((key) => key.match(`[-:]${index}:`));
        assert(chunk !== undefined);
        await client.delete(chunk);
        assertEquals(await view.get("a"), undefined);
        assertEquals(await view.gets("a"), undefined);
        assertEquals(await view.getMany(["a"]), new Map());
        assertEquals(await view.getOrSet("a", () => bytes(4000), { exptime: 60 }), bytes(4000));
        assertEquals(await view.get("a"), bytes(4000));
      }
    });

    test("keeps the chunks as long as the value", async (client) => {
      const view = largeValues(client, options);
      await view.set("a", bytes(2500), 100);
      await view.touch("a", 1000);
      for (const key of await keysOf(client)) {
        await assertTtl(client, key, key === "a" ? 1000 : 1002);
      }
      await view.getAndTouch("a", 0);
      for (const key of await keysOf(client)) await assertTtl(client, key, -1);
      await view.getOrSet("b", () => bytes(2500), { exptime: 100, staleFor: 50 });
      await view.delete("a");
      for (const key of await keysOf(client)) await assertTtl(client, key, key === "b" ? 150 : 152);
      // The stale value has to be there for so long.
      await view.invalidate("b", { staleFor: 500 });
      for (const key of await keysOf(client)) await assertTtl(client, key, key === "b" ? 500 : 502);
    });

    test("invalidate leaves the chunks of a newer value as they are", async (client, other) => {
      const otherView = largeValues(other, options);
      // Another client stores a value as soon as the old one has been marked.
      const overtaken = (commands: KeyCommands): KeyCommands => {
        const changed: Partial<KeyCommands> = {
          async invalidate(...args) {
            const isThere = await commands.invalidate(...args);
            await otherView.set("a", bytes(3500), 1000);
            return isThere;
          },
          withTranscoder: (transcoder) => overtaken(commands.withTranscoder(transcoder)),
        };
        return new Proxy(commands, {
          get(target, name) {
            const value = Reflect.get(name in changed ? changed : target, name);
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
      };
      await otherView.set("a", bytes(3000), 1000);
      assertEquals(
        await largeValues(overtaken(client), options).invalidate("a", { staleFor: 100 }),
        true,
      );
      const keys = await keysOf(client);
      assert(keys.length >= 5, `${keys}`);
      for (const key of keys) await assertTtl(client, key, key === "a" ? 1000 : 1002);
    });

    test(
      "never mixes two values while they are written, read and deleted",
      async (client, other) => {
        const [view, otherView] = [largeValues(client, options), largeValues(other, options)];
        const values = [bytes(5000, 1), bytes(7000, 2), bytes(3000, 3), bytes(10, 4)];
        const write = async (view: KeyCommands) => {
          for (let i = 0; i < 40; i++) {
            await view.set("a", values[i % values.length]);
            if (i % 5 === 0) await view.delete("a");
          }
        };
        let isWriting = true;
        const writing = Promise.all([write(view), write(otherView)]).finally(() =>
          isWriting = false
        );
        while (isWriting) {
          const value = await view.get<Uint8Array>("a");
          if (value === undefined) continue;
          assert(values.some((written) => `${written}` === `${value}`), "a mixture");
        }
        await writing;
      },
    );
  });
}

onEveryServer("largeValues", (test) => {
  test("gives what getAndTouch ends", async (client) => {
    const view = largeValues(client, { chunkByteLength: 1024 });
    const value = "x".repeat(5000);
    await view.set("a", value, 60);
    assertEquals(await view.getAndTouch("a", new Date(Date.now() - 5000)), value);
    assertEquals(await view.get("a"), undefined);
  });

  test("streams in and out", async (client) => {
    const view = largeValues(client, SMALL);
    for (const length of [0, 5, 1024, 1025, 2048, 100_000]) {
      const value = bytes(length);
      const pieces = [value.subarray(0, 7), value.subarray(7, 1030), value.subarray(1030)];
      await view.setStream("a", streamOf(...pieces), 60);
      assertEquals(await view.get("a"), value);
      assertEquals(await read(await view.getStream("a")), value);
      assertEquals(
        (await keysOf(client)).length,
        length <= 1024 ? 1 : 1 + Math.ceil(length / 1024),
      );
    }
    await view.set("text", "ü".repeat(2000));
    assertEquals(
      await read(await view.getStream("text")),
      new TextEncoder().encode("ü".repeat(2000)),
    );
    assertEquals(await view.getStream("none"), undefined);
    await view.set("record", {});
    await assertRejects(() => view.getStream("record"), ClientException, "neither bytes nor");
  });

  test("stores nothing of a stream that fails or is aborted", async (client) => {
    const view = largeValues(client, SMALL);
    const fault = new Error("no more");
    let canceled: unknown;
    const failing = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (controller.desiredSize === null) return;
        controller.enqueue(bytes(3000));
        controller.error(fault);
      },
    });
    assertEquals(await assertRejects(() => view.setStream("a", failing)), fault);
    const caller = new AbortController();
    let pulls = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(bytes(3000));
        if (++pulls === 10) caller.abort(fault);
      },
      cancel: (reason) => canceled = reason,
    });
    const setting = view.setStream("a", endless, 0, { signal: caller.signal });
    assertEquals(await assertRejects(() => setting), fault);
    assertEquals(canceled, fault);
    assertEquals(await view.get("a"), undefined);
    assertEquals(await keysOf(client), []);
    const wrong = streamOf("text") as unknown as ReadableStream<Uint8Array>;
    await assertRejects(() => view.setStream("a", wrong), ValidationException, "Uint8Array");
    await assertRejects(() => view.setStream("a b", streamOf()), ValidationException);
    await assertRejects(() => view.setStream("a", {} as ReadableStream), ValidationException);
  });

  test("ends with the signal while its stream yields nothing", async (client) => {
    const view = largeValues(client, SMALL);
    const fault = new Error("enough");
    for (const pieces of [[], [bytes(10)], [bytes(5000)]]) {
      let canceled: unknown;
      const stalled = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const piece of pieces) controller.enqueue(piece);
        },
        cancel: (reason) => canceled = reason,
      });
      const caller = new AbortController();
      const setting = view.setStream("a", stalled, 0, { signal: caller.signal });
      setTimeout(() => caller.abort(fault), 5);
      assertEquals(await assertRejects(() => setting), fault);
      assertEquals(canceled, fault);
      // What it has begun to delete is deleted before this is answered.
      await view.get("a");
      assertEquals(await keysOf(client), []);
    }
    let canceled: unknown;
    const unread = new ReadableStream<Uint8Array>({ cancel: (reason) => canceled = reason });
    const aborted = { signal: AbortSignal.abort(fault) };
    assertEquals(await assertRejects(() => view.setStream("a", unread, 0, aborted)), fault);
    assertEquals(canceled, fault);
    // Before the stream is asked for anything.
    canceled = undefined;
    const soon = new AbortController();
    const silent = new ReadableStream<Uint8Array>({ cancel: (reason) => canceled = reason });
    const setting = view.setStream("a", silent, 0, { signal: soon.signal });
    soon.abort(fault);
    assertEquals(await assertRejects(() => setting), fault);
    assertEquals(canceled, fault);
  });

  test("refuses what cannot be stored before it stores a chunk", async (client) => {
    const stored: string[] = [];
    for (const options of Object.values(FORMATS)) {
      const view = largeValues(client, options);
      await view.set("kept", bytes(5000), 1000);
      const before = await keysOf(client);
      const large = bytes(5000);
      const wrong = { tiemout: 5 } as object;
      const locked = streamOf(large);
      locked.getReader();
      const raw = largeValues(client, {
        ...options,
        format: "mcrouter",
        transcoder: rawTranscoder,
      });
      const streaming = "format" in options ? raw : view;
      const refused: readonly (() => Promise<unknown>)[] = [
        ...[-1, 1.5, NaN, "60", null, 2 ** 31, 60n, Symbol("exptime")].flatMap((exptime) => [
          () => view.set("a", large, exptime as number),
          () => view.setMany({ a: large, b: 1 }, exptime as number),
          () => view.add("a", large, exptime as number),
          () => view.touch("kept", exptime as number),
          () => view.getAndTouch("kept", exptime as number),
          () => streaming.setStream("a", streamOf(large), exptime as number),
        ]),
        ...["a b", "", "x".repeat(251), 5].flatMap((key) => [
          () => view.set(key as string, large),
          () => streaming.setStream(key as string, streamOf(large)),
        ]),
        () => view.set("a", large, 60, wrong),
        () => view.set("a", large, 60, null as unknown as undefined),
        () => streaming.setStream("a", streamOf(large), 60, wrong),
        () => streaming.setStream("a", streamOf(large), 60, null as unknown as undefined),
        () => streaming.setStream("a", streamOf(large), 60, { signal: 5 } as object),
        () => streaming.setStream("a", locked),
      ];
      for (const [i, operation] of refused.entries()) {
        await assertRejects(operation, ValidationException, undefined, `operation ${i}`);
      }
      assertEquals((await keysOf(client)).toSorted(), before.toSorted());
      for (const key of before) await assertTtl(client, key, key === "kept" ? 1000 : 1002);
      assertEquals(await view.get("kept"), large);
      await view.delete("kept");
      stored.push(...await keysOf(client));
    }
    assertEquals(stored, []);
  });

  test("takes the latest exptimes", async (client) => {
    const view = largeValues(client, SMALL);
    const latest = 2 ** 31 - 1;
    for (const exptime of [2_592_000, 999_999_999, latest, new Date(latest * 1000)]) {
      await view.set("a", bytes(5000), exptime);
      assertEquals(await view.get("a"), bytes(5000));
      await view.setStream("a", streamOf(bytes(3000)), exptime);
      assertEquals(await view.get("a"), bytes(3000));
    }
  });

  test("fails a stream when a chunk is lost while it is read", async (client) => {
    const view = largeValues(client, SMALL);
    await view.set("a", bytes(20_000));
    const stream = await view.getStream("a");
    const last = (await keysOf(client)).find((key) => key.includes("-19:"));
    assert(last !== undefined);
    await client.delete(last);
    await assertRejects(() => read(stream), ClientException, "dropped a part");
    // From then on it is known before anything is read: no caller gets half a value again and again.
    assertEquals(await view.getStream("a"), undefined);
  });

  test("reads what mcrouter has written, and writes the same", async (client) => {
    const raw = client.withTranscoder(rawTranscoder({ withFlags: true }));
    const view = largeValues(client, { ...SMALL, format: "mcrouter", transcoder: rawTranscoder });
    const encode = (text: string) => new TextEncoder().encode(text);
    await raw.set("a", { flags: 0x8000 + 5, data: encode("1-2-1234567890") });
    await raw.setMany({
      "a:0:1234567890": { flags: 0, data: encode("first ") },
      "a:1:1234567890": { flags: 0, data: encode("second") },
    });
    assertEquals(await view.get("a"), encode("first second"));
    await raw.set("a", { flags: 0x8000, data: encode("01-002-001234567890") });
    assertEquals(await view.get("a"), encode("first second"));
    for (const head of ["2-2-1234567890", "1-2-", "", "1-2-1234567890x", "1-99999999-1"]) {
      await raw.set("a", { flags: 0x8000, data: encode(head) });
      assertEquals(await view.get("a"), undefined, head);
    }
    await view.set("b", bytes(2500));
    const head = await raw.get<{ flags: number; data: Uint8Array }>("b");
    assertEquals(head?.flags, 0x8000);
    const [version, count, suffix] = new TextDecoder().decode(head?.data).split("-");
    assertEquals([version, count], ["1", "3"]);
    const chunk = await raw.get<{ data: Uint8Array }>(`b:2:${suffix}`);
    assertEquals(chunk?.data, bytes(2500).slice(2048));
    await view.setStream("c", streamOf(bytes(3000)));
    assertEquals(await view.get("c"), bytes(3000));
    const pickled = largeValues(client, { format: "mcrouter" });
    await assertRejects(() => pickled.setStream("c", streamOf()), ValidationException, "raw");
  });
});

Deno.test("largeValues streams in mcrouter's format what was set, and not what its transcoder makes of it", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const text = "ünïcödé ".repeat(1000);
  const utf8 = new TextEncoder().encode(text);
  // It is longer than a chunk when it is compressed, too.
  const noise = Uint8Array.from({ length: 10_000 }, (_, i) => (i * i * 40_503 >>> 7) & 63);
  const transcoders: Record<string, Transcoder> = {
    moecacheTranscoder,
    "pickles of protocol 4": moecacheTranscoder({ pickleProtocol: 4 }),
    jsonTranscoder,
    rawTranscoder,
    compressed: compressed(moecacheTranscoder, { threshold: 100 }),
  };
  for (const [name, transcoder] of Object.entries(transcoders)) {
    const view = largeValues(client, { ...SMALL, format: "mcrouter", transcoder });
    const values: [unknown, Uint8Array][] = [];
    if (transcoder !== jsonTranscoder) values.push([noise, noise]);
    if (transcoder !== rawTranscoder) values.push([text, utf8]);
    for (const [value, expected] of values) {
      await view.set("a", value);
      assertEquals(await read(await view.getStream("a")), expected, name);
    }
    if (transcoder === rawTranscoder) continue;
    await view.set("a", Array.from(noise));
    await assertRejects(() => view.getStream("a"), ClientException, "neither bytes nor");
  }
});

for (const [name, options] of Object.entries(FORMATS)) {
  Deno.test(`largeValues reads once more what is replaced between its list and its chunks${name}`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    await using other = new Client(server.address);
    const otherView = largeValues(other, options);
    let overtake = async () => {};
    /** A client in whose reads of a list another one gets in between. */
    const overtaken = (commands: KeyCommands): KeyCommands =>
      new Proxy(commands, {
        get(target, name) {
          const value = Reflect.get(target, name);
          if (typeof value !== "function" || name === "locate") return value;
          if (name === "withTranscoder") {
            return (transcoder: Transcoder) => overtaken(target.withTranscoder(transcoder));
          }
          return async (...args: unknown[]) => {
            const result = await Reflect.apply(value, target, args);
            const replace = overtake;
            overtake = async () => {};
            await replace();
            return result;
          };
        },
      });
    const view = largeValues(overtaken(client), options);
    const reads: Record<string, () => Promise<unknown>> = {
      get: () => view.get("a"),
      gets: async () => (await view.gets("a"))?.value,
      getMany: async () => (await view.getMany(["a"])).get("a"),
      getAndTouch: () => view.getAndTouch("a", 60),
      getOrSet: () => view.getOrSet("a", () => "loaded"),
      getStream: async () => await read(await view.getStream("a")),
    };
    for (const [command, readAgain] of Object.entries(reads)) {
      await otherView.set("a", bytes(5000, 1), 60);
      overtake = () => otherView.set("a", bytes(7000, 2), 60);
      assertEquals(await readAgain(), bytes(7000, 2), command);
    }
  });
}

Deno.test("largeValues refuses in mcrouter's format what would be read as a large value", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  for (const flags of [0x8000, 0xffff_ffff]) {
    for (const encode of [(item: EncodedValue) => item, (item: EncodedValue) => slowly(item)]) {
      const transcoder: Transcoder = {
        encode: (value) => encode({ flags, data: value as Uint8Array<ArrayBuffer> }),
        decode: ({ data }) => data,
      };
      const view = largeValues(client, { ...SMALL, format: "mcrouter", transcoder });
      for (const length of [10, 5000]) {
        await assertRejects(() => view.set("a", bytes(length)), ValidationException, "0x8000");
      }
      await assertRejects(() => view.setStream("a", streamOf(bytes(5000))), ValidationException);
    }
  }
  assertEquals(await keysOf(client), []);
});

Deno.test("largeValues says in mcrouter's format what is wrong with a value as the client does", async () => {
  await using client = new Client("127.0.0.1:1");
  const view = largeValues(client, { ...SMALL, format: "mcrouter" });
  for (const none of [undefined, () => {}, Symbol("none")]) {
    const { message } = await assertRejects(() => client.set("a", none), ValidationException);
    await assertRejects(() => view.set("a", none), ValidationException, message);
  }
});

Deno.test("largeValues streams 64 MB in memory that holds a few chunks", async () => {
  let received = 0;
  let asked = 0;
  await using server = await MemcachedServer.listen({
    memoryLimit: 2 ** 27,
    fault({ command, keys }) {
      if (command === "set") received++;
      if (command === "get") asked += keys.length;
      return undefined;
    },
  });
  await using client = new Client(server.address);
  const view = largeValues(client);
  const piece = bytes(2 ** 20);
  let produced = 0;
  let consumed = 0;
  let most = 0;
  /** How many chunks of a million bytes were on their way at once, in and out. */
  const onTheirWay = [0, 0];
  await view.setStream(
    "a",
    new ReadableStream<Uint8Array>({
      pull(controller) {
        const way = produced * 2 ** 20 / 1_000_000 - received;
        onTheirWay[0] = Math.max(onTheirWay[0] ?? 0, way);
        if (produced === 64) return controller.close();
        produced++;
        controller.enqueue(piece);
      },
    }, { highWaterMark: 0 }),
  );
  asked = 0;
  const stream = await view.getStream("a");
  assert(stream !== undefined);
  for await (const chunk of stream) {
    // A slow reader is waited for.
    for (let i = 0; i < 5; i++) await client.touch("none", 0);
    onTheirWay[1] = Math.max(onTheirWay[1] ?? 0, asked - consumed / 1_000_000);
    consumed += chunk.byteLength;
    most = Math.max(most, chunk.byteLength);
  }
  assertEquals([produced, consumed, most], [64, 64 * 2 ** 20, 1_000_000]);
  for (const chunks of onTheirWay) assert(chunks > 1 && chunks <= 12, `${onTheirWay} chunks`);
});

for (const [failover, isReused] of [["error", true], ["miss", false]] as const) {
  const how = isReused ? "in the memory of a few chunks" : "in memory of their own";
  Deno.test(`largeValues streams chunks ${how} with failover: ${failover} (node, direct)`, async () => {
    const memory = new Set<ArrayBufferLike>();
    const chunkByteLength = 40_000;
    const dial: Dial = async (endpoint, options) => {
      const transport = await dialNode(endpoint, options);
      const write = transport.write?.bind(transport);
      assert(write !== undefined);
      transport.write = (bytes) => {
        if (bytes.buffer.byteLength === chunkByteLength) memory.add(bytes.buffer);
        return write(bytes);
      };
      return transport;
    };
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address, { dial, failover });
    const view = largeValues(client, { chunkByteLength });
    const value = bytes(40 * chunkByteLength + 5);
    const pieces = Array.from({ length: 41 }, (_, i) => {
      return value.subarray(i * chunkByteLength, (i + 1) * chunkByteLength);
    });
    await view.setStream("a", streamOf(...pieces));
    if (isReused) assert(memory.size <= 12, `${memory.size} chunks`);
    // A write that was dropped may be on its way still.
    else assertEquals(memory.size, 40);
    const found = await view.get<Uint8Array>("a");
    assert(found?.every((byte, i) => byte === value[i]));
  });
}

Deno.test("largeValues asks each server once for all chunks of a value", async () => {
  const requests: (readonly [server: number, line: string])[] = [];
  const noting = (server: number) => ({
    fault: ({ line }: { line: string }) => (requests.push([server, line]), undefined),
  });
  await using first = await MemcachedServer.listen(noting(1));
  await using second = await MemcachedServer.listen(noting(2));
  await using client = new Client([first.address, second.address]);
  const mcrouter = { ...SMALL, format: "mcrouter", transcoder: rawTranscoder } as const;
  for (const [options, length] of [[SMALL, 100_000], [mcrouter, 16 * 1024]] as const) {
    for (const view of [largeValues(client, options), tagged(largeValues(client, options))]) {
      await view.set("a", bytes(length));
      requests.length = 0;
      assertEquals(await view.get("a"), bytes(length));
      assertEquals(requests.shift()?.[1], "get a");
      // All chunks may be on one server.
      const asked = new Set(requests.map(([server]) => server));
      assertEquals(requests.length, asked.size, `${requests.map(([, line]) => line.slice(0, 50))}`);
    }
  }
});

Deno.test("largeValues ends reading a stream when its server is away", async () => {
  await using client = new Client("127.0.0.1:1", { timeout: 60_000 });
  const stalled = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes(5000)),
  });
  const view = largeValues(client, SMALL);
  const error = await assertRejects(() => view.setStream("a", stalled), SocketError);
  assertEquals(error.name, "SocketError");
  // Its chunks are nothing that a caller knows.
  const refused = await assertRejects(() => view.set("a", bytes(5000)), SocketError);
  assertEquals(refused.message.includes("~moecache"), false, refused.message);
});

Deno.test("views say before they store anything that a transcoder refuses their lists", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { transcoder: rawTranscoder });
  const large = largeValues(client, SMALL);
  const byTags = tagged(client);
  const hashed = hashedKeys(client);
  const tags = { tags: ["tag"] };
  const calls: Record<string, () => Promise<unknown>> = {
    set: () => large.set("key", bytes(5000)),
    add: () => large.add("key", bytes(5000)),
    setMany: () => large.setMany({ key: bytes(5000) }),
    setStream: () => large.setStream("key", streamOf(bytes(5000))),
    getOrSet: () => large.getOrSet("key", () => bytes(5000)),
    tagged: () => byTags.set("key", bytes(5), 60, tags),
    "tagged getOrSet": () => byTags.getOrSet("key", () => bytes(5), tags),
    hashed: () => hashed.set("the key", bytes(5)),
    "hashed update": () => hashed.update("the key", () => bytes(5)),
  };
  for (const [name, call] of Object.entries(calls)) {
    const { message } = await assertRejects(call, ClientException, undefined, name);
    assertStringIncludes(message, "a list, which the client's transcoder refuses", name);
  }
  const stored = await keysOf(client);
  assertEquals(stored.filter((key) => !key.includes("tag")), []);
  // What needs no list is stored.
  await large.setStream("key", streamOf(bytes(500)));
  await byTags.set("other", bytes(5));
  await hashed.set("plain", bytes(5));
  assertEquals((await client.getMany(["key", "other", "plain"])).size, 3);
});

Deno.test("largeValues refuses a damaged list, and finds nothing by one whose chunks are gone", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = largeValues(client, SMALL);
  const id = "0123456789abcdef".repeat(2);
  const damaged = [
    ...[[], [id], [5, 2000, 1024], [id.slice(1), 2000, 1024], [id.toUpperCase(), 2000, 1024]],
    ...[[id, -1, 1024], [id, 1.5, 1024], [id, "2000", 1024], [id, 2 ** 53, 2 ** 33]],
    ...[[id, 2000, 0], [id, 0, 0], [id, 2000, -1024], [id, 2000, 1.5], [id, 2000, "1024"]],
    [id, 100 * 1_048_576 + 1, 100],
  ];
  for (const parts of damaged) {
    await client.set("key", ["~moecache-large", ...parts]);
    const reading = () => view.get("key");
    const error = await assertRejects(reading, ClientException, "list is damaged", `${parts}`);
    assertStringIncludes(error.message, "Cannot read a large value");
  }
  await client.set("key", ["~moecache-large", id, 2000, 1024, "bytes"]);
  assertEquals(await view.get("key"), undefined);
});

Deno.test("largeValues refuses invalid options", async () => {
  await using client = new Client("127.0.0.1:1");
  for (
    const options of [
      { chunkByteLength: 10 },
      { chunkByteLength: "1k" },
      { format: "big" },
      { transcoder: rawTranscoder },
      { format: "mcrouter", transcoder: null },
      { size: 5 },
    ]
  ) {
    assertThrows(() => largeValues(client, options as object), ValidationException);
  }
});

Deno.test("largeValues computes once what it cannot store, with failover: miss", async () => {
  await using fleet = await SwitchedFleet.start(["values:1", "chunks:1"]);
  await using client = new Client(fleet.names, {
    ...{ failover: "miss", dial: fleet.dial, timeout: 10_000, probeDelay: 5, maxProbeDelay: 5 },
    locator: () => ({ locate: (key) => Number(key.startsWith("~moecache-1:")) }),
  });
  const view = largeValues(client, SMALL);
  await view.set("old", bytes(5000), 60);
  const chunks = fleet.servers[1]!;
  await chunks.become("refusing");
  let loads = 0;
  const load = () => bytes(5000, ++loads);
  assertEquals(await view.getOrSet("new", load, { exptime: 60 }), bytes(5000, 1));
  assertEquals(loads, 1);
  assertEquals(await view.get("old"), undefined);
  assertEquals(await view.getOrSet("old", load), bytes(5000, 2));
  loads = 0;
  const herd = Array.from({ length: 50 }, () => view.getOrSet("herd", load, { exptime: 60 }));
  for (const value of await Promise.all(herd)) assertEquals(value.byteLength, 5000);
  assert(loads <= 5, `${loads} loads`);
  // What cannot be read is no miss for `update`, which would overwrite it.
  await assertRejects(() => view.update("old", () => bytes(1)), SocketError);
  await chunks.become("up");
  await untilUp(client);
  assertEquals(await view.get("old"), bytes(5000));
});

for (const [name, options] of Object.entries(FORMATS)) {
  Deno.test(`largeValues stores nothing in place of a value if a chunk is dropped, and says so${name}`, async () => {
    let refuses = false;
    const fault: FaultHook = ({ command, keys: [key = ""] }) => {
      return refuses && command === "set" && key !== "key"
        ? { reply: "SERVER_ERROR backend failure" }
        : undefined;
    };
    await using server = await MemcachedServer.listen({ fault });
    await using client = new Client(server.address, { failover: "miss" });
    const view = largeValues(client, options);
    const old = "x".repeat(5000);
    const next = "y".repeat(5000);
    await view.set("key", old);
    const { cas } = (await view.gets("key"))!;
    refuses = true;
    assertEquals(await view.replace("key", next), false);
    assertEquals(await view.cas("key", next, cas), "not_found");
    assertEquals(await view.append("key", next), false);
    await assertRejects(() => view.update("key", () => next), ClientException, "backend failure");
    assertEquals(await view.add("absent", next), false);
    assertEquals(await view.get("absent"), undefined);
    assertEquals(await view.get("key"), old);
  });
}

Deno.test("largeValues keeps the chunks of a value that a fault has hidden after a write, with failover: miss", async () => {
  let isStored = false;
  const fault: FaultHook = ({ command, keys }) => {
    if (command === "cas") isStored = true;
    return isStored && command === "get" && keys.includes("key")
      ? { reply: "SERVER_ERROR backend failure" }
      : undefined;
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address, { failover: "miss" });
  const view = largeValues(client, SMALL);
  await view.set("key", "x".repeat(5000));
  const { cas } = (await view.gets("key"))!;
  assertEquals(await view.cas("key", "y".repeat(5000), cas + 1n), "exists");
  isStored = false;
  assertEquals(await view.get("key"), "x".repeat(5000));
});

Deno.test("largeValues computes once when another client takes too long to", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await using other = new Client(server.address);
  const ended = Promise.withResolvers<Uint8Array>();
  const begun = Promise.withResolvers<void>();
  const slow = largeValues(other, SMALL).getOrSet("key", () => {
    begun.resolve();
    return ended.promise;
  });
  await begun.promise;
  let loads = 0;
  const view = largeValues(client, SMALL);
  const load = () => bytes(5000, ++loads);
  assertEquals(await view.getOrSet("key", load, { waitFor: 0 }), bytes(5000, 1));
  assertEquals(loads, 1);
  ended.resolve(bytes(5000));
  assertEquals(await slow, bytes(5000));
  assertEquals(await view.get("key"), bytes(5000));
});

Deno.test("largeValues returns what it cannot store in mcrouter's format", async () => {
  await using fleet = await SwitchedFleet.start(["values:1", "chunks:1"]);
  await using client = new Client(fleet.names, {
    ...{ failover: "miss", dial: fleet.dial, timeout: 10_000, probeDelay: 5, maxProbeDelay: 5 },
    locator: () => ({ locate: (key) => Number(key.includes(":1:")) }),
  });
  await fleet.servers[1]!.become("refusing");
  const view = largeValues(client, { ...SMALL, format: "mcrouter" });
  assertEquals(await view.getOrSet("bytes", () => bytes(5000)), bytes(5000));
  const text = "x".repeat(5000);
  assertEquals(await hashedKeys(view).getOrSet("text", () => text), text);
});

Deno.test("largeValues names the caller's key when a part of a value fails, and stores the others", async () => {
  let refused = /never/;
  const fault: FaultHook = ({ keys }) => {
    return keys.some((key) => refused.test(key)) ? { reply: "SERVER_ERROR no" } : undefined;
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address);
  for (const options of Object.values(FORMATS)) {
    const view = largeValues(client, options);
    const long = "long ".repeat(1000);
    refused = /never/;
    await view.setMany({ large: long, small: "old" });
    // The second part of a value, in both formats.
    refused = /~moecache-1:|:1:/;
    const refusal = 'the server answered "SERVER_ERROR no"';
    for (
      const [operate, action] of [
        [() => view.set("large", long), "set"],
        [() => view.add("absent", long), "set"],
        [() => view.get("large"), "get"],
        [() => view.gets("large"), "get"],
      ] as const
    ) {
      const error = await assertRejects(operate, ClientException, refusal);
      assert(new RegExp(`^Cannot ${action} key "(large|absent)": a part`).test(error.message));
      assertEquals(error.item, "SERVER_ERROR no");
    }
    const stored = await assertRejects(
      () => view.setMany({ large: long, small: "new" }),
      PartialClientException,
      'Cannot set 1 of 2 keys, the first "large": Cannot set key "large": a part',
    );
    assertEquals([[...stored.failures.keys()], [...stored.results.keys()]], [["large"], ["small"]]);
    const read = await assertRejects(
      () => view.getMany(["large", "small", "absent"]),
      PartialClientException,
      'Cannot get 1 of 3 keys, the first "large"',
    );
    assertEquals(new Map(read.results), new Map([["small", "new"]]));
    await client.flushAll();
  }
});

Deno.test("largeValues leaves no chunks of a value that memcached refuses", async () => {
  await using server = await MemcachedServer.listen({
    fault({ command, keys }) {
      const isSecond = keys.some((key) => /~moecache-1:|:1:/.test(key));
      return command === "set" && isSecond ? { reply: "SERVER_ERROR no" } : undefined;
    },
  });
  await using client = new Client(server.address);
  for (const options of Object.values(FORMATS)) {
    const view = largeValues(client, options);
    await assertRejects(() => view.set("a", "long ".repeat(10_000)), ClientException, "no");
    assertEquals(await keysOf(client), []);
  }
});

/** The commands that store a large value, with a key that exists. */
const WRITES: Readonly<
  Record<
    string,
    (view: LargeValueCommands, value: Uint8Array, options?: OperationOptions) => unknown
  >
> = {
  set: (view, value, options) => view.set("a", value, 0, options),
  setMany: (view, value, options) => view.setMany({ a: value }, 0, options),
  setStream: (view, value, options) => view.setStream("a", streamOf(value), 0, options),
  replace: (view, value, options) => view.replace("a", value, 0, options),
  update: (view, value, options) => view.update("a", () => value, options),
  append: (view, value, options) => view.append("a", value, options),
};

for (const [command, write] of Object.entries(WRITES)) {
  Deno.test(`largeValues: a caller who gives up a ${command} waits for no silent server`, async () => {
    for (let silent = 1; silent <= 5; silent++) {
      const ending = new AbortController();
      let requests = 0;
      const fault = () => {
        if (++requests < silent) return undefined;
        ending.abort(new Error("enough"));
        return { delay: 600_000 };
      };
      await using server = await MemcachedServer.listen({ fault });
      await using client = new Client(server.address, { timeout: 30_000 });
      const view = largeValues(client, SMALL);
      requests = -Infinity;
      await view.set("a", bytes(2000));
      requests = 0;
      const start = performance.now();
      await Promise.allSettled([write(view, bytes(3000), { signal: ending.signal })]);
      assert(performance.now() - start < 10_000, `request ${silent}`);
    }
  });
}

for (const command of ["replace", "update"]) {
  Deno.test(`largeValues leaves no chunks when several clients ${command} at once`, async () => {
    await using server = await MemcachedServer.listen();
    await using first = new Client(server.address);
    await using second = new Client(server.address);
    const views = [first, second, first].map((client) => largeValues(client, SMALL));
    for (let i = 0; i < 10; i++) {
      await first.set("a", bytes(10));
      await Promise.all(views.map((view, start) => WRITES[command]?.(view, bytes(3000, start))));
      assertEquals(await views[0]?.delete("a"), true);
      assertEquals(await keysOf(first), []);
    }
  });
}

for (const [command, write] of Object.entries(WRITES)) {
  Deno.test(`largeValues leaves no chunks of what a caller of ${command} has given up`, async () => {
    for (let request = 1; request <= 6; request++) {
      const ending = new AbortController();
      let requests = 0;
      const fault = () => {
        if (++requests === request) ending.abort(new Error("enough"));
        return undefined;
      };
      await using server = await MemcachedServer.listen({ fault });
      await using client = new Client(server.address);
      const view = largeValues(client, SMALL);
      await view.set("a", bytes(2000));
      requests = 0;
      await Promise.allSettled([write(view, bytes(5000), { signal: ending.signal })]);
      // What it has begun ends before the client.
      await view.delete("a");
      assertEquals(await keysOf(client), [], `request ${request}`);
    }
  });
}

Deno.test("largeValues leaves a long string with a lone surrogate to the transcoder, as a short one", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const view = largeValues(client, SMALL);
  for (const length of [1, 5000]) {
    const text = `\ud800${"x".repeat(length)}`;
    // UTF-8 would have another character in its place.
    await assertRejects(() => view.set("a", text), ValidationException, "lone surrogate");
    const json = view.withTranscoder(jsonTranscoder);
    await json.set("a", text);
    assertEquals(await json.get("a"), text);
  }
});

Deno.test("largeValues appends where the chunks are on other servers and there is one socket for all", async () => {
  await using one = await MemcachedServer.listen();
  await using other = await MemcachedServer.listen();
  await using client = new Client([one.address, other.address], { maxSockets: 1 });
  const view = largeValues(client, SMALL);
  await view.set("a", "x".repeat(40_000), 60);
  assertEquals(await view.append("a", "end"), true);
  assertEquals(await view.get("a"), `${"x".repeat(40_000)}end`);
});
