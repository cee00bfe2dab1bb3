/** The npm package: what is in it, and what runtimes and installers make of it. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, resolve } from "node:path";
import { CHART_FILES } from "../../src/cli/web/chart_files.ts";
import { PAGE_FILES } from "../../src/cli/web/page_files.ts";
import { BUNDLERS, LIMITS, loadedFirst, sizeOf } from "../bundle/bundles.ts";
import { exec } from "./exec.ts";
import { bunInstall, Installation, npmInstall } from "./installation.ts";
import { MANAGERS, runInPlaceOf } from "./in_place_of.ts";
import { ADAPTED, fileOf, PROGRAM } from "./manifest.ts";
import { readEntries } from "./module_graph.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { Tarball } from "./tarball.ts";
import {
  install,
  installTools,
  NEWEST_BUN,
  NEWEST_NODE,
  OLDEST_BUN,
  OLDEST_NODE,
  REQUIRING_NODE,
  USUAL_NODE,
} from "./tool.ts";

const ROOT = new URL("../../", import.meta.url);
const NAME = "@moecache/moecache";

const entries = await readEntries();
const names = Object.keys(entries);
/** What can be imported. */
const imported = names.filter((name) => name !== PROGRAM);
/** What programs name that. */
const specifiers = imported.map((name) => `${NAME}${name.slice(1)}`);

const tarball = await Tarball.take();
const installation = await Installation.make(tarball.path, npmInstall);
const { folder } = installation;
const installed = `${folder}/node_modules/${NAME}`;
Deno.test.afterAll(async () => {
  await installation[Symbol.asyncDispose]();
  await tarball[Symbol.asyncDispose]();
});

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(`${installed}/${path}`));
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) yield name;
    else for await (const path of filesIn(`${folder}/${name}`)) yield `${name}/${path}`;
  }
}

const files = (await Array.fromAsync(filesIn(installed))).toSorted();

Deno.test("the package holds what is shipped and nothing else", () => {
  const known = [
    /^(README|CHANGELOG|CONTRIBUTING|PUBLISHING)\.md$/,
    /^LICENSE$/,
    /^docs\/[^/]+\.(md|svg|json|png)$/,
    /^docs\/cli\/[^/]+\.md$/,
    /^package\.json$/,
    /^types\/.*\.d\.ts$/,
    /^types\/src\/adapters\/(memcached|memjs)\.d\.cts$/,
    /^dist\/memcached\.cjs$/,
    /^dist\/shared\/[^/]+\.js(\.map)?$/,
    ...names.map((name) => new RegExp(`^dist/${fileOf(name)}\\.js(\\.map)?$`)),
  ];
  assertEquals(files.filter((path) => !known.some((pattern) => pattern.test(path))), []);
  assertEquals(known.filter((pattern) => !files.some((path) => pattern.test(path))), []);
});

Deno.test("the package describes itself, and depends on nothing", async () => {
  const manifest = await readJson("package.json");
  const { name, version, license } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  assertEquals([manifest.name, manifest.version], [name, version]);
  assertEquals([manifest.license, manifest.type], [license, "module"]);
  assertEquals(Object.keys(manifest.exports).sort(), [...names, "./package.json"].sort());
  for (const field of ["description", "engines", "keywords"]) assert(manifest[field], field);
  assertEquals(manifest.dependencies, undefined);
  const { peerDependencies, peerDependenciesMeta } = manifest;
  for (const peer of Object.keys(peerDependencies)) {
    assertEquals(peerDependenciesMeta[peer], { optional: true });
  }
  assertEquals("bin" in manifest, names.includes(PROGRAM));
});

Deno.test("the package says of every adapter what it adapts", () => {
  const adapters = names.filter((name) => entries[name]!.startsWith("./src/adapters/"));
  assertEquals(adapters.filter((name) => ADAPTED[name] === undefined), []);
});

Deno.test("bundlers may drop the package, except modules that are loaded for their effect", async () => {
  const { sideEffects } = await readJson("package.json");
  const program = `import * as all from "./node_modules/${NAME}/FILE";
    console.log(Object.keys(all).length === 0);`;
  const effects = names.filter((name) => name === PROGRAM).map((name) =>
    `./dist/${fileOf(name)}.js`
  );
  for (const name of imported) {
    const file = `dist/${fileOf(name)}.js`;
    await installation.write("effect.mjs", program.replace("FILE", file));
    const printed = await exec(await install(OLDEST_NODE), ["effect.mjs"], { cwd: folder });
    if (printed === "true\n") effects.push(`./${file}`);
  }
  assertEquals(sideEffects === false ? [] : sideEffects.toSorted(), effects.toSorted());
});

Deno.test("the package's source maps hold the sources, at places in the package", async () => {
  let ownSources = 0;
  for (const path of files.filter((path) => path.endsWith(".js.map"))) {
    const { sources, sourcesContent } = await readJson(path);
    for (const [i, source] of sources.entries()) {
      assertMatch(source, /^(\.\.\/)+(mod\.ts|src\/|foreign\/)/);
      const place = resolve("/", dirname(path), source).slice(1);
      if (place.startsWith("foreign/")) continue;
      ownSources++;
      assertEquals(sourcesContent[i], await Deno.readTextFile(new URL(place, ROOT)));
    }
  }
  assert(ownSources > 0);
});

Deno.test("nothing in the package says where it was made", async () => {
  for (const path of files) {
    const text = await Deno.readTextFile(`${installed}/${path}`);
    for (const place of [ROOT.pathname, Deno.env.get("HOME"), "moecache-pack-"]) {
      if (place) assert(!text.includes(place), `${path} names ${place}`);
    }
  }
});

Deno.test("the same sources make the same package", async () => {
  await using again = await Tarball.make();
  assertEquals(await Deno.readFile(again.path), await Deno.readFile(tarball.path));
});

Deno.test("Node finds the lines of the sources by the package's source maps", async () => {
  const program = `
    import { Client } from "${NAME}";
    try { new Client("a", { timeout: -1 }); } catch (error) { console.log(error.stack); }
  `;
  await installation.write("throw.mjs", program);
  const args = ["--enable-source-maps", "throw.mjs"];
  const stack = await exec(await install(OLDEST_NODE), args, { cwd: folder });
  const [, path, line] = /moecache\/(src\/\S+\.ts):(\d+)/.exec(stack) ?? [];
  assert(path !== undefined, stack);
  const source = await Deno.readTextFile(new URL(path, ROOT));
  assertStringIncludes(source.split("\n")[Number(line) - 1] ?? "", "new ValidationException");
});

Deno.test("the program serves its page from the package, on Node and Bun", async () => {
  for (const runtime of [await install(OLDEST_NODE), await install(NEWEST_BUN)]) {
    const program = `${installed}/dist/${fileOf(PROGRAM)}.js`;
    const args = [program, "web", "--listen", "127.0.0.1:0", "--json", "-s", "127.0.0.1:1"];
    const child = new Deno.Command(runtime, { args, stdout: "piped" }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const { url } = JSON.parse(new TextDecoder().decode(value));
    for (const [path, { text }] of Object.entries({ ...PAGE_FILES, ...CHART_FILES })) {
      assertEquals(await (await fetch(new URL(path, url))).text(), text);
    }
    const events = await fetch(new URL("/api/events", url));
    assertMatch(await firstOf(events), /^event: hello\ndata: {"servers":\["127\.0\.0\.1:1"\]/);
    child.kill("SIGINT");
    assertEquals((await child.status).code, 0);
    await reader.cancel();
  }
});

/** The first piece of a body that does not end. */
async function firstOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const { value } = await reader?.read() ?? {};
  await reader?.cancel();
  return new TextDecoder().decode(value);
}

/** What runs a file, by its ending: a module or, where modules can be required, a script that requires. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "import.mjs": `
    for (const name of NAMES) {
      console.log(name, Object.keys(await import(name)).join() || "nothing");
    }
    process.exit(0);
  `,
  "require.cjs": `
    for (const name of NAMES) {
      const required = require(name);
      // A class that takes a package's place has a property of its own.
      const names = Object.keys(required).filter((key) => !(required.prototype && key === "config"));
      console.log(name, names.join() || "nothing");
    }
    process.exit(0);
  `,
};

/** What every entry exports, a line each, as a program sees it. */
async function exportsSeenBy(
  runtime: string,
  program: keyof typeof PROGRAMS,
  cwd: string,
): Promise<string[]> {
  const text = PROGRAMS[program]!.replaceAll("NAMES", JSON.stringify(specifiers));
  await Deno.writeTextFile(`${cwd}/${program}`, text);
  const printed = await exec(runtime, [program], { cwd, env: { NODE_NO_WARNINGS: "1" } });
  return printed.trim().split("\n").map((line) =>
    line.split(/[ ,]/).filter((name) => name !== "__esModule").toSorted().join()
  );
}

const expected = await exportsSeenBy(await install(OLDEST_NODE), "import.mjs", folder);

Deno.test("Node 20.9 imports every entry, from a folder that npm has installed the package in", () => {
  assertEquals(expected.length, imported.length);
});

for (const node of [REQUIRING_NODE, USUAL_NODE, NEWEST_NODE]) {
  Deno.test(`${node.name} imports and requires every entry`, async () => {
    const program = await install(node);
    assertEquals(await exportsSeenBy(program, "import.mjs", folder), expected);
    assertEquals(await exportsSeenBy(program, "require.cjs", folder), expected);
  });
}

for (const tool of [OLDEST_BUN, NEWEST_BUN]) {
  Deno.test(`${tool.name} installs the package, and imports and requires every entry`, async () => {
    const bun = await install(tool);
    await using own = await Installation.make(tarball.path, bunInstall(bun));
    assertEquals(await exportsSeenBy(bun, "import.mjs", own.folder), expected);
    assertEquals(await exportsSeenBy(bun, "require.cjs", own.folder), expected);
  });
}

for (const tool of [REQUIRING_NODE, NEWEST_NODE, OLDEST_BUN, NEWEST_BUN]) {
  Deno.test(`a script of ${tool.name} gets what the packages give whose place the drop-ins take`, async () => {
    await using server = await MemcachedServer.listen();
    const program = `
      const Memcached = require("${NAME}/memcached");
      const memjs = require("${NAME}/memjs");
      const memcached = new Memcached("${server.address}");
      const client = memjs.Client.create("${server.address}");
      memcached.set("key", "value", 0, async () => {
        const { value } = await client.get("key");
        const imported = await import("${NAME}/memcached");
        console.log(String(value), imported.Memcached === Memcached, Memcached.Memcached === Memcached);
        memcached.end();
        client.close();
      });`;
    await installation.write("drop_ins.cjs", program);
    const env = { NODE_NO_WARNINGS: "1" };
    const printed = await exec(await install(tool), ["drop_ins.cjs"], { cwd: folder, env });
    assertEquals(printed, "value true true\n");
  });
}

/**
 * What bundles of the package may weigh. A client comes with all that its first operation needs, which is one file with
 * the core in the package and is loaded later from the sources: Node starts faster with one file.
 */
const PACKED_LIMITS = {
  ...LIMITS.esbuild!,
  "{ BareClient, jsonTranscoder }": 32_300,
  "{ Client }": 46_500,
};

Deno.test("bundles of the package weigh as little as those of the sources with what a first operation loads", async () => {
  const limits = Object.entries(PACKED_LIMITS);
  const programs = limits.map(([what]) => `export ${what} from "${installed}/dist/mod.js";`);
  const bundles = await BUNDLERS.esbuild!(programs);
  const excess = limits.flatMap(([what, limit], i) => {
    const { gzipped } = sizeOf(loadedFirst(bundles[i]!));
    return gzipped <= limit ? [] : [`${what}: ${gzipped} bytes, gzipped, more than ${limit}`];
  });
  assertEquals(excess, []);
});

Deno.test("each process of a cluster of Node's has a MemcachedServer with a port of its own", async () => {
  const program = `
    import cluster from "node:cluster";
    import { MemcachedServer } from "${NAME}/testing";
    if (!cluster.isPrimary) process.send((await MemcachedServer.listen()).address);
    else {
      const told = (worker) => new Promise((resolve) => worker.once("message", resolve));
      const [one, other] = await Promise.all([cluster.fork(), cluster.fork()].map(told));
      console.log(one !== other);
      process.exit();
    }`;
  await installation.write("cluster.mjs", program);
  assertEquals(await exec(await install(OLDEST_NODE), ["cluster.mjs"], { cwd: folder }), "true\n");
});

Deno.test("Rollup warns of nothing in the package: no mark at a wrong place, no module of one runtime", async () => {
  const imports = imported.map((name) =>
    `import "./node_modules/${NAME}/dist/${fileOf(name)}.js";`
  );
  await installation.write("all.mjs", imports.join("\n"));
  const rollup = `${await installTools()}/node_modules/rollup/dist/bin/rollup`;
  const what = ["all.mjs", "--external", "@opentelemetry/api", "--no-treeshake"];
  await exec("node", [rollup, ...what, "--dir", "bundled", "--failAfterWarnings"], { cwd: folder });
});

Deno.test("classes that the package exports have the names that they are exported under", async () => {
  const program = `
    for (const specifier of ${JSON.stringify(specifiers)}) {
      for (const [name, value] of Object.entries(await import(specifier))) {
        const isClass = /^class\\b/.test(String(value));
        if (isClass && name !== "default" && value.name !== name) console.log(name, value.name);
      }
    }
    process.exit(0);
  `;
  await installation.write("named.mjs", program);
  assertEquals(await exec(await install(OLDEST_NODE), ["named.mjs"], { cwd: folder }), "");
});

for (const [name, manager] of Object.entries(MANAGERS)) {
  Deno.test(`the package takes the place of @keyv/memcache where ${name} installs`, async () => {
    await using server = await MemcachedServer.listen();
    const printed = await runInPlaceOf(manager, tarball.path, server.address);
    assertEquals(printed, "KeyvMoecache value\n");
  });
}
