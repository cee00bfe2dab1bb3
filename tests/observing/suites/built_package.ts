/** The package as Node and Bun find it here. @module */

import { fileURLToPath } from "node:url";
import { buildModules } from "../../package/build_modules.ts";

/** The modules of the entries that are used here, by their names. */
const ENTRIES: Readonly<Record<string, string>> = {
  mod: "mod.ts",
  debug: "src/observing/debug.ts",
  otel: "src/observing/otel.ts",
  testing: "src/testing/mod.ts",
};

let built: Promise<void> | undefined;

/** Builds what is used of the package, once. */
export function buildPackage(): Promise<void> {
  return built ??= build();
}

async function build(): Promise<void> {
  const root = new URL("node_modules/@moecache/moecache/", import.meta.url);
  await Deno.mkdir(root, { recursive: true });
  const path = fileURLToPath(root);
  const entries = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, module]) => [module, name]),
  );
  await buildModules({ entries, folder: path, root: path, peers: ["@opentelemetry/api"] });
  const exports = Object.fromEntries(
    Object.keys(ENTRIES).map((name) => [name === "mod" ? "." : `./${name}`, `./${name}.js`]),
  );
  const manifest = { name: "@moecache/moecache", type: "module", exports };
  await Deno.writeTextFile(new URL("package.json", root), JSON.stringify(manifest));
}
