import { dalliTranscoder } from "../../../src/transcoding/formats/dalli/mod.ts";
import { assertExchange, isMissing, type NativeProgram } from "./native_programs.ts";

/** Prints what Ruby reads, and writes what expressions make. dalli 3, as Debian has it, knows these options. */
const PROGRAM = `
require "dalli"; require "json"
order = JSON.parse(STDIN.read)
options = order["options"] || {}
settings = {}
settings[:serializer] = JSON if options["serializer"] == "json"
settings[:compressor] = Dalli::GzipCompressor if options["compressor"] == "gzip"
settings[:compression_min_size] = options["compressMinSize"] if options["compressMinSize"]
settings[:raise_errors] = true
client = Dalli::Client.new("127.0.0.1:#{order["port"]}", settings)
show = lambda do |value|
  text = value.inspect
  text += " " + value.encoding.to_s if value.is_a?(String)
  text += " itself" if value.is_a?(Array) && value.any? { |item| item.equal?(value) }
  text += " same" if value.is_a?(Array) && value.size == 2 && value[0].equal?(value[1])
  text.encode("UTF-8", invalid: :replace, undef: :replace)
end
texts = order["reads"].map do |key|
  value = client.get(key)
  # Times are shown with all they have.
  value.is_a?(Time) ? value.iso8601(6) : show.call(value)
end
order["writes"].each { |key, expression| client.set(key, eval(expression)) }
puts JSON.generate(texts)
`;

const RUBY: NativeProgram = {
  command: "ruby",
  args: ["-rtime", "-e", PROGRAM],
  probe: ["-e", 'require "dalli"'],
};

const ignore = isMissing("ruby with dalli", RUBY);

function itself(): unknown[] {
  const list: unknown[] = [1];
  list.push(list);
  return list;
}

const record = { k: "v" };

const WRITTEN: [unknown, string][] = [
  [null, "nil"],
  [[true, false], "[true, false]"],
  [
    [0, 1, -1, 122, 123, 124, -123, -124, 255, 256, -256, -257, 65_535, 65_536],
    [
      "[0, 1, -1, 122, 123, 124, -123, -124, 255, 256, -256, -257, 65535, 65536]",
    ].join(),
  ],
  [
    [2 ** 30 - 1, 2 ** 30, -(2 ** 30), -(2 ** 30) - 1],
    "[1073741823, 1073741824, -1073741824, -1073741825]",
  ],
  [[2 ** 53 - 1, -(2n ** 100n)], "[9007199254740991, -1267650600228229401496703205376]"],
  [
    [1.5, 1.5, -0, 1e300, 5e-324, 0.1, 1e-5, 0.0001, 2 ** 60, 1e16, 1e22],
    "[1.5, 1.5, -0.0, 1.0e+300, 5.0e-324, 0.1, 1.0e-05, 0.0001, 1.152921504606847e+18, 1.0e+16, 1.0e+22]",
  ],
  [[NaN, Infinity, -Infinity], "[NaN, Infinity, -Infinity]"],
  ["", '"" UTF-8'],
  ["é€😀", '"é€😀" UTF-8'],
  ["x".repeat(5000), `"${"x".repeat(5000)}" UTF-8`],
  [Uint8Array.of(0, 255), '"\\x00\\xFF" ASCII-8BIT'],
  [[Symbol.for("id"), Symbol.for("é"), Symbol.for("id")], "[:id, :é, :id]"],
  [{ a: 1, b: { a: [] } }, '{"a"=>1, "b"=>{"a"=>[]}}'],
  [new Map<unknown, unknown>([[1, "x"], [null, 2], [[1], 3]]), '{1=>"x", nil=>2, [1]=>3}'],
  [new Map<unknown, unknown>([["a", 1], [Symbol.for("a"), 2]]), '{"a"=>1, :a=>2}'],
  [new Date("2020-01-02T03:04:05.678Z"), "2020-01-02T03:04:05.678000Z"],
  [new Date("1899-12-31T23:59:59.999Z"), "1899-12-31T23:59:59.999000Z"],
  [new Date("-000005-02-03T00:00:00Z"), "-0005-02-03T00:00:00.000000Z"],
  [new Date(8.64e15), "275760-09-13T00:00:00.000000Z"],
  [
    [new Date(0), new Date(1), "UTC"],
    '[1970-01-01 00:00:00 UTC, 1970-01-01 00:00:00.001 UTC, "UTC"]',
  ],
  [itself(), "[1, [...]] itself"],
  [[record, record], '[{"k"=>"v"}, {"k"=>"v"}] same'],
];

const READ: [string, unknown][] = [
  ["nil", null],
  ["[1.5, 1.5, 2**80, -(2**80), 2**62, 1e16, -0.0]", [
    1.5,
    1.5,
    2n ** 80n,
    -(2n ** 80n),
    2n ** 62n,
    1e16,
    -0,
  ]],
  ["(-700..700).to_a", Array.from({ length: 1401 }, (_, at) => at - 700)],
  ["[2**30 - 1, -2**30, 2**16, -2**16, 2**24, -2**24]", [
    2 ** 30 - 1,
    -(2 ** 30),
    2 ** 16,
    -(2 ** 16),
    2 ** 24,
    -(2 ** 24),
  ]],
  ['"é"', "é"],
  ['"\\xE9".dup.force_encoding("ISO-8859-1")', "é"],
  ['"é€".encode("UTF-16LE")', "é€"],
  ['"あ".encode("Shift_JIS")', "あ"],
  ['["a".encode("UTF-16BE"), "b".encode("UTF-16BE")]', ["a", "b"]],
  ['"a".dup.force_encoding("US-ASCII")', "a"],
  ['"\\xFF".b', Uint8Array.of(255)],
  ['{"a".b => 1}', { a: 1 }],
  ["{id: 7, name: :ab, é: [:é, :id]}", { id: 7, name: "ab", é: ["é", "id"] }],
  ['{"a" => 1, :a => 2}', new Map<unknown, unknown>([["a", 1], [Symbol.for("a"), 2]])],
  ["h = Hash.new(5); h[1] = 2; h", new Map([[1, 2]])],
  ['{}.compare_by_identity.merge("a" => 1)', { a: 1 }],
  ["a = [1]; a << a; a", itself()],
  ["Time.at(1577934245, 678901, :usec)", new Date("2020-01-02T03:04:05.678Z")],
  ['Time.new(2020, 1, 2, 3, 4, 5, "+09:00")', new Date("2020-01-01T18:04:05Z")],
  ["Time.at(0, 123456789, :nsec).utc", new Date(123)],
  ["[Time.utc(1850), Time.utc(-5), Time.utc(99999), Time.utc(67436)]", [
    new Date("1850-01-01T00:00:00Z"),
    new Date("-000005-01-01T00:00:00Z"),
    new Date("+099999-01-01T00:00:00Z"),
    new Date("+067436-01-01T00:00:00Z"),
  ]],
  ["t = Time.utc(2020); [t, t, Time.utc(2021), 'x']", [
    new Date("2020-01-01T00:00:00Z"),
    new Date("2020-01-01T00:00:00Z"),
    new Date("2021-01-01T00:00:00Z"),
    "x",
  ]],
  ["s = 'x'; [s, [s], {s => s}, 's' * 300]", ["x", ["x"], { x: "x" }, "s".repeat(300)]],
  [
    "h = {}; h['self'] = h; h",
    (() => {
      const hash: Record<string, unknown> = {};
      return Object.assign(hash, { self: hash });
    })(),
  ],
  [
    "h = {}; h[1] = [h]; h",
    (() => {
      const map = new Map<unknown, unknown>();
      return map.set(1, [map]);
    })(),
  ],
  ["'moecache ' * 1000", "moecache ".repeat(1000)],
];

const JSON_WRITTEN: [unknown, string][] = [
  [{ a: [1, null, true, "é\u2028<"] }, '{"a"=>[1, nil, true, "é\\u2028<"]}'],
  [
    [2n ** 80n, NaN, -Infinity, 1e300, -0],
    [
      "[1208925819614629174706176, NaN, -Infinity, 1.0e+300, -0.0]",
    ].join(),
  ],
  ["moecache ".repeat(100), `"${"moecache ".repeat(100)}" UTF-8`],
];

const JSON_READ: [string, unknown][] = [
  ["[2**80, Float::NAN, -Float::INFINITY, 1e-9, -0.0]", [
    2n ** 80n,
    NaN,
    -Infinity,
    1e-9,
    -0,
  ]],
  [
    '{1 => :a, nil => Time.at(0).utc, "__proto__" => 1}',
    JSON.parse('{"1": "a", "": "1970-01-01 00:00:00 UTC", "__proto__": 1}'),
  ],
  ['[{"x" => "é" * 100}] * 3', Array(3).fill({ x: "é".repeat(100) })],
];

Deno.test({
  name: "Ruby's dalli reads what dalliTranscoder writes, and is read",
  ignore,
  async fn() {
    await assertExchange(RUBY, {
      transcoder: dalliTranscoder,
      written: WRITTEN,
      read: READ,
    });
  },
});

Deno.test({
  name: "Ruby's dalli with JSON and gzip reads what dalliTranscoder writes, and is read",
  ignore,
  async fn() {
    const options = { serializer: "json", compressor: "gzip", compressMinSize: 50 } as const;
    await assertExchange(RUBY, {
      transcoder: dalliTranscoder(options),
      options,
      written: JSON_WRITTEN,
      read: JSON_READ,
    });
  },
});
