import { assertEquals } from "@std/assert";
import { freshnessOf } from "../../../src/adapters/http/freshness.ts";

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

Deno.test("freshnessOf() takes what is malformed for expired", () => {
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
});
