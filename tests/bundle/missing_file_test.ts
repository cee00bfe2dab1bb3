/**
 * What a program meets whose bundle lacks a file that is loaded on demand: not deployed, or not reachable for a while.
 * Or whose bundle has all files twice.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { exec } from "../package/exec.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { BUNDLERS, pathOf } from "./bundles.ts";

/** Prints what operations end with where a file is missing, and once it is back. */
const PROGRAM = `
import { rename } from "node:fs/promises";
import { argv, exit } from "node:process";

const [, , server, path, bundle] = argv;
await rename(path, path + ".away");
// Deno reads what is imported by a literal before it runs anything.
const { Client } = await import(bundle);
const client = new Client(server, { timeout: 5000 });
const slow = client.withTranscoder({
  encode: async () => ({ flags: 0, data: new Uint8Array(1) }),
  decode: ({ data }) => data.length,
});
const operations = {
  get: () => client.get("key"),
  getOrSet: () => client.getOrSet("computed", () => 1),
  set: () => slow.set("slow", 1),
};
async function endings() {
  const all = {};
  for (const [name, operation] of Object.entries(operations)) {
    all[name] = await operation().then(() => "done", ({ name, message, cause }) => {
      return \`\${name}: \${message} (\${cause?.name})\`;
    });
  }
  return all;
}
const away = await endings();
await rename(path + ".away", path);
console.log(JSON.stringify({ away, back: await endings() }));
exit();
`;

/** The beginnings of files' names, and the operations that need them. */
const FILES: readonly (readonly [string, readonly string[]])[] = [
  ["running_fleet", ["get", "getOrSet", "set"]],
  ["on_demand", ["getOrSet"]],
  ["bounded_work", ["getOrSet", "set"]],
];
/** How they end without it. */
const CANNOT_LOAD = /^ClientException: Cannot load the client: .*\((Type)?Error\)$/s;
/** How they end without the dialer: the error names the server too. */
const CANNOT_DIAL = /^ClientException: Cannot use [\d.:]+: Cannot load the client: /;
/** The beginnings of the files' names that have the dialer of a runtime. */
const DIALERS: Readonly<Record<string, string>> = { Deno: "deno", Node: "node" };
/** Node does not try again to read a file that another one imports statically. Deno does not try any file again. */
const IMPORTED = ["bounded_work", "node"];

const RUNTIMES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  Deno: [Deno.execPath(), "run", "--allow-all", "--no-config", "--quiet"],
  Node: ["node"],
};

Deno.test("what cannot be loaded of a bundle is neither the caller's fault nor a server's, and is loaded later", async () => {
  const program = `export { Client } from ${JSON.stringify(pathOf("mod.ts"))};`;
  const [chunks = []] = await BUNDLERS.Rollup!([program]);
  const folder = await Deno.makeTempDir({ prefix: "moecache-bundle-" });
  await using server = await MemcachedServer.listen();
  try {
    for (const { name, code, isEntry } of chunks) {
      await Deno.writeTextFile(`${folder}/${isEntry ? "bundle.js" : name}`, code);
    }
    await Deno.writeTextFile(`${folder}/package.json`, `{ "type": "module" }`);
    const [run, bundle] = [`${folder}/run.js`, `${folder}/bundle.js`];
    await Deno.writeTextFile(run, PROGRAM);
    for (const [runtime, [tool, ...args]] of Object.entries(RUNTIMES)) {
      const dialer = DIALERS[runtime]!;
      for (const [file, users] of [...FILES, [dialer, ["get", "getOrSet", "set"]] as const]) {
        const { name } = chunks.find(({ name }) => name.startsWith(`${file}-`))!;
        const printed = await exec(tool, [
          ...args,
          run,
          server.address,
          `${folder}/${name}`,
          bundle,
        ]);
        const { away, back } = JSON.parse(printed);
        for (const [operation, ending] of Object.entries(away as Record<string, string>)) {
          const expected = !users.includes(operation)
            ? /^done$/
            : file === dialer
            ? CANNOT_DIAL
            : CANNOT_LOAD;
          assertMatch(ending, expected, `${operation} without ${file} on ${runtime}`);
        }
        const later = Object.fromEntries(Object.keys(away).map((name) => [name, "done"]));
        if (runtime === "Node" && !IMPORTED.includes(file)) assertEquals(back, later);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Uses a client of one copy of the files, which loads its features from another one. */
const PROGRAM_OF_TWO = `
import { argv, exit } from "node:process";
import { Client } from "./one/bundle.js";

const client = new Client(argv[2]);
const endingOf = (operation) => operation.then(() => "done", (error) => \`\${error}\`);
console.log(await endingOf(client.set("key", 1)));
console.log(await endingOf(client.getOrSet("computed", () => 1)));
console.log(await endingOf(client.namespace("users").get("key")));
exit();
`;

Deno.test("features are refused that were loaded with a second core, as tsx does in a CommonJS package", async () => {
  const program = `export { Client } from ${JSON.stringify(pathOf("mod.ts"))};`;
  const [chunks = []] = await BUNDLERS.Rollup!([program]);
  const folder = await Deno.makeTempDir({ prefix: "moecache-bundle-" });
  await using server = await MemcachedServer.listen();
  try {
    for (const copy of ["one", "two"]) {
      await Deno.mkdir(`${folder}/${copy}`);
      for (const { name, code, isEntry } of chunks) {
        const text = copy === "one" ? code.replaceAll("./on_demand-", "../two/on_demand-") : code;
        await Deno.writeTextFile(`${folder}/${copy}/${isEntry ? "bundle.js" : name}`, text);
      }
    }
    await Deno.writeTextFile(`${folder}/package.json`, `{ "type": "module" }`);
    await Deno.writeTextFile(`${folder}/run.js`, PROGRAM_OF_TWO);
    const printed = await exec("node", [`${folder}/run.js`, server.address]);
    const refused = "ClientException: Cannot load the client: it was loaded twice";
    assertEquals(printed.trim().split("\n"), ["done", refused, refused]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
