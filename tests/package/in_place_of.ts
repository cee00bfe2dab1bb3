/** A program that comes to the package under the name of @keyv/memcache, as Backstage does. @module */

import { dirname } from "node:path";
import { QUIET } from "./npm_folder.ts";
import { exec } from "./exec.ts";
import { NOWHERE, NPM_ENV } from "./installation.ts";
import { install, installTools, USUAL_NODE } from "./tool.ts";

/** What takes the place, as `docs/adapters.md` describes it. */
const STAND_IN = {
  "keyv-memcache/package.json": '{ "name": "@keyv/memcache", "version": "2.0.2" }',
  "keyv-memcache/index.js": 'module.exports = require("@moecache/moecache/keyv");',
};
/** A package that depends on @keyv/memcache, and a program that depends on the package. */
const PROGRAM = {
  "framework/package.json":
    '{ "name": "framework", "version": "1.0.0", "dependencies": { "@keyv/memcache": "^2.0.1" } }',
  "framework/index.js": 'exports.Store = require("@keyv/memcache").default;',
  "packages/backend/package.json":
    '{ "name": "backend", "version": "1.0.0", "dependencies": { "framework": "file:../../framework" } }',
  "packages/backend/index.js": `
    const { Store } = require("framework");
    (async () => {
      const store = new Store(process.argv[2]);
      store.on("error", (error) => console.error(error));
      await store.set("key", "value", 60_000);
      console.log(Store.name, await store.get("key"));
      await store.disconnect();
    })();`,
};

/** How a package manager installs the program. */
interface Manager {
  /** What `package.json` says, besides the package. */
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  install(folder: string): Promise<void>;
}

/** The package managers by their names. */
export const MANAGERS: Readonly<Record<string, Manager>> = {
  npm: {
    manifest: { overrides: { "@keyv/memcache": "$@keyv/memcache" } },
    dependencies: { "@keyv/memcache": "file:./keyv-memcache", framework: "file:./framework" },
    install: async (cwd: string) => {
      await exec("npm", ["install", ...QUIET], { cwd, env: NPM_ENV });
    },
  },
  Yarn: {
    manifest: {
      workspaces: ["packages/*"],
      resolutions: { "@keyv/memcache": "portal:./keyv-memcache" },
    },
    files: { ".yarnrc.yml": "nodeLinker: node-modules", "yarn.lock": "" },
    install: async (cwd: string) => {
      const yarn = `${await installTools()}/node_modules/@yarnpkg/cli-dist/bin/yarn.js`;
      const env = {
        YARN_NPM_REGISTRY_SERVER: NOWHERE,
        YARN_ENABLE_TELEMETRY: "0",
        YARN_ENABLE_GLOBAL_CACHE: "0",
        // Where CI is set, it would write no lock file.
        YARN_ENABLE_IMMUTABLE_INSTALLS: "0",
      };
      await exec(await install(USUAL_NODE), [yarn, "install"], { cwd, env });
    },
  },
};

/**
 * Runs the program in a folder of its own.
 *
 * @param manager What installs.
 * @param tarball The absolute path of the package's tarball.
 * @param server The address of a memcached.
 * @returns What the program prints.
 */
export async function runInPlaceOf(
  manager: Manager,
  tarball: string,
  server: string,
): Promise<string> {
  const dependencies = { ...manager.dependencies, "@moecache/moecache": `file:${tarball}` };
  const manifest = { private: true, ...manager.manifest, dependencies };
  const files = {
    ...{ ...STAND_IN, ...PROGRAM, ...manager.files },
    "package.json": JSON.stringify(manifest),
  };
  const folder = await Deno.makeTempDir({ prefix: "moecache-in-place-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, text);
    }
    await manager.install(folder);
    return await exec(await install(USUAL_NODE), ["packages/backend/index.js", server], {
      cwd: folder,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
