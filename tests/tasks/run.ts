// deno-lint-ignore-file no-console
/** Runs programs for the tasks, and prints what they say. @module */

/** Folder of the repository; every program runs there. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** Environment variables to add to those of this process. */
export type Environment = Record<string, string>;

/**
 * Runs a program to its end; it reads and prints where this process does.
 *
 * @param program Name or path of the program.
 * @param args Its arguments.
 * @param env Environment variables to add.
 * @returns Its exit status.
 */
export async function run(program: string, args: string[], env: Environment = {}): Promise<number> {
  const { code } = await new Deno.Command(program, { args, env, cwd: ROOT }).spawn().status;
  return code;
}

/** Runs the Deno that runs this, wherever it is installed; resolves to its exit status. */
export function deno(args: string[], env?: Environment): Promise<number> {
  return run(Deno.execPath(), args, env);
}

/** Runs the Deno that runs this, prints what it prints, and resolves to that as well. */
export async function denoKeepingOutput(
  args: string[],
  env: Environment,
): Promise<{ code: number; output: string }> {
  const color: Environment = Deno.stdout.isTerminal() && !Deno.noColor ? { FORCE_COLOR: "1" } : {};
  const child = new Deno.Command(Deno.execPath(), {
    args,
    env: { ...env, ...color },
    cwd: ROOT,
    stdout: "piped",
  }).spawn();
  const [shown, kept] = child.stdout.tee();
  const [output, { code }] = await Promise.all([
    new Response(kept).text(),
    child.status,
    shown.pipeTo(Deno.stdout.writable, { preventClose: true }),
  ]);
  return { code, output };
}

/** Prints a line. */
export function say(line: string): void {
  console.log(line);
}

/** Prints a line where errors go. */
export function complain(line: string): void {
  console.error(line);
}
