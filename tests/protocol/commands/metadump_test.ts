import { assert, assertEquals, assertThrows } from "@std/assert";
import { ClientException, SocketError } from "../../../src/errors.ts";
import {
  isCrawlerBusy,
  isMetadumpEnd,
  isMetadumpStart,
  readItemMetadata,
} from "../../../src/protocol/commands/metadump.ts";

const SERVER = "cache:11211";

Deno.test("readItemMetadata reads an item's line", () => {
  const line = "key=foo exp=1795388645 la=1795388585 cas=5 fetch=no cls=1 size=65";
  assertEquals(readItemMetadata(line, SERVER), {
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

Deno.test("readItemMetadata reads what is beyond a number, never and what newer servers add", () => {
  const line = `key=a exp=-1 la=0 cas=${2n ** 64n - 1n} fetch=yes cls=63 size=1073741824 flags=0`;
  const item = readItemMetadata(line, SERVER);
  assertEquals(item.exptime, undefined);
  assertEquals(item.cas, 2n ** 64n - 1n);
  assertEquals(item.fetched, true);
  assertEquals([item.slabClass, item.size], [63, 2 ** 30]);
});

Deno.test("readItemMetadata gives each byte of a key as a character", () => {
  const keyOf = (escaped: string) =>
    readItemMetadata(`key=${escaped} exp=-1 la=0 cas=0 fetch=no cls=1 size=50`, SERVER).key;
  assertEquals(keyOf("a%25b%2Fc-._~"), "a%b/c-._~");
  assertEquals(keyOf("%00%0d%0A%20%FF"), "\0\r\n \xff");
  assertEquals(keyOf("%C3%A9"), "\xc3\xa9");
  assertEquals(keyOf("%zz%2"), "%zz%2");
});

Deno.test("readItemMetadata throws memcached's refusal", () => {
  const refusals = [
    "ERROR",
    "ERROR cannot pipeline other commands before metadump",
    "CLIENT_ERROR lru crawler disabled",
    "BADCLASS invalid class id",
    "BUSY currently processing crawler request",
  ];
  for (const line of refusals) {
    const error = assertThrows(() => readItemMetadata(line, SERVER), ClientException, SERVER);
    assertEquals(error.item, line);
  }
});

Deno.test("readItemMetadata throws a SocketError over a line that makes no sense", () => {
  for (const line of ["", "key=a", "key=a exp=-1 la=x cas=0 fetch=no cls=1 size=1", "value 1"]) {
    const error = assertThrows(
      () => readItemMetadata(line, SERVER),
      SocketError,
      "answers nothing",
    );
    assertEquals(error.server, SERVER);
  }
});

Deno.test("metadump's other lines are told apart", () => {
  assert(isMetadumpStart("OK") && !isMetadumpStart("END"));
  assert(isMetadumpEnd("END") && isMetadumpEnd("NOTSTARTED no items to crawl"));
  assert(!isMetadumpEnd("key=END exp=-1 la=0 cas=0 fetch=no cls=1 size=1"));
  assert(isCrawlerBusy("BUSY currently processing crawler request") && !isCrawlerBusy("OK"));
});
