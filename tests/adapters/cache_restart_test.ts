/** Lists of a cache whose server restarts meanwhile, and numbers its cas uniques from the start again. */

import { assertEquals } from "@std/assert";
import { Client, type Dial, SocketError } from "../../mod.ts";
import { MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { RESTARTING } from "../support/restarting.ts";
import { turns } from "../support/turns.ts";

const ADDRESS = "https://example.com/page";
const WRITERS = 2;
const RESTARTS = 3;

/** Repeats operations until it is stopped. It remembers which ones have succeeded since the last restart. */
class Writer {
  readonly opened: Set<string> = new Set();
  readonly put: Set<string> = new Set();
  readonly deleted: Set<string> = new Set();
  readonly #id: number;
  readonly #caches: MoecacheCacheStorage;
  #life = 0;
  #count = 0;

  constructor(id: number, client: Client) {
    this.#id = id;
    this.#caches = new MoecacheCacheStorage(client);
  }

  restarted(): void {
    this.#life++;
    this.opened.clear();
    this.put.clear();
    this.deleted.clear();
  }

  async write(rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      const name = `${this.#id}-${this.#count++}`;
      await Promise.all([
        this.#note(this.opened, name, () => this.#caches.open(name)),
        this.#note(this.put, name, () => this.#put(name)),
        this.#note(this.deleted, `not ${name}`, async () => {
          await this.#caches.open(`not ${name}`);
          await this.#caches.delete(`not ${name}`);
        }),
      ]);
      await turns(1);
    }
  }

  async #put(language: string): Promise<void> {
    const cache = await this.#caches.open("shared");
    const headers = { "Accept-Language": language };
    const stored = { headers: { Vary: "Accept-Language", "Cache-Control": "max-age=1000" } };
    await cache.put(new Request(ADDRESS, { headers }), new Response(language, stored));
  }

  async #note(done: Set<string>, name: string, write: () => Promise<unknown>): Promise<void> {
    const life = this.#life;
    try {
      await write();
      if (life === this.#life) done.add(name);
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
    }
  }
}

for (const [kind, start] of Object.entries(RESTARTING)) {
  Deno.test(`a cache loses nothing that was stored since ${kind} restarted`, async () => {
    await using server = await start();
    await using client = new Client(server.address, { timeout: 10_000 });
    const clients = Array.from({ length: WRITERS }, () => {
      return new Client(server.address, { timeout: 10_000, connections: 2 });
    });
    const writers = clients.map((client, i) => new Writer(i, client));
    for (let i = 0; i < RESTARTS; i++) {
      const writing = Promise.all(writers.map((writer) => writer.write(4)));
      await turns(20);
      await server.restart(client);
      for (const writer of writers) writer.restarted();
      await writing;
    }
    await Promise.all(writers.map((writer) => writer.write(4)));
    const caches = new MoecacheCacheStorage(client);
    const names = await caches.keys();
    const isListed = (name: string) => names.includes(name);
    for (const { opened, deleted } of writers) {
      assertEquals([...opened].filter((name) => !isListed(name)), []);
      assertEquals([...deleted].filter(isListed), []);
    }
    const cache = await caches.open("shared");
    for (const { put } of writers) {
      for (const language of put) {
        const request = new Request(ADDRESS, { headers: { "Accept-Language": language } });
        assertEquals(await (await cache.match(request))?.text(), language);
      }
    }
    assertEquals(writers.every(({ put, opened }) => put.size >= 4 && opened.size >= 4), true);
    await Promise.all(clients.map((client) => client.close()));
  });
}

/** Connects, and ends the first connection behind the first reply with a cas unique, once something has been done. */
function endingBehindCas(between: (reply: string) => Promise<void>): Dial {
  let isDone = false;
  return async ({ hostname, port }: { hostname?: string; port?: number }) => {
    const socket = await Deno.connect({ hostname: hostname!, port: port! });
    const readable = socket.readable.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        async transform(chunk, controller) {
          const reply = new TextDecoder().decode(chunk);
          const isRead = !isDone && /^VALUE \S+ \d+ \d+ \d+\r\n/.test(reply);
          if (isRead) {
            isDone = true;
            await between(reply);
          }
          controller.enqueue(chunk);
          if (isRead) controller.terminate();
        },
      }),
    );
    return { readable, writable: socket.writable, close: () => socket.close() };
  };
}

for (const [kind, start] of Object.entries(RESTARTING)) {
  for (const operation of ["open", "delete"] as const) {
    Deno.test(`${operation} keeps the names stored after a restart of ${kind} under the same cas unique`, async () => {
      await using server = await start();
      await using second = new Client(server.address, { timeout: 10_000 });
      const others = new MoecacheCacheStorage(second);
      for (const name of ["a", "b", "c"]) await others.open(name);
      const acknowledged: string[] = [];
      const dial = endingBehindCas(async (reply) => {
        const [, key = "", cas = ""] = /^VALUE (\S+) \d+ \d+ (\d+)/.exec(reply)!;
        await server.restart(second);
        do {
          await others.open(`other ${acknowledged.length}`);
          acknowledged.push(`other ${acknowledged.length}`);
        } while ((await second.inspect(key))!.cas < BigInt(cas));
        assertEquals((await second.inspect(key))!.cas, BigInt(cas));
      });
      await using first = new Client(server.address, { timeout: 10_000, dial });
      await new MoecacheCacheStorage(first)[operation](operation === "open" ? "new" : "a");
      const names = await others.keys();
      assertEquals(names, operation === "open" ? [...acknowledged, "new"] : acknowledged);
    });
  }
}
