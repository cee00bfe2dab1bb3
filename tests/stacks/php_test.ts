import { php, type PhpOptions } from "../../src/stacks/mod.ts";
import { isMissing, type NativeProgram } from "../transcoding/formats/native_programs.ts";
import { assertNeighbours } from "./neighbour.ts";

/** What PHP does before it adds the servers. */
function program(settings: string): NativeProgram {
  const script = `
[$servers, $reads, $writes] = array_map(fn($line) => explode("\\t", rtrim($line, "\\n")), file("php://stdin"));
$cache = new Memcached();
// With the text protocol, it refuses keys that are not ASCII.
$cache->setOption(Memcached::OPT_BINARY_PROTOCOL, true);
${settings}
$cache->addServers(array_map(fn($server) => explode(":", $server), $servers));
echo json_encode(array_map(fn($key) => $cache->get($key)["n"] ?? null, $reads));
foreach ($writes as $n => $key) $cache->set($key, ["n" => $n]);`;
  return {
    command: "php",
    args: ["-r", script],
    probe: ["-r", "exit((int) !class_exists('Memcached'));"],
  };
}

const CASES: readonly (readonly [PhpOptions, string])[] = [
  [{}, ""],
  [
    { distribution: "ketama", prefix: "shop:" },
    `$cache->setOption(Memcached::OPT_LIBKETAMA_COMPATIBLE, true);
     $cache->setOption(Memcached::OPT_PREFIX_KEY, "shop:");`,
  ],
  [
    { distribution: "consistent", serializer: "json", compression: "zlib" },
    `$cache->setOption(Memcached::OPT_DISTRIBUTION, Memcached::DISTRIBUTION_CONSISTENT);
     $cache->setOption(Memcached::OPT_SERIALIZER, Memcached::SERIALIZER_JSON_ARRAY);`,
  ],
  [
    { hash: "crc", prefix: "p:" },
    `$cache->setOption(Memcached::OPT_HASH, Memcached::HASH_CRC);
     $cache->setOption(Memcached::OPT_PREFIX_KEY, "p:");`,
  ],
  [
    { distribution: "ketama", hash: "fnv1a_32" },
    `$cache->setOption(Memcached::OPT_LIBKETAMA_COMPATIBLE, true);
     $cache->setOption(Memcached::OPT_HASH, Memcached::HASH_FNV1A_32);`,
  ],
  // In PHP, the last of these options wins.
  [
    { distribution: "ketama" },
    `$cache->setOption(Memcached::OPT_HASH, Memcached::HASH_FNV1A_32);
     $cache->setOption(Memcached::OPT_DISTRIBUTION, Memcached::DISTRIBUTION_CONSISTENT);
     $cache->setOption(Memcached::OPT_LIBKETAMA_COMPATIBLE, true);`,
  ],
  [
    { distribution: "consistent", hash: "md5" },
    `$cache->setOption(Memcached::OPT_LIBKETAMA_COMPATIBLE, true);
     $cache->setOption(Memcached::OPT_DISTRIBUTION, Memcached::DISTRIBUTION_CONSISTENT);`,
  ],
];

const ignore = isMissing("php-memcached", program(""));

for (const [options, settings] of CASES) {
  Deno.test({
    name: `php(${JSON.stringify(options)}) shares keys, values and servers with php-memcached`,
    ignore,
    fn: () => assertNeighbours(program(settings), php(options)),
  });
}
