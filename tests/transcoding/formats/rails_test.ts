import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClientException, type EncodedValue } from "../../../mod.ts";
import { dalliTranscoder, railsTranscoder } from "../../../src/transcoding/formats/dalli/mod.ts";
import { entryOf, readRails } from "./rails_items.ts";

const values = await readRails();

/** What Ruby's values are here. */
const HERE: Readonly<Record<string, unknown>> = {
  nil: null,
  true: true,
  "5": 5,
  "2.5": 2.5,
  text: "café",
  ascii: "ab",
  bytes: Uint8Array.of(0xff, 0),
  array: [1, "a", null],
  hash: { a: 1, b: [2] },
  long: "moecache ".repeat(300),
  longarray: Array(400).fill("moecache"),
  time: new Date(1_000_000_000_000 + 5),
  // An entry of format 6.1 has its value as a variable: a Symbol there is a string, as anywhere else.
  symbol: "ready",
  "symbol with encoding": "café",
};

Deno.test("railsTranscoder reads what Rails 6.1, 7.0 and 7.1 store in every format", async () => {
  for (const { rails, format, options, name, flags, data } of values) {
    const value = await railsTranscoder.decode({ flags, data });
    const message = `Rails ${rails}, format ${format}, ${options}: ${name}`;
    assertEquals(value, options === "raw" && name === "5" ? "5" : HERE[name], message);
  }
});

Deno.test("railsTranscoder writes what Rails 7.0 and 7.1 write", async () => {
  const own = values.filter(({ format, options }) => format >= 7 && options === "");
  for (const { format, name, flags, data } of own) {
    const transcoder = railsTranscoder({ format: format === 7 ? "7.0" : "7.1" });
    const item = await transcoder.encode(HERE[name]);
    assertEquals(item.flags, flags);
    // Two builds of zlib may compress the same otherwise, and a String in US-ASCII is one in UTF-8 here. Ruby repeats
    // the fraction of a Time in other words.
    if (name.startsWith("long") || name === "ascii" || name === "time") {
      assertEquals(await railsTranscoder.decode(item), HERE[name]);
    } else {
      assertEquals(item.data, data, `format ${format}: ${name}`);
    }
  }
});

Deno.test("railsTranscoder writes plain values for Rails 6.1", async () => {
  const value = { a: [1] };
  const transcoder = railsTranscoder({ format: "6.1" });
  assertEquals(await transcoder.encode(value), await dalliTranscoder.encode(value));
});

Deno.test("railsTranscoder keeps bytes for Rails 6.1 that look like an entry of a later version", async () => {
  const transcoder = railsTranscoder({ format: "6.1" });
  const later = [
    ...await Promise.all((["7.0", "7.1"] as const).map(async (format) => {
      return entryOf(await railsTranscoder({ format }).encode([1]));
    })),
    Uint8Array.of(0, 4, 8, 48),
    Uint8Array.of(1, 0x78, 0x9c),
    Uint8Array.from({ length: 6000 }, (_, at) => [0, 0x11, 1][at] ?? at * 7),
  ];
  for (const bytes of [...later, new Uint8Array(0), Uint8Array.of(0, 0x11), Uint8Array.of(0, 5)]) {
    assertEquals(await transcoder.decode(await transcoder.encode(bytes)), bytes);
    assertEquals(await railsTranscoder.decode(await transcoder.encode([bytes])), [bytes]);
  }
});

Deno.test("railsTranscoder refuses what is not an entry, whole or cut off anywhere", async () => {
  for (const { flags, data } of values.filter(({ name }) => name !== "long").slice(0, 80)) {
    const whole = data;
    for (let length = 0; length < whole.length; length++) {
      await readOrRefuse({ flags, data: whole.subarray(0, length) });
    }
  }
  const reading = async (...bytes: number[]) => {
    const item = await dalliTranscoder.encode(Uint8Array.from(bytes));
    return await railsTranscoder.decode(item);
  };
  const header = [0, 0x11, 1, ...Array(8).fill(0)];
  for (
    const bytes of [
      [...header, 255, 255, 255, 255, 4, 8], // Marshal that ends
      [...header, 255, 255, 255, 127, 4, 8], // a version behind the end
      [0, 0x11, 9, ...Array(8).fill(0), 255, 255, 255, 255, 4, 8, 48], // an unknown type
      [0, 0x11, 1, ...Array(8).fill(0), 255, 255, 255, 255, 0xcc, 0x80], // MessagePack
      [0, 4, 8, 48], // no list
      [1, 0x78, 0x9c, 1, 2, 3], // no zlib
    ]
  ) {
    await assertRejects(() => reading(...bytes), ClientException);
  }
});

Deno.test("objects of Ruby's are entries only where nothing is around them", async () => {
  const entry = values.find(({ format, options, name }) =>
    format === 6.1 && options === "" && name === "5"
  );
  assert(entry !== undefined);
  const object = entry.data.subarray(2);
  const list = Uint8Array.of(4, 8, 0x5b, 6, ...object);
  await assertRejects(
    async () => await railsTranscoder.decode({ flags: 1, data: list }),
    ClientException,
    "ActiveSupport::Cache::Entry",
  );
  await assertRejects(
    async () => await dalliTranscoder.decode({ flags: 1, data: entry.data }),
    ClientException,
    "ActiveSupport::Cache::Entry",
  );
});

async function readOrRefuse(item: EncodedValue): Promise<void> {
  try {
    await railsTranscoder.decode(item);
  } catch (error) {
    if (!(error instanceof ClientException)) throw error;
  }
}
