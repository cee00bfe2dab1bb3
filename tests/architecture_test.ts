/** The layers of the source: imports point down, types included, and go round in no circle. */

import { assert, assertEquals } from "@std/assert";

const SOURCE = new URL("../src/", import.meta.url);

/** Lists the modules that parts loaded on demand share; it uses none of them, so it may name those of any layer. */
const LOADED_ALREADY = "loaded_already.ts";

/** From the ground up: each may import those above it in this list, and itself. */
const LAYERS = [
  "errors.ts",
  "option_checks.ts",
  "waiting.ts",
  "waiting",
  "channel_contexts.ts",
  "observation.ts",
  "observation",
  LOADED_ALREADY,
  "protocol",
  "transport",
  "routing",
  "keys",
  "transcoding",
  "connection",
  "server_address.ts",
  "discovery",
  "client_options.ts",
  "fleet",
  "commands",
  "bare_client.ts",
  "features",
  "client.ts",
  "patterns",
  "stacks",
];

/** The entries that adapters may import as well; not the modules behind them. */
const PUBLIC = [
  "discovery/mod.ts",
  "keys/mod.ts",
  "patterns/mod.ts",
  "routing/mod.ts",
  "transcoding/mod.ts",
];

/** What tells whether the server of a key can be reached, which may be behind a proxy. */
const REACHING = "protocol/backend_failure.ts";

/** These stand beside the layers, and import of them no more than this. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  // The server knows the protocol and the sockets, not the client.
  testing: ["errors.ts", "option_checks.ts", "waiting.ts", "waiting", "protocol", "transport"],
  // What adapts the client to others proves that the public surface is enough.
  adapters: ["mod.ts", "option_checks.ts", "waiting.ts", "waiting", REACHING, ...PUBLIC],
  // What looks at clients from outside needs their channels only, and loads no client.
  observing: ["option_checks.ts", "waiting.ts", "waiting", "channel_contexts.ts", "observation.ts"],
  views: ["mod.ts", "option_checks.ts", "waiting.ts", "waiting", REACHING],
};

/** The folder that is a program. It imports the entries of the package, and runs where there is a command line. */
const PROGRAM = "cli";

/** How every command reads its arguments. */
const ARGUMENTS = ["commands/many_keys.ts", "commands/operation_options.ts"];

/** What tells how long keys may be. */
const KEY_ROOM = ["commands/session.ts", "protocol/key.ts", "protocol/longest_key.ts"];

/** What else a layer imports, file by file. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // A tag's generation is the counter of a namespace's.
  "views/tagged.ts": ["features/rising_counter.ts", "commands/operation_options.ts"],
  // The names of the client's options.
  "adapters/adapter_options.ts": ["client_options.ts"],
  // What memcached takes for a time, and answers while it makes a list for others, for which the client's `timeout`
  // counts; how a namespace names keys in errors; and hashes of keys in the order of the calls, as views have them.
  "adapters/key_and_exptime.ts": [
    "features/callers_keys.ts",
    "protocol/commands/metadump.ts",
    "protocol/exptime.ts",
    "views/key_hash.ts",
    ...KEY_ROOM,
  ],
  // How long keys may be where the client has a format of them.
  "adapters/item_room.ts": KEY_ROOM,
  // How much room a namespace would leave, before there is one.
  "adapters/bentocache/namespace_tree.ts": ["features/namespace.ts"],
  // The packages that they stand for send keys as UTF-8, whatever is in them.
  "adapters/memjs/client.ts": ["routing/hashes/text_hash.ts"],
  "adapters/memcached/memcached_options.ts": ["routing/hashes/text_hash.ts"],
  // The whole entry would bring along the package that the near cache imports.
  "adapters/next/tagged_entries.ts": ["views/large_values.ts"],
  // Errors about many keys are made again for other keys, as views do.
  "adapters/stored_values.ts": ["views/partial_errors.ts"],
  // The stacks of errors lead to the caller.
  "adapters/http/cache_storage.ts": ["views/partial_errors.ts"],
  // Values are taken at the time of the call, as by views.
  "adapters/keyv.ts": ["views/own_value.ts"],
  "adapters/unstorage.ts": ["views/own_value.ts"],
  "views/near_cache/near_cache_view.ts": [
    ...ARGUMENTS,
    "protocol/exptime.ts",
    "commands/session.ts",
  ],
  // A cas unique tells an item only on the connection that it was read through.
  "views/near_cache/near_reads.ts": [...ARGUMENTS, "features/tied_cas.ts"],
  // Whether a client stores lists only its session tells.
  "views/envelope.ts": ["commands/session.ts"],
  // Only what has a session reads straight into the memory of a large value.
  "views/large_values/chunks.ts": ["commands/session.ts"],
  // What a function of the caller's returns is used before other code can change it.
  "views/replicas/deciding.ts": [
    ...ARGUMENTS,
    "protocol/exptime.ts",
    "features/load_callers.ts",
  ],
  "views/value_view/computing.ts": ["features/load_callers.ts"],
  // Whether a client takes faults for misses only its session tells.
  "views/replicas/fleets.ts": [...ARGUMENTS, "commands/session.ts"],
  "views/replicas/replicas_view.ts": [
    ...ARGUMENTS,
    "protocol/exptime.ts",
    "features/tied_cas.ts",
  ],
  // What it stores for itself is no value of any format.
  "views/spread.ts": [...ARGUMENTS, "transcoding/item_codec.ts"],
  "views/value_view.ts": [...ARGUMENTS, "protocol/exptime.ts"],
  "views/value_view/counting.ts": ["protocol/commands/answer.ts"],
  "views/value_view/presence.ts": ARGUMENTS,
  // What is wrong with a call is said before anything is sent.
  "views/call_rules.ts": ["commands/call_checks.ts", "commands/operation_options.ts"],
  // What is appended is not the caller's any more.
  "views/value_view/rewriting.ts": [...ARGUMENTS, "transcoding/item_codec.ts"],
  // Under an unknown generation, a view computes values as a namespace does. What has a session sends in the order of
  // the calls.
  "views/value_view/value_store.ts": [
    ...ARGUMENTS,
    "commands/session.ts",
    "features/unstored_values.ts",
  ],
  "views/value_view/writing.ts": [...ARGUMENTS, "protocol/exptime.ts"],
  "views/wrapped_commands.ts": [...ARGUMENTS, ...KEY_ROOM, "protocol/key_format.ts"],
  // A copy of a value is marked as the value is.
  "views/own_value.ts": ["transcoding/pickle/python_types.ts"],
  // The marks of `lock` and `once` are no values, and are stored as they are.
  "views/copies.ts": ["features/tied_cas.ts", "transcoding/item_codec.ts"],
  "views/hashed_keys.ts": ["protocol/longest_key.ts", "transcoding/item_codec.ts"],
  "views/large_values.ts": ["transcoding/item_codec.ts"],
  "views/typed.ts": ["transcoding/item_codec.ts"],
  // Errors name the keys of the caller, as those of a namespace do.
  "views/partial_errors.ts": ["features/callers_keys.ts"],
  // What a transcoder of the caller's throws is named as the client does.
  "views/large_values/mcrouter_format.ts": ["transcoding/item_codec.ts"],
  "views/large_values/large_rules.ts": [...ARGUMENTS, "protocol/exptime.ts"],
  "views/large_values/large_view.ts": [...ARGUMENTS, "protocol/exptime.ts"],
  // What has a session sends in the order of the calls.
  "views/large_values/stream_writing.ts": [
    ...ARGUMENTS,
    "protocol/exptime.ts",
    "commands/session.ts",
  ],
};

/** The only package that the client itself imports. */
const EXTERNAL = /^@std\/bytes(\/|$)/;

/** The packages that files behind entries of their own import. */
const PACKAGES: Readonly<Record<string, string>> = {
  "views/near_cache/near_values.ts": "lru-cache",
  "observing/otel.ts": "@opentelemetry/api",
  "observing/otel/attributes.ts": "@opentelemetry/api",
  "observing/otel/metrics.ts": "@opentelemetry/api",
  "observing/otel/scope.ts": "@opentelemetry/api",
  "observing/otel/settings.ts": "@opentelemetry/api",
  "observing/otel/spans.ts": "@opentelemetry/api",
};

/** What the program imports: its arguments, the width of letters, and modules that all runtimes with a command line have. */
const OF_THE_PROGRAM = /^(commander$|get-east-asian-width$|node:)/;

/** The modules of the package's entries, below `src/`. */
const ENTRIES: readonly string[] = Object.values(
  (JSON.parse(Deno.readTextFileSync(new URL("../deno.json", SOURCE))) as {
    exports: Record<string, string>;
  }).exports,
).map((path) => path.replace(/^\.\/(src\/)?/, ""));

interface SourceFile {
  /** Its path below `src/`. */
  readonly path: string;
  readonly code: string;
  /** What it imports, relative to itself or as the name of a package. */
  readonly imports: readonly string[];
}

function* sourceFiles(folder = SOURCE): Generator<SourceFile> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* sourceFiles(new URL(`${name}/`, folder));
    else yield readSource(new URL(name, folder));
  }
}

function readSource(url: URL): SourceFile {
  // Examples in comments import the published names.
  const code = Deno.readTextFileSync(url).replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*/gm, "");
  const found = code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g);
  const imports = Array.from(found, ([, specifier]) => specifier!);
  return { path: url.pathname.slice(SOURCE.pathname.length), code, imports };
}

/** The path below `src/` that an import leads to. */
function targetOf({ path }: SourceFile, specifier: string): string {
  const { pathname } = new URL(specifier, new URL(path, SOURCE));
  return pathname.startsWith(SOURCE.pathname)
    ? pathname.slice(SOURCE.pathname.length)
    : pathname.slice(SOURCE.pathname.length - "src/".length);
}

/** The modules that a file loads on demand. */
function dynamicTargets(file: SourceFile): string[] {
  return Array.from(
    file.code.matchAll(/(?<!typeof )\bimport\(\s*"(\.[^"]+)"/g),
    ([, specifier]) => targetOf(file, specifier!),
  );
}

function layerOf(path: string): string {
  return path.split("/")[0]!;
}

function mayImport(layer: string): readonly string[] {
  return BESIDE[layer] ?? LAYERS.slice(0, LAYERS.indexOf(layer));
}

const files = Array.from(sourceFiles());
/** The modules that the library loads on demand. The program loads its formats so, but no bundle has the program. */
const onDemand = new Set(
  files.filter(({ path }) => layerOf(path) !== PROGRAM).flatMap(dynamicTargets),
);

Deno.test("every source file belongs to a layer", () => {
  const layers = new Set(files.map(({ path }) => layerOf(path)));
  const isKnown = (layer: string) => LAYERS.includes(layer) || layer in BESIDE || layer === PROGRAM;
  assertEquals([...layers].filter((layer) => !isKnown(layer)), []);
});

Deno.test("the program imports what is public, and nothing imports the program", () => {
  const wrong = files.flatMap((file) =>
    file.imports.filter((specifier) => specifier.startsWith(".")).map((specifier) =>
      targetOf(file, specifier)
    ).filter((path) =>
      layerOf(file.path) === PROGRAM
        ? layerOf(path) !== PROGRAM && !ENTRIES.includes(path)
        : layerOf(path) === PROGRAM
    ).map((path) => `${file.path} imports ${path}`)
  );
  assertEquals(wrong, []);
  assert(files.some(({ path }) => layerOf(path) === PROGRAM));
});

Deno.test("imports point down the layers only", () => {
  const upward = files.flatMap((file) => {
    const layer = layerOf(file.path);
    if (layer === PROGRAM || file.path === LOADED_ALREADY) return [];
    return file.imports.filter((specifier) => specifier.startsWith("."))
      .filter((specifier) => {
        const path = targetOf(file, specifier);
        const target = layerOf(path);
        return target !== layer && ![path, target].some((part) =>
          mayImport(layer).includes(part)
        ) &&
          !EXCEPTIONS[file.path]?.includes(path);
      })
      .map((specifier) => `${file.path} imports ${specifier}`);
  });
  assertEquals(upward, []);
});

Deno.test("what is loaded on demand imports first what is loaded already", () => {
  const missing = files.filter(({ path }) => onDemand.has(path))
    .filter((file) => targetOf(file, file.imports[0] ?? ".") !== LOADED_ALREADY)
    .map(({ path }) => path);
  assertEquals(missing, []);
});

Deno.test("imports go round in no circle", () => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const file = byPath.get(path);
    if (file === undefined || done.has(path)) return;
    assert(!way.includes(path), [...way.slice(way.indexOf(path)), path].join(" → "));
    for (const specifier of file.imports) {
      if (specifier.startsWith(".")) visit(targetOf(file, specifier), [...way, path]);
    }
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
});

/** Where the timers of the runtime are taken, before a program's tests replace them. */
const TIMERS_TAKEN = ["waiting.ts", "transport/event_loop.ts"];

Deno.test("timers are taken from the clock, which no test of a program replaces", () => {
  const timer =
    /\b(?:set|clear)(?:Timeout|Interval|Immediate)\b|AbortSignal\.timeout|performance\.now/;
  const users = files.filter(({ path, code }) =>
    !TIMERS_TAKEN.includes(path) && layerOf(path) !== PROGRAM && timer.test(code)
  );
  assertEquals(users.map(({ path }) => path), []);
});

Deno.test("src imports only @std/bytes, and the packages that separate entries need", () => {
  const outside = files.flatMap(({ path, imports }) =>
    imports.filter((specifier) => !specifier.startsWith(".") && !EXTERNAL.test(specifier))
      .filter((specifier) => specifier !== PACKAGES[path])
      .filter((specifier) => layerOf(path) !== PROGRAM || !OF_THE_PROGRAM.test(specifier))
      .map((specifier) => `${path} imports ${specifier}`)
  );
  assertEquals(outside, []);
});

Deno.test("protocol, routing and transcoding touch no runtime, timer or clock", () => {
  const impure = /\b(Deno|Bun|process|setTimeout|setInterval|performance|Date\.now|console)\b/;
  for (const { path, code } of files) {
    if (!["protocol", "routing", "transcoding"].includes(layerOf(path))) continue;
    assertEquals(code.match(impure)?.[0], undefined, path);
  }
});

Deno.test("src can be parsed by Deno 2.0 and 2.1, which take the > behind a type for the end of type arguments", () => {
  for (const { path, code } of files) {
    assertEquals(code.match(/\bas \w+ >/)?.[0], undefined, path);
  }
});

Deno.test("src uses nothing that Node 20 lacks, and names no runtime's module in an import", () => {
  const missing = new RegExp(
    [
      /\b(Promise\.(withResolvers|try)|Array\.fromAsync|Error\.isError|(Map|Object)\.groupBy)\b/,
      /\.(isSubsetOf|isSupersetOf|isDisjointFrom|intersection|union|difference)\(/,
      /\b(values|keys|entries)\(\)\s*\.(map|filter|take|drop|some|every|find|reduce|toArray)\(/,
      /\b(Iterator\.from|RegExp\.escape|fromBase64|toBase64|fromHex|toHex|ArrayBuffer\.transfer)\b/,
      /^\s*(await )?using\s/,
      /(from|import\()\s*"(node|cloudflare|bun):/,
    ].map(({ source }) => source).join("|"),
    "m",
  );
  for (const { path, code } of files) {
    const named = layerOf(path) === PROGRAM ? code.replaceAll(/from "node:/g, 'from "') : code;
    assertEquals(named.match(missing)?.[0], undefined, path);
  }
  assert(missing.test("Promise.withResolvers()") && missing.test("x\n  await using y = z"));
});
