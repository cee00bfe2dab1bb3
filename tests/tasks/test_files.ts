/** Which tests belong to `deno task test`, and which to `deno task test:all` alone. @module */

const ROOT = new URL("../../", import.meta.url);
const TESTS = new URL("tests/", ROOT);

/** What holds the packages of others, or is run by a lane of its own. */
const FOREIGN = [
  "adapters/suites/",
  "examples/packages/",
  "jsr/",
  "observing/suites/",
  "vectors/",
  "tools/",
];

/** Other runtimes, a browser, killed processes, real time and measured memory: what takes long, or needs npm. */
const ONLY_IN_FULL = [
  "bundle/",
  "chaos/chaos_test.ts",
  "chaos/recovery_test.ts",
  "cli/top/terminal_test.ts",
  "cli/web/browser_test.ts",
  "connection/idle_client_test.ts",
  "drills/",
  "examples/",
  "features/get_or_set_processes_test.ts",
  "tasks/api_reference_test.ts",
  "testing/memory_test.ts",
  "views/compositions_test.ts",
];

/** Those that measure how late something is or how much memory it takes: nothing else runs beside them. */
export const MEASURING: readonly string[] = [
  "tests/chaos/chaos_test.ts",
  "tests/chaos/recovery_test.ts",
  "tests/client/load_test.ts",
  "tests/connection/idle_client_test.ts",
  "tests/drills/",
  "tests/examples/demo_test.ts",
  "tests/features/get_or_set_processes_test.ts",
  "tests/testing/memory_test.ts",
];

/** Those that can do any number of cases, and do them all in `deno task test:all`. */
const EXTENSIBLE = /from "[./]+\/support\/extent\.ts"/;

/** Seconds that a file, or the examples of a folder, keep a core busy, where that is more than a moment. */
const SECONDS: Readonly<Record<string, number>> = {
  "docs/": 10,
  "src/adapters/": 7,
  "mod.ts": 6,
  "src/commands/": 5,
  "src/transcoding/": 3,
  "src/routing/": 3,
  "src/testing/": 2,
  "src/patterns/": 2,
  // It waits for much of its time.
  "tests/cli/wrong_input_test.ts": 20,
  "tests/transcoding/formats/java_native_test.ts": 9,
  "tests/views/large_values_test.ts": 9,
  "tests/cli/process_test.ts": 8,
  "tests/views/replicas_test.ts": 8,
  "tests/conformance/protocol_conformance_test.ts": 7,
  "tests/adapters/key_formats_test.ts": 6,
  "tests/transcoding/pickle/python_test.ts": 6,
  "tests/views/hashed_keys_test.ts": 6,
  "tests/adapters/cache_test.ts": 5,
  "tests/stacks/spring_test.ts": 5,
  "tests/client/faults_test.ts": 4,
  "tests/conformance/commands_conformance_test.ts": 4,
  "tests/conformance/listing_conformance_test.ts": 4,
  "tests/conformance/transcoders_conformance_test.ts": 4,
  "tests/transcoding/formats/php_native_test.ts": 4,
  "tests/views/near_cache_test.ts": 4,
  "tests/views/spread_test.ts": 4,
  "tests/views/tagged_test.ts": 4,
  "tests/cli/many_items_test.ts": 3,
  "tests/features/items_test.ts": 3,
  "tests/transcoding/formats/python_native_test.ts": 3,
  "tests/transcoding/pickle/read_pickle_test.ts": 3,
  "tests/transport/tls_test.ts": 3,
  "tests/views/views_chaos_test.ts": 3,
  "tests/chaos/parser_fuzz_test.ts": 2,
  "tests/client/load_test.ts": 2,
  "tests/features/get_or_set_test.ts": 2,
  "tests/routing/explanations_test.ts": 2,
  "tests/stacks/rails_test.ts": 2,
  "tests/testing/session_test.ts": 2,
  "tests/transport/node_test.ts": 2,
};
const MOMENT = 0.3;

/** The same for what is run in full. */
const SECONDS_IN_FULL: Readonly<Record<string, number>> = {
  ...SECONDS,
  "tests/bundle/size_test.ts": 8,
  "tests/chaos/chaos_test.ts": 17,
  "tests/chaos/parser_fuzz_test.ts": 14,
  "tests/chaos/recovery_test.ts": 3,
  "tests/cli/top/terminal_test.ts": 9,
  "tests/cli/web/browser_test.ts": 40,
  "tests/client/injection_test.ts": 12,
  "tests/client/load_test.ts": 5,
  "tests/conformance/commands_conformance_test.ts": 12,
  "tests/connection/idle_client_test.ts": 10,
  "tests/drills/drills_test.ts": 8,
  "tests/examples/demo_test.ts": 8,
  "tests/features/get_or_set_processes_test.ts": 11,
  "tests/tasks/api_reference_test.ts": 12,
  "tests/testing/memory_test.ts": 10,
  "tests/transcoding/fuzz_test.ts": 13,
  "tests/transcoding/pickle/fuzz_test.ts": 4,
  "tests/views/compositions_test.ts": 20,
};

/** What one process of `deno test` can run. */
export interface TestFile {
  /** The file, or files, from the root of the repository. */
  readonly paths: readonly string[];
  /** How long it keeps a core busy, about. */
  readonly seconds: number;
}

/** Lists the tests of `deno task test`: those of the module on this runtime and on real memcached. */
export function listTests(): TestFile[] {
  return testFiles().filter((file) => !isOnlyInFull(file))
    .map((file) => weigh([`tests/${file}`], SECONDS));
}

/** Lists the tests that `deno task test:all` runs in addition, or in full length, on this runtime. */
export function listFullTests(): TestFile[] {
  return testFiles().filter((file) => isOnlyInFull(file) || isExtensible(file))
    .map((file) => weigh([`tests/${file}`], SECONDS_IN_FULL));
}

/** Lists what has examples, which `deno task test:all` runs as well. */
export function listExamples(): TestFile[] {
  return documented().map((paths) => weigh(paths, SECONDS_IN_FULL));
}

/** Whether a file measures, so that nothing else may run beside it. */
export function isMeasuring({ paths }: TestFile): boolean {
  return paths.some((path) => MEASURING.some((prefix) => path.startsWith(prefix)));
}

function isOnlyInFull(file: string): boolean {
  return ONLY_IN_FULL.some((prefix) => file.startsWith(prefix));
}

/** Whether a file, or what stands beside it and is named like it, takes its number from the extent. */
function isExtensible(file: string): boolean {
  const beside = file.replace(/_test\.ts$/, ".ts");
  return [file, beside].some((name) => EXTENSIBLE.test(readIfThere(new URL(name, TESTS))));
}

function weigh(paths: readonly string[], known: Readonly<Record<string, number>>): TestFile {
  return { paths, seconds: known[paths[0] ?? ""] ?? MOMENT };
}

/** Every file of tests, from `tests/` on. */
function testFiles(): string[] {
  return [...walk("")].filter((file) => file.endsWith("_test.ts")).sort();
}

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, TESTS))) {
    const path = `${folder}${name}`;
    if (!isDirectory) yield path;
    else if (name !== "node_modules" && !FOREIGN.includes(`${path}/`)) yield* walk(`${path}/`);
  }
}

/** What has examples, in groups: the sources and the pages. */
function documented(): string[][] {
  const sources = [...Deno.readDirSync(new URL("src/", ROOT))];
  const folders = sources.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  const files = sources.filter(({ isDirectory }) => !isDirectory).map(({ name }) => `src/${name}`);
  return [
    ["docs/", "README.md"],
    ["mod.ts", ...files.sort()],
    ...folders.map((name) => [`src/${name}/`]),
  ];
}

function readIfThere(file: URL): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
