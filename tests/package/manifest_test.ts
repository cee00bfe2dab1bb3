import { assertEquals } from "@std/assert";
import { fileOf, manifestOf } from "./manifest.ts";

const CONFIGURATION = {
  name: "@acme/cache",
  version: "1.2.3",
  license: "MIT",
  exports: { ".": "./mod.ts", "./formats/msgpack": "./src/formats/msgpack.ts" },
  publish: { include: [] },
};

Deno.test("fileOf names the file of an entry after the entry", () => {
  assertEquals([".", "./keyv", "./formats/msgpack"].map(fileOf), [
    "mod",
    "keyv",
    "formats/msgpack",
  ]);
});

Deno.test("manifestOf names the types and the file of every entry, and the main one twice", () => {
  const { exports, main, types, bin, sideEffects, peerDependencies } = manifestOf(
    CONFIGURATION,
    [{ path: "dist/mod.js", isEntry: true, exports: ["Client"] }],
  );
  assertEquals(exports, {
    ".": { types: "./types/mod.d.ts", default: "./dist/mod.js" },
    "./formats/msgpack": {
      types: "./types/src/formats/msgpack.d.ts",
      default: "./dist/formats/msgpack.js",
    },
    "./package.json": "./package.json",
  });
  assertEquals([main, types], ["./dist/mod.js", "./types/mod.d.ts"]);
  assertEquals([bin, sideEffects, peerDependencies], [undefined, false, {}]);
});

Deno.test("manifestOf has scripts require the forms of other packages", () => {
  const exports = {
    "./memcached": "./src/adapters/memcached.ts",
    "./memjs": "./src/adapters/memjs.ts",
    "./keyv": "./src/adapters/keyv.ts",
  };
  const manifest = manifestOf({ ...CONFIGURATION, exports }, []);
  assertEquals(manifest.exports, {
    "./memcached": {
      require: {
        types: "./types/src/adapters/memcached.d.cts",
        default: "./dist/memcached.cjs",
      },
      types: "./types/src/adapters/memcached.d.ts",
      default: "./dist/memcached.js",
    },
    "./memjs": {
      require: { types: "./types/src/adapters/memjs.d.cts", default: "./dist/memjs.js" },
      types: "./types/src/adapters/memjs.d.ts",
      default: "./dist/memjs.js",
    },
    "./keyv": { types: "./types/src/adapters/keyv.d.ts", default: "./dist/keyv.js" },
    "./package.json": "./package.json",
  });
  assertEquals(manifest.typesVersions, {
    "*": {
      memcached: ["./types/src/adapters/memcached.d.cts"],
      memjs: ["./types/src/adapters/memjs.d.cts"],
      keyv: ["./types/src/adapters/keyv.d.ts"],
    },
  });
});

Deno.test("manifestOf makes a program of the entry ./cli", () => {
  const exports = { ...CONFIGURATION.exports, "./cli": "./src/cli/mod.ts" };
  const { bin } = manifestOf({ ...CONFIGURATION, exports }, []);
  assertEquals(bin, { moecache: "./dist/cli.js" });
});

Deno.test("manifestOf keeps from being dropped what exports nothing", () => {
  const files = [
    { path: "dist/mod.js", isEntry: true, exports: ["Client"] },
    { path: "dist/debug.js", isEntry: true, exports: [] },
    { path: "dist/shared/core.js", isEntry: false, exports: [] },
  ];
  assertEquals(manifestOf(CONFIGURATION, files).sideEffects, ["./dist/debug.js"]);
});

Deno.test("manifestOf makes optional peers of what the adapters adapt", () => {
  const exports = { ".": "./mod.ts", "./keyv": "./src/adapters/keyv.ts" };
  const { peerDependencies, peerDependenciesMeta } = manifestOf(
    { ...CONFIGURATION, exports },
    [],
  );
  assertEquals(peerDependencies, { keyv: ">=5" });
  assertEquals(peerDependenciesMeta, { keyv: { optional: true } });
});
