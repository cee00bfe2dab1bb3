/** The ranges of options: what their documentation says is what is accepted. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Client,
  type ClientOptions,
  compressed,
  jsonTranscoder,
  moecacheTranscoder,
  ValidationException,
} from "@moecache/moecache";
import { MoecacheCacheStorage } from "@moecache/moecache/cache";
import { dns, elastiCache } from "@moecache/moecache/discovery";
import { pymemcacheTranscoder } from "@moecache/moecache/formats";
import { dalliTranscoder, railsTranscoder } from "@moecache/moecache/formats/dalli";
import { perlMemcachedTranscoder } from "@moecache/moecache/formats/perl";
import { phpMemcacheTranscoder } from "@moecache/moecache/formats/php";
import { enyimKeys } from "@moecache/moecache/keys";
import { nextCacheHandler } from "@moecache/moecache/next";
import { lock, once, rateLimit } from "@moecache/moecache/patterns";
import { MemcachedServer } from "@moecache/moecache/testing";
import { largeValues, replicas, spread } from "@moecache/moecache/views";
import { ROOT } from "./pages.ts";

const SOURCE = new URL("src/", ROOT);

/** The first range in the documentation of an option: `1 to 2^30`, `0 to 2,592,000`. */
function rangeOf(path: string, name: string, option: string): [least: number, most: number] {
  const source = Deno.readTextFileSync(new URL(path, SOURCE));
  const [, body] = new RegExp(`^export interface ${name}\\b[^{]*\\{(.*?)^\\}`, "ms").exec(source) ??
    [];
  const doc = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*readonly ${option}\\??:`).exec(
    body ?? "",
  );
  const text = doc?.[1]?.replace(/\s+\*\s+/g, " ") ?? "";
  const [, least, most] = /(\d[\d,]*) to ([\d,]*\d(?:\^\d+(?: - 1)?)?)/.exec(text) ?? [];
  assert(least !== undefined && most !== undefined, `${name}.${option} has no range: ${text}`);
  return [numberOf(least), numberOf(most)];
}

/** Reads `2,592,000`, `2^30` and `2^53 - 1`. */
function numberOf(text: string): number {
  const [, base, power = "1", less = "0"] = /^(\d+)(?:\^(\d+))?(?: - (\d))?$/.exec(
    text.replaceAll(",", ""),
  )!;
  return Number(base) ** Number(power) - Number(less);
}

/** Uses a number as an option. */
type Use = (value: number, client: Client, key: string) => unknown;

const makes = (option: keyof ClientOptions): Use => (value) => {
  new Client("127.0.0.1:1", { [option]: value });
};

const OPTIONS: Record<string, Record<string, Use>> = {
  "client_options.ts ClientOptions": {
    timeout: makes("timeout"),
    connections: makes("connections"),
    maxPending: makes("maxPending"),
    maxPendingBytes: makes("maxPendingBytes"),
    maxSockets: makes("maxSockets"),
    maxValueBytes: makes("maxValueBytes"),
    failuresBeforeDead: makes("failuresBeforeDead"),
    probeDelay: makes("probeDelay"),
    retries: makes("retries"),
  },
  "client_options.ts Gutter": {
    maxExptime: (maxExptime) => {
      new Client("127.0.0.1:1", { failover: { gutter: "127.0.0.1:2", maxExptime } });
    },
  },
  "commands/operation_options.ts GetOrSetOptions": {
    staleFor: (staleFor, client, key) => client.getOrSet(key, () => 1, { exptime: 60, staleFor }),
    earlyRefresh: (earlyRefresh, client, key) =>
      client.getOrSet(key, () => 1, { exptime: 60, earlyRefresh }),
    lockFor: (lockFor, client, key) => client.getOrSet(key, () => 1, { lockFor }),
    waitFor: (waitFor, client, key) => client.getOrSet(key, () => 1, { waitFor }),
    negativeFor: (negativeFor, client, key) => client.getOrSet(key, () => 1, { negativeFor }),
  },
  "commands/operation_options.ts InvalidateOptions": {
    staleFor: (staleFor, client, key) => client.invalidate(key, { staleFor }),
  },
  "commands/operation_options.ts UpdateOptions": {
    retries: (retries, client, key) => client.update(key, () => 1, { retries }),
  },
  "patterns/lock.ts LockOptions": {
    ttl: (ttl, client, key) => lock(client, key, { ttl }),
    waitFor: (waitFor, client, key) => lock(client, key, { ttl: 1, waitFor }),
  },
  "patterns/once.ts OnceOptions": {
    lockFor: (lockFor, client, key) => once(client, key, () => 1, { lockFor }),
    waitFor: (waitFor, client, key) => once(client, key, () => 1, { waitFor }),
  },
  "patterns/rate_limit.ts RateLimitOptions": {
    limit: (limit, client, key) => rateLimit(client, key, { limit, window: 1 }),
    window: (window, client, key) => rateLimit(client, key, { limit: 1, window }),
  },
  "views/large_values.ts LargeValuesOptions": {
    chunkByteLength: (chunkByteLength, client) => largeValues(client, { chunkByteLength }),
  },
  "views/spread.ts SpreadOptions": {
    copies: (copies, client) => spread(client, { copies, keys: [] }),
    maxAge: (maxAge, client) => spread(client, { maxAge, keys: [] }),
  },
  "views/replicas.ts ReplicasOptions": {
    hedgeAfter: (hedgeAfter, client) => replicas([client, client], { hedgeAfter }),
  },
  "discovery/dns.ts DnsOptions": {
    port: (port) => dns("example.com", { port }),
    interval: (interval) => dns("example.com", { interval }),
  },
  "discovery/elasti_cache.ts ElastiCacheOptions": {
    interval: (interval) => elastiCache("example.com", { interval }),
  },
  "transcoding/compressed.ts CompressionOptions": {
    threshold: (threshold) => compressed(jsonTranscoder, { threshold }),
    maxValueBytes: (maxValueBytes) => compressed(jsonTranscoder, { maxValueBytes }),
  },
  "transcoding/json_transcoder.ts JsonTranscoderOptions": {
    flags: (flags) => jsonTranscoder({ flags }),
  },
  "transcoding/moecache_transcoder.ts MoecacheTranscoderOptions": {
    pickleProtocol: (value) => moecacheTranscoder({ pickleProtocol: value as 2 }),
  },
  "transcoding/formats/pymemcache.ts PymemcacheTranscoderOptions": {
    pickleProtocol: (value) => pymemcacheTranscoder({ pickleProtocol: value as 2 }),
    minCompressLen: (minCompressLen) => pymemcacheTranscoder({ compress: true, minCompressLen }),
  },
  "transcoding/formats/dalli/dalli_transcoder.ts DalliTranscoderOptions": {
    compressMinSize: (compressMinSize) => dalliTranscoder({ compressMinSize }),
  },
  "transcoding/formats/dalli/rails_transcoder.ts RailsTranscoderOptions": {
    compressThreshold: (compressThreshold) => railsTranscoder({ compressThreshold }),
  },
  "transcoding/formats/perl/perl_memcached_transcoder.ts PerlMemcachedTranscoderOptions": {
    compressThreshold: (compressThreshold) => perlMemcachedTranscoder({ compressThreshold }),
  },
  "transcoding/formats/php/php_memcache_transcoder.ts PhpMemcacheTranscoderOptions": {
    compressThreshold: (compressThreshold) => phpMemcacheTranscoder({ compressThreshold }),
  },
  "keys/enyim_keys.ts EnyimKeysOptions": {
    longerThan: (longerThan) => enyimKeys({ transformer: "sha1", longerThan }),
  },
  "adapters/http/cache_storage.ts MoecacheCacheStorageOptions": {
    chunkByteLength: (chunkByteLength, client) =>
      new MoecacheCacheStorage(client, { chunkByteLength }),
  },
  "adapters/next/cache_handler.ts NextCacheHandlerOptions": {
    pendingTimeout: (pendingTimeout, client) => nextCacheHandler({ client, pendingTimeout }),
  },
};

for (const [place, uses] of Object.entries(OPTIONS)) {
  const [path, name] = place.split(" ") as [string, string];
  Deno.test(`the options of ${name} take the numbers that their documentation says`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    for (const [option, use] of Object.entries(uses)) {
      const [least, most] = rangeOf(path, name, option);
      let count = 0;
      const tried = async (value: number) => {
        await use(value, client, `${option}:${count++}`);
      };
      await tried(least);
      await tried(most);
      for (const value of [least - 1, most + 1]) {
        await assertRejects(() => tried(value), ValidationException, "", `${option} ${value}`);
      }
    }
  });
}

Deno.test("numberOf reads numbers as the documentation writes them", () => {
  assertEquals(["2,592,000", "2^30", "2^53 - 1"].map(numberOf), [
    2_592_000,
    2 ** 30,
    Number.MAX_SAFE_INTEGER,
  ]);
});
