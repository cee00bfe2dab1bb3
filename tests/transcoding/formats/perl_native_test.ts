import { perlMemcachedTranscoder } from "../../../src/transcoding/formats/perl/mod.ts";
import { assertExchange, isMissing, type NativeProgram } from "./native_programs.ts";

/** Prints what Perl reads as JSON with keys in order, and writes what expressions make. */
const PROGRAM = `
use strict; use JSON::PP;
my $order = JSON::PP->new->utf8->decode(do { local $/; <STDIN> });
my $class = $order->{options}{class};
eval "require $class" or die $@;
my %options = %{$order->{options}{settings} || {}};
my $client = $class->new({ servers => ["127.0.0.1:$order->{port}"], %options });
my $json = JSON::PP->new->ascii->canonical->allow_nonref;
my @texts = map { my $value = $client->get($_); defined $value ? $json->encode($value) : "undef" }
  @{$order->{reads}};
for my $write (@{$order->{writes}}) {
  my $value = eval $write->[1]; die $@ if $@;
  $client->set($write->[0], $value) or die "cannot set $write->[1]";
}
print JSON::PP->new->utf8->encode(\\@texts);
`;

function perlWith(module: string): NativeProgram {
  return { command: "perl", args: ["-e", PROGRAM], probe: [`-M${module}`, "-e", "1"] };
}

const WRITTEN: [unknown, string][] = [
  ["text", '"text"'],
  [5, '"5"'],
  [0.1 + 0.2, '"0.30000000000000004"'],
  [[], "[]"],
  [
    [1, -1, 127, 128, -129, 70_000, -70_000, null, "a", 1.5],
    [
      '[1,-1,127,128,-129,70000,-70000,null,"a","1.5"]',
    ].join(""),
  ],
  [{ b: { c: [] }, a: "é€😀" }, '{"a":"\\u00e9\\u20ac\\ud83d\\ude00","b":{"c":[]}}'],
  [{ é: 1, a: 2 }, '{"a":2,"\\u00e9":1}'],
  [new Map([[1, "x"]]), '{"1":"x"}'],
  [["x".repeat(300), "é".repeat(200)], `["${"x".repeat(300)}","${"\\u00e9".repeat(200)}"]`],
  [[2n ** 64n, 2 ** 40], '["18446744073709551616","1099511627776"]'],
  [Array(3).fill(["same"]), '[["same"],["same"],["same"]]'],
];

const READ: [string, unknown][] = [
  ["'text'", "text"],
  ["5", "5"],
  ["[1, -128, 127, 128, -70000, 2 ** 40, undef, 'a', 1.5]", [
    1,
    -128,
    127,
    128,
    -70_000,
    "1099511627776",
    null,
    "a",
    "1.5",
  ]],
  ["{ a => [], b => { c => 'x' x 300 } }", { a: [], b: { c: "x".repeat(300) } }],
  ['{ "\\x{e9}\\x{20ac}" => "\\x{20ac}" x 100 }', { "é€": "€".repeat(100) }],
  ["[\\'scalar', \\\\'deeper']", ["scalar", "deeper"]],
  ["my $x = [1]; [$x, $x, { x => $x }]", [[1], [1], { x: [1] }]],
  ["[1 == 1, 1 == 0]", ["1", ""]],
  [
    "[map { { id => $_, title => 'Title' } } 1 .. 50]",
    Array.from({ length: 50 }, (_, at) => ({
      id: at + 1,
      title: "Title",
    })),
  ],
];

for (const name of ["Cache::Memcached", "Cache::Memcached::Fast"]) {
  Deno.test({
    name: `Perl's ${name} reads what perlMemcachedTranscoder writes, and is read`,
    ignore: isMissing(`Perl's ${name}`, perlWith(name)),
    async fn() {
      await assertExchange(perlWith(name), {
        transcoder: perlMemcachedTranscoder,
        options: { class: name },
        written: WRITTEN,
        read: READ,
      });
      await assertExchange(perlWith(name), {
        transcoder: perlMemcachedTranscoder({ compressThreshold: 100 }),
        options: { class: name, settings: { compress_threshold: 100 } },
        written: [["moecache ".repeat(100), `"${"moecache ".repeat(100)}"`], ...WRITTEN],
        read: [["'moecache ' x 100", "moecache ".repeat(100)], ...READ],
      });
    },
  });
}

Deno.test({
  name:
    "Perl's Cache::Memcached::Fast with utf8 reads what perlMemcachedTranscoder writes, and is read",
  ignore: isMissing("Perl's Cache::Memcached::Fast", perlWith("Cache::Memcached::Fast")),
  async fn() {
    await assertExchange(perlWith("Cache::Memcached::Fast"), {
      transcoder: perlMemcachedTranscoder({ utf8: true }),
      options: { class: "Cache::Memcached::Fast", settings: { utf8: 1 } },
      written: [["é€", '"\\u00e9\\u20ac"'], ["ascii", '"ascii"']],
      read: [['"\\x{20ac}"', "€"], ["'ascii'", "ascii"]],
    });
  },
});
