/** What bundlers make of the sources for a program that uses a part of them, without a flag about them. @module */

import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { exec } from "../package/exec.ts";
import { copyForeignModules } from "../package/foreign_modules.ts";
import { readEntries } from "../package/module_graph.ts";
import { installEsbuild, installTools } from "../package/tool.ts";

const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
const ROLLUP = fileURLToPath(new URL("rollup_program.mjs", import.meta.url));

/** How many modules are named of those that weigh most. */
const MOST_SHOWN = 15;

/** A minified file of a bundle. */
export interface Chunk {
  /** What others import it by. */
  readonly name: string;
  /** Whether it is what a user loads. */
  readonly isEntry: boolean;
  /** The files that it imports statically. */
  readonly imports: readonly string[];
  /** The modules that a part of is in it, and how many bytes of it are theirs. */
  readonly modules: Readonly<Record<string, number>>;
  readonly code: string;
}

/** The options of Rollup. */
export interface RollupJob {
  /** The text of the module to bundle. */
  readonly program: string;
  /** The paths of modules that are named otherwise than by a path. */
  readonly copies: Readonly<Record<string, string>>;
}

/** What a bundle weighs. */
export interface Size {
  /** Bytes. */
  readonly bytes: number;
  /** Bytes after `gzip -9`, each file by itself. */
  readonly gzipped: number;
}

/** Makes bundles of programs; each is the text of a module that names modules by their absolute paths. */
export type Bundler = (programs: readonly string[]) => Promise<Chunk[][]>;

/** What each export should weigh at most, in bytes after gzip; the table says where that is missed. */
export const AIMS: Readonly<Record<string, number>> = {
  "{ SocketError }": 600,
  "{ jsonTranscoder }": 1_200,
  "{ BareClient, jsonTranscoder }": 18_500,
  "{ Client }": 36_000,
};

/**
 * What each export may weigh at most: the aim, or what it weighs today and a little more. With esbuild,
 * `jsonTranscoder` weighs more than it should, since the modules that parts loaded on demand reach as well are wrapped.
 */
export const LIMITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  esbuild: {
    "{ SocketError }": 600,
    "{ jsonTranscoder }": 1_550,
    "{ BareClient, jsonTranscoder }": 18_500,
    "{ Client }": 35_100,
  },
  Rollup: {
    "{ SocketError }": 600,
    "{ jsonTranscoder }": 1_200,
    "{ BareClient, jsonTranscoder }": 17_850,
    "{ Client }": 33_370,
  },
};

/** The bundlers by their names. */
export const BUNDLERS: Readonly<Record<string, Bundler>> = {
  esbuild: async (programs) => {
    const bundles = [];
    for (const program of programs) bundles.push(await bundleWithEsbuild(program));
    return bundles;
  },
  Rollup: async (programs) => {
    const copies = Object.fromEntries(await foreignModules());
    await installTools();
    const jobs: RollupJob[] = programs.map((program) => ({ program, copies }));
    return JSON.parse(await exec("node", [ROLLUP], { input: JSON.stringify(jobs) }));
  },
};

/** As much as is read of esbuild's account of a file. */
interface Output {
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

/**
 * Bundles with esbuild into one file, and with what is imported dynamically in files of its own, and takes the
 * bundle whose first part is smaller: the first for what imports nothing dynamically, since in the second the
 * parts that are shared with what is never loaded come along.
 */
async function bundleWithEsbuild(program: string): Promise<Chunk[]> {
  const ways = [await runEsbuild(program), await runEsbuild(program, "--splitting")];
  const weight = (chunks: readonly Chunk[]) => sizeOf(loadedFirst(chunks)).gzipped;
  return ways.toSorted((a, b) => weight(a) - weight(b))[0]!;
}

async function runEsbuild(program: string, ...flags: string[]): Promise<Chunk[]> {
  const folder = await Deno.makeTempDir({ prefix: "moecache-bundle-" });
  try {
    await Deno.writeTextFile(`${folder}/program.js`, program);
    await exec(await installEsbuild(), [
      ...["program.js", "--bundle", "--minify", "--format=esm", "--outdir=out", ...flags],
      ...["--external:node:*", "--external:cloudflare:*", "--metafile=meta.json"],
      ...[...await foreignModules()].map(([name, path]) => `--alias:${name}=${path}`),
      "--log-level=error",
    ], { cwd: folder });
    const { outputs } = JSON.parse(await Deno.readTextFile(`${folder}/meta.json`));
    const files = Object.entries(outputs as Record<string, Output>);
    return await Promise.all(files.map(async ([path, { entryPoint, imports, inputs }]) => ({
      name: path.slice("out/".length),
      isEntry: entryPoint === "program.js",
      imports: imports.filter(({ kind }) => kind === "import-statement")
        .map(({ path }) => path.slice("out/".length)),
      modules: Object.fromEntries(
        Object.entries(inputs).map(([path, part]) => [resolve(folder, path), part.bytesInOutput]),
      ),
      code: await Deno.readTextFile(`${folder}/${path}`),
    })));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

let copies: Promise<ReadonlyMap<string, string>> | undefined;

/** The modules of JSR's that the sources import, as files. */
function foreignModules(): Promise<ReadonlyMap<string, string>> {
  copies ??= readEntries()
    .then((entries) => copyForeignModules(Object.values(entries)))
    .then(({ copies }) => copies);
  return copies;
}

/** The absolute path of a module of the repository. */
export function pathOf(module: string): string {
  return resolve(ROOT, module);
}

/** The files of a bundle that are loaded before anything runs: the entry's, and what it imports statically. */
export function loadedFirst(chunks: readonly Chunk[]): Chunk[] {
  const names = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ name }) => name));
  for (const name of names) {
    for (const imported of chunks.find((chunk) => chunk.name === name)?.imports ?? []) {
      names.add(imported);
    }
  }
  return chunks.filter(({ name }) => names.has(name));
}

/** What files weigh together. */
export function sizeOf(chunks: readonly Pick<Chunk, "code">[]): Size {
  const files = chunks.map(({ code }) => new TextEncoder().encode(code));
  return {
    bytes: files.reduce((sum, { byteLength }) => sum + byteLength, 0),
    gzipped: files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).byteLength, 0),
  };
}

/** Says which modules weigh most in files. */
export function heaviest(chunks: readonly Chunk[]): string {
  const modules = chunks.flatMap(({ modules }) => Object.entries(modules))
    .toSorted(([, a], [, b]) => b - a).filter(([, bytes]) => bytes > 0);
  const shown = modules.slice(0, MOST_SHOWN)
    .map(([path, bytes]) => `${relative(ROOT, path)} ${bytes}`);
  return `${modules.length} modules, before gzip: ${shown.join(", ")}`;
}

/**
 * Runs a bundle on Deno and sees which of its files are loaded.
 *
 * @param chunks The bundle.
 * @param program What to run, which finds the bundle in the module `"bundle"`.
 * @param args Arguments for the program.
 * @returns The files that were loaded by the time the program ended.
 */
export async function loadedBy(
  chunks: readonly Chunk[],
  program: string,
  ...args: string[]
): Promise<Chunk[]> {
  const folder = await Deno.makeTempDir({ prefix: "moecache-bundle-" });
  try {
    for (const { name, code } of chunks) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, `${code}\n(globalThis.loaded ??= []).push("${name}");`);
    }
    const bundle = chunks.find(({ isEntry }) => isEntry)!.name;
    const text = program.replaceAll(`"bundle"`, `"./${bundle}"`) +
      `\nconsole.log(JSON.stringify(globalThis.loaded));\nDeno.exit();`;
    await Deno.writeTextFile(`${folder}/run.js`, text);
    const deno = ["run", "--allow-all", "--no-config", "--quiet", `${folder}/run.js`, ...args];
    const names: string[] = JSON.parse(await exec(Deno.execPath(), deno));
    return chunks.filter(({ name }) => names.includes(name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
