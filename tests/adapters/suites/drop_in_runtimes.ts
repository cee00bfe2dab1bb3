/** The packages' own tests of what the drop-ins take the place of, on Node and Bun. @module */

import { fileURLToPath } from "node:url";
import {
  install,
  NEWEST_BUN,
  OLDEST_BUN,
  OLDEST_NODE,
  type Tool,
  USUAL_NODE,
} from "../../package/tool.ts";
import { bundle } from "../../runtimes/bundle.ts";

const RUNTIMES: readonly Tool[] = [OLDEST_NODE, USUAL_NODE, OLDEST_BUN, NEWEST_BUN];
/** How long a runtime may take for everything, in milliseconds. */
const LONGEST = 120_000;

/** Environment variables. */
type Variables = Readonly<Record<string, string>>;

/** Runs a program on one runtime. */
export interface Run {
  /**
   * @param variables More environment variables for the program.
   * @returns The last line that it printed, read as JSON; `undefined` when it printed nothing. And its errors.
   */
  (variables?: Variables): Promise<{ readonly printed: unknown; readonly errors: string }>;
}

/**
 * Runs a program on the oldest and a new Node and Bun, each in a step of its own. All run at a time, because they
 * mostly wait.
 *
 * @param program The program, a file beside this one.
 * @param modules What is bundled for it, relative to `src/`, by the environment variables that get the URLs.
 * @param check Runs the program, and checks what it prints.
 */
export async function onEachRuntime(
  test: Deno.TestContext,
  program: string,
  modules: Variables,
  check: (run: Run) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const env: Record<string, string> = {};
    for (const [name, module] of Object.entries(modules)) {
      const source = new URL(`../../../src/${module}`, import.meta.url);
      await bundle(source, `${folder}/${name}.mjs`);
      env[name] = `file://${folder}/${name}.mjs`;
    }
    await Promise.all(RUNTIMES.map((runtime) =>
      test.step({
        name: runtime.name,
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
        fn: () => check((variables) => run(runtime, program, { ...env, ...variables })),
      })
    ));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(runtime: Tool, program: string, env: Variables): ReturnType<Run> {
  const { stdout, stderr } = await new Deno.Command(await install(runtime), {
    args: [fileURLToPath(new URL(program, import.meta.url))],
    env: { ...env },
    signal: AbortSignal.timeout(LONGEST),
  }).output();
  const [output = "", errors = ""] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  const last = output.trim().split("\n").at(-1);
  return { printed: last ? JSON.parse(last) : undefined, errors };
}
