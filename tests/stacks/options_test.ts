import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Client,
  type ClientOptions,
  type LocatorFactory,
  moecacheRing,
  ValidationException,
} from "../../mod.ts";
import { enyimKeys } from "../../src/keys/mod.ts";
import { enyimCoreRing, enyimKetama } from "../../src/routing/mod.ts";
import { enyim, enyimCore, php, rails, spring } from "../../src/stacks/mod.ts";
import { djangoPylibmc, djangoPythonMemcached } from "../../src/stacks/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { serversOf as serversOfVector, type VectorServer } from "../routing/servers_of.ts";
import sockets from "../vectors/unix_socket_ring.json" with { type: "json" };
import { enyimCoreTranscoder, enyimTranscoder } from "../../src/transcoding/mod.ts";

const SERVERS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

/** The servers of some keys. */
function serversOf(options: ClientOptions): string[] {
  const client = new Client(SERVERS, options);
  return Array.from({ length: 50 }, (_, i) => client.locate(`key${i}`).server);
}

Deno.test("enyim and enyimCore have the rings, keys and values of .NET's clients", async () => {
  const keys = enyimKeys({ transformer: "sha1" });
  assertEquals(serversOf(enyim()), serversOf({ locator: moecacheRing }));
  assertEquals(
    serversOf(enyim({ distribution: "ketama", keyTransformer: "sha1" })),
    serversOf({ locator: enyimKetama, keys }),
  );
  assertEquals(serversOf(enyimCore()), serversOf({ locator: enyimCoreRing }));
  assertEquals(serversOf(enyimCore({ legacyNodeLocator: true })), serversOf({}));
  assertEquals(
    serversOf(enyimCore({ label: "unspecified", keyTransformer: "sha1" })),
    serversOf({ locator: (servers) => enyimCoreRing(servers, { label: "unspecified" }), keys }),
  );
  const values = { integers: "int64" } as const;
  assertEquals(await enyim(values).transcoder.encode(5), await enyimTranscoder(values).encode(5));
  const value = { a: [1] };
  assertEquals(await enyimCore().transcoder.encode(value), await enyimCoreTranscoder.encode(value));
});

/** The locators of stacks, by the case ids of the vectors. */
const LOCATOR_OF_SOCKET_CASE: Readonly<Record<string, LocatorFactory>> = {
  "php-ketama-weighted": php({ distribution: "ketama" }).locator,
  "php-consistent": php({ distribution: "consistent" }).locator,
  "php-servers-ketama-weighted": php({ distribution: "ketama", socketLabel: "path:0" }).locator,
  "pylibmc-ketama-weighted": djangoPylibmc({ distribution: "ketama" }).locator,
  "pylibmc-ketama": djangoPylibmc({ distribution: "consistent" }).locator,
};

interface SocketList {
  readonly servers: readonly VectorServer[];
  readonly serverOfKey: Readonly<Record<string, readonly number[] | undefined>>;
}

for (const [id, factory] of Object.entries(LOCATOR_OF_SOCKET_CASE)) {
  Deno.test(`a stack chooses between unix sockets as its program does: ${id}`, () => {
    const { keys, lists, cases } = sockets;
    const weighted = (cases as Record<string, { weighted: boolean }>)[id]?.weighted === true;
    let checked = 0;
    for (const { servers, serverOfKey } of lists as readonly SocketList[]) {
      if (serverOfKey[id] === undefined) continue;
      const locator = factory(serversOfVector(servers, weighted));
      assertEquals(keys.map((key) => locator.locate(key)), serverOfKey[id]);
      checked++;
    }
    assert(checked >= 4, `only ${checked} lists have ${id}`);
  });
}

Deno.test("the options of every stack are checked", () => {
  const refused = (make: () => unknown) => assertThrows(make, ValidationException);
  refused(() => php({ distribution: "random" as never }));
  refused(() => php({ prefix: "" }));
  refused(() => php({ socketLabel: "path:" as never }));
  refused(() => php({ serialiser: "php" } as never));
  refused(() => php({ hash: "sha1" as never }));
  refused(() => rails({ format: "8" as never }));
  refused(() => rails({ compressThreshold: -1 }));
  refused(() => rails({ separator: ":md5:" } as never));
  refused(() => spring({ distribution: "ketama" as never }));
  refused(() => spring({ kind: "java" as never }));
  refused(() => spring({ prefix: "a" } as never));
  refused(() => enyim({ distribution: "core" as never }));
  refused(() => enyim({ label: "ip" } as never));
  refused(() => enyim({ keyTransformer: "md5" as never }));
  refused(() => enyimCore({ legacyNodeLocator: 1 as never }));
  refused(() => enyimCore({ distribution: "ketama" } as never));
  refused(() => enyimCore({ label: "name" as never }));
  refused(() => php({ hashPrefix: "yes" as never }));
  refused(() => spring({ labels: "java" as never }));
  refused(() => spring({ addresses: null as never }));
  refused(() => djangoPylibmc({ distribution: "random" as never }));
  refused(() => djangoPythonMemcached({ distribution: "modula" } as never));
});

Deno.test("every stack stores and reads what its values and keys allow", async () => {
  await using server = await MemcachedServer.listen();
  const stacks = [
    ...[php(), php({ prefix: "p:", hashPrefix: true }), rails(), rails({ format: "7.0" })],
    ...[rails({ format: "6.1" }), spring({ kind: "whalin" }), enyimCore(), djangoPylibmc()],
    ...[djangoPythonMemcached(), enyimCore({ keyTransformer: "base64" })],
  ];
  for (const options of stacks) {
    await using client = new Client(server.address, options);
    await client.set("key", { n: 1 });
    assertEquals(await client.get("key"), { n: 1 });
    await client.delete("key");
  }
});
