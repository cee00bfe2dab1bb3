/** Running a program whose output matters only when it fails, or to the caller. @module */

/** Where and with what a program runs. */
export interface ExecOptions {
  /** The folder it runs in; by default that of this process. */
  readonly cwd?: string | URL;
  /** Environment variables to add. */
  readonly env?: Record<string, string>;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** What it reads from its standard input; nothing by default. */
  readonly input?: string;
}

/**
 * Runs a program to its end.
 *
 * @returns What it printed.
 * @throws {Error} When it ends with another status than 0; the message has all it printed.
 */
export async function exec(
  program: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  const { input = "", ...rest } = options;
  const piped = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(program, { args: [...args], ...rest, ...piped }).spawn();
  const [{ success, code, stdout, stderr }] = await Promise.all([
    child.output(),
    new Blob([input]).stream().pipeTo(child.stdin),
  ]);
  const printed = new TextDecoder().decode(stdout);
  if (success) return printed;
  const fault = `${printed}${new TextDecoder().decode(stderr)}`.trim();
  throw new Error(`Cannot run ${program} ${args.join(" ")}: it ended with ${code}\n${fault}`);
}
