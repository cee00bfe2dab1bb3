/** What every view does as a client would: the commands on keys, whatever stands between. @module */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Client,
  ClientException,
  jsonTranscoder,
  type KeyCommands,
  PartialClientException,
  ValidationException,
} from "../../mod.ts";
import { lock, once } from "../../src/patterns/mod.ts";
import {
  type DefineTest,
  onClassicServer,
  onEveryServer,
  type Place,
} from "../support/every_server.ts";

/** A view over the clients of a test, and what must be closed behind it. */
export type MakeView = (client: Client, place: Place) => KeyCommands | Promise<KeyCommands>;

/** What a view does differently. */
export interface Peculiarities {
  /** The keys of the tests, by their names there. */
  readonly key?: (name: string) => string;
  /** Whether the view's keys may be any strings. */
  readonly takesAnyKey?: boolean;
  /** Whether values of every type may be longer than an item. */
  readonly takesLargeValues?: boolean;
  /** What its tests need of a server, as {@linkcode onEveryServer} takes it. */
  readonly needs?: "empty" | "new";
}

/** Describes a view as commands on keys. */
export function describeKeyCommands(
  name: string,
  makeView: MakeView,
  { key = (name) => name, takesAnyKey = false, takesLargeValues = false, needs }: Peculiarities =
    {},
): void {
  const define = (test: DefineTest, tellsTtl: boolean) => {
    const testView = (what: string, body: (view: KeyCommands) => Promise<void>) => {
      test(what, async (client, _other, place) => await body(await makeView(client, place)));
    };
    const [a, b, c] = [key("a"), key("b"), key("c")];
    const assertLives = async (view: KeyCommands, seconds: number) => {
      const { ttl } = await view.inspect(a) ?? { ttl: 0 };
      if (!tellsTtl || seconds === -1) return assertEquals(ttl, tellsTtl ? -1 : undefined);
      assert(ttl !== undefined && ttl > seconds - 10 && ttl <= seconds, `ttl is ${ttl}`);
    };

    testView("sets, gets and deletes", async (view) => {
      for (const value of ["text", "", "ünïcödé", 5, true, { a: [1, "x", null] }, [], ["~", 1]]) {
        await view.set(a, value);
        assertEquals(await view.get(a), value);
      }
      assertEquals([await view.delete(a), await view.delete(a)], [true, false]);
      assertEquals(await view.get(a), undefined);
    });

    testView(
      "refuses what is no object of options, or no signal, also where it asks no server",
      async (view) => {
        const load = () => "value";
        await view.set(a, "1");
        const calls: Record<string, (options: undefined) => Promise<unknown>> = {
          get: (options) => view.get(a, options),
          getMany: (options) => view.getMany([a], options),
          gets: (options) => view.gets(a, options),
          getAndTouch: (options) => view.getAndTouch(a, 60, options),
          set: (options) => view.set(a, "1", 60, options),
          add: (options) => view.add(a, "1", 60, options),
          incr: (options) => view.incr(a, 1, options),
          decr: (options) => view.decr(a, 1, options),
          getOrSet: (options) => view.getOrSet(a, load, options),
          update: (options) => view.update(a, load, options),
          inspect: (options) => view.inspect(a, options),
          delete: (options) => view.delete(a, options),
        };
        const { signal } = new AbortController();
        const none = [null, 60, "60", true, [], new Map(), signal, { signal: "none" }];
        for (const [name, call] of Object.entries(calls)) {
          // What has been read lately may be held.
          await Promise.all([view.get(a), view.get(a)]);
          for (const options of none as unknown as undefined[]) {
            await assertRejects(() => call(options), ValidationException, "Cannot use ", name);
          }
        }
        assertEquals(await view.get(a), "1");
      },
    );

    testView("keeps byte order marks, and appends nothing that makes text none", async (view) => {
      await view.set(a, "\ufefftext");
      assertEquals(await view.append(a, " more"), true);
      assertEquals(await view.get(a), "\ufefftext more");
      if (!takesLargeValues) return;
      const large = `\ufeff${"x".repeat(1_200_000)}`;
      await view.set(a, large);
      assertEquals(await view.get(a) === large, true);
      await assertRejects(() => view.append(a, new Uint8Array([0xff])), ClientException);
      assertEquals(await view.get(a) === large, true);
    });

    testView("keeps lists that look like its own", async (view) => {
      for (const name of ["tags", "key", "list", "large"]) {
        const value = [`~moecache-${name}`, [`~moecache-${name}`], 1];
        await view.set(a, value);
        assertEquals(await view.get(a), value);
      }
    });

    testView("sets, gets and deletes many", async (view) => {
      await view.setMany({ [a]: 1, [b]: "two" });
      assertEquals(
        await view.getMany([a, b, c, a]),
        new Map<string, unknown>([[a, 1], [b, "two"]]),
      );
      await view.setMany(new Map([[c, 3]]));
      const deleted = await view.deleteMany([a, key("none"), c]);
      assertEquals(
        new Map([...deleted].sort()),
        new Map([[a, true], [key("none"), false], [c, true]].sort() as [string, boolean][]),
      );
      assertEquals(await view.getMany([a, b, c]), new Map([[b, "two"]]));
    });

    testView("adds what is missing, and replaces what is there", async (view) => {
      assertEquals(await view.replace(a, 1), false);
      assertEquals([await view.add(a, 2), await view.add(a, 3), await view.get(a)], [
        true,
        false,
        2,
      ]);
      assertEquals([await view.replace(a, 4), await view.get(a)], [true, 4]);
    });

    testView("appends and prepends", async (view) => {
      assertEquals([await view.append(a, "x"), await view.prepend(a, "x")], [false, false]);
      await view.set(a, "b", 100);
      assertEquals([await view.append(a, "cü"), await view.prepend(a, "a")], [true, true]);
      assertEquals(await view.append(a, new TextEncoder().encode("d")), true);
      assertEquals(await view.get(a), "abcüd");
      await assertLives(view, 100);
    });

    testView("appends strings and bytes only", async (view) => {
      await view.set(a, "text");
      for (const data of [5, null, undefined, {}, "\ud800"] as unknown as string[]) {
        await assertRejects(() => view.append(a, data), ValidationException, "Cannot append data");
        await assertRejects(() => view.prepend(a, data), ValidationException, "Cannot prepend");
      }
      assertEquals(await view.get(a), "text");
    });

    testView("takes lists of keys only", async (view) => {
      for (const keys of [a, null, undefined, 5, {}] as unknown as string[][]) {
        await assertRejects(() => view.getMany(keys), ValidationException, "Cannot get keys");
        await assertRejects(() => view.deleteMany(keys), ValidationException, "Cannot delete keys");
      }
      for (const key of [5, null, undefined, {}] as unknown as string[]) {
        await assertRejects(() => view.getMany([a, key]), ValidationException);
        await assertRejects(() => view.get(key), ValidationException);
        await assertRejects(() => view.set(key, "value"), ValidationException);
      }
    });

    const testPast = (what: string, past: Date) => {
      testView(`stores nothing for ${what}`, (view) => storeNothing(view, past));
    };
    const storeNothing = async (view: KeyCommands, past: Date) => {
      const stores: Readonly<Record<string, () => Promise<unknown>>> = {
        set: () => view.set(a, "value", past),
        setMany: () => view.setMany({ [a]: "value" }, past),
        touch: () => view.touch(a, past),
        getAndTouch: async () => assertEquals(await view.getAndTouch(a, past), "before"),
        getOrSet: async () => {
          await view.delete(a);
          return await view.getOrSet(a, () => "value", { exptime: past });
        },
        update: () => view.update(a, () => "value", { exptime: past }),
      };
      for (const [name, store] of Object.entries(stores)) {
        await view.set(a, "before");
        assertEquals([await view.get(a), await view.get(a)], ["before", "before"]);
        await store();
        assertEquals([await view.get(a), await view.inspect(a)], [undefined, undefined], name);
      }
    };
    testPast("a time in the past", new Date(Date.now() - 5000));
    testPast("the beginning of Unix time", new Date(0));

    testView("counts", async (view) => {
      assertEquals(await view.incr(a), undefined);
      assertEquals(await view.incr(a, 1, { initial: 10, exptime: 100 }), 10n);
      assertEquals([await view.incr(a, 5), await view.decr(a, 3n), await view.decr(a, 50)], [
        15n,
        12n,
        0n,
      ]);
      assertEquals(await view.incr(a, 2n ** 64n - 1n), 2n ** 64n - 1n);
      assertEquals(await view.incr(a), 0n);
      for (const none of ["no number", "18446744073709551616"]) {
        await view.set(b, none);
        await assertRejects(() => view.incr(b), ClientException);
        assertEquals(await view.get(b), none);
      }
    });

    testView("counts in a format that quotes strings, and is locked there again", async (view) => {
      const json = view.withTranscoder(jsonTranscoder);
      const options = { initial: 10 };
      assertEquals([await json.incr(a, 1, options), await json.incr(a, 1, options)], [10n, 11n]);
      const tokens: bigint[] = [];
      for (let i = 0; i < 3; i++) {
        await using held = await lock(json, b, { ttl: 30, waitFor: 0 });
        tokens.push(held.token);
      }
      assertEquals(tokens, [...new Set(tokens)].sort());
    });

    testView("gets a cas unique, with which it stores once", async (view) => {
      assertEquals(await view.gets(a), undefined);
      assertEquals(await view.cas(a, 1, 1n), "not_found");
      await view.set(a, 1);
      const found = await view.gets(a);
      assert(found !== undefined);
      assertEquals(found.value, 1);
      assertEquals(await view.cas(a, 2, found.cas), "stored");
      assertEquals(await view.cas(a, 3, found.cas), "exists");
      assertEquals(await view.get(a), 2);
    });

    testView("touches, and tells when an item expires", async (view) => {
      assertEquals(await view.touch(a, 100), false);
      assertEquals(await view.getAndTouch(a, 100), undefined);
      await view.set(a, "x");
      await assertLives(view, -1);
      assertEquals(await view.touch(a, 100), true);
      await assertLives(view, 100);
      assertEquals(await view.getAndTouch(a, 0), "x");
      await assertLives(view, -1);
      assertEquals(await view.inspect(b), undefined);
    });

    testView("loads a value once", async (view) => {
      let loads = 0;
      const load = () => Promise.resolve({ loads: ++loads });
      const all = await Promise.all(Array.from({ length: 5 }, () => view.getOrSet(a, load)));
      assertEquals(all, Array(5).fill({ loads: 1 }));
      assertEquals(await view.get(a), { loads: 1 });
      assertEquals(await view.getOrSet<unknown>(b, () => undefined), undefined);
      const fault = new Error("no value");
      const rejected = await assertRejects(() => view.getOrSet(c, () => Promise.reject(fault)));
      assertEquals(rejected, fault);
      const none = "no function" as unknown as () => string;
      await assertRejects(() => view.getOrSet(c, none), ValidationException, "a function");
      await assertRejects(() => view.update(c, none), ValidationException, "a function");
    });

    testView("goes on with a load for the callers that have not given up", async (view) => {
      const long = "x".repeat(5000);
      const ending = new AbortController();
      const load = () => {
        ending.abort(new Error("enough"));
        return long;
      };
      const [first, second] = await Promise.allSettled([
        view.getOrSet(a, load, { signal: ending.signal }),
        view.getOrSet(a, load),
      ]);
      assertEquals(first, { status: "rejected", reason: ending.signal.reason });
      assertEquals(second, { status: "fulfilled", value: long });
      assertEquals(await view.get(a), long);
    });

    testView("updates a value", async (view) => {
      assertEquals(await view.update<number>(a, (value = 0) => value + 1), 1);
      const all = Array.from({ length: 5 }, () => {
        return view.update<number>(a, (value = 0) => value + 1, { exptime: () => 100 });
      });
      await Promise.all(all);
      assertEquals(await view.get(a), 6);
      await assertLives(view, 100);
    });

    testView("invalidates: a stale value is computed again", async (view) => {
      assertEquals(await view.invalidate(a), false);
      await view.set(a, 1);
      assertEquals(await view.invalidate(a), true);
      assertEquals(await view.getOrSet(a, () => 2), 2);
      assertEquals(await view.get(a), 2);
    });

    testView("is locked by one at a time", async (view) => {
      const held = await lock(view, a, { ttl: 30, waitFor: 0 });
      await assertRejects(() => lock(view, a, { ttl: 30, waitFor: 0 }), ClientException);
      assertEquals(await view.get(a), undefined);
      assertEquals([await held.isHeld(), await held.release()], [true, true]);
      await using again = await lock(view, a, { ttl: 30, waitFor: 0 });
      assertEquals(await again.isHeld(), true);
      assert(again.token > held.token);
    });

    testView("runs an action once", async (view) => {
      const long = "x".repeat(5000);
      for (const result of [{ number: 1 }, long, undefined]) {
        await view.delete(a);
        let actions = 0;
        const act = () => {
          actions++;
          return Promise.resolve(result);
        };
        const asked = Array.from({ length: 3 }, () => once(view, a, act, { exptime: 60 }));
        assertEquals(await Promise.all(asked), [result, result, result]);
        assertEquals([await once(view, a, act), actions], [result, 1]);
        assertEquals(await view.get(a), result);
      }
      const unstorable = () => once(view, b, () => () => {}, { exptime: 60 });
      await assertRejects(unstorable, ValidationException);
      await assertRejects(unstorable, ClientException, "its result could not be stored");
      const fault = new Error("no result");
      assertEquals(await assertRejects(() => once(view, c, () => Promise.reject(fault))), fault);
      assertEquals(await once(view, c, () => "result"), "result");
    });

    testView("says where a key is stored", async (view) => {
      const { server } = await view.locate(a);
      assertEquals(typeof server, "string");
    });

    testView("gives the same view in another format", async (view) => {
      const json = view.withTranscoder(jsonTranscoder);
      await json.set(a, { json: true });
      assertEquals(await json.get(a), { json: true });
      assertEquals(await json.getMany([a]), new Map([[a, { json: true }]]));
    });

    testView(
      "refuses what is no key, and what cannot be stored, by the caller's key",
      async (view) => {
        await assertRejects(() => view.get(5 as unknown as string), ValidationException);
        await assertRejects(() => view.set(a, () => {}), ValidationException);
        if (takesAnyKey) return;
        await assertRejects(() => view.get("a b"), ValidationException);
        await assertRejects(() => view.setMany({ "a b": 1 }), ValidationException);
      },
    );

    testView("tells which of many keys failed", async (view) => {
      if (takesLargeValues) return;
      const error = await assertRejects(
        () => view.setMany({ [a]: 1, [b]: Array.from({ length: 300_000 }, (_, i) => i) }),
        PartialClientException,
      );
      assertEquals([...error.failures.keys()], [b]);
      assertEquals(await view.get(a), 1);
    });

    testView("ends with the caller's signal", async (view) => {
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      assertEquals(await assertRejects(() => view.get(a, { signal })), reason);
      assertEquals(await assertRejects(() => view.set(a, 1, 0, { signal })), reason);
      assertEquals(await assertRejects(() => view.getOrSet(a, () => 1, { signal })), reason);
      assertEquals(await view.get(a), undefined);
    });

    testView("checks options", async (view) => {
      const options = { tiemout: 5 } as object;
      await assertRejects(() => view.get(a, options), ValidationException, "tiemout");
      await assertRejects(() => view.set(a, 1, 0, options), ValidationException, "tiemout");
    });
  };
  onEveryServer(name, (test) => define(test, true), undefined, needs);
  onClassicServer(name, (test) => define(test, false));
}
