/** What the package says of itself: its `package.json`. @module */

import type { BuiltFile } from "./build_modules.ts";

/** What `deno.json` says of the package, as far as it matters here. */
export interface Configuration {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly publish: { readonly include: readonly string[] };
}

/** The entry that is a program: it is not imported. */
export const PROGRAM = "./cli";

/**
 * What the adapters adapt, and the versions that are known to be fit. A user of an adapter has the package
 * anyway, and other programs do not need it.
 */
export const ADAPTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "./bentocache": { bentocache: ">=1.6" },
  "./cache": {},
  "./memcached": {},
  "./memjs": {},
  "./keyv": { keyv: ">=5" },
  "./next": { next: ">=15" },
  "./otel": { "@opentelemetry/api": "^1.9" },
  "./rate-limit": { "@fastify/rate-limit": ">=11", "express-rate-limit": ">=7" },
  "./session": {
    "@hono/session": ">=0.2",
    "@remix-run/server-runtime": ">=2",
    "express-session": ">=1.17",
    "hono-sessions": ">=0.8",
    "react-router": ">=7",
  },
  "./unstorage": { unstorage: ">=1.10 || ^2.0.0-beta.0" },
};

/** What a script gets of an entry that it requires, where this is not what a module imports. */
export interface RequiredForm {
  /** The file of its types; `tests/package/required/` has it, with `.txt` after its name. */
  readonly types: string;
  /** The file of its code there; that of the module, unless it is given. */
  readonly code?: string;
}

/** What scripts require in the form of the packages whose place it takes. */
export const REQUIRED: Readonly<Record<string, RequiredForm>> = {
  "./memcached": { types: "memcached.d.cts", code: "memcached.cjs" },
  "./memjs": { types: "memjs.d.cts" },
};

const FIELDS = {
  description:
    "A memcached client for Deno, Bun, Node and edge workers. It sends concurrent operations in one write, and shares servers, values and flags with Python's moecache and EnyimMemcached.",
  keywords: [
    "memcached",
    "memcache",
    "cache",
    "client",
    "deno",
    "bun",
    "workers",
    "enyim",
    "ketama",
  ],
  engines: { node: ">=20.9", bun: ">=1.2", deno: ">=2" },
};

/** What an entry's file is called in the package, without an ending: `mod`, `keyv`, `formats/msgpack`. */
export function fileOf(entry: string): string {
  return entry === "." ? "mod" : entry.slice("./".length);
}

/** The packages that are imported or adapted, and the versions that are fit. */
export function peersOf({ exports }: Configuration): Record<string, string> {
  return Object.assign({}, ...Object.keys(exports).map((entry) => ADAPTED[entry]));
}

/**
 * Makes the `package.json`.
 *
 * @param configuration What `deno.json` says.
 * @param files The files that were made of the entries.
 */
export function manifestOf(
  configuration: Configuration,
  files: readonly BuiltFile[],
): Record<string, unknown> {
  const { name, version, license, exports } = configuration;
  const entries = Object.entries(exports).map(([entry, module]) => {
    const types = `./types/${module.replace(/^\.\//, "").replace(/\.ts$/, ".d.ts")}`;
    const form = { types, default: `./dist/${fileOf(entry)}.js` };
    return [entry, { ...requiredForm(entry, form), ...form }] as const;
  });
  const main = Object.fromEntries(entries)["."];
  // For compilers that do not read `exports`.
  const paths = entries.filter(([entry]) => entry !== ".").map(([entry, { require, types }]) => {
    return [fileOf(entry), [require?.types ?? types]] as const;
  });
  const peers = peersOf(configuration);
  // What exports nothing is loaded for what it does.
  const doing = files.filter(({ isEntry, exports }) => isEntry && exports.length === 0);
  return {
    ...{ name, version, ...FIELDS, license, ...repository(), type: "module" },
    ...(main === undefined ? {} : { main: main.default, types: main.types }),
    ...(paths.length === 0 ? {} : { typesVersions: { "*": Object.fromEntries(paths) } }),
    exports: { ...Object.fromEntries(entries), "./package.json": "./package.json" },
    ...(PROGRAM in exports ? { bin: { moecache: `./dist/${fileOf(PROGRAM)}.js` } } : {}),
    sideEffects: doing.length === 0 ? false : doing.map(({ path }) => `./${path}`),
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(
      Object.keys(peers).map((peer) => [peer, { optional: true }]),
    ),
  };
}

/** What the manifest says of an entry that scripts require in a form of its own. It comes before what it says besides. */
function requiredForm(
  entry: string,
  { types, default: code }: { readonly types: string; readonly default: string },
): { require?: { types: string; default: string } } {
  const form = REQUIRED[entry];
  if (form === undefined) return {};
  const typesOf = (path: string) => path.replace(/[^/]*$/, form.types);
  const script = form.code === undefined ? code : code.replace(/[^/]*$/, form.code);
  return { require: { types: typesOf(types), default: script } };
}

/** Where the sources are, known where the publishing workflow runs: npm compares it with the provenance. */
function repository(): Record<string, unknown> {
  const name = Deno.env.get("GITHUB_REPOSITORY");
  if (name === undefined) return {};
  const server = Deno.env.get("GITHUB_SERVER_URL") ?? "https://github.com";
  return { repository: { type: "git", url: `git+${server}/${name}.git` } };
}
