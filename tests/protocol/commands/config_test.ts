import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ClientException, SocketError } from "../../../src/errors.ts";
import { ConfigCommand, readClusterConfig } from "../../../src/protocol/commands/config.ts";
import { Outcomes, outcomesOf, replay, requestOf } from "../replay.ts";
import { utf8 } from "../splits.ts";

const CONFIG = "12\na.cfg.example|10.0.0.1|11211 b.cfg.example|10.0.0.2|11212\n";

function reply(text: string): string {
  return `CONFIG cluster 0 ${utf8(text).length}\r\n${text}\r\nEND\r\n`;
}

function replied(text: string): unknown {
  const outcomes = new Outcomes();
  assert(replay(new ConfigCommand().settleBy(...outcomes.next()), [utf8(text)]));
  return outcomes.all[0];
}

Deno.test("ConfigCommand asks for the cluster", () => {
  const command = new ConfigCommand().settleBy(...new Outcomes().next());
  assertEquals(requestOf(command), "config get cluster\r\n");
});

Deno.test("ConfigCommand reads a configuration whose reply is split at any place", () => {
  const make = (outcomes: Outcomes) => [new ConfigCommand().settleBy(...outcomes.next())];
  for (const { done, outcomes } of outcomesOf(make, reply(CONFIG))) {
    assert(done);
    assertEquals(outcomes, [{ value: CONFIG }]);
  }
});

Deno.test("ConfigCommand fails with the server's refusal", () => {
  for (const line of ["ERROR", "CLIENT_ERROR bad", "SERVER_ERROR down"]) {
    const { error } = replied(`${line}\r\n`) as { error: ClientException };
    assertInstanceOf(error, ClientException);
    assertEquals(error.item, line);
  }
});

Deno.test("ConfigCommand refuses every other reply", () => {
  const hostile = [
    "END\r\n",
    "VALUE cluster 0 1\r\n1\r\nEND\r\n",
    "CONFIG cluster 0\r\n",
    "CONFIG cluster 0 x\r\n",
    "CONFIG cluster 0 -1\r\n",
    "CONFIG other 0 1\r\n1\r\nEND\r\n",
    "CONFIG cluster 0 1\r\n1\r\nERROR\r\n",
    "CONFIG cluster 0 1\r\n12\r\nEND\r\n",
  ];
  for (const text of hostile) assertThrows(() => replied(text), SocketError);
});

Deno.test("readClusterConfig reads hosts, addresses and ports before any line end", () => {
  const nodes = [
    { hostname: "a.cfg.example", ip: "10.0.0.1", port: 11211 },
    { hostname: "b.cfg.example", ip: "10.0.0.2", port: 11212 },
  ];
  for (const end of ["", "\n", "\n\r\n", "\r\n", "\n\n", " \n"]) {
    assertEquals(readClusterConfig(CONFIG.trim() + end), { version: 12n, nodes });
  }
});

Deno.test("readClusterConfig reads empty parts, IPv6 and names that begin with a digit", () => {
  const { nodes } = readClusterConfig("1\n0a.example||1 |10.0.0.1|2 |2001:db8::1|65535\n");
  assertEquals(nodes, [
    { hostname: "0a.example", ip: "", port: 1 },
    { hostname: "", ip: "10.0.0.1", port: 2 },
    { hostname: "", ip: "2001:db8::1", port: 65535 },
  ]);
});

Deno.test("readClusterConfig reads a configuration without a node", () => {
  assertEquals(readClusterConfig("7\n\n"), { version: 7n, nodes: [] });
});

Deno.test("readClusterConfig keeps versions as large as they come", () => {
  assertEquals(readClusterConfig("18446744073709551615\n").version, 2n ** 64n - 1n);
});

Deno.test("readClusterConfig refuses what is not a configuration", () => {
  for (const text of ["", "\n", "a|b|1\n", "-1\n", "1.5\n", "0x1\n", `${"9".repeat(40)}\n`]) {
    assertThrows(() => readClusterConfig(text), SocketError, "version");
  }
  for (const node of ["a", "a|b", "a|b|", "a|b|x", "||1", "a|b|1|2", "a|b|123456", "a|b|-1"]) {
    assertThrows(() => readClusterConfig(`1\n${node}\n`), SocketError, "host|ip|port");
  }
});

Deno.test("readClusterConfig refuses more nodes than any cluster has, as each takes memory", () => {
  assertEquals(readClusterConfig(`1\n${"a||1 ".repeat(5000)}\n`).nodes.length, 5000);
  assertThrows(
    () => readClusterConfig(`1\n${"a||1 ".repeat(5001)}\n`),
    SocketError,
    "5001 nodes, over 5000",
  );
});
