import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  dns,
  type DnsOptions,
  type ResolveDns,
  SocketError,
  ValidationException,
} from "../../mod.ts";
import type { DiscoveryContext } from "../../src/discovery/discovery.ts";

const context: DiscoveryContext = {
  signal: new AbortController().signal,
  tls: undefined,
  connect: () => Promise.reject(new Error("nobody is to be asked directly")),
};

/** Answers from a zone; what it does not hold has no records. */
function zone(records: Record<string, unknown[]>): ResolveDns {
  return (name, type) =>
    Promise.resolve((records[`${name} ${type}`] ?? []) as Awaited<ReturnType<ResolveDns>>);
}

function lookUp(options: DnsOptions, tls?: DiscoveryContext["tls"]): Promise<unknown> {
  return dns("cache.test", options).lookUp({ ...context, tls });
}

function srv(target: string, port: number, priority = 0, weight = 0): object {
  return { target, port, priority, weight };
}

Deno.test("dns gives A and AAAA records as servers, each once and in order", async () => {
  const resolve = zone({
    "cache.test A": ["10.0.0.2", "10.0.0.1", "10.0.0.2"],
    "cache.test AAAA": ["2001:db8::1"],
  });
  assertEquals(await lookUp({ resolve, port: 1234 }), {
    servers: [
      { hostname: "10.0.0.1", port: 1234 },
      { hostname: "10.0.0.2", port: 1234 },
      { hostname: "2001:db8::1", port: 1234 },
    ],
  });
});

Deno.test("dns asks for one family where it is told to", async () => {
  for (const [family, type] of [[4, "A"], [6, "AAAA"]] as const) {
    const asked: string[] = [];
    const resolve: ResolveDns = (name, type) => {
      asked.push(`${name} ${type}`);
      return Promise.resolve(["::1"]);
    };
    assertEquals(await lookUp({ resolve, family }), {
      servers: [{ hostname: "::1", port: 11211 }],
    });
    assertEquals(asked, [`cache.test ${type}`]);
  }
});

Deno.test("dns has certificates checked against the name, unless the client has another", async () => {
  const resolve = zone({ "cache.test A": ["10.0.0.1"] });
  const address = { hostname: "10.0.0.1", port: 11211 };
  assertEquals(await lookUp({ resolve }, {}), {
    servers: [{ ...address, tls: { serverName: "cache.test" } }],
  });
  assertEquals(await lookUp({ resolve }, { serverName: "other.test", caCerts: [] }), {
    servers: [{ ...address, tls: { serverName: "other.test", caCerts: [] } }],
  });
});

Deno.test("dns rejects where there is no record, or the resolver fails", async () => {
  const none = zone({});
  await assertRejects(() => lookUp({ resolve: none }), SocketError, "no A or AAAA records");
  await assertRejects(() => lookUp({ resolve: none, family: 6 }), SocketError, "no AAAA records");
  await assertRejects(() => lookUp({ resolve: none, srv: true }), SocketError, "no SRV records");
  const fault = new Error("SERVFAIL");
  // Half an answer would move keys to the wrong servers.
  const half: ResolveDns = (_, type) =>
    type === "A" ? Promise.resolve(["10.0.0.1"]) : Promise.reject(fault);
  assertEquals(await assertRejects(() => lookUp({ resolve: half })), fault);
});

Deno.test("dns gives SRV records of the lowest priority as servers, with their weights", async () => {
  const resolve = zone({
    "cache.test SRV": [
      srv("b.test.", 2, 10, 20),
      srv("a.test", 1, 10, 0),
      srv("spare.test", 3, 20, 5),
    ],
  });
  assertEquals(await lookUp({ resolve, srv: true }), {
    servers: [
      { hostname: "a.test", port: 1, weight: 1 },
      { hostname: "b.test", port: 2, weight: 20 },
    ],
  });
});

Deno.test("dns takes equal weights of SRV records for none", async () => {
  for (const weight of [0, 1, 33]) {
    const resolve = zone({
      "cache.test SRV": [srv("a.test", 1, 0, weight), srv("b.test", 1, 0, weight)],
    });
    assertEquals(await lookUp({ resolve, srv: true }), {
      servers: [
        { hostname: "a.test", port: 1, weight: 1 },
        { hostname: "b.test", port: 1, weight: 1 },
      ],
    });
  }
});

Deno.test("dns rejects records that are none, and a service that says it is not there", async () => {
  const gone = zone({ "cache.test SRV": [srv(".", 0)] });
  await assertRejects(() => lookUp({ resolve: gone, srv: true }), SocketError, "no such service");
  for (const record of ["10.0.0.1", {}, srv("a.test", -1), { ...srv("a", 1), weight: 0.5 }]) {
    const resolve = zone({ "cache.test SRV": [record] });
    await assertRejects(() => lookUp({ resolve, srv: true }), SocketError, "SRV record");
  }
  const resolve = zone({ "cache.test A": [srv("a.test", 1)] });
  await assertRejects(() => lookUp({ resolve }), SocketError, "no address");
});

Deno.test("dns refuses options that make no sense", () => {
  const refused: [string, object?][] = [
    [""],
    ["a b"],
    ["cache.test:11211"],
    ["user@cache.test"],
    ["cache.test", { port: 0 }],
    ["cache.test", { port: 65536 }],
    ["cache.test", { srv: "yes" }],
    ["cache.test", { family: 5 }],
    ["cache.test", { resolve: "system" }],
  ];
  for (const [name, options] of refused) {
    assertThrows(() => dns(name, options), ValidationException);
  }
});
