/** A worker, from the side of whoever starts it. @module */

import { fileURLToPath } from "node:url";
import type { Contender, Runtime } from "./contenders.ts";
import type { Job, Sample } from "./workloads.ts";

const PROGRAMS: Readonly<Record<Runtime, readonly [string, ...string[]]>> = {
  // npm memcached sets its prototypes in a way that Deno has to be told to allow.
  deno: [Deno.execPath(), "run", "--allow-all", "--quiet", "--unsafe-proto"],
  // What the rivals use of what is deprecated is theirs to know.
  node: ["node", "--no-deprecation"],
  bun: ["bun"],
};

/** Milliseconds that an answer may take: a million operations of a slow client are far below it. */
const PATIENCE = 120_000;

const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));

/** A process that runs one client at one workload. */
export class WorkerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncGenerator<string>;
  readonly #title: string;
  #hasEnded = false;

  /**
   * Starts a worker. The first answer tells that its client is connected and has proved that it works.
   *
   * @param contender Who runs.
   * @param job What it is to do.
   * @param env Environment variables to add.
   */
  constructor(contender: Contender, job: Job, env: Record<string, string>) {
    const [program, ...args] = PROGRAMS[contender.runtime];
    this.#title = `${contender.name} on ${contender.runtime} at ${job.workload.name}`;
    this.#child = new Deno.Command(program, {
      args: [...args, WORKER, JSON.stringify(job)],
      env,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#child.status.then(() => this.#hasEnded = true);
    this.#requests = this.#child.stdin.getWriter();
    this.#answers = readLines(this.#child.stdout);
  }

  /**
   * Waits until the client is ready.
   *
   * @returns How it goes about the workload, where that bears on the result.
   */
  async ready(): Promise<string | undefined> {
    const { note } = await this.#answer() as { note?: string };
    return note;
  }

  /** Has the runtime compile what it is going to run, and a round's number of operations found. */
  async warm(): Promise<Sample> {
    return await this.#ask("warm");
  }

  /** Has one round carried out. */
  async measure(): Promise<Sample> {
    return await this.#ask("measure");
  }

  /** Ends the process, whatever it is doing, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async #ask(command: "warm" | "measure"): Promise<Sample> {
    await this.#requests.write(new TextEncoder().encode(`${command}\n`));
    return await this.#answer() as Sample;
  }

  async #answer(): Promise<unknown> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (!this.#hasEnded) this.#child.kill("SIGKILL");
    }, PATIENCE);
    const { value, done } = await this.#answers.next().finally(() => clearTimeout(timer));
    if (!done) return JSON.parse(value);
    const { code } = await this.#child.status;
    if (isLate) {
      throw new Error(`Cannot measure ${this.#title}: no answer within ${PATIENCE / 1000} seconds`);
    }
    throw new Error(`Cannot measure ${this.#title}: its process ended with status ${code}`);
  }
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
