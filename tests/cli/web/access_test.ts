/** Which requests the page's server answers. */

import { assertEquals, assertMatch } from "@std/assert";
import { Access, isLoopback, LOOPBACK_NAMES } from "../../../src/cli/web/access.ts";
import { boundTo } from "../../../src/cli/web/bound_address.ts";

const HOST = "127.0.0.1:8300";
const open = new Access({ hosts: LOOPBACK_NAMES, token: undefined, cookie: "moecache-8300" });
const closed = new Access({ hosts: LOOPBACK_NAMES, token: "sesame", cookie: "moecache-8300" });

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly queryToken?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function statusFor(access: Access, { headers = {}, ...asked }: Asked = {}): number {
  const request = { method: "GET", path: "/", queryToken: undefined, ...asked };
  return access.refusal({ ...request, headers: { host: HOST, ...headers } })?.status ?? 200;
}

Deno.test("the server answers under its own names only, for any port", () => {
  const own = [
    "127.0.0.1:8300",
    "localhost:8300",
    "LOCALHOST:8300",
    "[::1]:8300",
    "localhost:9000",
  ];
  const foreign = [
    ...[
      "evil.example",
      "evil.example:8300",
      "127.0.0.1.evil.example:8300",
      "localhost.evil.example",
    ],
    ...["localhost@evil.example", "evil.example/localhost", "10.0.0.1:8300", "", "[::2]:8300"],
    ...["localhost:8300, evil.example", "localhost evil.example", "localhost:x", "localhost#"],
  ];
  const statusOf = (host: string) => statusFor(open, { headers: { host } });
  assertEquals(own.map(statusOf), own.map(() => 200));
  assertEquals(foreign.map(statusOf), foreign.map(() => 403));
  const request = { method: "GET", path: "/", queryToken: undefined, headers: {} };
  assertEquals(open.refusal(request)?.status, 403);
});

Deno.test("another site can only link to the page", () => {
  const from = (site: string, mode: string, dest: string) => ({
    "sec-fetch-site": site,
    "sec-fetch-mode": mode,
    "sec-fetch-dest": dest,
  });
  const visit = from("cross-site", "navigate", "document");
  assertEquals(statusFor(open, { headers: visit }), 200);
  for (const path of ["/api/events", "/api/inspect", "/page.js", "/api/flush"]) {
    assertEquals(statusFor(open, { path, headers: visit }), 403, path);
  }
  for (const site of ["cross-site", "same-site"]) {
    for (const [mode, dest] of [["navigate", "iframe"], ["no-cors", "script"], ["cors", "empty"]]) {
      assertEquals(statusFor(open, { headers: from(site, mode!, dest!) }), 403, `${site} ${mode}`);
    }
  }
  for (const site of ["same-origin", "none"]) {
    const headers = from(site, "cors", "empty");
    assertEquals(statusFor(open, { path: "/api/events", headers }), 200, site);
  }
});

Deno.test("a request from another origin is refused", () => {
  const foreign = [
    ...["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8300"],
    ...["http://127.0.0.1:8300.evil.example", "file://", "http://127.0.0.1"],
  ];
  for (const origin of foreign) {
    for (const method of ["GET", "POST", "HEAD", "PUT"]) {
      assertEquals(statusFor(open, { method, headers: { origin } }), 403, `${method} ${origin}`);
    }
  }
  const own = { origin: "http://127.0.0.1:8300" };
  assertEquals(statusFor(open, { path: "/api/events", headers: own }), 200);
});

Deno.test("what changes something has to name the page's origin", () => {
  const post = (headers: Record<string, string>) =>
    statusFor(open, { method: "POST", path: "/api/delete", headers });
  const origin = `http://${HOST}`;
  assertEquals(post({}), 403);
  assertEquals(post({ "sec-fetch-site": "same-origin" }), 403);
  assertEquals(post({ origin, "sec-fetch-site": "cross-site" }), 403);
  assertEquals(post({ origin, "sec-fetch-site": "same-site" }), 403);
  assertEquals(post({ origin: "https://evil.example" }), 403);
  assertEquals(post({ origin }), 200);
  assertEquals(post({ origin, "sec-fetch-site": "same-origin" }), 200);
  // A form of another site is a navigation as well.
  const form = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  assertEquals(post({ ...form, "sec-fetch-dest": "document" }), 403);
});

Deno.test("a token is asked for in the address of the page, a cookie, or as a bearer", () => {
  assertEquals(statusFor(closed), 401);
  assertEquals(statusFor(closed, { queryToken: "sesame" }), 200);
  assertEquals(statusFor(closed, { queryToken: "sesame", path: "/api/inspect" }), 401);
  assertEquals(statusFor(closed, { queryToken: "sesame", method: "HEAD" }), 401);
  for (const wrong of ["", "sesam", "sesame ", "SESAME", "sesamesesame"]) {
    assertEquals(statusFor(closed, { queryToken: wrong }), 401, wrong);
    assertEquals(statusFor(closed, { headers: { cookie: `moecache-8300=${wrong}x` } }), 401);
  }
  const withCookie = (cookie: string) => statusFor(closed, { headers: { cookie } });
  assertEquals(withCookie("moecache-8300=sesame"), 200);
  assertEquals(withCookie("a=b; moecache-8300=old; moecache-8300=sesame"), 200);
  assertEquals(withCookie("moecache-8301=sesame"), 401);
  assertEquals(withCookie("xmoecache-8300=sesame"), 401);
  const withBearer = (authorization: string) => statusFor(closed, { headers: { authorization } });
  assertEquals(withBearer("Bearer sesame"), 200);
  assertEquals(withBearer("Bearer other"), 401);
  assertEquals(withBearer("Basic sesame"), 401);
  // A token opens no door to another site.
  const site = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
  assertEquals(statusFor(closed, { queryToken: "sesame", headers: site }), 403);
});

Deno.test("a token is made unless only this machine can reach the page", () => {
  const options = { host: "", otherHosts: [], needsToken: false };
  const urlAt = (address: string, needsToken = false) =>
    boundTo({ address, port: 8300 }, { ...options, needsToken }).url;
  assertEquals(urlAt("127.0.0.1"), "http://127.0.0.1:8300/");
  assertEquals(urlAt("::1"), "http://[::1]:8300/");
  const token = "\\?token=[\\w-]{43}$";
  assertMatch(urlAt("127.0.0.1", true), new RegExp(`^http://127\\.0\\.0\\.1:8300/${token}`));
  for (const address of ["10.1.2.3", "0.0.0.0", "::", "fe80::1", "::ffff:10.1.2.3"]) {
    assertMatch(urlAt(address), new RegExp(token), address);
  }
  assertEquals(new Set([urlAt("::"), urlAt("::")]).size, 2);
  assertEquals(["127.8.9.1", "::1", "::ffff:127.0.0.1"].map(isLoopback), [true, true, true]);
  assertEquals(["12.7.0.1", "::", "0.0.0.0", "::ffff:10.0.0.1", "1::1"].map(isLoopback), [
    ...[false, false, false, false, false],
  ]);
});

Deno.test("the names of a server are its address, its name and what the command line adds", () => {
  const { access } = boundTo({ address: "10.1.2.3", port: 8300 }, {
    ...{ host: "cache.internal", otherHosts: ["proxy.example"], needsToken: false },
  });
  const statusOf = (host: string) => statusFor(access, { headers: { host } });
  for (const host of ["10.1.2.3:8300", "cache.internal:8300", "proxy.example", "localhost:1"]) {
    // Only the token is missing.
    assertEquals(statusOf(host), 401, host);
  }
  assertEquals(statusOf("evil.example:8300"), 403);
});
