import { assertEquals } from "@std/assert";
import { freshnessOf, isDecoded, readHttpDate } from "../../../src/adapters/http/freshness.ts";

const NOW = Date.parse("Wed, 01 Jan 2025 00:00:00 GMT");

function lifetimeOf(headers: Record<string, string>): number | "not storable" | undefined {
  const request = new Request("https://example.com/");
  const { storable, lifetime } = freshnessOf(request, new Response("", { headers }), NOW);
  return storable ? lifetime : "not storable";
}

Deno.test("freshnessOf() prefers s-maxage to max-age to Expires, and takes the Age off", () => {
  const Expires = "Wed, 01 Jan 2025 00:00:09 GMT";
  const cacheControl = (value: string) => ({ "Cache-Control": value, Expires });
  assertEquals(lifetimeOf(cacheControl("max-age=60, s-maxage=30")), 30_000);
  assertEquals(lifetimeOf(cacheControl('Public,MAX-AGE="60"')), 60_000);
  assertEquals(lifetimeOf({ ...cacheControl("max-age=60"), Age: "20" }), 40_000);
  assertEquals(lifetimeOf({ Expires }), 9_000);
  assertEquals(lifetimeOf({ Expires, Date: "Wed, 01 Jan 2025 00:00:04 GMT" }), 5_000);
  assertEquals(lifetimeOf({}), undefined);
});

Deno.test("freshnessOf() treats a malformed time as expired", () => {
  for (
    const value of ["max-age=-1", "max-age=x", "max-age", "max-age=1.5", "s-maxage=, max-age=9"]
  ) {
    assertEquals(lifetimeOf({ "Cache-Control": value }), "not storable", value);
  }
  for (const Expires of ["0", "-1", "", "soon"]) {
    assertEquals(lifetimeOf({ Expires }), "not storable", Expires);
  }
});

Deno.test("freshnessOf() finds directives among others, and not inside their values", () => {
  assertEquals(lifetimeOf({ "Cache-Control": "max-age=60, Private" }), "not storable");
  assertEquals(lifetimeOf({ "Cache-Control": 'private="x-a, x-b", max-age=60' }), "not storable");
  assertEquals(lifetimeOf({ "Cache-Control": 'max-age=60, ext="no-store, private"' }), 60_000);
  assertEquals(lifetimeOf({ "Cache-Control": "max-age=60, x-private" }), 60_000);
  // Some origins write ";", and mean what they say all the same.
  for (const value of ["no-store; max-age=60", "max-age=60; private", "private;max-age=60"]) {
    assertEquals(lifetimeOf({ "Cache-Control": value }), "not storable", value);
  }
});

Deno.test("freshnessOf() takes the larger age of Age and Date, as RFC 9111, 4.2.3 says", () => {
  const maxAge = { "Cache-Control": "max-age=60" };
  const Date = "Tue, 31 Dec 2024 23:59:30 GMT";
  assertEquals(lifetimeOf({ ...maxAge, Date }), 30_000);
  assertEquals(lifetimeOf({ ...maxAge, Date, Age: "20" }), 30_000);
  assertEquals(lifetimeOf({ ...maxAge, Date, Age: "40" }), 20_000);
  assertEquals(lifetimeOf({ ...maxAge, Date: "Tue, 31 Dec 2024 23:59:00 GMT" }), "not storable");
  // A clock that is ahead makes nothing younger.
  assertEquals(lifetimeOf({ ...maxAge, Date: "Wed, 01 Jan 2025 00:01:00 GMT" }), 60_000);
  const Expires = "Wed, 01 Jan 2025 00:00:10 GMT";
  assertEquals(lifetimeOf({ Expires, Date }), 10_000);
  assertEquals(lifetimeOf({ Expires, Date, Age: "35" }), 5_000);
});

Deno.test("freshnessOf() takes the first of several ages, and no malformed one", () => {
  const maxAge = { "Cache-Control": "max-age=60" };
  assertEquals(lifetimeOf({ ...maxAge, Age: "20, 50" }), 40_000);
  assertEquals(lifetimeOf({ ...maxAge, Age: "70 , 5" }), "not storable");
  for (const Age of ["-5", "x", "1.5", "", "x, 50", ", 50"]) {
    assertEquals(lifetimeOf({ ...maxAge, Age }), 60_000, Age);
  }
});

Deno.test("freshnessOf() uses only the directive no-store of a request", () => {
  const response = new Response("", { headers: { "Cache-Control": "max-age=60" } });
  const storable = (cacheControl: string) => {
    const headers = { "Cache-Control": cacheControl };
    return freshnessOf(new Request("https://example.com/", { headers }), response, NOW).storable;
  };
  assertEquals([storable("no-store"), storable("max-age=0, No-Store")], [false, false]);
  assertEquals([storable("no-cache"), storable('ext="no-store"')], [true, true]);
});

Deno.test("isDecoded() knows the encodings that the fetch of each runtime decodes", () => {
  const encodings = [
    ...["gzip", "GZip", "x-gzip", "br", "deflate", "zstd", "compress", "gzip, br", "gzip,"],
    ...["gzip, identity", "gzip, compress", ""],
  ];
  const decodedBy = (userAgent: string, undici?: string) =>
    encodings.filter((encoding) => isDecoded(encoding, { userAgent, undici }));
  assertEquals(decodedBy("Deno/2.9.6"), ["gzip", "GZip", "br"]);
  assertEquals(decodedBy("Cloudflare-Workers"), ["gzip", "br"]);
  const onNode = ["gzip", "GZip", "x-gzip", "br", "deflate", "gzip, br"];
  assertEquals(decodedBy("Node.js", "5.26.3"), onNode); // 20.9
  assertEquals(decodedBy("Node.js/24", "7.10.0"), onNode);
  const withZstd = onNode.toSpliced(5, 0, "zstd");
  assertEquals(decodedBy("Node.js/24", "7.11.0"), withZstd);
  assertEquals(decodedBy("Node.js/26", "8.10.2"), withZstd);
  assertEquals(decodedBy("Bun/1.2.0"), ["gzip", "br", "deflate"]);
  assertEquals(decodedBy("Bun/1.3.10"), ["gzip", "br", "deflate", "zstd"]);
  const onBun = ["gzip", "GZip", "x-gzip", "br", "deflate", "zstd", "gzip,", "gzip, identity"];
  assertEquals(decodedBy("Bun/1.4.5"), onBun);
});

Deno.test("readHttpDate() reads HTTP's three formats, always in UTC", () => {
  const at = Date.UTC(1994, 10, 6, 8, 49, 37);
  const same = [
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Sun, 06 Nov 1994 08:49:37",
    "sun, 6 nov 1994 08:49:37 gmt",
    " Sun, 06 Nov 1994 08:49:37 +0000 ",
    "06 Nov 1994 08:49:37 UTC",
  ];
  assertEquals(same.map(readHttpDate), same.map(() => at));
  assertEquals(readHttpDate("Thu, 31 Dec 1998 23:59:60 GMT"), Date.UTC(1999, 0, 1));
});

Deno.test("readHttpDate() reads two digits as the last such year, or one of the next 50", () => {
  const year = new Date().getUTCFullYear();
  const readYear = (digits: number) => {
    const two = `${digits % 100}`.padStart(2, "0");
    return new Date(readHttpDate(`Sunday, 01-Jan-${two} 00:00:00 GMT`) ?? NaN).getUTCFullYear();
  };
  for (const distance of [-49, -1, 0, 1, 50]) {
    assertEquals(readYear(year + distance), year + distance);
  }
  assertEquals(readYear(year + 51), year - 49);
});

Deno.test("readHttpDate() refuses every other text", () => {
  const others = [
    ...["", "0", "-1", "soon", "1994", "Nov", "2025-01-01T00:00:00Z", "1735689600"],
    ...["Sun, 06 Nov 1994 08:49:37 EST", "Sun, 06 Nov 1994 08:49:37 +0200"],
    ...["Sun, 06 Now 1994 08:49:37 GMT", "Sun, 06 anf 1994 08:49:37 GMT"],
    ...["Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "06 Nov 1994"],
  ];
  assertEquals(others.map(readHttpDate), others.map(() => undefined));
});
