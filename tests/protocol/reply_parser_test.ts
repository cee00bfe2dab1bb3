import { assertEquals, assertThrows } from "@std/assert";
import { SocketError } from "../../src/errors.ts";
import { NO_DATA, ReplyParser } from "../../src/protocol/reply_parser.ts";
import { splits, utf8 } from "./splits.ts";

/** Takes a line that begins with `+` for one that declares a data block. */
function parse(chunks: readonly Uint8Array[], maxValueBytes = 1 << 20): string[] {
  const parts: string[] = [];
  const take = (kind: string, bytes: Uint8Array, start: number, end: number) => {
    const text = new TextDecoder().decode(bytes.subarray(start, end));
    parts.push(`${kind}:${text}`);
    return text.startsWith("+") ? Number(text.slice(1)) : NO_DATA;
  };
  const parser = new ReplyParser({
    line: (bytes, start, end) => take("line", bytes, start, end),
    data: (bytes, start, end) => void take("data", bytes, start, end),
  }, maxValueBytes);
  for (const chunk of chunks) parser.push(chunk);
  return parts;
}

Deno.test("ReplyParser gives the same parts however the stream is cut", () => {
  const stream = utf8("END\r\n\r\n+5\r\na\r\nbc\r\n+0\r\n\r\nSTORED\r\n+3\r\nxyz\r\n");
  const parts = ["line:END", "line:", "line:+5", "data:a\r\nbc", "line:+0", "data:"];
  parts.push("line:STORED", "line:+3", "data:xyz");
  for (const chunks of splits(stream)) assertEquals(parse(chunks), parts);
});

Deno.test("ReplyParser keeps what is incomplete to itself", () => {
  assertEquals(parse([utf8("STOR")]), []);
  assertEquals(parse([utf8("+5\r\nabcde\r")]), ["line:+5"]);
});

Deno.test("ReplyParser takes lines longer than a chunk", () => {
  const line = "x".repeat(3000);
  const chunks = Array.from({ length: 30 }, (_, i) => utf8(line.slice(i * 100, i * 100 + 100)));
  assertEquals(parse([...chunks, utf8("\r\n")]), [`line:${line}`]);
});

Deno.test("ReplyParser refuses a line without CR", () => {
  for (const chunks of splits(utf8("STORED\n"))) {
    assertThrows(() => parse(chunks), SocketError, "does not end with CRLF");
  }
  assertThrows(() => parse([utf8("\n")]), SocketError, "does not end with CRLF");
});

Deno.test("ReplyParser refuses a line without end", () => {
  const endless = Array.from({ length: 70 }, () => utf8("x".repeat(1000)));
  assertThrows(() => parse(endless), SocketError, "has no end");
});

Deno.test("ReplyParser refuses a data block longer or shorter than declared", () => {
  for (const reply of ["+3\r\nab\r\nEND\r\n", "+3\r\nabcd\r\n", "+3\r\nabc\n\r\n"]) {
    for (const chunks of splits(utf8(reply))) {
      assertThrows(() => parse(chunks), SocketError, "not as long as the reply declares");
    }
  }
});

Deno.test("ReplyParser refuses a data block that declares too much before it allocates anything", () => {
  assertThrows(() => parse([utf8("+101\r\n")], 100), SocketError, "maxValueBytes");
  assertEquals(parse([utf8("+100\r\n")], 100), ["line:+100"]);
});

Deno.test("ReplyParser lets the rest of a data block be put where it belongs", () => {
  const value = utf8("0123456789");
  for (let head = 0; head <= value.length; head++) {
    for (let portion = 1; portion <= value.length; portion++) {
      let kept: Uint8Array | undefined;
      const parser = new ReplyParser({
        line: (bytes, start) => bytes[start] === "+".charCodeAt(0) ? value.length : NO_DATA,
        data: (bytes, start, end) => {
          assertEquals([start, end, bytes.buffer.byteLength], [0, value.length, value.length]);
          kept = bytes;
        },
      }, 100);
      parser.push(utf8("+10\r\n" + "0123456789".slice(0, head)));
      let at = head;
      for (let vacancy; (vacancy = parser.vacancy) && vacancy.length > 0;) {
        const next = value.subarray(at, Math.min(at + portion, at + vacancy.length));
        vacancy.set(next);
        parser.filled(next.length);
        at += next.length;
      }
      parser.push(utf8("\r"));
      assertEquals(kept, undefined);
      parser.push(utf8("\nEND\r\n"));
      assertEquals(kept, value);
      assertEquals(parser.vacancy, undefined);
    }
  }
});
