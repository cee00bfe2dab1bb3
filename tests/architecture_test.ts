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

/**
 * What views need besides what is public. They stand in the place of a client, as namespaces do, and share with them how
 * a command reads its arguments, what an item is, and what becomes of the caller's functions and errors.
 */
const BEHIND_COMMANDS = [
  // How every command reads and checks its arguments.
  "commands/call_checks.ts",
  "commands/many_keys.ts",
  "commands/operation_options.ts",
  "protocol/commands/answer.ts",
  "protocol/exptime.ts",
  // How long keys may be, and what a client makes of them.
  "protocol/key.ts",
  "protocol/key_format.ts",
  "protocol/longest_key.ts",
  // What only a client's session tells: whether it stores lists, takes faults for misses, keeps the order of the calls.
  "commands/session.ts",
  // Items in no format of values, and values that are marked for one.
  "transcoding/item_codec.ts",
  "transcoding/pickle/python_types.ts",
  // Errors name the keys of the caller.
  "features/callers_keys.ts",
  // What a function of the caller's returns is used before other code can change it.
  "features/load_callers.ts",
  // A tag's generation is the counter of a namespace's; where it is unknown, values are computed and not stored.
  "features/rising_counter.ts",
  "features/unstored_values.ts",
  // On which connection an item was looked at: elsewhere its cas unique tells nothing. And whether it was stale.
  "features/info_extras.ts",
];

/** These stand beside the layers, and import of them no more than this. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  // The server knows the protocol and the sockets, not the client.
  testing: ["errors.ts", "option_checks.ts", "waiting.ts", "waiting", "protocol", "transport"],
  // What adapts the client to others proves that the public surface is enough.
  adapters: ["mod.ts", "option_checks.ts", "waiting.ts", "waiting", REACHING, ...PUBLIC],
  // What looks at clients from outside needs their channels only, and loads no client.
  observing: ["option_checks.ts", "waiting.ts", "waiting", "channel_contexts.ts", "observation.ts"],
  views: ["mod.ts", "option_checks.ts", "waiting.ts", "waiting", REACHING, ...BEHIND_COMMANDS],
};

/** The folder that is a program. It imports the entries of the package, and runs where there is a command line. */
const PROGRAM = "cli";

/** What else adapters import, file by file. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // The names of the client's options.
  "adapters/adapter_options.ts": ["client_options.ts"],
  // What memcached takes for a time, and answers while it makes a list for others, for which the client's `timeout`
  // counts; how a namespace names keys in errors; and hashes of keys in the order of the calls, as views have them.
  "adapters/key_and_exptime.ts": [
    "commands/session.ts",
    "features/callers_keys.ts",
    "protocol/commands/metadump.ts",
    "protocol/exptime.ts",
    "protocol/key.ts",
    "protocol/longest_key.ts",
    "views/key_hash.ts",
  ],
  // How long keys may be where the client has a format of them.
  "adapters/item_room.ts": ["protocol/key.ts", "protocol/longest_key.ts"],
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

/** The modules of the source that a file imports, on demand too. */
function targetsOf(file: SourceFile): string[] {
  return file.imports.filter((specifier) => specifier.startsWith("."))
    .map((specifier) => targetOf(file, specifier));
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
    targetsOf(file).filter((path) =>
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
    const allowed = [layer, ...mayImport(layer), ...EXCEPTIONS[file.path] ?? []];
    return targetsOf(file)
      .filter((target) => !allowed.includes(target) && !allowed.includes(layerOf(target)))
      .map((target) => `${file.path} imports ${target}`);
  });
  assertEquals(upward, []);
});

Deno.test("nothing is listed that no file imports any more", () => {
  const viewsImport = new Set(
    files.filter(({ path }) => layerOf(path) === "views").flatMap(targetsOf),
  );
  const exceptions = Object.entries(EXCEPTIONS).flatMap(([path, listed]) => {
    const imported = files.filter((file) => file.path === path).flatMap(targetsOf);
    return listed.filter((target) => !imported.includes(target)).map((target) =>
      `${path}: ${target}`
    );
  });
  assertEquals(BEHIND_COMMANDS.filter((path) => !viewsImport.has(path)), []);
  assertEquals(exceptions, []);
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
    for (const target of targetsOf(file)) visit(target, [...way, path]);
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

Deno.test("no pattern of a client has a class of Unicode: a runtime makes that as soon as it reads the file", () => {
  const besideClients = ["cli", "observing", "testing", "views"];
  for (const { path, code } of files) {
    if (besideClients.includes(layerOf(path))) continue;
    // With two backslashes it is in a text; a pattern is made of that when it is needed.
    assertEquals(code.match(/(?<!\\)\\p\{.*/)?.[0], undefined, path);
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
