import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Client, ClientException, ValidationException } from "../../mod.ts";
import { once } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import type { ConformanceServer } from "../conformance/client_conformance.ts";
import { memcachedPath, MemcachedProcess } from "../memcached.ts";
import { answering, ScriptedPeer } from "../scripted_peer.ts";
import { assertTtl } from "../ttl.ts";

function describeOnce(kind: string, start: () => Promise<ConformanceServer>): void {
  const test = (name: string, body: (first: Client, second: Client) => Promise<void>) =>
    it(name, async () => {
      await using server = await start();
      await using first = new Client(server.address, { timeout: 10_000 });
      await using second = new Client(server.address, { timeout: 10_000 });
      await body(first, second);
    });

  describe(`once on ${kind}`, () => {
    test("acts once for all who ask", async (first, second) => {
      let calls = 0;
      const act = () => Promise.resolve({ calls: ++calls });
      const asked = [first, second, first, second].map((client) => once(client, "key", act));
      assertEquals(await Promise.all(asked), Array(4).fill({ calls: 1 }));
      assertEquals(await once(first, "key", act, { exptime: 60 }), { calls: 1 });
      assertEquals((await first.inspect("key"))?.ttl, -1);
    });

    test("remembers a result of undefined, or null, for exptime", async (first, second) => {
      for (const result of [undefined, null]) {
        let calls = 0;
        const act = () => (calls++, result);
        assertEquals(await once(first, `${result}`, act, { exptime: 60 }), result);
        assertEquals(await once(second, `${result}`, act), result);
        assertEquals(calls, 1);
        await assertTtl(first, `${result}`, 60);
      }
    });

    test("lets the next one try when the action fails", async (first, second) => {
      const fail = () => Promise.reject(new RangeError("no luck"));
      await assertRejects(() => once(first, "key", fail), RangeError, "no luck");
      await assertRejects(() => once(first, "key", () => () => {}), ValidationException);
      assertEquals(await once(second, "key", () => "done"), "done");
    });

    test("waits for another no longer than waitFor, or its signal", async (first, second) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      const begun = Promise.withResolvers<void>();
      const slow = once(first, "key", () => {
        begun.resolve();
        return promise;
      });
      await begun.promise;
      const never = () => Promise.reject(new Error("nobody was to act"));
      const impatient = () => once(second, "key", never, { waitFor: 0.02 });
      await assertRejects(impatient, ClientException, "somebody else is still at it");
      const signal = AbortSignal.timeout(20);
      const aborted = await once(second, "key", never, { signal }).catch((error) => error);
      assertEquals(aborted, signal.reason);
      const patient = once(second, "key", never);
      resolve("done");
      assertEquals(await Promise.all([slow, patient]), ["done", "done"]);
    });

    test("refuses what makes no sense", async (client) => {
      for (const options of [{ exptime: -1 }, { lockFor: 0 }, { waitFor: -1 }]) {
        await assertRejects(() => once(client, "key", () => 1, options), ValidationException);
      }
      await assertRejects(() => once(client, "a b", () => 1), ValidationException, "do once");
    });
  });
}

describeOnce("the embedded server", () => MemcachedServer.listen());
if (memcachedPath() !== undefined) describeOnce("memcached", () => MemcachedProcess.start());

for (const verb of ["get", "ms"]) {
  Deno.test(`once ends with its signal when the server does not answer ${verb}`, async () => {
    const asked = Promise.withResolvers<void>();
    await using peer = new ScriptedPeer(answering((line) => {
      if (line.startsWith(`${verb} `)) return void asked.resolve();
      return line.startsWith("get ") ? "END\r\n" : undefined;
    }));
    await using client = new Client(peer.address);
    const stop = new AbortController();
    const never = () => Promise.reject(new Error("nobody was to act"));
    const done = once(client, "key", never, { signal: stop.signal });
    await asked.promise;
    stop.abort("enough");
    assertEquals(await done.catch((reason) => reason), "enough");
  });
}
