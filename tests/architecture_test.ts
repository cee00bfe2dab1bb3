/** Imports point down the list of layers only. */

import { assert, assertEquals } from "@std/assert";

const SOURCE = new URL("../src/", import.meta.url);
const EXTERNAL = /^@std\/bytes(\/|$)/;

/** What each layer may import besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "errors.ts": [],
  "option_checks.ts": ["errors.ts"],
  protocol: ["errors.ts"],
  routing: ["errors.ts", "option_checks.ts"],
  "compression_streams.ts": ["transport"],
  transcoding: ["errors.ts", "option_checks.ts", "compression_streams.ts"],
  "deferred.ts": [],
  transport: ["errors.ts", "deferred.ts"],
  connection: ["errors.ts", "protocol", "transport"],
  "server_address.ts": ["errors.ts", "protocol", "routing", "transport"],
  "waiting.ts": [],
  discovery: [
    "errors.ts",
    "option_checks.ts",
    "protocol",
    "transport",
    "connection",
    "server_address.ts",
    "waiting.ts",
  ],
  "client_options.ts": [
    "errors.ts",
    "option_checks.ts",
    "discovery",
    "protocol",
    "routing",
    "transcoding",
    "transport",
    "server_address.ts",
  ],
  "abort_watch.ts": ["protocol"],
  "server_dialer.ts": ["connection", "server_address.ts", "client_options.ts"],
  "fleet.ts": [
    "errors.ts",
    "connection",
    "server_address.ts",
    "server_dialer.ts",
    "client_options.ts",
  ],
  "server_event.ts": ["errors.ts", "connection"],
  "server_status.ts": ["errors.ts", "connection", "fleet.ts"],
  "key_location.ts": ["routing"],
  "moving.ts": ["protocol"],
  "recovery.ts": ["errors.ts", "protocol"],
  "router.ts": [
    "abort_watch.ts",
    "errors.ts",
    "protocol",
    "routing",
    "connection",
    "server_address.ts",
    "client_options.ts",
    "fleet.ts",
    "key_location.ts",
    "moving.ts",
    "recovery.ts",
    "server_status.ts",
  ],
  "server_search.ts": [
    "abort_watch.ts",
    "deferred.ts",
    "errors.ts",
    "protocol",
    "transport",
    "connection",
    "discovery",
    "server_address.ts",
    "server_dialer.ts",
    "client_options.ts",
    "router.ts",
    "waiting.ts",
  ],
  "item_dump.ts": ["protocol", "connection", "waiting.ts"],
  "watch_stream.ts": ["protocol", "connection", "deferred.ts"],
  "many.ts": ["errors.ts"],
  "session.ts": ["protocol", "transcoding", "client_options.ts"],
  "reading_commands.ts": ["errors.ts", "protocol", "client_options.ts", "many.ts", "session.ts"],
  "storing_commands.ts": [
    "errors.ts",
    "protocol",
    "transcoding",
    "client_options.ts",
    "many.ts",
    "session.ts",
    "reading_commands.ts",
  ],
  "counting_commands.ts": [
    "errors.ts",
    "protocol",
    "client_options.ts",
    "session.ts",
    "storing_commands.ts",
  ],
  "spans.ts": ["option_checks.ts", "protocol"],
  "reserved_keys.ts": ["protocol", "routing"],
  "leases.ts": [
    "protocol",
    "transcoding",
    "client_options.ts",
    "session.ts",
    "reserved_keys.ts",
  ],
  "get_or_set.ts": [
    "option_checks.ts",
    "errors.ts",
    "protocol",
    "transcoding",
    "client_options.ts",
    "session.ts",
    "deferred.ts",
    "waiting.ts",
    "spans.ts",
    "leases.ts",
  ],
  "update.ts": [
    "option_checks.ts",
    "errors.ts",
    "protocol",
    "client_options.ts",
    "session.ts",
    "waiting.ts",
  ],
  "leasing_commands.ts": [
    "protocol",
    "client_options.ts",
    "session.ts",
    "spans.ts",
    "counting_commands.ts",
    "leases.ts",
    "get_or_set.ts",
    "update.ts",
  ],
  "generations.ts": [
    "errors.ts",
    "protocol",
    "client_options.ts",
    "waiting.ts",
    "reserved_keys.ts",
    "counting_commands.ts",
  ],
  "namespace.ts": [
    "option_checks.ts",
    "protocol",
    "client_options.ts",
    "get_or_set.ts",
    "update.ts",
    "leasing_commands.ts",
    "generations.ts",
    "many.ts",
  ],
  "client.ts": [
    "errors.ts",
    "option_checks.ts",
    "protocol",
    "transcoding",
    "server_address.ts",
    "server_event.ts",
    "server_status.ts",
    "client_options.ts",
    "key_location.ts",
    "router.ts",
    "server_search.ts",
    "session.ts",
    "item_dump.ts",
    "watch_stream.ts",
    "leasing_commands.ts",
    "namespace.ts",
  ],
  patterns: [
    "option_checks.ts",
    "errors.ts",
    "protocol",
    "transcoding",
    "client_options.ts",
    "waiting.ts",
    "spans.ts",
    "reserved_keys.ts",
    "get_or_set.ts",
    "client.ts",
  ],
  testing: ["protocol", "transport", "deferred.ts"],
  // What adapts the client to others proves that the public surface is enough.
  adapters: ["mod.ts"],
};

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function* sourceFiles(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* sourceFiles(new URL(`${name}/`, folder));
    else yield new URL(name, folder);
  }
}

function* imports(): Generator<Import> {
  for (const url of sourceFiles(SOURCE)) {
    // Examples in comments import the published names.
    const code = Deno.readTextFileSync(url).replace(/\/\*[^]*?\*\//g, "");
    const file = url.pathname.slice(SOURCE.pathname.length);
    for (const [, specifier] of code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      yield { file, specifier: specifier! };
    }
  }
}

function layerOf(path: string): string {
  return path.split("/")[0]!;
}

Deno.test("every source file belongs to a layer", () => {
  for (const url of sourceFiles(SOURCE)) {
    const layer = layerOf(url.pathname.slice(SOURCE.pathname.length));
    assert(layer in MAY_IMPORT, `src/${layer} has no place among the layers`);
  }
});

Deno.test("imports point down the layers only", () => {
  const found = Array.from(imports()).filter(({ specifier }) => specifier.startsWith("."));
  assert(found.length > 50, "the search for imports finds hardly any");
  const upward = found.filter(({ file, specifier }) => {
    const target = new URL(specifier, new URL(file, SOURCE));
    const isModule = target.href === new URL("../mod.ts", SOURCE).href;
    const layer = isModule ? "mod.ts" : layerOf(target.pathname.slice(SOURCE.pathname.length));
    return layer !== layerOf(file) && !MAY_IMPORT[layerOf(file)]!.includes(layer);
  });
  assertEquals(upward, []);
});

Deno.test("src imports nothing from outside but @std/bytes", () => {
  const outside = Array.from(imports()).filter(({ specifier }) =>
    !specifier.startsWith(".") && !EXTERNAL.test(specifier)
  );
  assertEquals(outside, []);
});

Deno.test("protocol, routing and transcoding touch no runtime, timer or clock", () => {
  const impure =
    /\b(Deno|Bun|process|setTimeout|setInterval|performance|Date\.now|console|builtinModule)\b/;
  for (const url of sourceFiles(SOURCE)) {
    const file = url.pathname.slice(SOURCE.pathname.length);
    if (!["protocol", "routing", "transcoding"].includes(layerOf(file))) continue;
    const code = Deno.readTextFileSync(url).replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
    assertEquals(code.match(impure)?.[0], undefined, file);
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
  for (const url of sourceFiles(SOURCE)) {
    const code = Deno.readTextFileSync(url).replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
    assertEquals(code.match(missing)?.[0], undefined, url.pathname);
  }
  assert(missing.test("Promise.withResolvers()") && missing.test("x\n  await using y = z"));
});
