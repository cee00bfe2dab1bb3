/** The types of the npm package: what compilers make of them. */

import { assertEquals } from "@std/assert";
import { exec } from "./exec.ts";
import { Installation, npmInstall } from "./installation.ts";
import { PROGRAM } from "./manifest.ts";
import { readEntries } from "./module_graph.ts";
import { Tarball } from "./tarball.ts";
import { install, installTools, USUAL_NODE } from "./tool.ts";
import { PROGRAMS } from "./typed_programs.ts";

const ROOT = new URL("../../", import.meta.url);
const NAME = "@moecache/moecache";

const entries = await readEntries();
const tools = await installTools();
const node = await install(USUAL_NODE);

await using tarball = await Tarball.take();
const installation = await Installation.make(tarball.path, npmInstall);
const { folder } = installation;
Deno.test.afterAll(() => installation[Symbol.asyncDispose]());

/** Uses the entries that every program needs, so that a wrong type is an error. */
const USE = `
import { BareClient, Client, jsonTranscoder, type ServerAddress } from "${NAME}";
import { lock, type Lock } from "${NAME}/patterns";
import { MemcachedServer } from "${NAME}/testing";

export async function use(): Promise<unknown[]> {
  const server = await MemcachedServer.listen();
  const address: ServerAddress = server.address;
  const client: Client = new Client([address], { timeout: 1000 });
  const value: unknown = await client.get("key");
  const held: Lock | undefined = await lock(client, "key", { ttl: 1 });
  const bare: BareClient = new BareClient(address, { transcoder: jsonTranscoder() });
  // @ts-expect-error: it is a number
  new Client(address, { timeout: "1000" });
  // @ts-expect-error: it has to be given
  new BareClient(address, {});
  // @ts-expect-error: there is no such method
  client.got("key");
  return [bare, held, value];
}
`;

/** Uses what only some runtimes declare. */
const USE_WEB = `
import { Client } from "${NAME}";
import { MoecacheCacheStorage } from "${NAME}/cache";

export async function useWeb(client: Client): Promise<Response | undefined> {
  await client.get("key", { signal: AbortSignal.timeout(1000) });
  // @ts-expect-error: it is no signal
  await client.get("key", { signal: 1000 });
  const cache = await new MoecacheCacheStorage(client).open("pages");
  return await cache.match(new Request("https://example.com/"));
}
`;

/** Asks of every export of every entry whether it has a type. */
async function askAll(): Promise<string> {
  const lines = ["type IsAny<Type> = 0 extends 1 & Type ? true : false;"];
  const imported = Object.entries(entries).filter(([name]) => name !== PROGRAM);
  for (const [i, [name, module]] of imported.entries()) {
    lines.push(`import * as entry${i} from "${NAME}${name.slice(1)}";`);
    for (const value of Object.keys(await import(new URL(module, ROOT).href))) {
      lines.push(`false satisfies IsAny<typeof entry${i}.${value}>;`);
    }
  }
  return lines.join("\n");
}

/** What the DOM library is called. */
const WEB = ["esnext", "dom", "dom.iterable", "dom.asynciterable"];
/** Where the types are to be taken, and the options of the compiler there. */
const PROJECTS: Readonly<Record<string, Record<string, unknown>>> = {
  "node16": { module: "node16", moduleResolution: "node16" },
  "nodenext": { module: "nodenext", moduleResolution: "nodenext" },
  "bundler": { module: "esnext", moduleResolution: "bundler" },
  "the DOM library": { lib: WEB },
  "@types/node": { types: ["node"] },
  "@types/bun": { lib: ["esnext"], types: ["bun"] },
  "Cloudflare's types": { lib: ["esnext"], types: ["@cloudflare/workers-types"] },
};

async function compile(
  compiler: string,
  options: Record<string, unknown>,
  programs: Readonly<Record<string, string>>,
): Promise<void> {
  const compilerOptions = {
    ...{ module: "nodenext", moduleResolution: "nodenext", target: "es2022", lib: ["es2022"] },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
    ...{ types: [], typeRoots: [`${tools}/node_modules/@types`, `${tools}/node_modules`] },
    ...options,
  };
  for (const [name, text] of Object.entries(programs)) await installation.write(name, text);
  const project = JSON.stringify({ compilerOptions, files: Object.keys(programs) });
  await installation.write("tsconfig.json", project);
  const tsc = `${tools}/node_modules/${compiler}/bin/tsc`;
  assertEquals(await exec(node, [tsc, "--project", "."], { cwd: folder }), "");
}

for (const [what, options] of Object.entries(PROJECTS)) {
  Deno.test(`tsc --strict takes the package's types with ${what}`, async () => {
    const declaresWeb = "types" in options || options.lib === WEB;
    await compile("typescript", options, {
      "use.mts": USE,
      "all.mts": await askAll(),
      ...(declaresWeb ? { "use_web.mts": USE_WEB } : {}),
    });
  });
}

Deno.test("tsc 5.7 takes the package's types", async () => {
  await compile("typescript-5.7", {}, { "use.mts": USE, "all.mts": await askAll() });
});

Deno.test("tsc takes programs for the types of memcached and memjs, and the same programs for the drop-ins", async () => {
  // As most programs are compiled.
  const options = { types: ["node"], exactOptionalPropertyTypes: false };
  const all = Object.entries(PROGRAMS);
  const typesOf = (name: string) => [`${tools}/node_modules/@types/${name}/index.d.ts`];
  const paths = Object.fromEntries(all.map(([name]) => [name, typesOf(name)]));
  const files = (of: (name: string, program: string) => string) =>
    Object.fromEntries(all.map(([name, program]) => [`${name}.mts`, of(name, program)]));
  await compile("typescript", { ...options, paths }, files((_, program) => program));
  const moved = files((name, program) => program.replaceAll(`"${name}"`, `"${NAME}/${name}"`));
  for (const compiler of ["typescript", "typescript-5.7"]) await compile(compiler, options, moved);
});

/** How scripts import what modules import by default. */
const SCRIPT_FORMS: Readonly<Record<string, (program: string) => string>> = {
  imported: (program) => program,
  required: (program) =>
    program.replace(
      /^import (\w+)(, \{.*\})? from ("\w+");$/m,
      (_, name: string, others: string | undefined, specifier: string) => {
        const named = others === undefined ? "" : `\nimport${others.slice(1)} from ${specifier};`;
        return `import ${name} = require(${specifier});${named}`;
      },
    ),
};

/** How scripts are compiled: as TypeScript names it, and the compiler that takes it. */
const SCRIPTS: Readonly<Record<string, { compiler: string; options: Record<string, unknown> }>> = {
  "module commonjs": {
    compiler: "typescript-5.7",
    options: { module: "commonjs", moduleResolution: "node10", esModuleInterop: true },
  },
  "module commonjs, resolved as bundlers do": {
    compiler: "typescript",
    options: { module: "commonjs", moduleResolution: "bundler" },
  },
  "module node16": {
    compiler: "typescript",
    options: { module: "node16", moduleResolution: "node16" },
  },
  "module nodenext": { compiler: "typescript", options: {} },
};

for (const [what, { compiler, options }] of Object.entries(SCRIPTS)) {
  Deno.test(`tsc takes scripts for the types of memcached and memjs, and for the drop-ins, with ${what}`, async () => {
    const given = { types: ["node"], exactOptionalPropertyTypes: false, ...options };
    const paths = Object.fromEntries(
      Object.keys(PROGRAMS).map((name) => {
        return [name, [`${tools}/node_modules/@types/${name}/index.d.ts`]];
      }),
    );
    const files = (
      scripts: typeof SCRIPT_FORMS,
      rename: (program: string, name: string) => string,
    ) =>
      Object.fromEntries(
        Object.entries(PROGRAMS).flatMap(([name, program]) =>
          Object.entries(scripts).map(([form, change]) => {
            return [`${name}_${form}.cts`, rename(change(program), name)];
          })
        ),
      );
    await compile(compiler, { ...given, paths }, files(SCRIPT_FORMS, (program) => program));
    const moved = files(
      SCRIPT_FORMS,
      (program, name) => program.replaceAll(`"${name}"`, `"${NAME}/${name}"`),
    );
    await compile(compiler, given, moved);
  });
}

Deno.test("tsc lets a script require the package where Node does", async () => {
  const program = `import moecache = require("${NAME}");
    export const client: moecache.Client = new moecache.Client("127.0.0.1");`;
  await compile("typescript", {}, { "use.cts": program });
});
