/**
 * Options that are there and `undefined`: they count as left out. Programs pass on what may be missing, as in
 * `client.get(key, { signal: request?.signal })`, and a compiler with `exactOptionalPropertyTypes`, as that of this
 * repository, has to take it.
 */

import { assertEquals } from "@std/assert";
import {
  Client,
  type ClientOptions,
  compressed,
  type CompressionOptions,
  type CounterOptions,
  type FlushOptions,
  type GetOrSetOptions,
  type HostAddress,
  type InvalidateOptions,
  type ItemsOptions,
  jsonTranscoder,
  type JsonTranscoderOptions,
  moecacheTranscoder,
  type MoecacheTranscoderOptions,
  type OperationOptions,
  rawTranscoder,
  type TlsOptions,
  type UpdateOptions,
} from "../mod.ts";
import {
  dns,
  type DnsOptions,
  elastiCache,
  type ElastiCacheOptions,
} from "../src/discovery/mod.ts";
import { railsKeys, type RailsKeysOptions } from "../src/keys/mod.ts";
import { lock, memoize, once, type OnceOptions, rateLimit } from "../src/patterns/mod.ts";
import { ketama, type KetamaOptions, type LibmemcachedRingOptions } from "../src/routing/mod.ts";
import { libmemcachedRing } from "../src/routing/mod.ts";
import { enyimCore, php, rails, spring } from "../src/stacks/mod.ts";
import { type ListenOptions, MemcachedServer } from "../src/testing/mod.ts";
import { enyimTranscoder, type EnyimTranscoderOptions } from "../src/transcoding/mod.ts";
import { pymemcacheTranscoder, type PymemcacheTranscoderOptions } from "../src/transcoding/mod.ts";

/** All names of some options, each with `undefined`. */
type LeftOut<Options> = { readonly [Name in keyof Options]-?: undefined };

const OPERATION: LeftOut<OperationOptions> = { signal: undefined, failover: undefined };
const TLS: LeftOut<TlsOptions> = {
  caCerts: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
};
const CLIENT: LeftOut<ClientOptions> = {
  ...{ timeout: undefined, connectTimeout: undefined, stallTimeout: undefined, clock: undefined },
  ...{ locator: undefined, keys: undefined, transcoder: undefined, connections: undefined },
  ...{ maxPending: undefined, maxPendingBytes: undefined, maxSockets: undefined },
  ...{ maxValueBytes: undefined, keepAlive: undefined, noDelay: undefined, failover: undefined },
  ...{ failuresBeforeDead: undefined, probeDelay: undefined, maxProbeDelay: undefined },
  ...{ retries: undefined, discovery: undefined, io: undefined, tls: undefined, auth: undefined },
  ...{ dial: undefined, dialect: undefined, proxy: undefined, clientName: undefined },
};
const LISTEN: LeftOut<ListenOptions> = {
  ...{ hostname: undefined, port: undefined, now: undefined, memoryLimit: undefined },
  ...{ maxItemSize: undefined, evictions: undefined, maxConnections: undefined, auth: undefined },
  ...{ idleTimeout: undefined, authDialect: undefined, cluster: undefined, imitate: undefined },
  ...{ flagBits: undefined, fault: undefined },
};

Deno.test("a client and its operations take options that are undefined for left out", async () => {
  await using server = await MemcachedServer.listen(LISTEN);
  const rest: LeftOut<Omit<HostAddress, "hostname" | "port">> = {
    weight: undefined,
    tls: undefined,
    auth: undefined,
  };
  const address = { hostname: "127.0.0.1", port: server.port, ...rest };
  await using client = new Client(address, CLIENT);
  await using _tls = new Client("127.0.0.1:1", { tls: TLS });
  const gutter = { gutter: "127.0.0.1:1", maxExptime: undefined };
  await using _failingOver = new Client("127.0.0.1:1", { failover: gutter });

  const counter: LeftOut<CounterOptions> = {
    ...OPERATION,
    initial: undefined,
    exptime: undefined,
  };
  const computed: LeftOut<GetOrSetOptions> = {
    ...{ ...OPERATION, exptime: undefined, staleFor: undefined, earlyRefresh: undefined },
    ...{ lockFor: undefined, waitFor: undefined, negativeFor: undefined },
  };
  const invalidated: LeftOut<InvalidateOptions> = { ...OPERATION, staleFor: undefined };
  const updated: LeftOut<UpdateOptions> = { ...OPERATION, exptime: undefined, retries: undefined };
  const listed: LeftOut<ItemsOptions> = { ...OPERATION, server: undefined };
  const flushed: LeftOut<FlushOptions> = { ...OPERATION, delay: undefined };

  await client.set("key", "1", undefined, OPERATION);
  assertEquals(await client.incr("key", undefined, counter), 2n);
  assertEquals(await client.incr("other", 1, counter), undefined);
  assertEquals(await client.getOrSet("computed", () => "value", computed), "value");
  assertEquals(await client.update("key", () => "3", updated), "3");
  assertEquals(await client.invalidate("key", invalidated), true);
  assertEquals((await Array.fromAsync(client.items(listed))).length, 2);
  const ran: LeftOut<OnceOptions> = {
    ...{ ...OPERATION, exptime: undefined, lockFor: undefined, waitFor: undefined },
  };
  assertEquals(await once(client, "once", () => 5, ran), 5);
  await using _held = await lock(client, "lock", { ttl: 5, waitFor: undefined, ...OPERATION });
  const limit = { limit: 1, window: 5, now: undefined, ...OPERATION };
  assertEquals((await rateLimit(client, "limit", limit)).allowed, true);
  const square = memoize(client, (n: number) => n * n, { key: (n) => `${n}`, ...computed });
  assertEquals(await square(3), 9);
  await client.flushAll(flushed);
  assertEquals(await client.get("key", OPERATION), undefined);
});

Deno.test("formats, rings, keys, stacks and discovery take options that are undefined for left out", () => {
  const json: LeftOut<JsonTranscoderOptions> = {
    ...{ flags: undefined, replacer: undefined, reviver: undefined },
  };
  const compression: LeftOut<CompressionOptions> = {
    ...{ threshold: undefined, format: undefined, flag: undefined, maxValueBytes: undefined },
  };
  const reading = { classes: undefined, keepUnreadable: undefined, tupleKeys: undefined };
  const pickled: LeftOut<MoecacheTranscoderOptions> = { pickleProtocol: undefined, ...reading };
  const python: LeftOut<PymemcacheTranscoderOptions> = {
    ...{ ...pickled, compress: undefined, minCompressLen: undefined },
    ...{ encoding: undefined, json: undefined },
  };
  const dotNet: LeftOut<EnyimTranscoderOptions> = {
    ...{ integers: undefined, fractions: undefined, dates: undefined },
  };
  compressed(jsonTranscoder(json), compression);
  moecacheTranscoder(pickled);
  rawTranscoder({ withFlags: undefined, handsOverData: undefined });
  pymemcacheTranscoder(python);
  enyimTranscoder(dotNet);

  const points: LeftOut<KetamaOptions> = {
    ...{ keyHash: undefined, digest: undefined, pointsPerDigest: undefined },
    ...{ defaultPort: undefined, arithmetic: undefined, socketLabel: undefined },
  };
  const ring: LeftOut<LibmemcachedRingOptions> = {
    ...{ hash: undefined, labels: undefined, socketLabel: undefined },
  };
  const servers = [{ name: "a:11211", weight: 1 }];
  assertEquals(ketama(servers, points).locate("key"), 0);
  assertEquals(libmemcachedRing(servers, ring).locate("key"), 0);
  const keys: LeftOut<RailsKeysOptions> = {
    ...{ namespace: undefined, separator: undefined, digest: undefined },
  };
  assertEquals(railsKeys(keys).encode("key"), "key");
  const { separator: _, ...railsOptions } = keys;
  rails({ ...railsOptions, format: undefined, compressThreshold: undefined });
  php({ distribution: undefined, hash: undefined, prefix: undefined, hashPrefix: undefined });
  spring({ distribution: undefined, hash: undefined, kind: undefined, addresses: undefined });
  enyimCore({ legacyNodeLocator: undefined, keyTransformer: undefined, label: undefined });

  const looked: LeftOut<DnsOptions> = {
    ...{ port: undefined, srv: undefined, family: undefined },
    ...{ interval: undefined, resolve: undefined },
  };
  const asked: LeftOut<ElastiCacheOptions> = { address: undefined, interval: undefined };
  dns("cache.example.com", looked);
  elastiCache("endpoint", asked);
});
