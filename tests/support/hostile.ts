/** What a caller with ill intent would pass. @module */

import type { Random } from "../chaos/random.ts";

/** What ends a line, a word or a string for some reader, or becomes such a character when it is cut to a byte. */
const FRAGMENTS = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  "\t",
  "\x0b",
  "\x7f",
  "\x80",
  "\xa0",
  "\u010a",
  "\u010d\u010a",
  "\u0120",
  "\u0a0d",
  "\u2028",
  "\u2029",
  "\u3000",
  "\ufeff",
  "\uff0d\uff0a",
  "\ud800",
  "\udc0a",
  "😀",
  "é",
  "%0d%0a",
  "\\r\\n",
  "\r\nflush_all\r\n",
  "\nflush_all\n",
  " 0 0 1\r\nx\r\nset evil 0 0 4\r\nevil\r\n",
  "\r\nset evil 0 0 4\r\nevil",
  "\u010d\u010aset\u0120evil\u01200\u01200\u01204\u010d\u010aevil\u010d\u010a",
  " noreply",
  " q\r\nmn\r\n",
  "\r\nquit\r\n",
  "\0\r\nshutdown\r\n",
];
const WORDS = [
  "key",
  "user:1",
  "a",
  "~",
  "!",
  "T0",
  "N30",
  "12",
  "0",
  "items",
  "fetchers",
  "O1",
  "q",
  "b",
];
const CHARACTERS = "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~";

/** A string: one in five is harmless, so that what follows the checks is looked at as well. */
export function hostileString(random: Random): string {
  let text = random.chance(0.9) ? random.pick(WORDS) : "";
  const parts = random.chance(0.2) ? 0 : random.between(1, 3);
  for (let part = 0; part < parts; part++) {
    const fragment = random.chance(0.8)
      ? random.pick(FRAGMENTS)
      : String.fromCharCode(random.below(random.pick([0x20, 0x80, 0x300, 0x10000])));
    const at = random.below(text.length + 1);
    text = text.slice(0, at) + fragment + text.slice(at);
  }
  if (random.chance(0.2)) text += random.pick([...CHARACTERS]);
  return random.chance(0.03) ? text + "x".repeat(random.between(200, 260)) : text;
}

/** Something that is no string, or not what it seems to be. */
export function hostileValue(random: Random): unknown {
  const text = hostileString(random);
  return random.pick(LIARS)(text, random);
}

const LIARS: readonly ((text: string, random: Random) => unknown)[] = [
  (text) => text,
  (text) => ({ toString: () => text, valueOf: () => text }),
  (text) => ({ [Symbol.toPrimitive]: () => text }),
  (text) => ({
    toString: () => text,
    valueOf: () => 1,
    length: 1,
    [Symbol.iterator]: () => [text],
  }),
  (text) => [text],
  (text) => new String(text),
  (text) => Object.assign(new String("a"), { toString: () => text }),
  (text) => Object.assign(new Number(1), { toString: () => text }),
  (text) => Object.assign(new Date(1e12), { getTime: () => text, toString: () => text }),
  (text) => Object.assign(new Date(1e12), { getTime: () => ({ valueOf: () => text }) }),
  (text) => Object.assign(() => text, { toString: () => text }),
  (text) => new Proxy({}, { get: () => () => text }),
  // The second answer is another one than the first.
  (text) => {
    let asked = 0;
    return { toString: () => asked++ === 0 ? "1" : text, valueOf: () => asked++ === 0 ? 1 : text };
  },
  (text) => Symbol(text),
  (_, random) => random.pick([NaN, Infinity, -1, -0, 1.5, 1e21, 2 ** 53, 2 ** 32, 5, 0]),
  (_, random) => random.pick([5n, -1n, 2n ** 64n, 2n ** 64n - 1n, 0n]),
  (_, random) => random.pick([null, true, false]),
];
