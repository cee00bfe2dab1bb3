/** What becomes of operations when the other end misbehaves, over every way to a socket. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  Client,
  ClientException,
  type ClientOptions,
  type Dial,
  rawTranscoder,
  SocketError,
  TimeoutError,
} from "../../mod.ts";
import { dial } from "../../src/transport/dial.ts";
import { CountedSignal } from "../support/counted_signal.ts";
import { WAYS } from "../support/dials.ts";
import { splits, utf8 } from "../protocol/splits.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";
import { turn, until } from "../support/turns.ts";

const VALUE = "VALUE key 274 5\r\nv\r\nlu\r\nEND\r\n";

/** A promise, and the function that resolves it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { opened, open };
}

/** Waits until the event loop has nothing more at hand. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}

/** Waits until a client has a connection, and has begun to write. */
async function connected(client: Client): Promise<void> {
  while (client.servers[0]!.state !== "up") await settle();
  await settle();
}

for (const { way, ...dialling } of WAYS) {
  const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} (${way})`, body);
  const connect = (peer: ScriptedPeer, options: ClientOptions = {}) =>
    new Client(peer.address, { ...dialling, ...options });

  test("Client reads a reply split at every offset", async () => {
    for (const chunks of splits(utf8(VALUE))) {
      const sent = gate();
      await using peer = new ScriptedPeer(async (connection) => {
        await connection.request();
        for (const chunk of chunks) await connection.send(chunk);
        sent.open();
      });
      await using client = connect(peer);
      assertEquals(await client.get("key"), "v\r\nlu");
      // A value is handed over before the end of the reply.
      await sent.opened;
    }
  });

  test("Client rejects with a SocketError when the server closes before the end of a value", async () => {
    for (let at = 0; at < VALUE.indexOf("END"); at++) {
      await using peer = new ScriptedPeer(async (connection) => {
        await connection.request();
        await connection.send(VALUE.slice(0, at));
        connection.close();
      });
      await using client = connect(peer);
      const error = await assertRejects(() => client.get("key"), SocketError);
      assertEquals(error.server, peer.address);
    }
  });

  test("Client rejects with a SocketError when the server closes its half", async () => {
    await using peer = new ScriptedPeer(async (connection) => {
      await connection.request();
      await connection.halfClose();
    });
    await using client = connect(peer);
    await assertRejects(() => client.get("key"), SocketError, "the server closed it");
  });

  test("Client rejects everything that is in flight when the server closes the connection", async () => {
    await using peer = new ScriptedPeer(async (connection) => {
      await connection.request();
      connection.close();
    });
    await using client = connect(peer);
    const operations = [client.get("a"), client.set("b", 1), client.delete("c"), client.stats()];
    for (
      const { status, reason } of await Promise.allSettled(operations) as PromiseRejectedResult[]
    ) {
      assertEquals(status, "rejected");
      assertInstanceOf(reason, SocketError);
    }
  });

  test("Client closes its socket when it ends a connection, and the server notices it soon", async () => {
    const ways: ((client: Client) => Promise<unknown>)[] = [
      (client) => client.get("key").then(() => client.close()),
      (client) => client.set("key", "value").catch(() => {}),
    ];
    for (const end of ways) {
      const left = gate();
      await using peer = new ScriptedPeer(async (connection) => {
        if (await connection.request() === "get key") await connection.send("END\r\n");
        while (await connection.request() !== undefined);
        left.open();
      });
      await using client = connect(peer, { timeout: 500 });
      await end(client);
      const start = performance.now();
      await left.opened;
      // An open socket is also closed when it is collected as garbage, which takes 40 seconds or longer.
      assert(performance.now() - start < 20_000, `${end}`);
    }
  });

  test("Client dials again, without an error, after the server has closed an idle connection", async () => {
    const idle = gate();
    const closed = gate();
    await using peer = new ScriptedPeer(async (connection, index) => {
      await connection.request();
      await connection.send("END\r\n");
      if (index > 0) return;
      await idle.opened;
      await connection.close();
      closed.open();
    });
    await using client = connect(peer);
    assertEquals(await client.get("key"), undefined);
    idle.open();
    await closed.opened;
    await settle();
    assertEquals(await client.get("key"), undefined);
    assertEquals(peer.connectionCount, 2);
  });

  test("Client works again as soon as the server is back", async () => {
    await using peer = new ScriptedPeer(async (connection, index) => {
      await connection.request();
      if (index === 0) connection.close();
      else await connection.send(VALUE);
    });
    await using client = connect(peer);
    await assertRejects(() => client.get("key"), SocketError);
    assertEquals(await client.get("key"), "v\r\nlu");
  });

  test("Client closes the connection after a reply that does not belong to its request", async () => {
    const replies = [
      "HELLO\r\n",
      "VALUE other 274 1\r\nx\r\nEND\r\n",
      "VALUE key 274 1\r\nxyz\r\nEND\r\n",
    ];
    for (const reply of [...replies, "STORED\r\n", "\r\n", "END\n", "\0\xff\r\n"]) {
      await using peer = new ScriptedPeer(answering((line) => line === "get key" ? reply : VALUE));
      await using client = connect(peer);
      const error = await assertRejects(() => client.get("key"), SocketError);
      assertStringIncludes(error.message, `Connection to ${peer.address} ended: `);
    }
  });

  test("Client closes a connection on which the server sends something without a request", async () => {
    await using peer = new ScriptedPeer(async (connection, index) => {
      await connection.request();
      await connection.send(index === 0 ? VALUE + "VALUE key 274 3\r\nold\r\nEND\r\n" : VALUE);
    });
    await using client = connect(peer);
    assertEquals(await client.get("key"), "v\r\nlu");
    await settle();
    assertEquals(await client.get("key"), "v\r\nlu");
    assertEquals(peer.connectionCount, 2);
  });

  test("Client rejects with a TimeoutError when the reply is overdue, and never uses it late", async () => {
    const asked = gate();
    const late = gate();
    await using peer = new ScriptedPeer(async (connection, index) => {
      await connection.request();
      asked.open();
      if (index === 0) await late.opened;
      await connection.send(`VALUE key 274 1\r\n${index}\r\nEND\r\n`).catch(() => {});
    });
    const clock = new FakeClock();
    await using client = connect(peer, { timeout: 300, clock });
    const overdue = assertRejects(() => client.get("key"), TimeoutError);
    await asked.opened;
    await clock.tickSlowly(299);
    assertEquals(client.servers[0]!.pending, 1);
    await clock.tickSlowly(1);
    const error = await overdue;
    assertEquals(
      error.message,
      `No reply from ${peer.address} within 300 ms, under way: get key "key"`,
    );
    late.open();
    assertEquals(await client.get("key"), "1");
  });

  test("Client gives a reply that comes before the deadline to its own operation", async () => {
    await using peer = new ScriptedPeer(answering((line) => {
      const key = line.split(" ")[1]!;
      return `VALUE ${key} 274 ${key.length}\r\n${key}\r\nEND\r\n`;
    }));
    await using client = connect(peer, { timeout: 1000 });
    for (const key of ["a", "bb", "ccc"]) assertEquals(await client.get(key), key);
  });

  test("Client keeps the connection when an operation in flight is aborted", async () => {
    const asked = gate();
    const aborted = gate();
    await using peer = new ScriptedPeer(async (connection) => {
      await connection.request();
      asked.open();
      await aborted.opened;
      await connection.send("VALUE a 274 3\r\nold\r\nEND\r\n");
      await connection.request();
      await connection.send("VALUE a 274 3\r\nnew\r\nEND\r\n");
    });
    await using client = connect(peer);
    const controller = new AbortController();
    const first = assertRejects(
      () => client.get("a", { signal: controller.signal }),
      Error,
      "enough",
    );
    await asked.opened;
    controller.abort(new Error("enough"));
    await first;
    const second = client.get("a");
    aborted.open();
    assertEquals(await second, "new");
    assertEquals(peer.connectionCount, 1);
  });

  test("Client does not send an operation that is aborted before its turn", async () => {
    const lines: string[] = [];
    await using peer = new ScriptedPeer(answering((line) => (lines.push(line), "END\r\n")));
    await using client = connect(peer);
    const controller = new AbortController();
    const { signal } = controller;
    const abort = (key: string) => assertRejects(() => client.get(key, { signal }), DOMException);
    const aborted = [abort("first")];
    const others = [client.get("a")];
    aborted.push(abort("second"));
    others.push(client.get("b"));
    controller.abort();
    await Promise.all([...aborted, ...others]);
    await abort("never");
    assertEquals(lines, ["get a b"]);
  });

  test("Client.close rejects present and later operations", async () => {
    const asked = gate();
    await using peer = new ScriptedPeer(async (connection) => {
      await connection.request();
      asked.open();
    });
    const client = connect(peer, { timeout: 60_000 });
    const operation = assertRejects(() => client.get("key"), SocketError, "the client is closed");
    await asked.opened;
    await client.close();
    await operation;
    await assertRejects(() => client.get("key"), SocketError, "the client is closed");
    await assertRejects(() => client.set("key", 1), SocketError, "the client is closed");
    await assertRejects(() => client.delete("key"), SocketError, "the client is closed");
    await assertRejects(() => client.stats(), SocketError, "the client is closed");
    await client.close();
  });

  test("Client.close gives up connecting", async () => {
    await using peer = new ScriptedPeer(() => {});
    const client = connect(peer, { connectTimeout: 60_000 });
    const operation = assertRejects(() => client.get("key"), SocketError);
    await client.close();
    await operation;
  });

  test("Client.close leaves no socket open, however soon it comes after the dial", async () => {
    for (let turns = 0; turns < 12; turns++) {
      await using peer = new ScriptedPeer(() => {});
      const client = connect(peer);
      const operation = assertRejects(() => client.get("key"), SocketError);
      // Connects in the same turn as the client's own dial, so that the turns below are counted from it.
      const [hostname, port] = peer.address.split(":");
      using _neighbour = await Deno.connect({ hostname: hostname!, port: Number(port) });
      for (let i = 0; i < turns; i++) await null;
      await client.close();
      await operation;
    }
  });

  test("Client finds a connection closed even if the process was busy", async () => {
    // Only a timer makes Deno look at the sockets of its node:net.
    if ("Deno" in globalThis && way.startsWith("node")) return;
    const closed = gate();
    await using peer = new ScriptedPeer(async (connection, index) => {
      await connection.request();
      await connection.send("END\r\n");
      if (index > 0) return;
      await connection.close();
      closed.open();
    });
    await using client = connect(peer);
    assertEquals(await client.get("key"), undefined);
    await closed.opened;
    for (const started = performance.now(); performance.now() - started < 150;);
    assertEquals(await client.get("key"), undefined);
  });

  test("Client gives up a server that sends nothing, and asks it again over another connection", async () => {
    const asked = gate();
    await using peer = new ScriptedPeer(async (connection, index) => {
      await connection.request();
      asked.open();
      if (index > 0) await connection.send(VALUE);
    });
    const clock = new FakeClock();
    await using client = connect(peer, { stallTimeout: 300, clock });
    const silent = assertRejects(() => client.get("key"), TimeoutError);
    await asked.opened;
    await clock.tickSlowly(299);
    assertEquals(client.servers[0]!.pending, 1);
    await clock.tickSlowly(1);
    const error = await silent;
    assertEquals(
      error.message,
      `No reply from ${peer.address}: it has sent nothing for 300 ms, under way: get key "key"`,
    );
    assertEquals(client.servers[0]!.failures, 1);
    assertEquals(await client.get("key"), "v\r\nlu");
  });

  test("Client does not treat a server as silent because the process was busy", async () => {
    const asked = gate();
    const answer = gate();
    await using peer = new ScriptedPeer(async (connection) => {
      await connection.request();
      asked.open();
      await answer.opened;
      await connection.send(VALUE);
    });
    await using client = connect(peer, { stallTimeout: 200 });
    const value = client.get("key");
    await asked.opened;
    for (const started = performance.now(); performance.now() - started < 500;);
    answer.open();
    assertEquals(await value, "v\r\nlu");
  });

  test("Client does not time out an operation because the process was busy", async () => {
    await using peer = new ScriptedPeer(answering(() => "END\r\n"));
    await using client = connect(peer, { timeout: 500 });
    const busy = (time: number) => {
      for (const started = performance.now(); performance.now() - started < time;);
    };
    assertEquals(await client.get("warm"), undefined);
    const first = client.get("first");
    busy(700);
    const second = client.get("second");
    assertEquals(await Promise.all([first, second]), [undefined, undefined]);
  });

  test("Client reads while it writes what the server has not read yet", async () => {
    const values = Array.from({ length: 64 }, (_, i) => `${i}`.repeat(100_000));
    const stored: string[] = [];
    await using peer = new ScriptedPeer(answering((line) => {
      if (!line.startsWith("set ")) return undefined;
      stored.push(line.split(" ", 2)[1]!);
      return "STORED\r\n";
    }));
    await using client = connect(peer, { connections: 1 });
    await Promise.all(values.map((value, i) => client.set(`key${i}`, value)));
    assertEquals(stored, values.map((_, i) => `key${i}`));
  });
}

Deno.test("Client rejects with a SocketError that names server and cause when refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  await using client = new Client(address);
  const error = await assertRejects(() => client.get("key"), SocketError);
  assertEquals(error.server, address);
  assertEquals((error.cause as { code?: string }).code, "ECONNREFUSED");
  assertStringIncludes(error.message, `Cannot connect to ${address}: `);
});

Deno.test("Client rejects with a SocketError when the host name does not resolve", async () => {
  await using client = new Client("no-such-host.invalid");
  const error = await assertRejects(() => client.get("key"), SocketError);
  assertEquals(error.server, "no-such-host.invalid:11211");
  assertInstanceOf(error.cause, Error);
});

Deno.test("Client opens another socket for operations that come late in a dial that times out", async () => {
  await using peer = new ScriptedPeer(answering(() => "END\r\n"));
  let dials = 0;
  // The first dial never ends.
  const hangOnce: Dial = (endpoint, options) =>
    dials++ > 0 ? dial(endpoint, options) : new Promise((_, reject) => {
      const { signal } = options;
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const clock = new FakeClock();
  await using client = new Client(peer.address, { timeout: 300, dial: hangOnce, clock });
  const first = assertRejects(() => client.get("first"), TimeoutError, "Cannot connect");
  while (dials === 0) await settle();
  await clock.tickSlowly(100);
  const second = client.get("second");
  await clock.tickSlowly(200);
  await first;
  assertEquals(await second, undefined);
  assertEquals(dials, 2);
});

Deno.test("Client continues an operation on the new connection that it moves to", async () => {
  await using peer = new ScriptedPeer(async (connection, index) => {
    if (index > 0) await answering(() => "END\r\n")(connection, index);
  });
  const clock = new FakeClock();
  await using client = new Client(peer.address, { timeout: 600, connectTimeout: 5000, clock });
  const stuck = assertRejects(() => client.set("large", new Uint8Array(30_000_000)), TimeoutError);
  await connected(client);
  clock.tick(300);
  const moved = client.get("moved");
  await settle();
  clock.tick(300);
  await stuck;
  assertEquals(await moved, undefined);
  assertEquals(await client.get("after"), undefined);
  assertEquals(peer.connectionCount, 2);
});

Deno.test("Client does not let an overdue operation close the connection that others move to", async () => {
  const arrived = gate();
  const late = gate();
  await using peer = new ScriptedPeer(async (connection, index) => {
    if (index === 0) return;
    await connection.request();
    arrived.open();
    await late.opened;
    await connection.send("END\r\n");
  });
  const clock = new FakeClock();
  await using client = new Client(peer.address, { timeout: 100, clock });
  // The second does not fit beside the first into what is written at once, and shares its deadline.
  const stuck = assertRejects(() => client.set("large", new Uint8Array(20_000_000)), TimeoutError);
  const overdue = assertRejects(() => client.get("overdue"), TimeoutError);
  await connected(client);
  clock.tick(60);
  const moved = client.get("moved");
  await settle();
  clock.tick(40);
  await Promise.all([stuck, overdue]);
  await arrived.opened;
  clock.tick(59);
  late.open();
  assertEquals(await moved, undefined);
  assertEquals(peer.connectionCount, 2);
});

Deno.test("Client ends a quiet meta command with the second refusal of a server without meta", async () => {
  await using peer = new ScriptedPeer(
    answering((line) => line === "get a" ? "END\r\n" : "ERROR\r\n"),
  );
  await using client = new Client(peer.address, { timeout: 1000 });
  const quiet = assertRejects(() => client.meta("mg", "a", ["q"]), ClientException, "1.6.10");
  const next = client.get("a");
  await quiet;
  assertEquals(await next, undefined);
  assertEquals(peer.connectionCount, 1);
});

Deno.test("Client gives up a counter that the server neither finds nor adds", async () => {
  await using peer = new ScriptedPeer(answering((line) => {
    if (line.startsWith("incr")) return "NOT_FOUND\r\n";
    return line.startsWith("add") ? "NOT_STORED\r\n" : undefined;
  }));
  await using client = new Client(peer.address, { timeout: 1000 });
  await assertRejects(() => client.incr("a", 1, { initial: 1 }), ClientException, "neither");
});

Deno.test("Client never uses a reply for another operation", async () => {
  await using peer = new ScriptedPeer(answering((line) => {
    if (line.startsWith("mg")) return "HD f1 s5\r\n";
    return line.startsWith("gets") ? "VALUE a 274 1\r\nx\r\nEND\r\n" : undefined;
  }));
  await using client = new Client(peer.address, { timeout: 1000 });
  await assertRejects(() => client.inspect("a"), SocketError, "flag c");
  await assertRejects(() => client.gets("a"), SocketError, "cas unique");
});

Deno.test("Client does not count a long turn as time for connecting", async () => {
  await using peer = new ScriptedPeer(answering(() => "END\r\n"));
  for (const options of [{ timeout: 500 }, { timeout: 5000, connectTimeout: 500 }]) {
    await using client = new Client(peer.address, options);
    const operation = client.get("key");
    for (const started = performance.now(); performance.now() - started < 700;);
    assertEquals(await operation, undefined);
  }
});

Deno.test("Client closes a connection on which nothing comes after a write has ended", async () => {
  let dials = 0;
  const encoder = new TextEncoder();
  // A socket that answers its first request in the turn in which the write of it ends, and no other.
  const dial: Dial = () => {
    dials++;
    let asked = () => {};
    const first = new Promise<void>((resolve) => asked = resolve);
    let close = () => {};
    const closed = new Promise<null>((resolve) => close = () => resolve(null));
    let reads = 0;
    return Promise.resolve({
      readable: new ReadableStream<Uint8Array>(),
      writable: new WritableStream<Uint8Array>(),
      close: () => close(),
      async write(bytes: Uint8Array) {
        asked();
        await turn();
        return bytes.length;
      },
      async read(into: Uint8Array) {
        if (reads++ > 0) return closed;
        await first;
        await turn();
        return encoder.encodeInto("END\r\n", into).written;
      },
    });
  };
  await using client = new Client("127.0.0.1:1", { timeout: 50, dial });
  assertEquals(await client.get("a"), undefined);
  await assertRejects(() => client.get("b"), TimeoutError);
  assertEquals(await client.get("c"), undefined);
  assertEquals(dials, 2);
});

Deno.test("Client keeps the timeout of operations that move after newer ones", async () => {
  // One that begins its time again, where it moves to, is late by all of it.
  const TIMEOUT = 400;
  await using peer = new ScriptedPeer(() => {});
  // What takes no time to encode: the time of the operations is what is measured.
  const transcoder = rawTranscoder({ handsOverData: true });
  const clock = new FakeClock();
  await using client = new Client(peer.address, {
    timeout: TIMEOUT,
    connections: 2,
    transcoder,
    clock,
  });
  const started = clock.now();
  const late: number[] = [];
  const operations: Promise<void>[] = [];
  for (let i = 0; i < 10; i++) {
    const issued = clock.now();
    const operation = i === 0 ? client.set("k", new Uint8Array(20_000_000)) : client.get(`k${i}`);
    operations.push(
      assertRejects(() => operation, SocketError).then(() => {
        late.push(clock.now() - issued - TIMEOUT);
      }),
    );
    await clock.tickSlowly(30);
  }
  while (late.length < operations.length) await clock.tickSlowly(20);
  await Promise.all(operations);
  assert(
    Math.max(...late) < TIMEOUT / 2,
    `${Math.max(...late)} ms late of ${clock.now() - started}`,
  );
});

Deno.test("Client leaves no listener on a signal, however the operation ends", async () => {
  await using peer = new ScriptedPeer(answering(() => "END\r\n"));
  const client = new Client(peer.address);
  const { signal, listeners } = new CountedSignal();
  await client.get("key", { signal });
  assertEquals(listeners().present, 0);
  const open = assertRejects(() => client.stats("x", { signal }), SocketError);
  await client.close();
  await open;
  await assertRejects(() => client.get("key", { signal }), SocketError);
  assertEquals(listeners().present, 0);
});

Deno.test("Client rejects what exceeds maxPending, and takes more when there is room again", async () => {
  const asked = gate();
  const answered = gate();
  await using peer = new ScriptedPeer(async (connection) => {
    for (let line; (line = await connection.request()) !== undefined;) {
      asked.open();
      await answered.opened;
      await connection.send(line === "delete last" ? "DELETED\r\n" : "END\r\n");
    }
  });
  await using client = new Client(peer.address, { maxPending: 3 });
  const waiting = [client.get("a"), client.get("b")];
  await asked.opened;
  waiting.push(client.get("c"));
  const error = await assertRejects(() => client.get("d"), SocketError, "maxPending");
  assertEquals(error.server, peer.address);
  answered.open();
  assertEquals(await Promise.all(waiting), [undefined, undefined, undefined]);
  assertEquals(await client.delete("last"), true);
});

Deno.test("Client rejects a value that exceeds maxPendingBytes, and accepts it when there is room again", async () => {
  const asked = gate();
  const answered = gate();
  await using peer = new ScriptedPeer(async (connection) => {
    for (let line; (line = await connection.request()) !== undefined;) {
      if (!/^(set|ms) /.test(line)) continue;
      asked.open();
      await answered.opened;
      await connection.send(line.startsWith("ms") ? "HD\r\n" : "STORED\r\n");
    }
  });
  await using client = new Client(peer.address, { maxPendingBytes: 1000 });
  const waiting: Promise<unknown>[] = [client.meta("ms", "bytes", [], new Uint8Array(300))];
  await asked.opened;
  waiting.push(client.set("text", "x".repeat(400)), client.set("more", "x".repeat(300)));
  const error = await assertRejects(() => client.set("last", "x"), SocketError);
  assertEquals(error.server, peer.address);
  assertEquals(
    error.message,
    `Cannot use ${peer.address}: 1000 bytes of values wait for it, and 1 more are above ` +
      'the 1000 of maxPendingBytes, not sent: set key "last"',
  );
  await assertRejects(() => client.add("last", "x"), SocketError, "maxPendingBytes");
  // What is never sent makes room at once.
  const aborted = new AbortController();
  const { signal } = aborted;
  const queued = client.delete("key", { signal }).catch(() => {});
  aborted.abort();
  await queued;
  answered.open();
  await Promise.all(waiting);
  await client.set("last", "x".repeat(1000));
  await assertRejects(
    () => client.set("large", "x".repeat(1001)),
    SocketError,
    "0 bytes of values",
  );
});

Deno.test("Client stops counting the bytes of operations that are aborted while an earlier write hangs", async () => {
  await using peer = new ScriptedPeer(() => {});
  const client = new Client(peer.address, { maxPendingBytes: 20_001_000 });
  const stuck = assertRejects(() => client.set("large", "x".repeat(20_000_000)), SocketError);
  await connected(client);
  for (let i = 0; i < 10; i++) {
    const signal = AbortSignal.timeout(1);
    await assertRejects(() => client.set("aborted", "x".repeat(1000), 0, { signal }), DOMException);
  }
  await client.close();
  await stuck;
});

Deno.test("Client stops counting an operation that is aborted before its turn", async () => {
  await using peer = new ScriptedPeer(answering(() => "END\r\n"));
  await using client = new Client(peer.address, { maxPending: 2 });
  for (let i = 0; i < 10; i++) {
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = assertRejects(() => client.get("aborted", { signal }), DOMException);
    const kept = client.get("kept");
    controller.abort();
    await aborted;
    assertEquals(await kept, undefined);
  }
});

Deno.test("Client stops counting operations that are aborted while an earlier write hangs", async () => {
  await using peer = new ScriptedPeer(() => {});
  const client = new Client(peer.address, { maxPending: 3 });
  const stuck = assertRejects(() => client.set("large", "x".repeat(20_000_000)), SocketError);
  await connected(client);
  for (let i = 0; i < 10; i++) {
    const signal = AbortSignal.timeout(1);
    await assertRejects(() => client.get("aborted", { signal }), DOMException);
  }
  const waiting = assertRejects(() => client.get("key"), SocketError, "closed");
  await client.close();
  await Promise.all([stuck, waiting]);
});

Deno.test("Client ends a connection that declares a value above maxValueBytes", async () => {
  await using peer = new ScriptedPeer(answering(() => "VALUE key 274 1001\r\n"));
  await using client = new Client(peer.address, { maxValueBytes: 1000 });
  const error = await assertRejects(() => client.get("key"), SocketError, "maxValueBytes");
  assertEquals(error.server, peer.address);
});

Deno.test("Client times out when the server accepts but never reads", async () => {
  await using peer = new ScriptedPeer(() => {});
  await using client = new Client(peer.address, { timeout: 100 });
  const large = new Uint8Array(20_000_000);
  const operations = [client.set("large", large), client.get("key"), client.set("large", large)];
  for (const { status } of await Promise.allSettled(operations)) assertEquals(status, "rejected");
});

Deno.test("Client spreads work over all connections that it may open", async () => {
  await using peer = new ScriptedPeer(answering((line) => {
    return line === "get last" ? "END\r\n" : undefined;
  }));
  await using client = new Client(peer.address, { connections: 3, timeout: 60_000 });
  const waiting: Promise<unknown>[] = [];
  for (let i = 0; i < 5; i++) {
    waiting.push(client.get(`key${i}`));
    await until(() => peer.connectionCount >= Math.min(i + 1, 3));
    await settle();
  }
  assertEquals(peer.connectionCount, 3);
  const all = Promise.allSettled(waiting);
  await client.close();
  assert((await all).every(({ status }) => status === "rejected"));
});
