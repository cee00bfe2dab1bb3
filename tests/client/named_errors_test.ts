/** Errors name the command and the key, and say what was not sent, also those that no server has caused. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import {
  Client,
  ClientException,
  type ClientOptions,
  type KeyCommands,
  type KeyFormat,
  rawTranscoder,
  SocketError,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { isUnsent } from "../../src/protocol/command.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import { until } from "../support/turns.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { enyimTranscoder } from "../../src/transcoding/mod.ts";
import { hashedKeys, largeValues, replicas } from "../../src/views/mod.ts";

/** Something that a transcoder throws. */
class Fault extends Error {}

const fault = new Fault("broken");
const fail = () => {
  throw fault;
};
const failLater = () => Promise.reject(fault);
const storing = () => ({ flags: 0, data: new Uint8Array(1) });

function errorOf(operation: Promise<unknown>): Promise<unknown> {
  return operation.then(() => undefined, (error) => error);
}

type Operations = Readonly<Record<string, (client: KeyCommands) => Promise<unknown>>>;

/** Operations that encode a value, by their command in the message. */
const WRITES: Operations = {
  set: (client) => client.set("a", 1),
  add: (client) => client.add("a", 1),
  replace: (client) => client.replace("a", 1),
  cas: (client) => client.cas("a", 1, 1n),
  "get or set": (client) => client.getOrSet("a", () => 1),
  update: (client) => client.update("a", () => 1),
};

/** Operations that decode one. */
const READS: Operations = {
  get: (client) => client.get("a"),
  gets: (client) => client.gets("a"),
  getAndTouch: (client) => client.getAndTouch("a", 100),
  getOrSet: (client) => client.getOrSet("a", () => 1),
  update: (client) => client.update("a", () => 1),
};

/** What a client's commands may be reached through. */
const WAYS: Readonly<Record<string, (client: Client) => KeyCommands>> = {
  client: (client) => client,
  namespace: (client) => client.namespace("n"),
  hashedKeys: (client) => hashedKeys(client),
};

for (const [time, act] of Object.entries({ "at once": fail, later: failLater })) {
  for (const [name, write] of Object.entries(WRITES)) {
    Deno.test(`What a transcoder throws ${time} when it encodes for ${name} is the cause of an error with the key`, async () => {
      await using server = await MemcachedServer.listen();
      const transcoder = { encode: act, decode: () => 1 } as Transcoder;
      await using client = new Client(server.address, { transcoder });
      for (const [way, commandsOf] of Object.entries(WAYS)) {
        const error = await errorOf(write(commandsOf(client)));
        assertInstanceOf(error, ValidationException, way);
        assertEquals(error.message, `Cannot ${name} value of key "a": broken`, way);
        assertStrictEquals(error.cause, fault);
      }
    });
  }

  for (const [name, read] of Object.entries(READS)) {
    Deno.test(`What a transcoder throws ${time} when it decodes for ${name} is the cause of an error with the key`, async () => {
      await using server = await MemcachedServer.listen();
      const transcoder = { encode: storing, decode: act } as Transcoder;
      await using client = new Client(server.address, { transcoder });
      for (const [way, commandsOf] of Object.entries(WAYS)) {
        const commands = commandsOf(client);
        await commands.set("a", 1);
        const error = await errorOf(read(commands));
        assertEquals((error as Error).constructor, ClientException, way);
        const { message, cause } = error as ClientException;
        assertEquals(message, `Cannot get value of key "a": broken (${server.address})`, way);
        assertStrictEquals(cause, fault);
      }
    });
  }
}

Deno.test("What a transcoder throws for largeValues in mcrouter's format is the cause of an error with the key", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  for (const act of [fail, failLater]) {
    const writing = largeValues(client, {
      format: "mcrouter",
      transcoder: { encode: act, decode: () => 1 } as Transcoder,
    });
    const unstored = await errorOf(writing.set("a", 1));
    assertInstanceOf(unstored, ValidationException);
    assert(unstored.message.includes('key "a": broken'), unstored.message);
    assertStrictEquals(unstored.cause, fault);
    const reading = largeValues(client, {
      format: "mcrouter",
      transcoder: { encode: storing, decode: act } as Transcoder,
    });
    await reading.set("a", 1);
    const unread = await errorOf(reading.get("a"));
    assertEquals((unread as Error).constructor, ClientException);
    assert((unread as Error).message.includes('key "a": broken'), `${unread}`);
    assertStrictEquals((unread as Error).cause, fault);
  }
});

/** Operations, and how messages name them. */
const OPERATIONS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  'get key "a"': (client) => client.get("a"),
  'gets key "a"': (client) => client.gets("a"),
  'set key "a"': (client) => client.set("a", 1),
  'append key "a"': (client) => client.append("a", "b"),
  'incr key "a"': (client) => client.incr("a"),
  'touch key "a"': (client) => client.touch("a", 1),
  'delete key "a"': (client) => client.delete("a"),
  'get key "a" ': (client) => client.getMany(["a"]),
  'set key "a" ': (client) => client.setMany({ a: 1 }),
  'mg key "a"': (client) => client.meta("mg", "a"),
  'key "a"': (client) => client.getOrSet("a", () => 1),
  'gets key "a" ': (client) => client.update("a", () => 1),
  'get key "a"  ': (client) => client.namespace("n").get("a"),
  "flush_all": (client) => client.flushAll(),
  "stats": (client) => client.stats(),
};

/** Clients that send nothing, and whether they are closed. */
const REFUSING: Readonly<Record<string, (address: string) => Promise<Client> | Client>> = {
  "that is closed": async (address) => {
    const client = new Client(address);
    await client.get("b");
    await client.close();
    return client;
  },
  "that was closed before it was used": async (address) => {
    const client = new Client(address);
    await client.close();
    return client;
  },
  "whose discovery fails": () => {
    const lookUp = () => Promise.reject(new Error("no such name"));
    return new Client([], { discovery: { name: "registry", lookUp } });
  },
};

for (const [state, make] of Object.entries(REFUSING)) {
  for (const [action, use] of Object.entries(OPERATIONS)) {
    Deno.test(`A client ${state} says that "${action}" was not sent`, async () => {
      await using server = await MemcachedServer.listen();
      await using client = await make(server.address);
      client.addEventListener("error", () => {});
      const error = await errorOf(use(client));
      assertInstanceOf(error, SocketError);
      assert(error.message.includes(action.trim()), error.message);
      assert(error.message.includes(", not sent: "), error.message);
      assert(!error.message.includes("under way"), error.message);
    });
  }
}

Deno.test("A client that is closed tells what it has sent from what it has not", async () => {
  const asked = Promise.withResolvers<void>();
  await using peer = new ScriptedPeer(async (connection) => {
    await connection.request();
    asked.resolve();
  });
  const client = new Client(peer.address);
  const sent = errorOf(client.add("a", 1));
  await asked.promise;
  const unsent = errorOf(client.add("b", 1));
  await client.close();
  for (const [error, isSent] of [[await sent, true], [await unsent, false]] as const) {
    assertInstanceOf(error, SocketError);
    assertEquals(isUnsent(error), !isSent, error.message);
    assertEquals(error.message.includes("not sent"), !isSent, error.message);
  }
});

Deno.test("A client says of what maxPending refuses that it was not sent", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { maxPending: 1 });
  const first = client.set("a", 1);
  const error = await errorOf(client.set("b", 1));
  assertInstanceOf(error, SocketError);
  assert(error.message.endsWith('maxPending allows: 1, not sent: set key "b"'), error.message);
  assert(isUnsent(error));
  await first;
});

/** Operations whose key is located, by the action in the message. */
const LOCATED: Operations = {
  get: (client) => client.get("a"),
  set: (client) => client.set("a", 1),
  incr: (client) => client.incr("a"),
  delete: (client) => client.delete("a"),
  mg: (client) => (client as Client).meta("mg", "a", []),
};

/** What finds a key's server, and throws. */
const LOCATING: Readonly<Record<string, ClientOptions>> = {
  "a locator": { locator: () => ({ locate: fail }) },
  "a locator behind failover": { failover: "remove", locator: () => ({ locate: fail }) },
  "the route of a key format": { keys: { encode: (key) => key, route: fail } },
};

for (const [what, options] of Object.entries(LOCATING)) {
  Deno.test(`What ${what} throws is the cause of an error with the command and the key`, async () => {
    await using client = new Client(["a.test", "b.test"], options);
    for (const [action, operate] of Object.entries(LOCATED)) {
      const error = await errorOf(operate(client));
      assertInstanceOf(error, ValidationException);
      assertEquals(error.message, `Cannot ${action} key "a": broken`);
      assertStrictEquals(error.cause, fault);
    }
    // What has two implementations looks first which commands the server of the key knows.
    const chosen = [client.getOrSet("a", () => 1), client.inspect("a"), client.invalidate("a")];
    for (const operation of chosen) {
      const error = await errorOf(operation);
      assertInstanceOf(error, ValidationException);
      assertStringIncludes(error.message, `key "a": broken`);
    }
    const inNamespace = await errorOf(client.namespace("n:").set("a", 1));
    assertInstanceOf(inNamespace, ValidationException);
    assertStringIncludes(inNamespace.message, `key "a"`);
  });
}

Deno.test("A route that is no text is refused: all keys would have the same hash", async () => {
  const asynchronous = {
    encode: (key: string) => key,
    route: (key: string) => Promise.resolve(key),
  };
  await using client = new Client(["a.test", "b.test"], {
    keys: asynchronous as unknown as KeyFormat,
  });
  const error = await errorOf(client.get("a"));
  assertInstanceOf(error, ValidationException);
  assertEquals(error.message, `Cannot get key "a": keys.route gave no string`);
});

Deno.test("errors speak of one thing as of one", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { transcoder: enyimTranscoder });
  await client.withTranscoder(rawTranscoder({ withFlags: true }))
    .set("byte", { flags: 0x103, data: new Uint8Array() });
  await using down = new Client("127.0.0.1:1", { failover: "remove", failuresBeforeDead: 1 });
  const many = errorOf(down.getMany(["a"]));
  assertStringIncludes(`${await many}`, 'Cannot get 1 of 1 key, the first "a": ');
  await until(() => down.servers.every(({ state }) => state === "down"));
  await using full = new Client(server.address, { maxPending: 1 });
  const [, pending] = await Promise.all([full.get("a"), errorOf(full.get("b"))]);
  const zones = { zones: [], zone: "a" };
  const messages: Record<string, unknown> = {
    "takes 1 byte,": await errorOf(client.get("byte")),
    "Cannot use any server: all are down": await errorOf(down.get("a")),
    "operations wait for it, as many as maxPending allows: 1": pending,
    "a list of names, one for each client": await errorOf(
      Promise.resolve().then(() => replicas([client], zones)),
    ),
  };
  for (const [text, error] of Object.entries(messages)) assertStringIncludes(`${error}`, text);
});
