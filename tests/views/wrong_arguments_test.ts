/** Wrong arguments are refused alike by everything that has the commands on keys, before any byte is sent. */

import { assert, assertRejects } from "@std/assert";
import { Client, type KeyCommands, type Transcoder, ValidationException } from "../../mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  type Schema,
  spread,
  tagged,
  typed,
} from "../../src/views/mod.ts";
import { accepted, type Args } from "../support/refused_calls.ts";
import { turns } from "../support/turns.ts";

const ANY: Schema = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};

/** What is made of a client: everything that has the commands on keys. */
const KINDS: Readonly<Record<string, (client: Client, other: Client) => KeyCommands>> = {
  client: (client) => client,
  withTranscoder: (client) => client.withTranscoder({ encode: encodeText, decode: () => 1 }),
  namespace: (client) => client.namespace("n:"),
  hashedKeys: (client) => hashedKeys(client),
  largeValues: (client) => largeValues(client),
  nearCache: (client) => nearCache(client, { maxBytes: 1_000_000, ttl: 1 }),
  replicas: (client, other) => replicas([client, other]),
  spread: (client) => spread(client, { keys: ["a"] }),
  tagged: (client) => tagged(client),
  typed: (client) => typed(client, ANY),
  "tagged of a namespace": (client) => tagged(client.namespace("n:")),
  "largeValues of hashedKeys": (client) => largeValues(hashedKeys(client)),
  "nearCache of tagged": (client) => nearCache(tagged(client), { maxBytes: 1_000_000, ttl: 1 }),
  "replicas of largeValues": (client, other) => replicas([largeValues(client), largeValues(other)]),
};

/** Kinds whose keys may be any strings. */
const TAKE_ANY_KEY = ["hashedKeys", "largeValues of hashedKeys"];

function encodeText(value: unknown) {
  if (typeof value !== "number") throw new TypeError("not a number");
  return { flags: 0, data: new TextEncoder().encode(`${value}`) };
}

const load = () => 1;

const NO_KEYS: unknown[] = [Symbol("key"), 5, null, undefined, {}, ["a"]];
const BAD_KEYS: unknown[] = ["", "a b", "a\n", "x".repeat(300), "ü"];
const EXPTIMES: unknown[] = [-1, 1.5, NaN, "60", 2 ** 31, {}, null, new Date(NaN), 60n];
const NO_VALUES: unknown[] = [undefined, load, Symbol("value"), Promise.resolve(1)];
const NO_DATA: unknown[] = [5n, 5, Symbol("data"), {}, null, undefined, "\ud800"];
const NO_FUNCTIONS: unknown[] = [undefined, 5, "load", {}];
const CAS: unknown[] = [5, -1n, 1n << 80n, "1", undefined];
const NUMBERS: unknown[] = [-1, 1.5, "1", 1n << 64n, null, Symbol("number")];
const NO_LISTS: unknown[] = [5, "ab", null, undefined, { a: 1 }];
const OPTIONS: unknown[] = [
  null,
  60,
  "60",
  [],
  new Map(),
  { tiemout: 1 },
  { signal: "none" },
  { failover: "miss" },
  { failover: 5 },
];

/** The arguments of each command that are right, which of them may be wrong, and with what. */
interface Right {
  readonly args: Args;
  readonly wrong: Readonly<Record<number, readonly unknown[]>>;
}

const seconds = (name: string, ...more: unknown[]) =>
  [-1, 1.5, "1", NaN, 2_592_001, ...more].map((value) => ({ [name]: value }));
const exptimes = EXPTIMES.map((exptime) => ({ exptime }));

const COMMANDS: Readonly<Record<string, Right>> = {
  get: { args: ["a", {}], wrong: { 1: OPTIONS } },
  gets: { args: ["a", {}], wrong: { 1: OPTIONS } },
  getAndTouch: { args: ["a", 60, {}], wrong: { 1: [...EXPTIMES, undefined], 2: OPTIONS } },
  set: { args: ["a", 1, 60, {}], wrong: { 1: NO_VALUES, 2: EXPTIMES, 3: OPTIONS } },
  add: { args: ["a", 1, 60, {}], wrong: { 1: NO_VALUES, 2: EXPTIMES, 3: OPTIONS } },
  replace: { args: ["a", 1, 60, {}], wrong: { 1: NO_VALUES, 2: EXPTIMES, 3: OPTIONS } },
  append: { args: ["a", "x", {}], wrong: { 1: NO_DATA, 2: OPTIONS } },
  prepend: { args: ["a", "x", {}], wrong: { 1: NO_DATA, 2: OPTIONS } },
  cas: { args: ["a", 1, 1n, 60, {}], wrong: { 1: NO_VALUES, 2: CAS, 3: EXPTIMES, 4: OPTIONS } },
  incr: {
    args: ["a", 1, {}],
    wrong: {
      1: NUMBERS,
      2: [...OPTIONS, ...NUMBERS.map((initial) => ({ initial })), ...exptimes],
    },
  },
  decr: {
    args: ["a", 1, {}],
    wrong: {
      1: NUMBERS,
      2: [...OPTIONS, ...NUMBERS.map((initial) => ({ initial })), ...exptimes],
    },
  },
  touch: { args: ["a", 60, {}], wrong: { 1: [...EXPTIMES, undefined], 2: OPTIONS } },
  delete: { args: ["a", {}], wrong: { 1: OPTIONS } },
  getOrSet: {
    args: ["a", load, {}],
    wrong: {
      1: NO_FUNCTIONS,
      2: [
        ...OPTIONS,
        ...exptimes,
        ...["staleFor", "earlyRefresh", "negativeFor"].flatMap((name) => seconds(name)),
        ...seconds("lockFor", 0),
        { waitFor: -1 },
        { waitFor: "1" },
        { retries: 1 },
      ],
    },
  },
  update: {
    args: ["a", load, {}],
    wrong: {
      1: NO_FUNCTIONS,
      2: [...OPTIONS, ...exptimes, { retries: -1 }, { retries: "1" }, { staleFor: 1 }],
    },
  },
  invalidate: {
    args: ["a", {}],
    wrong: { 1: [...OPTIONS, ...seconds("staleFor", 0), { exptime: 1 }] },
  },
  inspect: { args: ["a", {}], wrong: { 1: OPTIONS } },
};

/** The same for commands on many keys; the first argument may have each wrong key in it. */
const MANY: Readonly<Record<string, Right & { readonly of: (key: unknown) => unknown }>> = {
  getMany: { args: [["a"], {}], wrong: { 0: NO_LISTS, 1: OPTIONS }, of: (key) => ["a", key] },
  deleteMany: { args: [["a"], {}], wrong: { 0: NO_LISTS, 1: OPTIONS }, of: (key) => ["a", key] },
  setMany: {
    args: [{ a: 1 }, 60, {}],
    wrong: {
      0: [
        5,
        "ab",
        null,
        undefined,
        ["ab"],
        [["a"]],
        Promise.resolve({}),
        ...NO_VALUES.map((b) => ({ b })),
      ],
      1: EXPTIMES,
      2: OPTIONS,
    },
    of: (key) => [["a", 1], [key, 1]],
  },
};

/** All calls with one wrong argument. */
function* wrongCalls(takesAnyKey: boolean): Generator<[command: string, args: Args]> {
  const keys = takesAnyKey ? NO_KEYS : [...NO_KEYS, ...BAD_KEYS];
  const withWrong = (args: Args, at: number, value: unknown) =>
    args.map((arg, i) => i === at ? value : arg);
  for (const [command, { args, wrong }] of Object.entries(COMMANDS)) {
    for (const key of keys) yield [command, withWrong(args, 0, key)];
    for (const [at, values] of Object.entries(wrong)) {
      for (const value of values) yield [command, withWrong(args, Number(at), value)];
    }
  }
  for (const [command, { args, wrong, of }] of Object.entries(MANY)) {
    for (const key of keys) yield [command, withWrong(args, 0, of(key))];
    for (const [at, values] of Object.entries(wrong)) {
      for (const value of values) {
        yield [command, withWrong(args, Number(at), value)];
        // Nothing is to be done, and what is wrong is wrong all the same.
        if (Number(at) > 0) {
          yield [
            command,
            withWrong(withWrong(args, Number(at), value), 0, command === "setMany" ? {} : []),
          ];
        }
      }
    }
  }
}

for (const [kind, make] of Object.entries(KINDS)) {
  Deno.test(`${kind} refuses every wrong argument before a byte is sent`, async () => {
    const wrong = await accepted(make, wrongCalls(TAKE_ANY_KEY.includes(kind)));
    assert(wrong.length === 0, `${wrong.length} calls:\n${wrong.join("\n")}`);
  });
}

for (const [kind, make] of Object.entries(KINDS)) {
  if (TAKE_ANY_KEY.includes(kind)) continue;
  Deno.test(`${kind} names the command in the error of a wrong key`, async () => {
    await using client = new Client("127.0.0.1:1");
    await using other = new Client("127.0.0.1:2");
    const commands = make(client, other) as unknown as Record<string, (...args: Args) => unknown>;
    for (const [command, { args: [, ...others] }] of Object.entries(COMMANDS)) {
      const words = command.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
      await assertRejects(
        async () => await commands[command]?.("", ...others),
        ValidationException,
        `Cannot ${words} key "": keys must not be empty`,
      );
    }
  });
}

Deno.test("what an asynchronous transcoder refuses leaves no rejection unhandled", async () => {
  const refusing: Transcoder = {
    encode: () => Promise.reject(new TypeError("no value")),
    decode: () => 1,
  };
  await using client = new Client("127.0.0.1:1", { transcoder: refusing });
  const set = (view: KeyCommands) =>
    assertRejects(() => view.set("a", undefined), ValidationException);
  for (const view of [client, tagged(client), largeValues(client)]) await set(view);
  // The runtime ends a program, and this test, over one that is not handled.
  await turns(3);
});
