/** Which tests belong to `deno task test`, and which to `deno task test:all` alone. @module */

const ROOT = new URL("../../", import.meta.url);
const TESTS = new URL("tests/", ROOT);

/** What holds the packages of others, or is run by a lane of its own. */
const FOREIGN = ["adapters/suites/", "examples/packages/", "jsr/", "vectors/", "tools/"];

/** Other runtimes, killed processes, real time and measured memory: what takes long, or needs npm. */
const ONLY_IN_FULL = [
  "bundle/",
  "chaos/chaos_test.ts",
  "chaos/recovery_test.ts",
  "connection/idle_client_test.ts",
  "drills/",
  "examples/",
  "features/get_or_set_processes_test.ts",
  "testing/memory_test.ts",
];

/** Those that can do any number of cases, and do them all in `deno task test:all`. */
const EXTENSIBLE = /from "[./]+\/support\/extent\.ts"/;

/** Seconds that a file takes on a core of its own, where that is more than a moment. */
const SECONDS: Readonly<Record<string, number>> = {
  "client/faults_test.ts": 6,
  "transport/tls_test.ts": 6,
  "transcoding/pickle/python_test.ts": 5,
  "conformance/protocol_conformance_test.ts": 5,
  "features/items_test.ts": 4,
  "transcoding/pickle/read_pickle_test.ts": 4,
  "features/listing_faults_test.ts": 4,
  "transport/node_test.ts": 3,
  "discovery/client_discovery_test.ts": 3,
  "testing/session_test.ts": 3,
  "conformance/commands_conformance_test.ts": 3,
  "connection/refusals_test.ts": 3,
};
const MOMENT = 0.6;
/** Seconds that the examples in the documentation take together. */
const EXAMPLES_SECONDS = 12;

/** What one process of `deno test` can run. */
export interface TestFile {
  /** The file, or files, from the root of the repository. */
  readonly paths: readonly string[];
  /** How long it takes on a core of its own, about. */
  readonly seconds: number;
  /** Whether the examples in its comments are run. */
  readonly hasExamples?: boolean;
}

/** Lists the tests of `deno task test`: those of the module on this runtime and on real memcached. */
export function listTests(): TestFile[] {
  const files = testFiles().filter((file) => !isOnlyInFull(file));
  const groups = documented();
  const seconds = EXAMPLES_SECONDS / groups.length;
  return [
    ...files.map(toTestFile),
    ...groups.map((paths) => ({ paths, seconds, hasExamples: true })),
  ];
}

/** Lists what `deno task test:all` runs in addition, or in full length, on this runtime. */
export function listFullTests(): TestFile[] {
  return testFiles().filter((file) => isOnlyInFull(file) || isExtensible(file)).map(toTestFile);
}

function isOnlyInFull(file: string): boolean {
  return ONLY_IN_FULL.some((prefix) => file.startsWith(prefix));
}

/** Whether a file, or what stands beside it and is named like it, takes its number from the extent. */
function isExtensible(file: string): boolean {
  const beside = file.replace(/_test\.ts$/, ".ts");
  return [file, beside].some((name) => EXTENSIBLE.test(readIfThere(new URL(name, TESTS))));
}

function toTestFile(file: string): TestFile {
  return { paths: [`tests/${file}`], seconds: SECONDS[file] ?? MOMENT };
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
