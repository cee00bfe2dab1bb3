import { assertEquals } from "@std/assert";
import { Framer, type Grammar, REPLIES, REQUESTS } from "./framing.ts";

/** The messages of a stream that comes byte by byte, each as text, and their data blocks. */
function frame(grammar: Grammar, stream: string): [message: string, ...blocks: string[]][] {
  const framer = new Framer(grammar);
  const bytes = new TextEncoder().encode(stream);
  const messages = Array.from(bytes, (_, i) => framer.push(bytes.subarray(i, i + 1))).flat();
  return messages.map(({ bytes, blocks }) => {
    const text = new TextDecoder().decode(bytes);
    return [text, ...blocks.map(([start, end]) => text.slice(start, end))];
  });
}

Deno.test("Framer takes the data of every request to store for a part of it", () => {
  const stored = [
    ...["set", "add", "replace", "append", "prepend"].map((name) =>
      `${name} key 0 0 5\r\nget a\r\n`
    ),
    "cas key 0 0 5 12\r\nget a\r\n",
    "ms key 5 T60\r\nget a\r\n",
  ];
  const others = ["get a b\r\n", "mg key v t\r\n", "mn\r\n", "delete key\r\n"];
  assertEquals(frame(REQUESTS, [...stored, ...others].join("")), [
    ...stored.map((request): [string, string] => [request, "get a"]),
    ...others.map((request): [string] => [request]),
  ]);
});

Deno.test("Framer takes the data of every reply for a part of it", () => {
  const items = "VALUE a 0 5\r\nEND\r\n\r\nVALUE b 0 1 12\r\nb\r\nEND\r\n";
  const others = ["STORED\r\n", "EN\r\n", "HD W\r\n", "STAT pid 1\r\nEND\r\n"];
  assertEquals(frame(REPLIES, [items, "VA 5 t60 W\r\nEND\r\n\r\n", ...others].join("")), [
    [items, "END\r\n", "b"],
    ["VA 5 t60 W\r\nEND\r\n\r\n", "END\r\n"],
    ...others.map((reply): [string] => [reply]),
  ]);
});
