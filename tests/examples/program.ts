/** Examples as programs of their own. @module */

/** A running program, which is ended with the block that uses it. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #errors: Promise<string>;
  #printed = "";

  /** Starts it, in a folder and with additions to the environment. */
  constructor(command: string, args: string[], env: Record<string, string>, cwd?: string | URL) {
    const options = { args, env: { ...env, NO_COLOR: "1" }, ...(cwd === undefined ? {} : { cwd }) };
    this.#child = new Deno.Command(command, {
      ...options,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#errors = new Response(this.#child.stderr).text();
  }

  /** Waits until it has printed something that matches; throws what it printed when it ends without. */
  async prints(pattern: RegExp): Promise<string> {
    for (;;) {
      const [, found] = pattern.exec(this.#printed) ?? [];
      if (found !== undefined) return found;
      const { value, done } = await this.#lines.read();
      if (done) {
        throw new Error(`It never printed ${pattern}: ${this.#printed}${await this.#errors}`);
      }
      this.#printed += value;
    }
  }

  /** Waits for its end; resolves to what it printed. */
  async ends(): Promise<{ code: number; output: string }> {
    for (let read = await this.#lines.read(); !read.done; read = await this.#lines.read()) {
      this.#printed += read.value;
    }
    const { code } = await this.#child.status;
    return { code, output: this.#printed + await this.#errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It may have ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.ends();
  }
}
