/** One file of JavaScript of a module of this repository, for runtimes that take nothing else. @module */

import { fileURLToPath, pathToFileURL } from "node:url";

/** What lowers the syntax; the version that `deno bundle` brings along would do as well. */
const ESBUILD = "npm:esbuild@0.25.12";
/** The oldest runtime that is supported: it knows no `using`. */
const TARGET = "node20";

const ROOT = new URL("../../", import.meta.url);

/** How {@linkcode bundle} goes about it. */
export interface BundleOptions {
  /** Whether the name `Deno` is to mean `deno_shim.js`, with a runner of tests; not unless given. */
  readonly withTests?: boolean;
  /** Environment variables that Deno's commands need. */
  readonly env?: Record<string, string>;
}

/**
 * Bundles a module with all it imports, but for Node's and the runtimes' own modules.
 *
 * @param entry The module.
 * @param output The absolute path of the file to write.
 * @throws {Error} When a tool fails; the message has what it printed.
 */
export async function bundle(
  entry: URL,
  output: string,
  { withTests = false, env = {} }: BundleOptions = {},
): Promise<void> {
  const whole = `${output}.whole.mjs`;
  // Deno knows where the imports come from, and esbuild how to say it to older runtimes.
  const source = fileURLToPath(entry);
  await deno(env, "bundle", "--quiet", "--platform=deno", "--output", whole, source);
  const shim = fileURLToPath(new URL("deno_shim.js", import.meta.url));
  const testing = withTests ? ["--define:Deno=denoShim", `--inject:${shim}`] : [];
  await deno(
    env,
    ...["run", "--allow-all", "--quiet", "--no-config", ESBUILD, whole, `--outfile=${output}`],
    ...["--bundle", "--format=esm", "--platform=neutral", `--target=${TARGET}`],
    ...["--external:node:*", "--external:cloudflare:*", "--log-level=error", "--allow-overwrite"],
    ...testing,
  );
  await Deno.remove(whole);
}

async function deno(env: Record<string, string>, ...args: string[]): Promise<void> {
  // The configuration that names the imports is looked for where the program runs.
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, env, cwd: ROOT })
    .output();
  if (success) return;
  throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr).trim()}`);
}

if (import.meta.main) {
  const [entry, output, ...flags] = Deno.args;
  if (entry === undefined || output === undefined) throw new Error("Give an entry and an output");
  const here = pathToFileURL(`${Deno.cwd()}/`);
  const options = { withTests: flags.includes("--with-tests") };
  await bundle(new URL(entry, here), fileURLToPath(new URL(output, here)), options);
}
