/** Starts a worker, and reads what it reports. @module */

import { fileURLToPath } from "node:url";
import type { Contender } from "./contenders.ts";
import type { Job, Runtime, Sample } from "./workloads.ts";

const PROGRAMS: Readonly<Record<Runtime, readonly [string, ...string[]]>> = {
  // npm memcached sets its prototypes in a way that Deno allows only with a flag.
  deno: [Deno.execPath(), "run", "--allow-all", "--quiet", "--unsafe-proto"],
  // What the rivals use of what is deprecated is theirs to know.
  node: ["node", "--no-deprecation"],
  bun: ["bun", "run"],
};

const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));

/** A native client gets the few words that it understands, and the others the job as JSON. */
function commandOf(
  { runtime, command }: Contender,
  job: Job,
): readonly string[] {
  if (command === undefined) return [...PROGRAMS[runtime as Runtime], WORKER, JSON.stringify(job)];
  const { action, value, callers, keys, byteLength } = job.workload;
  const numbers = [callers, keys, byteLength, job.slot, job.roundTime].map(String);
  return [...command, action, value, ...numbers, job.servers.join()];
}

/** What a worker is started with besides its job. */
export interface WorkerOptions {
  /** Environment variables to add. */
  readonly env: Record<string, string>;
  /** Milliseconds that it may take to answer. */
  readonly patience: number;
}

/** A process that runs one client at one workload. */
export class WorkerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncGenerator<string>;
  readonly #title: string;
  readonly #patience: number;
  #hasEnded = false;

  /**
   * Starts a worker. The first answer tells that its client is connected and has proved that it works.
   *
   * @param contender Who runs.
   * @param job What it is to do.
   * @param options How it is started.
   */
  constructor(contender: Contender, job: Job, { env, patience }: WorkerOptions) {
    const [program = "", ...args] = commandOf(contender, job);
    this.#title = `${contender.name} on ${contender.runtime} at ${job.workload.name}`;
    this.#patience = patience;
    this.#child = new Deno.Command(program, {
      args,
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

  /** Lets the runtime compile what it is going to run, and finds a round's number of operations. */
  async warm(): Promise<Sample> {
    return await this.#ask("warm");
  }

  /** Lets the process carry out one round. */
  async measure(): Promise<Sample> {
    return await this.#ask("measure");
  }

  /** Ends the process, whatever it is doing, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.#child.status;
  }

  async #ask(command: "warm" | "measure"): Promise<Sample> {
    // A process that has ended takes nothing. That it gives no answer either says more.
    this.#requests.write(new TextEncoder().encode(`${command}\n`)).catch(() => {});
    return await this.#answer() as Sample;
  }

  /** A client that hangs is ended; that ends its answers as well. */
  async #answer(): Promise<unknown> {
    let isOverdue = false;
    const timer = setTimeout(() => {
      isOverdue = true;
      this.#kill();
    }, this.#patience);
    try {
      const { value, done } = await this.#answers.next();
      if (!done) return this.#read(value);
    } finally {
      clearTimeout(timer);
    }
    const { code } = await this.#child.status;
    const why = isOverdue
      ? `no answer within ${this.#patience} ms`
      : `its process ended with status ${code}`;
    throw new Error(`Cannot measure ${this.#title}: ${why}`);
  }

  #read(line: string): unknown {
    try {
      return JSON.parse(line);
    } catch (cause) {
      const why = `it answered ${JSON.stringify(line.slice(0, 80))}`;
      throw new Error(`Cannot measure ${this.#title}: ${why}`, { cause });
    }
  }

  #kill(): void {
    if (!this.#hasEnded) this.#child.kill("SIGKILL");
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
