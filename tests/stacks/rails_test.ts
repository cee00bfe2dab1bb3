import { rails } from "../../src/stacks/mod.ts";
import { isMissing, type NativeProgram } from "../transcoding/formats/native_programs.ts";
import { assertNeighbours } from "./neighbour.ts";

const REQUIRED =
  `require "json"; require "logger"; require "active_support"; require "active_support/cache"; require "active_support/cache/mem_cache_store"`;

/** The version of Rails tells what it takes entries in. */
const PROGRAM = `
${REQUIRED}
require "digest"
servers, reads, writes = STDIN.read.force_encoding("UTF-8").split("\\n").map { |line| line.split("\\t") }
ActiveSupport::Digest.hash_digest_class = ::Digest::SHA1
cache = ActiveSupport::Cache::MemCacheStore.new(*servers, namespace: "shop")
puts JSON.generate(reads.map { |key| value = cache.read(key); value && value["n"] })
writes.each_with_index { |key, n| cache.write(key, { "n" => n }, expires_in: 60) }`;

const RUBY: NativeProgram = { command: "ruby", args: ["-e", PROGRAM], probe: ["-e", REQUIRED] };
const ignore = isMissing("Rails' cache store", RUBY);

const VERSION =
  `${REQUIRED}\nputs [ActiveSupport::VERSION::MAJOR, ActiveSupport::VERSION::MINOR].join(".")`;

Deno.test({
  name: "rails shares keys, values and servers with Rails' mem_cache_store",
  ignore,
  async fn() {
    const { stdout } = await new Deno.Command("ruby", { args: ["-e", VERSION] }).output();
    const version = Number(new TextDecoder().decode(stdout));
    // Without a Rails application, entries are of the oldest format that a version has.
    const format = version < 7 ? "6.1" : version < 7.2 ? "7.0" : "7.1";
    const options = rails({ namespace: "shop", digest: "sha1", format });
    const keys = [(i: number) => `user/${i}`, (i: number) => `a café ${i}%`, long];
    for (const keyOf of keys) await assertNeighbours(RUBY, options, keyOf);
  },
});

function long(i: number): string {
  return `${"x".repeat(300)}${i}`;
}
