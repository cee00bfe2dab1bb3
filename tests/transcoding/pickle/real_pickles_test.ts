/** Pickles that real programs made: `make_real_pickles.py` says which. */

import { assert, assertEquals } from "@std/assert";
import { ClientException } from "../../../src/errors.ts";
import { readPickle } from "../../../src/transcoding/pickle/read_pickle.ts";
import { writePickle } from "../../../src/transcoding/pickle/write_pickle.ts";
import { exec } from "../../package/exec.ts";
import { digest, notate } from "./notation.ts";
import { toHex } from "./vectors.ts";

const PYTHON = "/usr/bin/python3"; // Debian's, which has the packages
const MODULES = "import numpy, pytz, dateutil.tz, zoneinfo";

/**
 * What is refused although Python reads it: attributes that a program gave to a dict of Python's, classes and
 * functions as values, and text by a call.
 */
const REFUSED =
  /it sets attributes of "|it takes an attribute of "|(builtins|__builtin__)\.\S+ (is not plain data|is called with)/;

interface RealPickle {
  readonly source: string;
  readonly bytes: Uint8Array;
  /** A digest of what Python reads, or the names that are not plain data. */
  readonly expected: string | readonly string[];
}

async function readReal(): Promise<RealPickle[]> {
  const file = await Deno.open(new URL("../../vectors/real_pickles.json.gz", import.meta.url));
  const json = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip")))
    .json();
  return json.pickles.map(([source, base64, expected]: [string, string, string | string[]]) => ({
    source,
    bytes: Uint8Array.fromBase64(base64),
    expected,
  }));
}

function describe({ source, bytes }: RealPickle): string {
  return `${source}: ${toHex(bytes)}`;
}

const pickles = await readReal();

Deno.test("readPickle reads 10,000 pickles of real programs as Python does, or names what it refuses", async () => {
  assertEquals(pickles.length, 10_000);
  let [read, others] = [0, 0];
  for (const pickle of pickles) {
    const { bytes, expected } = pickle;
    try {
      const value = await readPickle(bytes.slice());
      assert(typeof expected === "string", `${describe(pickle)} has ${expected}, and is read`);
      assertEquals(digest(value), expected, `${describe(pickle)} is ${notate(value)}`);
      read++;
    } catch (error) {
      if (!(error instanceof ClientException)) throw error;
      const { message } = error;
      const isNamed = typeof expected !== "string" &&
        expected.some((name) => message.includes(name));
      if (!isNamed) others++;
      assert(isNamed || REFUSED.test(message), `${message}: ${expected} in ${describe(pickle)}`);
    }
  }
  assert(read > 7000 && others < 100, `${read} are read, ${others} are not`);
});

Deno.test("readPickle keeps what it does not read of real pickles, when asked, and reads the rest", async () => {
  for (const pickle of pickles) {
    if (typeof pickle.expected === "string") continue;
    try {
      await readPickle(pickle.bytes.slice(), false, { keepUnreadable: true });
    } catch (error) {
      if (REFUSED.test(String(error))) continue;
      throw new Error(describe(pickle), { cause: error });
    }
  }
});

Deno.test({
  name:
    "writePickle writes what it read of real pickles so that Python reads the same, time zones included",
  ignore: !hasModules(),
  async fn() {
    const readable: RealPickle[] = [];
    const written: string[] = [];
    for (const pickle of pickles) {
      if (typeof pickle.expected !== "string") continue;
      const protocol = ([2, 3, 4, 5] as const)[readable.length % 4]!;
      try {
        const value = await readPickle(pickle.bytes.slice());
        written.push(toHex(pickle.bytes), toHex(writePickle(value, protocol)));
        readable.push(pickle);
      } catch (error) {
        if (!REFUSED.test(String(error)) && !/lone surrogate/.test(String(error))) {
          throw error;
        }
      }
    }
    const answers = await notateAll(written);
    for (const [i, pickle] of readable.entries()) {
      const [original, again] = answers.slice(i * 2, i * 2 + 2);
      assertEquals(again, original, `${describe(pickle)} becomes ${written[i * 2 + 1]}`);
    }
  },
});

/** Whether Python has what the pickles need; a line on the console says so if not. */
function hasModules(): boolean {
  const reason = reasonAgainstPython();
  if (reason === undefined) return true;
  // deno-lint-ignore no-console
  console.log(`Skipping what writes 10,000 pickles for Python: ${reason}`);
  return false;
}

function reasonAgainstPython(): string | undefined {
  try {
    const { success, stderr } = new Deno.Command(PYTHON, { args: ["-c", MODULES] }).outputSync();
    if (success) return undefined;
    const [last = ""] = new TextDecoder().decode(stderr).trim().split("\n").slice(-1);
    return `${PYTHON} lacks what they need, ${last}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `there is no ${PYTHON}`;
    throw error;
  }
}

/** Gives Python pickles, and returns digests of what it reads, everything included. */
async function notateAll(pickles: readonly string[]): Promise<string[]> {
  const program = new URL("notation.py", import.meta.url).pathname;
  const input = pickles.map((hex) => `${hex}\n`).join("");
  return (await exec(PYTHON, ["-B", program], { input })).trim().split("\n");
}
