// deno-lint-ignore-file no-console -- the sizes are there to be read
/** The package as its users have it: what is in it, what compilers, bundlers and installers make of it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { bundledSize } from "./bundled_size.ts";
import { exec } from "./exec.ts";
import { bunInstall, Installation, npmInstall } from "./installation.ts";
import { Tarballs } from "./tarballs.ts";
import { install, installTools, NEWEST_BUN, OLDEST_NODE } from "./tool.ts";

const ROOT = new URL("../../", import.meta.url);
const NAME = "node_modules/@moecache/moecache";

/** Uses each sub-export, so that a type that is missing or `any` is an error. */
const USE = `
import { BareClient, Client, jsonTranscoder, type ServerAddress } from "@moecache/moecache";
import { MoecacheCacheStorage } from "@moecache/moecache/cache";
import { KeyvMoecache } from "@moecache/moecache/keyv";
import { lock, type Lock } from "@moecache/moecache/patterns";
import { MemcachedServer } from "@moecache/moecache/testing";
import moecacheDriver from "@moecache/moecache/unstorage";

const server = await MemcachedServer.listen();
const address: ServerAddress = server.address;
const client: Client = new Client([address], { timeout: 1000 });
const value: unknown = await client.get("key");
const held: Lock | undefined = await lock(client, "key", { ttl: 1 });
const cache = await new MoecacheCacheStorage(client).open("pages");
const found: Response | undefined = await cache.match("https://example.com/");
const text: string | undefined = await new KeyvMoecache({ client }).get<string>("key");
const item: string | null = await moecacheDriver({ client }).getItem("key");
const bare: BareClient = new BareClient(address, { transcoder: jsonTranscoder() });
// @ts-expect-error: it is a number
new Client(address, { timeout: "1000" });
// @ts-expect-error: it has to be told
new BareClient(address, {});
// @ts-expect-error: there is no such method
client.got("key");
export { bare, found, held, item, text, value };
`;

/** Prints what each sub-export exports. */
const IMPORT_ALL = `
const names = ["", "/cache", "/keyv", "/patterns", "/testing", "/unstorage"];
for (const name of names) {
  console.log(name, Object.keys(await import("@moecache/moecache" + name)).length > 0);
}
process.exit(0);
`;
const IMPORTED = " true\n/cache true\n/keyv true\n/patterns true\n/testing true\n/unstorage true\n";

const tarballs = await Tarballs.make();
const installation = await Installation.make(tarballs, npmInstall);
const { folder } = installation;
Deno.test.afterAll(async () => {
  await installation[Symbol.asyncDispose]();
  await tarballs[Symbol.asyncDispose]();
});

Deno.test("the package holds what is shipped and nothing else", async () => {
  const sources = ["mod.ts"];
  for await (const path of filesIn(new URL("src/", ROOT))) sources.push(`src/${path}`);
  const modules = sources.map((path) => path.replace(/\.ts$/, ""));
  const expected = [
    ...["CHANGELOG.md", "LICENSE", "README.md", "docs/deployments.md", "package.json"],
    ...modules.flatMap((module) => [`${module}.js`, `${module}.js.map`]),
  ];
  const found = [];
  for await (const path of filesIn(new URL(`file://${folder}/${NAME}/`))) found.push(path);
  const types = found.filter((path) => path.endsWith(".d.ts"));
  assertEquals(found.filter((path) => !types.includes(path)).sort(), expected.sort());
  assertEquals(types.filter((path) => !modules.includes(path.replace(/\.d\.ts$/, ""))), []);
});

Deno.test("the package describes itself", async () => {
  const manifest = JSON.parse(await Deno.readTextFile(`${folder}/${NAME}/package.json`));
  const { name, version, exports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  assertEquals([manifest.name, manifest.version, manifest.type], [name, version, "module"]);
  assertEquals(
    Object.keys(manifest.exports).sort(),
    [...Object.keys(exports), "./package.json"].sort(),
  );
  assertEquals(manifest.dependencies, { "@jsr/std__bytes": "^1" });
  for (const field of ["description", "engines", "license", "keywords"]) assert(manifest[field]);
});

Deno.test("the package's source maps hold the sources, beside the modules", async () => {
  let count = 0;
  for await (const path of filesIn(new URL(`file://${folder}/${NAME}/`))) {
    if (!path.endsWith(".js.map")) continue;
    const map = JSON.parse(await Deno.readTextFile(`${folder}/${NAME}/${path}`));
    const source = path.replace(/\.js\.map$/, ".ts");
    assertEquals(map.sources, [source.split("/").at(-1)]);
    assertEquals(map.sourcesContent, [await Deno.readTextFile(new URL(source, ROOT))]);
    count++;
  }
  assert(count > 0);
});

Deno.test("Node finds the lines of the sources by the package's source maps", async () => {
  const program = `
    import { Client } from "@moecache/moecache";
    try { new Client("a", { timeout: -1 }); } catch (error) { console.log(error.stack); }
  `;
  await installation.write("throw.mjs", program);
  const args = ["--enable-source-maps", "throw.mjs"];
  const stack = await exec(await install(OLDEST_NODE), args, { cwd: folder });
  const [, line] = /option_checks\.ts:(\d+)/.exec(stack) ?? [];
  const source = await Deno.readTextFile(new URL("src/option_checks.ts", ROOT));
  assertMatch(source.split("\n")[Number(line) - 1] ?? "", /new ValidationException/);
});

for (const [module, resolution] of [["esnext", "bundler"], ["node16", "node16"]] as const) {
  Deno.test(`tsc --strict sees the types with moduleResolution ${resolution}`, async () => {
    const compilerOptions = {
      ...{ module, moduleResolution: resolution, target: "es2022", types: [] },
      ...{ lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"], noEmit: true },
      ...{ strict: true, exactOptionalPropertyTypes: true },
    };
    await installation.write(
      "tsconfig.json",
      JSON.stringify({ compilerOptions, files: ["use.ts"] }),
    );
    await installation.write("use.ts", USE);
    const args = [`${await installTools()}/node_modules/typescript/bin/tsc`, "--project", "."];
    assertEquals(await exec(await install(OLDEST_NODE), args, { cwd: folder }), "");
  });
}

Deno.test("Node imports every sub-export that npm has installed", async () => {
  await installation.write("import.mjs", IMPORT_ALL);
  assertEquals(await exec(await install(OLDEST_NODE), ["import.mjs"], { cwd: folder }), IMPORTED);
});

Deno.test("Bun imports every sub-export that Bun has installed", async () => {
  const bun = await install(NEWEST_BUN);
  await using own = await Installation.make(tarballs, bunInstall(bun));
  await own.write("import.mjs", IMPORT_ALL);
  assertEquals(await exec(bun, ["import.mjs"], { cwd: own.folder }), IMPORTED);
});

/** What bundles of the package may weigh, minified: bytes, and bytes after gzip. */
const SIZES: Record<string, readonly [program: string, bytes: number, gzipped: number]> = {
  "everything": [`export * from "@moecache/moecache"`, 152_000, 53_000],
  "Client": [`export { Client } from "@moecache/moecache"`, 121_000, 42_000],
  "BareClient with JSON": [
    `export { BareClient, jsonTranscoder } from "@moecache/moecache"`,
    92_000,
    31_700,
  ],
  "a transcoder alone": [`export { jsonTranscoder } from "@moecache/moecache"`, 4_000, 2_000],
  "a ring alone": [`export { moecacheRing } from "@moecache/moecache"`, 4_000, 2_000],
  "an error alone": [`export { SocketError } from "@moecache/moecache"`, 1_000, 600],
};

Deno.test("bundles of the package weigh no more than they did", async (test) => {
  for (const [what, [program, bytes, gzipped]] of Object.entries(SIZES)) {
    await test.step(what, async () => {
      const size = await bundledSize(folder, program);
      console.log(`${what}: ${size.bytes} bytes, ${size.gzipped} gzipped`);
      assert(size.bytes <= bytes, `${size.bytes} bytes`);
      assert(size.gzipped <= gzipped, `${size.gzipped} bytes gzipped`);
    });
  }
});

Deno.test("bundlers leave out what is not used", async () => {
  const client = await bundledSize(folder, `export { Client } from "@moecache/moecache"`);
  const bare = await bundledSize(folder, `export { BareClient } from "@moecache/moecache"`);
  const hasPickle = ({ modules }: typeof client) =>
    modules.some((path) => path.includes("/pickle/"));
  const unused = [
    "/enyim/",
    "/patterns/",
    "/testing/",
    "/adapters/",
    "ketama",
    "md5",
    "rendezvous",
  ];
  for (const part of unused) {
    assertEquals(client.modules.filter((path) => path.includes(part)), []);
  }
  assert(hasPickle(client));
  assert(!hasPickle(bare));
});

async function* filesIn(folder: URL): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) yield name;
    else for await (const path of filesIn(new URL(`${name}/`, folder))) yield `${name}/${path}`;
  }
}
