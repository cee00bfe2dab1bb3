/** The modules behind some entries, and which imports which, as Deno resolves them. @module */

import { exec } from "./exec.ts";

const ROOT: URL = new URL("../../", import.meta.url);

/** An import, or a type that is named by its module. */
export interface Import {
  /** As it is written. */
  readonly specifier: string;
  /** What it leads to: the URL of a module. */
  readonly target: string;
  /** When that is loaded: with the module that imports it, when the import is come to, or never. */
  readonly kind: "static" | "dynamic" | "type";
}

/** A module, and what it imports. */
export interface Module {
  /** Its URL. */
  readonly url: string;
  /** The absolute path of the file that has its text, or of the folder of a package of npm's. */
  readonly local: string;
  readonly imports: readonly Import[];
}

/** Modules by their URLs. */
export type ModuleGraph = ReadonlyMap<string, Module>;

/** As much as is read of what `deno info --json` prints. */
interface Info {
  readonly modules: readonly InfoModule[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly npmPackages: Readonly<Record<string, { readonly localPath: string }>>;
}

interface InfoModule {
  readonly specifier: string;
  readonly local?: string;
  readonly npmPackage?: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier: string };
    readonly type?: { readonly specifier: string };
    readonly isDynamic?: boolean;
  }[];
}

/**
 * Reads the entries of the package from `deno.json`.
 *
 * @returns The module of each, relative to the repository, under its name: `"."`, `"./keyv"`.
 */
export async function readEntries(): Promise<Record<string, string>> {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  return exports;
}

/**
 * Asks Deno for the modules that entries load, and may load later; modules of a runtime's own are left out.
 *
 * @param entries Modules, relative to the repository.
 * @param env Environment variables for Deno.
 * @throws {Error} When Deno cannot find one of them; the message has what it printed.
 */
export async function readModuleGraph(
  entries: readonly string[],
  env: Record<string, string> = {},
): Promise<ModuleGraph> {
  const infos = await Promise.all(entries.map(async (entry): Promise<Info> => {
    const options = { env, cwd: ROOT };
    return JSON.parse(await exec(Deno.execPath(), ["info", "--json", entry], options));
  }));
  return new Map(infos.flatMap(modulesOf).map((module) => [module.url, module]));
}

function modulesOf({ modules, redirects, npmPackages }: Info): Module[] {
  return modules.flatMap(({ specifier: url, local, npmPackage = "", dependencies = [] }) => {
    const place = local ?? npmPackages[npmPackage]?.localPath;
    if (place === undefined) return [];
    const imports = dependencies.flatMap(({ specifier, code, type, isDynamic }): Import[] => {
      const target = (code ?? type)?.specifier ?? "";
      if (target === "" || target.startsWith("node:")) return [];
      const kind = code === undefined ? "type" : isDynamic ? "dynamic" : "static";
      return [{ specifier, target: redirects[target] ?? target, kind }];
    });
    return [{ url, local: place, imports }];
  });
}
