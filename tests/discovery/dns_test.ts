import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { dns, type DnsOptions, type ResolveDns } from "../../src/discovery/mod.ts";
import { type HostAddress, SocketError, ValidationException } from "../../mod.ts";
import type { DiscoveryContext } from "../../src/discovery/discovery.ts";

const context: DiscoveryContext = {
  signal: new AbortController().signal,
  tls: undefined,
  connect: () => Promise.reject(new Error("no server must be asked directly")),
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

Deno.test("dns asks for one family if an option says so", async () => {
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

Deno.test("dns makes the client check certificates against the name, unless it has another", async () => {
  const resolve = zone({ "cache.test A": ["10.0.0.1"] });
  const address = { hostname: "10.0.0.1", port: 11211 };
  assertEquals(await lookUp({ resolve }, {}), {
    servers: [{ ...address, tls: { serverName: "cache.test" } }],
  });
  assertEquals(await lookUp({ resolve }, { serverName: "other.test", caCerts: [] }), {
    servers: [{ ...address, tls: { serverName: "other.test", caCerts: [] } }],
  });
});

Deno.test("dns gives the name without its final dot to what opens sockets", async () => {
  const resolve = zone({ "cache.test. A": ["10.0.0.1"] });
  assertEquals(await dns("cache.test.", { resolve }).lookUp({ ...context, tls: {} }), {
    servers: [{ hostname: "10.0.0.1", port: 11211, tls: { serverName: "cache.test" } }],
  });
});

Deno.test("dns rejects where there is no record", async () => {
  const none = zone({});
  await assertRejects(() => lookUp({ resolve: none }), SocketError, "no A or AAAA records");
  await assertRejects(() => lookUp({ resolve: none, family: 6 }), SocketError, "no AAAA records");
  await assertRejects(() => lookUp({ resolve: none, srv: true }), SocketError, "no SRV records");
});

/** Answers each look-up after the other; an error stands for a type that cannot be had. */
function lookUpEach(...answers: Record<"A" | "AAAA", string[] | Error>[]): Promise<unknown[]> {
  let current = answers[0]!;
  const resolve: ResolveDns = (_, type) => {
    const answer = current[type as "A" | "AAAA"];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const discovery = dns("cache.test", { resolve });
  return answers.reduce<Promise<unknown[]>>(async (before, answer) => {
    const outcomes = await before;
    current = answer;
    const outcome = await discovery.lookUp(context).then(
      ({ servers }) => servers.map((server) => (server as HostAddress).hostname),
      (error) => error,
    );
    return [...outcomes, outcome];
  }, Promise.resolve([]));
}

const FAULT = new Error("SERVFAIL");

Deno.test("dns gives the addresses of one family where the other cannot be had", async () => {
  assertEquals(await lookUpEach({ A: ["10.0.0.1"], AAAA: FAULT }), [["10.0.0.1"]]);
  assertEquals(await lookUpEach({ A: FAULT, AAAA: ["::1"] }), [["::1"]]);
});

Deno.test("dns rejects with what was wrong where neither family has addresses", async () => {
  const other = new Error("REFUSED");
  assertEquals(
    await lookUpEach({ A: [], AAAA: FAULT }, { A: FAULT, AAAA: [] }, { A: FAULT, AAAA: other }),
    [FAULT, FAULT, FAULT],
  );
  const refusing: ResolveDns = () => {
    throw FAULT;
  };
  assertEquals(await assertRejects(() => lookUp({ resolve: refusing })), FAULT);
});

Deno.test("dns keeps the addresses of a family that cannot be had any more", async () => {
  const failing = { A: ["10.0.0.2"], AAAA: FAULT };
  assertEquals(
    await lookUpEach(
      { A: ["10.0.0.1"], AAAA: ["::1"] },
      failing,
      failing,
      failing,
      { A: FAULT, AAAA: [] },
      failing,
      { A: ["10.0.0.2"], AAAA: ["::2"] },
    ),
    [
      ["10.0.0.1", "::1"],
      ["10.0.0.2", "::1"],
      ["10.0.0.2", "::1"],
      ["10.0.0.2", "::1"],
      FAULT,
      ["10.0.0.2", "::1"],
      ["10.0.0.2", "::2"],
    ],
  );
});

Deno.test("dns believes that a family has no addresses any more after three look-ups", async () => {
  const without = { A: ["10.0.0.1"], AAAA: [] };
  const both = { A: ["10.0.0.1"], AAAA: ["::1"] };
  const kept = ["10.0.0.1", "::1"];
  assertEquals(
    await lookUpEach(both, without, without, both, without, without, without, without),
    [kept, kept, kept, kept, kept, kept, ["10.0.0.1"], ["10.0.0.1"]],
  );
});

Deno.test("dns rejects with the reason of its signal, also after some answers", async () => {
  const ending = new AbortController();
  const resolve: ResolveDns = (_, type) => {
    ending.abort(FAULT);
    return type === "A" ? Promise.resolve(["10.0.0.1"]) : Promise.reject(new Error("cancelled"));
  };
  const answer = dns("cache.test", { resolve }).lookUp({ ...context, signal: ending.signal });
  assertEquals(await assertRejects(() => answer), FAULT);
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

Deno.test("dns treats equal weights of SRV records as no weights", async () => {
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

Deno.test("dns rejects invalid records, and a service that does not exist", async () => {
  const gone = zone({ "cache.test SRV": [srv(".", 0)] });
  await assertRejects(() => lookUp({ resolve: gone, srv: true }), SocketError, "no such service");
  for (
    const record of [null, undefined, "10.0.0.1", {}, srv("a.test", -1), {
      ...srv("a", 1),
      weight: 0.5,
    }]
  ) {
    const resolve = zone({ "cache.test SRV": [record] });
    await assertRejects(() => lookUp({ resolve, srv: true }), SocketError, "SRV record");
  }
  const resolve = zone({ "cache.test A": [srv("a.test", 1)] });
  await assertRejects(() => lookUp({ resolve }), SocketError, "no address");
  for (const records of [undefined, null, "10.0.0.1", {}, new Set(["10.0.0.1"])]) {
    const resolve = () => Promise.resolve(records as never);
    await assertRejects(() => lookUp({ resolve }), SocketError, "no list of records");
  }
});

Deno.test("dns refuses invalid options", () => {
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
