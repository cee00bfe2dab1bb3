import {
  phpMemcachedTranscoder,
  phpMemcacheTranscoder,
} from "../../../src/transcoding/formats/php/mod.ts";
import { assertExchange, isMissing, type NativeProgram } from "./native_programs.ts";

/** Prints what PHP reads as JSON with the types, and writes what expressions make. */
const PROGRAM = `
$order = json_decode(stream_get_contents(STDIN), true);
$options = $order["options"];
ini_set("precision", "17");
if ($options["client"] === "memcached") {
  $client = new Memcached;
  $client->addServer("127.0.0.1", $order["port"]);
  $serializers = ["php" => Memcached::SERIALIZER_PHP, "json" => Memcached::SERIALIZER_JSON,
    "igbinary" => Memcached::SERIALIZER_IGBINARY, "msgpack" => Memcached::SERIALIZER_MSGPACK];
  $client->setOption(Memcached::OPT_SERIALIZER, $serializers[$options["serializer"]]);
  $compressions = ["zlib" => Memcached::COMPRESSION_ZLIB, "fastlz" => Memcached::COMPRESSION_FASTLZ];
  $client->setOption(Memcached::OPT_COMPRESSION_TYPE, $compressions[$options["compression"]]);
} else {
  ini_set("precision", "14");
  $client = new Memcache;
  $client->addServer("127.0.0.1", $order["port"]);
}
function show($value) {
  if ($value instanceof DateTimeInterface) return $value->format("Y-m-d\\\\TH:i:s.vp");
  if ($value instanceof stdClass) return "(object)" . show((array) $value);
  if (is_float($value)) return "float " . (is_finite($value) ? json_encode($value) : (string) $value);
  if (is_string($value)) {
    return preg_match('//u', $value) ? json_encode($value, 320) : "0x" . bin2hex($value);
  }
  if (!is_array($value)) return json_encode($value);
  $items = [];
  foreach ($value as $key => $item) $items[] = json_encode($key, 320) . "=>" . show($item);
  return "[" . implode(", ", $items) . "]";
}
$texts = array_map(fn($key) => show($client->get($key)), $order["reads"]);
foreach ($order["writes"] as [$key, $expression]) {
  $value = eval("return $expression;");
  if (!$client->set($key, $value)) fwrite(STDERR, "cannot set $expression");
}
echo json_encode($texts);
`;

const PHP: NativeProgram = {
  command: "php",
  args: ["-r", PROGRAM],
  probe: ["-r", "exit((int) !class_exists('Memcached'));"],
};
const OLD_PHP = { ...PHP, probe: ["-r", "exit((int) !class_exists('Memcache'));"] };
const IGBINARY = { ...PHP, probe: ["-r", "exit((int) !extension_loaded('igbinary'));"] };
const MSGPACK = { ...PHP, probe: ["-r", "exit((int) !extension_loaded('msgpack'));"] };

const long = "moecache ".repeat(1000);
const same = { a: 1 };

const SCALARS: [unknown, string][] = [
  [null, "null"],
  [true, "true"],
  [false, "false"],
  [5, "5"],
  [-(2n ** 63n), "-9223372036854775808"],
  [2n ** 63n - 1n, "9223372036854775807"],
  [0.5, "float 0.5"],
  [-0, "float -0"],
  [0.1 + 0.2, "float 0.30000000000000004"],
  [1e300, "float 1.0e+300"],
  [5e-324, "float 5.0e-324"],
  [2 ** 60, "float 1.152921504606847e+18"],
  [NaN, "float NAN"],
  [-Infinity, "float -INF"],
  ["", '""'],
  ["é€😀", '"é€😀"'],
  [Uint8Array.of(0, 255), "0x00ff"],
  [long, `"${long}"`],
  ["\0".repeat(70_000), `"${"\\u0000".repeat(70_000)}"`],
];

const ARRAYS: [unknown, string][] = [
  [[], "[]"],
  [[1, "a", null, [true], 1.5], '[0=>1, 1=>"a", 2=>null, 3=>[0=>true], 4=>float 1.5]'],
  [{ a: 1, é: { "": "x" } }, '["a"=>1, "é"=>[""=>"x"]]'],
  [{ b: 1, 10: 2 }, '[10=>2, "b"=>1]'],
  [new Map<unknown, unknown>([["b", 1], [10, 2], [-1, 3]]), '["b"=>1, 10=>2, -1=>3]'],
  [[same, same], '[0=>["a"=>1], 1=>["a"=>1]]'],
  [
    [-1, -128, -129, 255, 256, 65_535, 65_536, 2 ** 32, -(2 ** 32), 2 ** 53 - 1],
    [
      "[0=>-1, 1=>-128, 2=>-129, 3=>255, 4=>256, 5=>65535, 6=>65536, ",
      "7=>4294967296, 8=>-4294967296, 9=>9007199254740991]",
    ].join(""),
  ],
  [[long, long], `[0=>"${long}", 1=>"${long}"]`],
  [Array(1000).fill(""), `[${Array.from({ length: 1000 }, (_, at) => `${at}=>""`).join(", ")}]`],
];

const DATES: [unknown, string][] = [
  [new Date("2020-01-02T03:04:05.678Z"), "2020-01-02T03:04:05.678Z"],
  [[new Date(0), new Date(0)], "[0=>1970-01-01T00:00:00.000Z, 1=>1970-01-01T00:00:00.000Z]"],
  [new Date("-000005-02-03T00:00:00Z"), "-0005-02-03T00:00:00.000Z"],
  [new Date("+012345-02-03T00:00:00Z"), "12345-02-03T00:00:00.000Z"],
];

const READ: [string, unknown][] = [
  ["null", null],
  ["[true, false, null, -5, 0.1, 'é', []]", [true, false, null, -5, 0.1, "é", []]],
  ["[PHP_INT_MIN, PHP_INT_MAX, 4294967295, -4294967295, 1e25]", [
    -(2n ** 63n),
    2n ** 63n - 1n,
    4_294_967_295,
    -4_294_967_295,
    1e25,
  ]],
  ["['b' => 1, 'a' => ['x' => []]]", { b: 1, a: { x: [] } }],
  ["[5 => 'five', 'x' => 1, -3 => 2]", new Map<unknown, unknown>([[5, "five"], ["x", 1], [-3, 2]])],
  ["[1 => 'a', 0 => 'b']", new Map([[1, "a"], [0, "b"]])],
  ["array_fill(0, 500, 'same')", Array(500).fill("same")],
  ["range(0, 70000)", Array.from({ length: 70_001 }, (_, at) => at)],
  ["['k' => str_repeat('ab', 5000), 'l' => str_repeat('ab', 5000)]", {
    k: "ab".repeat(5000),
    l: "ab".repeat(5000),
  }],
  ["str_repeat('0123456789abcdef', 6000)", "0123456789abcdef".repeat(6000)],
  ["implode(',', range(0, 30000))", Array.from({ length: 30_001 }, (_, at) => at).join()],
];

/** What only some serializers have. */
const OBJECTS: [string, unknown][] = [
  ["(object) ['a' => 1, '5' => 2]", { a: 1, 5: 2 }],
  ["[new stdClass, new stdClass]", [{}, {}]],
  ["(function () { $o = (object) ['a' => 1]; return [$o, 1, $o, [$o]]; })()", [
    same,
    1,
    same,
    [same],
  ]],
  [
    "(function () { $a = [1, 'x']; $b = 5; return [&$a, &$b, 'x', &$a, &$b, ['k' => 'x']]; })()",
    [[1, "x"], 5, "x", [1, "x"], 5, { k: "x" }],
  ],
  ["(function () { $d = new DateTime('2020-01-02Z'); return [$d, $d, (object) ['d' => $d]]; })()", [
    new Date("2020-01-02"),
    new Date("2020-01-02"),
    { d: new Date("2020-01-02") },
  ]],
  ["new DateTime('2020-01-02 03:04:05.678901 +05:30')", new Date("2020-01-01T21:34:05.678Z")],
  ["new DateTimeImmutable('2020-07-02 03:04:05 Europe/Berlin')", new Date("2020-07-02T01:04:05Z")],
  ["new DateTimeImmutable('2020-03-29 03:00:00 Europe/Berlin')", new Date("2020-03-29T01:00:00Z")],
  [
    "new DateTimeImmutable('2020-01-02 03:04:05 America/New_York')",
    new Date("2020-01-02T08:04:05Z"),
  ],
  ["new DateTime('2020-01-02 03:04:05 EST')", new Date("2020-01-02T08:04:05Z")],
  ["new DateTime('@-0.5')", new Date(-500)],
];

for (
  const { serializer, program, read } of [
    { serializer: "php", program: PHP, read: [...READ, ...OBJECTS] },
    { serializer: "igbinary", program: IGBINARY, read: [...READ, ...OBJECTS] },
    { serializer: "msgpack", program: MSGPACK, read: [...READ, ...OBJECTS] },
  ] as const
) {
  for (const compression of ["fastlz", "zlib"] as const) {
    Deno.test({
      name:
        `php-memcached with ${serializer} and ${compression} reads what is written, and is read`,
      ignore: isMissing(`php-memcached with ${serializer}`, program),
      async fn() {
        const written = [...SCALARS, ...ARRAYS, ...DATES];
        await assertExchange(program, {
          transcoder: phpMemcachedTranscoder({ serializer, compression }),
          options: { client: "memcached", serializer, compression },
          written,
          read,
        });
      },
    });
  }
}

Deno.test({
  name: "php-memcached with JSON reads what is written, and is read",
  ignore: isMissing("php-memcached with JSON", PHP),
  async fn() {
    const written: [unknown, string][] = [
      ...SCALARS,
      [[1, "a/b", null, [true], 1.5], '[0=>1, 1=>"a/b", 2=>null, 3=>[0=>true], 4=>float 1.5]'],
      [{ a: 1, é: { b: "😀" } }, '(object)["a"=>1, "é"=>(object)["b"=>"😀"]]'],
      [{}, "(object)[]"],
    ];
    const read: [string, unknown][] = [
      ...READ.filter(([, value]) => !(value instanceof Map)),
      ["[5 => 'five', 'x' => 1]", { 5: "five", x: 1 }],
      ["[1e25, 0.1, '\\u{2028}']", [1e25, 0.1, "\\u{2028}"]],
    ];
    await assertExchange(PHP, {
      transcoder: phpMemcachedTranscoder({ serializer: "json" }),
      options: { client: "memcached", serializer: "json", compression: "fastlz" },
      written,
      read,
    });
  },
});

Deno.test({
  name: "pecl/memcache reads what phpMemcacheTranscoder writes, and is read",
  ignore: isMissing("pecl/memcache", OLD_PHP),
  async fn() {
    // It gives back false for null.
    const written = [...SCALARS, ...ARRAYS, ...DATES].filter(([value]) => value !== null);
    const read: [string, unknown][] = [
      ...READ,
      ...OBJECTS,
      ["true", true],
      ["false", false],
      ["0.1", 0.1],
      ["M_PI", 3.1415926535898],
      ["INF", Infinity],
      ["PHP_INT_MIN", -(2n ** 63n)],
    ];
    await assertExchange(OLD_PHP, {
      transcoder: phpMemcacheTranscoder,
      options: { client: "memcache" },
      written,
      read,
    });
  },
});
