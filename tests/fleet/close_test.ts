/** What becomes of the other sockets when one cannot be closed. */

import { assertEquals } from "@std/assert";
import { Client, type ClientOptions, type Dial } from "../../mod.ts";
import { type Deferred, deferred } from "../../src/waiting/promises.ts";
import { turn } from "../support/turns.ts";

const REPLY = new TextEncoder().encode("END\r\n");

/** Sockets that answer whatever they are asked, and are closed when a test says so. */
class Sockets {
  readonly closing: Deferred<void>[] = [];

  readonly dial: Dial = () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
      transform: (_request, replies) => replies.enqueue(REPLY),
    });
    return Promise.resolve({
      readable,
      writable,
      close: () => {
        const closed = deferred<void>();
        this.closing.push(closed);
        return closed.promise;
      },
    });
  };
}

const GUTTER = { gutter: ["d:1", "e:1"] };
const KINDS: Readonly<Record<string, ClientOptions>> = {
  "of several servers": {},
  "of one server": { connections: 3 },
  "that were discovered": {
    discovery: {
      name: "registry",
      lookUp: () => Promise.resolve({ servers: ["a:1", "b:1", "c:1"] }),
    },
  },
  "beside a gutter": { failover: GUTTER },
};

for (const [kind, options] of Object.entries(KINDS)) {
  for (const way of ["close", "setServers"] as const) {
    if (way === "setServers" && options.discovery !== undefined) continue;
    Deno.test(`Client.${way} waits for all sockets ${kind} where one cannot be closed`, async () => {
      const sockets = new Sockets();
      const { connections = 1, discovery } = options;
      const servers = discovery ? [] : connections === 1 ? ["a:1", "b:1", "c:1"] : ["a:1"];
      const client = new Client(servers, { dial: sockets.dial, ...options });
      const keys = Array.from({ length: 30 }, (_, i) => `key${i}`);
      // More sockets are opened only while all are busy.
      for (let i = 0; i < connections; i++) await Promise.all(keys.map((key) => client.get(key)));
      const outcomes: unknown[] = [];
      const ended = way === "close" ? client.close() : client.setServers("other:1");
      ended.then(() => outcomes.push("ended"), (error) => outcomes.push(error));
      await turn();
      const [first, ...others] = sockets.closing;
      assertEquals(sockets.closing.length > 1, true);
      first!.reject(new Error("it cannot be closed"));
      await turn();
      for (const { resolve } of others) {
        assertEquals(outcomes, []);
        resolve();
        await turn();
      }
      assertEquals(outcomes.map(String), ["Error: it cannot be closed"]);
      await client.close().catch((error) => assertEquals(error.message, "it cannot be closed"));
    });
  }
}
