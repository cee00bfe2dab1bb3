/** What the original clients make of keys: those of Debian that are installed, and vectors. */

import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Client, type KeyFormat, ValidationException } from "../../mod.ts";
import {
  dalliKeys,
  djangoKeys,
  enyimKeys,
  type EnyimKeysOptions,
  npmMemcachedKeys,
  prefixedKeys,
  pymemcacheKeys,
  type RailsKey,
  railsKey,
  railsKeys,
  type RailsKeysOptions,
  utf8Keys,
} from "../../src/keys/mod.ts";
import { ketama } from "../../src/routing/mod.ts";
import { enyim } from "../../src/stacks/enyim.ts";
import { sha256Hex } from "../../src/keys/digest.ts";
import { tiger } from "../../src/keys/tiger.ts";

const KEYS = [
  "a",
  "user:1",
  "x".repeat(245),
  "x".repeat(246),
  "x".repeat(250),
  "y".repeat(251),
  "z".repeat(400),
  "é".repeat(100),
  "😀".repeat(130),
  "é".repeat(260),
];

const RUBY = `
require "dalli"; require "json"
keys = JSON.parse(ARGV[0])
puts JSON.generate([nil, "app"].map { |name| m = Dalli::KeyManager.new(namespace: name); keys.map { |k| m.validate_key(k) } })`;

const PYTHON = `
import json, sys
from pymemcache.client.base import check_key_helper
from django.core.cache.backends.base import default_key_func
keys = json.loads(sys.argv[1])
print(json.dumps([[check_key_helper(k, True, b"p:").decode("latin-1") for k in keys],
                  [default_key_func(k, "app", 2) for k in keys],
                  [repr(k.encode()) for k in keys]]))`;

/** What a program prints; `undefined`, and a line on the console, when it, or a library of its, is not there. */
function run(command: string, ...args: string[]): string[][] | undefined {
  const output = outputOf(command, args);
  if (output !== undefined) return JSON.parse(output);
  // deno-lint-ignore no-console
  console.log(`Skipping the keys of ${command}: it, or a library that it needs, is not installed`);
  return undefined;
}

function outputOf(command: string, args: string[]): string | undefined {
  try {
    const { success, stdout } = new Deno.Command(command, { args, stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const dalli = run("ruby", "-e", RUBY, JSON.stringify(KEYS));

Deno.test({
  name: "dalliKeys changes keys as dalli does",
  ignore: dalli === undefined,
  fn() {
    for (const [index, format] of [dalliKeys(), dalliKeys({ namespace: "app" })].entries()) {
      assertEquals(KEYS.map((key) => format.route?.(key)), dalli?.[index]);
    }
  },
});

const TEXTS = ["a", "café", "日本", "😀", "it's", 'a"b', `it's"`, "back\\slash", "é'"];
const python = run("/usr/bin/python3", "-c", PYTHON, JSON.stringify(TEXTS));

Deno.test({
  name: "pymemcacheKeys and djangoKeys change keys as pymemcache and Django do",
  ignore: python === undefined,
  fn() {
    const format = pymemcacheKeys({ prefix: "p:", allowUnicodeKeys: true, bytes: true });
    assertEquals(TEXTS.map(format.encode), python![0]);
    const django = djangoKeys({ prefix: "app", version: 2 });
    assertEquals(TEXTS.map((key) => django.route?.(key)), python?.[1]);
    assertEquals(TEXTS.map((key) => format.route!(key)), python![2]);
  },
});

const NAMES = [
  ...KEYS,
  ...TEXTS,
  "a b",
  "100%",
  "tab\tA",
  "line\n",
  "é".repeat(90),
  "x".repeat(212),
];

/** Any version of Rails that is installed: it tells what its separator is. */
const RAILS = `
require "json"; require "logger"; require "digest"
require "active_support"; require "active_support/cache"; require "active_support/cache/mem_cache_store"
keys = JSON.parse(ARGV[0])
digests = { "sha256" => ::Digest::SHA256, "sha1" => ::Digest::SHA1, "md5" => ::Digest::MD5 }
puts JSON.generate([[ActiveSupport::VERSION::MAJOR < 7 ? ":md5:" : ":hash:"]] + digests.values.flat_map { |digest|
  ActiveSupport::Digest.hash_digest_class = digest
  [{}, { namespace: "50%off" }, { namespace: "my café" }].map { |options|
    store = ActiveSupport::Cache::MemCacheStore.new("127.0.0.1:1", **options)
    keys.map { |key| store.send(:normalize_key, key, store.options) }
  }
})`;
const rails = run("ruby", "-e", RAILS, JSON.stringify(NAMES));

interface RailsVectors {
  readonly keys: readonly {
    readonly rails: string;
    readonly digest: "sha256" | "sha1" | "md5";
    readonly namespace: string | null;
    readonly keys: readonly (readonly [key: string, sent: string])[];
  }[];
  readonly expanded: readonly (readonly [key: RailsKey, text: string])[];
}

const RAILS_VECTORS: RailsVectors = JSON.parse(
  await Deno.readTextFile(new URL("../vectors/rails.json", import.meta.url)),
);

Deno.test("railsKeys changes keys as Rails 6.1, 7.0 and 7.1 do", () => {
  for (const { rails, digest, namespace, keys } of RAILS_VECTORS.keys) {
    const separator = rails.startsWith("6") ? ":md5:" : ":hash:";
    const format = railsKeys({ digest, separator, ...(namespace === null ? {} : { namespace }) });
    for (const [key, sent] of keys) {
      assertEquals(format.encode(key), sent, `Rails ${rails}, ${digest}`);
      if (!sent.includes(separator)) assertEquals(format.decode?.(sent), key);
    }
    assertEquals(format.decode?.(format.encode("café 100%")), "café 100%");
  }
  for (const [key, text] of RAILS_VECTORS.expanded) assertEquals(railsKey(key), text);
});

Deno.test({
  name: "railsKeys changes keys as the installed Rails does",
  ignore: rails === undefined,
  fn() {
    const [[separator] = [], ...made] = rails ?? [];
    assertEquals(
      (["sha256", "sha1", "md5"] as const).flatMap((digest) => {
        const options = { digest, separator } as RailsKeysOptions;
        return [{}, { namespace: "50%off" }, { namespace: "my café" }]
          .map((namespace) => railsKeys({ ...options, ...namespace }))
          .map(({ encode }) => NAMES.map(encode));
      }),
      made,
    );
  },
});

const enyimVectors: {
  readonly servers: readonly string[];
  readonly keys: readonly [
    key: string,
    base64: string,
    sha1: string,
    tiger: string,
    isTaken: boolean,
    byDefault: string,
    ketama: string,
    hybrid: string | null,
  ][];
} = JSON.parse(await Deno.readTextFile(new URL("../vectors/enyim_keys.json", import.meta.url)));

/** PHP has the Tiger of its publication, too. */
const PHP =
  `echo json_encode([array_map(fn($key) => base64_encode(hash("tiger192,3", iconv("UTF-8", "UTF-16LE", $key), true)), json_decode($argv[1]))]);`;
const php = run("php", "-r", PHP, JSON.stringify(NAMES));

Deno.test({
  name: "enyimKeys makes the Tiger hash that PHP makes",
  ignore: php === undefined,
  fn() {
    assertEquals(NAMES.map(enyimKeys({ transformer: "tiger" }).encode), php?.[0]);
  },
});

Deno.test("enyimKeys changes keys as EnyimMemcached's transformers do", () => {
  for (const key of NAMES) {
    const sha1 = createHash("sha1").update(Buffer.from(key, "utf16le")).digest("base64");
    assertEquals(enyimKeys({ transformer: "sha1" }).encode(key), sha1);
    const base64 = enyimKeys({ transformer: "base64" });
    assertEquals(base64.encode(key), Buffer.from(key).toString("base64"));
    assertEquals(base64.decode?.(base64.encode(key)), key);
  }
  const base64 = enyimKeys({ transformer: "base64" });
  assertEquals(["a", "YQ", "YR==", "/w==", "a b=", ""].map((sent) => base64.decode?.(sent)), [
    ...Array(5).fill(undefined),
    "",
  ]);
});

Deno.test("enyimKeys and utf8Keys make of keys what EnyimMemcached's own transformers made", () => {
  const transform = (transformer: EnyimKeysOptions["transformer"], key: string) =>
    enyimKeys({ transformer }).encode(key);
  const hybrid = enyimKeys({ transformer: "tiger", longerThan: 40 });
  for (const [key, base64, sha1, tiger, isTaken, , , byHybrid] of enyimVectors.keys) {
    const made = (["base64", "sha1", "tiger"] as const).map((name) => transform(name, key));
    assertEquals(made, [base64, sha1, tiger], key);
    if (byHybrid !== null) {
      assertEquals(hybrid.encode(key), Buffer.from(byHybrid).toString("latin1"));
      assertEquals(hybrid.route?.(key), byHybrid);
    }
    // Without a transformer, .NET sends the UTF-8 of the key.
    if (isTaken) assertEquals(utf8Keys.encode(key), Buffer.from(key).toString("latin1"));
  }
});

Deno.test("enyim finds the servers that EnyimMemcached's node locators find, of any key", () => {
  const transformers = [undefined, "base64", "sha1", "tiger"] as const;
  for (const [at, distribution] of (["default", "ketama"] as const).entries()) {
    const clients = transformers.map((keyTransformer) => {
      const options = keyTransformer === undefined ? {} : { keyTransformer };
      return new Client(enyimVectors.servers, enyim({ distribution, ...options }));
    });
    const keys = enyimKeys({ transformer: "tiger", longerThan: 40 });
    clients.push(new Client(enyimVectors.servers, { ...enyim({ distribution }), keys }));
    for (const row of enyimVectors.keys) {
      const [key, base64, , , isTaken, byDefault, ketama, byHybrid] = row;
      const plain = [byDefault, ketama][at] ?? "";
      // The hybrid one leaves a key as it is, or makes the Tiger hash of it.
      const indexes = plain + (byHybrid === key ? plain[0] : plain[3]);
      const found = clients.map((client, index) => {
        // These would have more than 250 bytes, or whitespace.
        const isRefused = index === 0
          ? !isTaken || utf8Keys.encode(key).length > 250
          : index === 1
          ? base64.length > 250
          : index === 4 && byHybrid === null;
        return isRefused ? indexes[index] : `${client.locate(key).index}`;
      });
      assertEquals(found.join(""), indexes, `${distribution} ${key}`);
    }
  }
});

Deno.test("formats send keys as UTF-8, and have the ring hash their text", () => {
  const formats: [KeyFormat, string, string][] = [
    [utf8Keys, "", ""],
    [prefixedKeys("p:"), "p:", ""],
    [prefixedKeys("p:", { hashPrefix: true }), "p:", "p:"],
    [dalliKeys(), "", ""],
    [dalliKeys({ namespace: "n" }), "n:", "n:"],
    [djangoKeys(), ":1:", ":1:"],
    [djangoKeys({ prefix: "préfixe" }), "préfixe:1:", "préfixe:1:"],
    [dalliKeys({ namespace: "日本" }), "日本:", "日本:"],
    [prefixedKeys("é:"), "é:", ""],
  ];
  for (const [format, prefix, hashed] of formats) {
    for (const key of TEXTS) {
      const sent = Buffer.from(prefix + key).toString("latin1");
      assertEquals(format.encode(key), sent);
      assertEquals(format.route?.(key), hashed + key);
      assertEquals(format.decode?.(sent), key);
    }
    assertEquals(format.decode?.("\xe9"), undefined);
    assertThrows(() => format.encode("\ud800"), ValidationException, "well-formed");
  }
});

Deno.test("the digests are those of their publications", () => {
  const hex = (text: string) => Buffer.from(tiger(text)).toString("hex");
  assertEquals(hex(""), "3293ac630c13f0245f92bbb1766e16167a4e58492dde73f3");
  assertEquals(hex("abc"), "2aab1484e8c158f2bfb8c5ff41b57a525129131c957b5f93");
  for (let length = 0; length < 200; length++) {
    const text = "é".repeat(length >> 2) + "x".repeat(length & 3);
    assertEquals(sha256Hex(text), createHash("sha256").update(text).digest("hex"));
  }
});

Deno.test("npmMemcachedKeys sends the MD5 of a long key, as validateKeySize of the npm client does", () => {
  const long = "x".repeat(251);
  const md5 = createHash("md5").update(long).digest("hex");
  assertEquals([long, "x".repeat(250)].map(npmMemcachedKeys.encode), [md5, "x".repeat(250)]);
  // Its ring gets what the program has: 20 of 20 long keys were found so on two servers, and 10 by the MD5.
  assertEquals(npmMemcachedKeys.route?.(long), long);
  assertEquals(npmMemcachedKeys.encode("é"), "\xc3\xa9");
  assertEquals(npmMemcachedKeys.decode?.("\xc3\xa9"), "é");
});

Deno.test("npmMemcachedKeys leaves long keys on the servers where npm's memcached 2.2.2 has them", async () => {
  const servers = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"];
  await using client = new Client(servers, { locator: ketama, keys: npmMemcachedKeys });
  const indexes = Array.from(
    { length: 6 },
    (_, i) => client.locate(`k${i}${"x".repeat(260)}`).index,
  );
  assertEquals(indexes, [0, 0, 2, 0, 2, 2]);
});
