/** What a server says of an item, and makes no sense. */

import { assertEquals, assertRejects } from "@std/assert";
import { Client, ClientException, SocketError } from "../../mod.ts";
import { migrate } from "../../src/routing/mod.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";

const GOOD = { f: "274", c: "7", t: "-1", s: "1", l: "0", h: "0" };

/** Answers `mg` with these flags, and others as memcached does for what is not there. */
function answer(flags: Partial<typeof GOOD>): (line: string) => string {
  const told = Object.entries({ ...GOOD, ...flags }).map(([flag, token]) => ` ${flag}${token}`);
  return (line) => {
    if (line.startsWith("mg bad")) return `VA 1${told.join("")}\r\nx\r\n`;
    if (line.startsWith("mg")) return "EN\r\n";
    return line.startsWith("get") ? "END\r\n" : "HD c7\r\n";
  };
}

const ODD = ["x", "", "-", "1.5", "9".repeat(400)];

for (const flag of ["f", "c", "t"] as const) {
  Deno.test(`getOrSet fails alone over a malformed flag ${flag}`, async () => {
    for (const token of ODD) {
      await using peer = new ScriptedPeer(answering(answer({ [flag]: token })));
      await using client = new Client(peer.address, { connections: 1 });
      const others = Array.from({ length: 3 }, (_, i) => client.get(`key${i}`));
      const failing = client.getOrSet("bad", () => Promise.reject(new Error("not to be called")));
      await assertRejects(() => failing, ClientException, `of key "bad": the server gave`);
      assertEquals(await Promise.all(others), [undefined, undefined, undefined]);
      assertEquals(await client.get("key"), undefined);
      assertEquals(peer.connectionCount, 1);
    }
  });
}

Deno.test("getOrSet fails alone over a malformed cas unique of its lease", async () => {
  let asked = 0;
  await using peer = new ScriptedPeer(async (connection) => {
    for (let line; (line = await connection.request()) !== undefined;) {
      if (line.startsWith("ms")) {
        await connection.request();
        asked++;
        await connection.send("HD cx\r\n");
      } else await connection.send(line.startsWith("mg") ? "EN\r\n" : "END\r\n");
    }
  });
  await using client = new Client(peer.address);
  await assertRejects(
    () => client.getOrSet("key", () => 1),
    ClientException,
    `Cannot read item of key "key": the server gave "x" for flag c`,
  );
  assertEquals(asked, 1);
  assertEquals(await client.get("key"), undefined);
  assertEquals(peer.connectionCount, 1);
});

for (const flag of Object.keys(GOOD)) {
  Deno.test(`inspect fails alone over a malformed flag ${flag}`, async () => {
    for (const token of ODD) {
      await using peer = new ScriptedPeer(answering(answer({ [flag]: token })));
      await using client = new Client(peer.address);
      await assertRejects(() => client.inspect("bad"), ClientException, `for flag ${flag}`);
      assertEquals(await client.get("key"), undefined);
      assertEquals(peer.connectionCount, 1);
    }
  });
}

Deno.test("inspect and getOrSet name the key whose reply has no flags", async () => {
  const reply = (line: string) => line.startsWith("mg") ? "VA 1\r\nx\r\n" : "HD\r\n";
  await using peer = new ScriptedPeer(answering(reply));
  await using client = new Client(peer.address);
  for (const read of [() => client.inspect("bad"), () => client.getOrSet("bad", () => 1)]) {
    await assertRejects(read, SocketError, `Cannot read item of key "bad": the reply has no flag`);
  }
});

Deno.test("a key does not move where its flags or its time make no sense", async () => {
  for (const flag of ["f", "t"] as const) {
    await using former = new ScriptedPeer(answering(answer({ [flag]: "x" })));
    await using next = new ScriptedPeer(answering(answer({})));
    await using client = new Client([former.address, next.address], {
      locator: migrate({ servers: [former.address] }, { servers: [next.address] }),
    });
    await assertRejects(() => client.get("bad"), ClientException, `for flag ${flag}`);
  }
});
