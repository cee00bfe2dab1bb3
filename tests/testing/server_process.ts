/**
 * A server in a process of its own, for {@linkcode ServerProcess}: it prints its port, and at every line that
 * it is sent how much memory the process takes.
 *
 * @module
 */

import { MemcachedServer } from "../../src/testing/mod.ts";

if (import.meta.main) {
  await using server = await MemcachedServer.listen({ memoryLimit: Number(Deno.args[0]) });
  await print(server.port);
  const buffer = new Uint8Array(1);
  while (await Deno.stdin.read(buffer) !== null) await print(Deno.memoryUsage().rss);
}

async function print(value: number): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${value}\n`));
}

/** A running server, and the memory it takes. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  /** The port it listens on. */
  readonly port: number;

  /** Takes over a process; {@linkcode ServerProcess.start} makes one. */
  constructor(
    child: Deno.ChildProcess,
    output: ReadableStreamDefaultReader<string>,
    port: number,
  ) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#output = output;
    this.port = port;
  }

  /** Starts a server with a memory limit in bytes. */
  static async start(memoryLimit: number): Promise<ServerProcess> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", import.meta.url, `${memoryLimit}`],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    return new ServerProcess(child, output, await readNumber(output));
  }

  /** What the process takes of the memory, in bytes. */
  async memory(): Promise<number> {
    await this.#input.write(Uint8Array.of(10));
    return await readNumber(this.#output);
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    while (!(await this.#output.read()).done);
    await this.#child.status;
  }
}

async function readNumber(output: ReadableStreamDefaultReader<string>): Promise<number> {
  let text = "";
  while (!text.endsWith("\n")) {
    const { done, value } = await output.read();
    if (done) throw new Error("Cannot read on: the server has ended");
    text += value;
  }
  return Number(text);
}
