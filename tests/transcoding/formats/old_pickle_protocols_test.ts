import { assertEquals } from "@std/assert";
import { inOldProtocol } from "../../../src/transcoding/formats/old_pickle_protocols.ts";
import { readPickle } from "../../../src/transcoding/pickle/read_pickle.ts";
import { tuple } from "../../../src/transcoding/pickle/containers.ts";
import { writePickle } from "../../../src/transcoding/pickle/write_pickle.ts";
import { askPython, hasPython } from "../pickle/python.ts";
import { fromHex, type PickleVectors, readVectors, toHex, unpack } from "../pickle/vectors.ts";

const OLD = [0, 1] as const;

/** What CPython writes in the old protocols. */
const EXPRESSIONS = [
  "None",
  "5",
  "'a'",
  "[True, False, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -2**31, -2**31 - 1, 2**70, -2**70]",
  "[0.5, -0.0, 1e22, 1e16, 1e15 + 0.5, 1e-5, 1e-4, 123456789.125, 5e-324, 1.7976931348623157e308]",
  "[float('inf'), float('-inf'), float('nan')]",
  "['\\\\u0041 \\\\ \\n\\r\\x1a\\0 \\u20ac \\U0001f600 \\xe9\\x7f', '']",
  "[b'abc', b'', b'x', b'\\x00\\xff\\n\\\\']",
  "[None] * 2500",
  "[str(i) for i in range(300)]",
  "[(i,) for i in range(30)]",
  "[complex(i, 1) for i in range(20)]",
  "[{3}, frozenset([4]), set(), frozenset()]",
  "{str(i): i * 1000003 for i in range(2500)}",
  "{i: None for i in range(1000)}",
  "(1, 2, 3, 4, (5, 6, 7), (), [], {})",
  "[(), ((),), (1, ((2,), 3)), [[[[]]]]]",
  "{'a': {'b': [(1, (2, 3)), {'x': (4, 5, 6, 7)}]}}",
  "datetime.datetime(2020, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc)",
];

Deno.test({
  name: "inOldProtocol writes byte for byte what CPython does",
  ignore: !hasPython(),
  async fn() {
    const answers = await askPython(EXPRESSIONS.map((expression) => ["dumps", expression]));
    assertEquals(answers.length, EXPRESSIONS.length);
    for (const [index, { returns, throws }] of answers.entries()) {
      assertEquals(throws, undefined, EXPRESSIONS[index]);
      for (const protocol of OLD) {
        const hex = (returns as string[])[protocol] ?? "";
        const written = inOldProtocol(writePickle(readPickle(fromHex(hex)), 2), protocol);
        assertEquals(toHex(written), hex, `${EXPRESSIONS[index]} in protocol ${protocol}`);
      }
    }
  },
});

Deno.test("inOldProtocol writes what reads as the same value", async () => {
  const { values } = await readVectors<PickleVectors>("pickle_vectors.json");
  const list: unknown[] = [1];
  list.push(tuple(list, 2), tuple(1, 2, 3, list), tuple(list));
  const all = [writePickle(list, 2)];
  for (const { pickles } of values) {
    const value = readPickle(await unpack(pickles["2"] ?? ""));
    if (typeof value === "string" && !value.isWellFormed()) continue;
    all.push(writePickle(value, 2));
  }
  for (const pickle of all) {
    for (const protocol of OLD) {
      const old = inOldProtocol(pickle, protocol);
      assertEquals(old[0] === 0x80, false, toHex(pickle));
      assertEquals(toHex(writePickle(readPickle(old), 2)), toHex(pickle), toHex(old));
    }
  }
});

Deno.test("inOldProtocol leaves a pickle whose opcodes have no older ones", () => {
  const pickle = fromHex("800363642e");
  pickle.set([0x80, 3, 0x43, 0, 0x2e]);
  assertEquals(inOldProtocol(pickle, 0), pickle);
});
