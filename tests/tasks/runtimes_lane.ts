/** The tests on Node, Bun and workerd. @module */

import { memcachedPath, MemcachedProcess, programPath } from "../support/memcached.ts";
import { Installation, npmInstall } from "../package/installation.ts";
import { Tarball } from "../package/tarball.ts";
import {
  install,
  NEWEST_BUN,
  NEWEST_NODE,
  OLDEST_BUN,
  OLDEST_NODE,
  type Tool,
  WORKERD,
} from "../package/tool.ts";
import { bundle } from "../runtimes/bundle.ts";
import { DenoHost } from "../runtimes/deno_host.ts";
import { runProgram } from "../runtimes/program.ts";
import { type Compatibility, workerdConfig } from "../runtimes/workerd.ts";
import { addUp, faultOf, type Lane, type Outcome } from "./lane.ts";
import { type Environment, say } from "./run.ts";

const WHAT = "the tests on the package";
/** How many suites run at a time: two on a machine of one processor too, because much of a suite is to wait. */
const PROCESSORS = Math.min(Math.max(navigator.hardwareConcurrency, 2), 6);
const RUNTIMES = new URL("../runtimes/", import.meta.url);
const SHIM = new URL("deno_shim.js", RUNTIMES);
const WORKER_SHIM = new URL("worker_shim.js", RUNTIMES);
/** One more server than a request of a worker may have sockets. */
const SERVERS = 7;
/** Where a channel's `hasSubscribers` is a function, and where it is a boolean; Node's modules come with the latter. */
const WITH_NODE: Compatibility = { flags: ["nodejs_compat"] };
const NEWER: Compatibility = { date: "2026-11-01" };

/** The suite and a smoke test, with the package installed, on every runtime; workerd has suites of its own. */
export const runtimesLane: Lane = {
  name: "runtimes",
  run: async ({ env }) => {
    for (const [name, path] of [["memcached", memcachedPath()], ["npm", programPath("npm")]]) {
      if (path === undefined) return nothing(`${WHAT} (${name} is not on the PATH)`);
    }
    let installation;
    try {
      const tarball = await Tarball.share(env);
      installation = await Installation.make(tarball.path, npmInstall);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
      // A package that cannot be made or installed is a fault of the package's.
      return { ...nothing(`${WHAT} (it cannot be installed)`), failed: 1 };
    }
    await using _removed = installation;
    return await runAll(installation.folder, env);
  },
};

async function runAll(folder: string, env: Environment): Promise<Outcome> {
  // The smoke test has the package as it is; the suite looks inside, at what is built like it.
  for (const [entry, sources] of [["smoke_embedded", "installed"], ["suite", "built"]] as const) {
    const options = { env, shim: SHIM, sources };
    await bundle(new URL(`${entry}.ts`, RUNTIMES), `${folder}/${entry}.mjs`, options);
  }
  const smoke = async (name: string, program: string, ...args: string[]) => {
    await using memcached = await MemcachedProcess.start();
    return await run(name, program, [...args, "smoke_embedded.mjs", memcached.address], folder);
  };
  const suites = async (name: string, program: string, ...args: string[]) =>
    addUp([
      await smoke(name, program, ...args),
      await run(name, program, [...args, "suite.mjs"], folder),
    ]);
  const suitesOn = (tool: Tool) => withTool(tool, (program) => suites(tool.name, program));
  // The longest first, so that all processors have something to do until the end.
  return await together(PROCESSORS, [
    ...[OLDEST_NODE, OLDEST_BUN, NEWEST_NODE].map((tool) => () => suitesOn(tool)),
    () => suites("Deno", Deno.execPath(), "run", "--allow-all", "--quiet"),
    () => suitesOn(NEWEST_BUN),
    () => withTool(WORKERD, (program) => runWorkers(program, folder, env)),
  ]);
}

/** Does so many things at a time, in their order, and adds up what comes of them. */
async function together(
  count: number,
  actions: readonly (() => Promise<Outcome>)[],
): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  // All workers take what comes next from the same iterator.
  const left = actions.values();
  const work = async () => {
    for (const action of left) outcomes.push(await action());
  };
  await Promise.all(Array.from({ length: count }, work));
  return addUp(outcomes);
}

/** Runs on workerd, where there is nothing but what was bundled. */
async function runWorkers(
  program: string,
  folder: string,
  env: Environment,
): Promise<Outcome> {
  await using memcached = await MemcachedProcess.start();
  await using others = new AsyncDisposableStack();
  const addresses = [memcached.address];
  while (addresses.length < SERVERS) {
    addresses.push(others.use(await MemcachedProcess.start()).address);
  }
  await using host = new DenoHost();
  const workers = [
    [
      "smoke_worker",
      "installed",
      { ADDRESS: memcached.address, ADDRESSES: addresses.join(",") },
      [{}],
    ],
    ["suite_worker", "bundled", host.bindings, [{}]],
    ["channels_worker", "bundled", host.bindings, [WITH_NODE, NEWER]],
  ] as const;
  const outcomes = [];
  for (const [entry, sources, bindings, compatibilities] of workers) {
    const options = { env, shim: WORKER_SHIM, sources, isWhole: true };
    await bundle(new URL(`${entry}.ts`, RUNTIMES), `${folder}/${entry}.mjs`, options);
    for (const compatibility of compatibilities) {
      const config = workerdConfig(`${entry}.mjs`, bindings, compatibility);
      await Deno.writeTextFile(`${folder}/${entry}.capnp`, config);
      outcomes.push(await run(WORKERD.name, program, ["test", `${entry}.capnp`], folder));
    }
  }
  return addUp(outcomes);
}

/** Does something with a tool, or says that there is none. */
async function withTool(tool: Tool, use: (program: string) => Promise<Outcome>): Promise<Outcome> {
  const fault = await faultOf(install(tool));
  if (fault !== undefined) return nothing(`${WHAT} on ${tool.name} (${fault})`);
  return await use(await install(tool));
}

/** Runs a program of tests and says what came of it; what it printed is shown if it is red. */
async function run(name: string, program: string, args: string[], cwd: string): Promise<Outcome> {
  const { passed, failed, ignored, unsteady, printed, seconds } = await runProgram(
    program,
    args,
    cwd,
  );
  if (failed > 0 || unsteady.length > 0) say(printed);
  const suite = args.find((arg) => /\.(mjs|capnp)$/.test(arg));
  const counts = `${passed} passed, ${failed} failed, ${ignored.length} ignored`;
  say(`${name}, ${suite}: ${counts} (${seconds.toFixed(1)}s)`);
  for (const what of ignored) say(`  ignored: ${what}`);
  return { passed, failed, notRun: [], unsteady: unsteady.map((test) => `${test} (${name})`) };
}

function nothing(notRun: string): Outcome {
  return { passed: 0, failed: 0, notRun: [notRun] };
}
