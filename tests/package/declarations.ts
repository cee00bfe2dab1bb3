/** The types of the package: a declaration file for each module whose types a user can come by. @module */

import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { exec } from "./exec.ts";
import { installTools } from "./tool.ts";

const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
/** What stands for what runtimes declare. */
const PLATFORM = new URL("platform.d.ts", import.meta.url);
const PLATFORM_NAME = "platform.d.ts";
const COMMENT = /\/\*[\s\S]*?\*\//g;
/** A name that a module is imported by, or exported from. */
const SPECIFIER = /(\bfrom |\bimport\(|^import )"([^"]+)"/gm;

/**
 * Writes the declarations of modules of this repository, and of what they refer to.
 *
 * @param entries The modules, relative to the repository.
 * @param folder The absolute path of the folder for the declarations, which are in there as the modules are in
 * the repository.
 * @throws {Error} When a declaration refers to another package, or when the compiler fails.
 */
export async function writeDeclarations(entries: readonly string[], folder: string): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "moecache-types-" });
  try {
    await compile(entries, work);
    const platform = await Deno.readTextFile(PLATFORM);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, PLATFORM_NAME), platform);
    const names = platformNames(platform);
    const waiting = entries.map((entry) => entry.replace(/\.ts$/, ".d.ts"));
    const written = new Set<string>();
    for (let path; (path = waiting.pop()) !== undefined;) {
      if (written.has(path)) continue;
      written.add(path);
      const declared = await Deno.readTextFile(join(work, path));
      waiting.push(...referredTo(declared).map((specifier) => join(dirname(path!), specifier)));
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.writeTextFile(join(folder, path), finish(declared, path, names));
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Makes a declaration of every module. Types are stated wherever they are exported, so nothing is checked. */
async function compile(entries: readonly string[], folder: string): Promise<void> {
  const compilerOptions = {
    ...{ module: "nodenext", target: "esnext", lib: ["esnext"], types: [], strict: true },
    ...{ declaration: true, emitDeclarationOnly: true, noCheck: true },
    ...{ allowImportingTsExtensions: true, rootDir: ROOT, outDir: folder },
  };
  const files = entries.map((entry) => join(ROOT, entry));
  const project = join(folder, "tsconfig.json");
  await Deno.writeTextFile(project, JSON.stringify({ compilerOptions, files }));
  const tsc = `${await installTools()}/node_modules/typescript/bin/tsc`;
  await exec("node", [tsc, "--project", project]);
}

/** The declarations that one refers to, relative to it. */
function referredTo(declared: string): string[] {
  const specifiers = [...declared.replaceAll(COMMENT, "").matchAll(SPECIFIER)]
    .map(([, , specifier]) => specifier!);
  const foreign = specifiers.find((specifier) => !specifier.startsWith("."));
  if (foreign !== undefined) {
    throw new Error(`Cannot declare types of ${foreign}: they are elsewhere`);
  }
  return specifiers.map((specifier) => specifier.replace(/\.ts$/, ".d.ts"));
}

/** What a runtime may not declare, and whether that is to be imported or is global when it is not. */
function platformNames(platform: string): Map<string, { isImported: boolean }> {
  const declared = platform.matchAll(
    /^( *export | +)(?:declare )?(?:type|const|interface) (\w+)/gm,
  );
  return new Map([...declared].map(([, start, name]) => [
    name!,
    { isImported: start!.includes("export") },
  ]));
}

/** Names modules as compilers look for them, and imports what a runtime may not declare. */
function finish(
  declared: string,
  path: string,
  platform: ReadonlyMap<string, { isImported: boolean }>,
): string {
  const text = declared.replaceAll(
    SPECIFIER,
    (_, start: string, specifier: string) => `${start}"${specifier.replace(/\.ts$/, ".js")}"`,
  );
  const code = declared.replaceAll(COMMENT, "");
  const needed = [...platform.keys()].filter((name) =>
    mentions(code, name) && !declares(code, name)
  );
  if (needed.length === 0) return text;
  const imported = needed.filter((name) => platform.get(name)!.isImported);
  const names = imported.length === 0 ? "" : `{ ${imported.join(", ")} } from `;
  return `${text}import ${names}"${
    relative(dirname(path), "platform.js").replace(/^(?!\.)/, "./")
  }";\n`;
}

function mentions(code: string, name: string): boolean {
  return new RegExp(`(?<![.\\w])${name}\\b`).test(code);
}

function declares(code: string, name: string): boolean {
  return new RegExp(`\\b(?:class|interface|type|const|function) ${name}\\b`).test(code);
}
