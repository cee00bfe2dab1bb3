import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ClientException, SocketError } from "../../../src/errors.ts";
import {
  isCrawlerBusy,
  isMetadumpEnd,
  isMetadumpStart,
  type ItemMetadata,
  notAnItem,
  readItems,
  readKeys,
} from "../../../src/protocol/commands/metadump.ts";
import { utf8 } from "../splits.ts";

const SERVER = "cache:11211";

/** Reads a line that is an item. */
function readItem(line: string): ItemMetadata | undefined {
  const { entries: items, other } = readItems(utf8(`${line}\n`), SERVER);
  assertEquals([items.length, other], [1, undefined]);
  return items[0];
}

Deno.test("readItems reads an item's line", () => {
  const line = "key=foo exp=1795388645 la=1795388585 cas=5 fetch=no cls=1 size=65";
  assertEquals(readItem(line), {
    key: "foo",
    exptime: new Date(1795388645_000),
    lastAccess: new Date(1795388585_000),
    cas: 5n,
    fetched: false,
    slabClass: 1,
    size: 65,
    server: SERVER,
  });
});

Deno.test("readItems reads what is beyond a number, never and what newer servers add", () => {
  const line = `key=a exp=-1 la=0 cas=${2n ** 64n - 1n} fetch=yes cls=63 size=1073741824 flags=0`;
  const item = readItem(line);
  assert(item !== undefined);
  assertEquals(item.exptime, undefined);
  assertEquals(item.cas, 2n ** 64n - 1n);
  assertEquals(item.fetched, true);
  assertEquals([item.slabClass, item.size], [63, 2 ** 30]);
});

Deno.test("readItems gives each byte of a key as a character", () => {
  const keyOf = (escaped: string) =>
    readItem(`key=${escaped} exp=-1 la=0 cas=0 fetch=no cls=1 size=50`)?.key;
  assertEquals(keyOf("a%25b%2Fc-._~"), "a%b/c-._~");
  assertEquals(keyOf("%00%0d%0A%20%FF"), "\0\r\n \xff");
  assertEquals(keyOf("%C3%A9"), "\xc3\xa9");
  assertEquals(keyOf("%zz%2"), "%zz%2");
  assertEquals(keyOf("%2g%g2%%41%"), "%2g%g2%A%");
});

Deno.test("readItems reads lines up to the first that is not an item", () => {
  const line = (key: string) => `key=${key} exp=-1 la=0 cas=0 fetch=no cls=1 size=50`;
  const readKeys = (lines: string) => {
    const { entries: items, other } = readItems(utf8(lines), SERVER);
    return [items.map(({ key }) => key), other];
  };
  assertEquals(readKeys(""), [[], undefined]);
  assertEquals(readKeys(`${line("a")}\n${line("%FFb")}\r\n`), [["a", "\xffb"], undefined]);
  assertEquals(readKeys(`${line("a")} \n${line("b")} new=1\r\n`), [["a", "b"], undefined]);
  assertEquals(readKeys(`${line("a")}\nEND\r\n${line("b")}\n`), [["a"], "END"]);
  assertEquals(readKeys(`\n${line("a")}\n`), [[], ""]);
  // A line's fields are not looked for in the next line.
  const cut = "key=a exp=-1 la=0 cas=0 fetch=no cls=1 size=";
  assertEquals(readKeys(`${cut}\n50\n`), [[], cut]);
  const many = Array.from({ length: 5000 }, (_, i) => i % 7 === 0 ? `%E9${i}` : `${i}`);
  const [keys] = readKeys(many.map((key) => `${line(key)}\n`).join(""));
  assertEquals(keys, many.map((key) => key.replace("%E9", "\xe9")));
});

Deno.test("readItems reads every field, or refuses the line", () => {
  const fields = ["key=a", "exp=-1", "la=0", "cas=0", "fetch=no", "cls=1", "size=50"];
  const strange = ["", "x", "-", "1x", "--1"];
  for (const [i, field] of fields.entries()) {
    const name = field.split("=")[0];
    for (const value of i === 0 ? [""] : strange) {
      const line = fields.with(i, `${name}=${value}`).join(" ");
      assertEquals(readItems(utf8(`${line}\r\n`), SERVER), { entries: [], other: line });
    }
  }
  const negative = fields.with(1, "exp=-60").join(" ");
  assertEquals(readItem(negative)?.exptime, new Date(-60_000));
});

Deno.test("readKeys reads the keys that readItems reads, and stops where it stops", () => {
  const line = (key: string) => `key=${key} exp=-1 la=0 cas=0 fetch=no cls=1 size=50`;
  const many = Array.from({ length: 5000 }, (_, i) => line(i % 7 === 0 ? `%E9%zz${i}` : `${i}`));
  for (
    const lines of [
      ...["", "END\r\n", "\n", "key= exp=-1\n", "key=a\n", "BUSY key=a exp=-1\r\n"],
      `${many.join("\n")}\nEND\r\n`,
      `${many.join("\r\n")}\r\n${line("behind")}\n`,
      `${line("a")} new=1\r\nEND\r\n${line("b")}\n`,
    ]
  ) {
    const { entries, other } = readItems(utf8(lines), SERVER);
    assertEquals(readKeys(utf8(lines)), { entries: entries.map(({ key }) => key), other });
  }
});

Deno.test("notAnItem returns memcached's refusal", () => {
  const refusals = [
    "ERROR",
    "ERROR cannot pipeline other commands before metadump",
    "CLIENT_ERROR lru crawler disabled",
    "BADCLASS invalid class id",
    "BUSY currently processing crawler request",
  ];
  for (const line of refusals) {
    assertEquals(readItems(utf8(`${line}\r\n`), SERVER), { entries: [], other: line });
    const error = notAnItem(line, SERVER);
    assert(error instanceof ClientException);
    assertStringIncludes(error.message, SERVER);
    assertEquals(error.item, line);
  }
});

Deno.test("notAnItem throws a SocketError over a line that makes no sense", () => {
  for (const line of ["", "key=a", "key=a exp=-1 la=x cas=0 fetch=no cls=1 size=1", "value 1"]) {
    const error = assertThrows(
      () => notAnItem(line, SERVER),
      SocketError,
      "unexpected reply",
    );
    assertEquals(error.server, SERVER);
  }
});

Deno.test("metadump's other lines are distinguished", () => {
  assert(isMetadumpStart("OK") && !isMetadumpStart("END"));
  assert(isMetadumpEnd("END") && isMetadumpEnd("NOTSTARTED no items to crawl"));
  assert(!isMetadumpEnd("key=END exp=-1 la=0 cas=0 fetch=no cls=1 size=1"));
  assert(isCrawlerBusy("BUSY currently processing crawler request") && !isCrawlerBusy("OK"));
});
