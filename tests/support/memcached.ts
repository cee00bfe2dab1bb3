/**
 * Real memcached servers for tests.
 *
 * @module
 */

const START_TIMEOUT = 10_000;
const POLL_INTERVAL = 10;

/**
 * Path of the `memcached` program: the environment's `MEMCACHED`, else the first on `PATH`.
 *
 * @returns The path, or `undefined` when there is none; tests that need it are ignored then.
 */
export function memcachedPath(): string | undefined {
  return Deno.env.get("MEMCACHED") || programPath("memcached");
}

/** Path of a program: the first on `PATH` of this name. */
export function programPath(name: string): string | undefined {
  const folders = Deno.env.get("PATH")?.split(":") ?? [];
  return folders.map((folder) => `${folder}/${name}`).find(isFile);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    // Missing, or in a folder that may not be looked into: either way not one to run.
    return false;
  }
}

/** Where a {@linkcode MemcachedProcess} listens. */
export interface MemcachedProcessOptions {
  /** The port to listen on, so that a server can come back where it was; a free one if absent. */
  port?: number;
}

/**
 * A running memcached on 127.0.0.1.
 *
 * ```ts ignore
 * await using memcached = await MemcachedProcess.start(["-m", "16"]);
 * await using client = new Client(memcached.address);
 * ```
 */
export class MemcachedProcess implements AsyncDisposable {
  /** The port it listens on. */
  readonly port: number;
  readonly #run: Run;

  /** Takes over a run that listens; {@linkcode MemcachedProcess.start} makes one. */
  constructor(run: Run, port: number) {
    this.#run = run;
    this.port = port;
  }

  /**
   * Starts memcached and waits until it listens; a given port that is still taken is tried again.
   *
   * @param args Further arguments, such as `["-I", "2m"]`.
   * @param options Where to listen.
   * @returns The process, ready to take connections.
   * @throws {Error} When memcached is not installed, refuses its arguments or does not listen in
   * time; the message has what it printed.
   */
  static async start(
    args: readonly string[] = [],
    options: MemcachedProcessOptions = {},
  ): Promise<MemcachedProcess> {
    const program = memcachedPath();
    if (program === undefined) throw new Error("Cannot start memcached: it is not on the PATH");
    const deadline = Date.now() + START_TIMEOUT;
    while (true) {
      const run = await Run.start(program, args, options.port);
      const port = await run.listens(deadline);
      if (port !== undefined) return new MemcachedProcess(run, port);
      const fault = await run.end("SIGKILL");
      const isPassing = fault.includes("Address already in use") && Date.now() < deadline;
      if (!isPassing) throw new Error(`Cannot start memcached: ${fault}`);
    }
  }

  /** The server's name for a client: `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The process id. */
  get pid(): number {
    return this.#run.pid;
  }

  /**
   * Ends the process and waits for its end; harmless when it has ended already.
   *
   * @param signal How to end it.
   */
  async kill(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    await this.#run.end(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
  }
}

/** One run of the program, which may or may not come to listen. */
class Run {
  readonly #child: Deno.ChildProcess;
  readonly #printed: Promise<string>;
  readonly #folder: string;
  /** Where memcached writes the port it listens on, once it does. */
  readonly #portFile: string;
  #hasEnded = false;

  constructor(program: string, args: string[], folder: string) {
    this.#folder = folder;
    this.#portFile = `${folder}/port`;
    this.#child = new Deno.Command(program, {
      args,
      env: { MEMCACHED_PORT_FILENAME: this.#portFile },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#printed = new Response(this.#child.stderr).text();
    this.#child.status.then(() => this.#hasEnded = true);
  }

  /** Starts the program; port -1 has memcached choose a free one. */
  static async start(program: string, args: readonly string[], port = -1): Promise<Run> {
    const folder = await Deno.makeTempDir({ prefix: "memcached_" });
    const where = ["-l", "127.0.0.1", "-p", `${port}`, "-U", "0"];
    return new Run(program, [...where, ...userArgs(), ...args], folder);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for the port; resolves to `undefined` when the program ends or the deadline passes. */
  async listens(deadline: number): Promise<number | undefined> {
    try {
      while (!this.#hasEnded && Date.now() < deadline) {
        const port = await readPort(this.#portFile);
        if (port !== undefined) return port;
        await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
      }
      return undefined;
    } finally {
      await Deno.remove(this.#folder, { recursive: true });
    }
  }

  /** Ends the program, waits for its end and resolves to an account of it. */
  async end(signal: Deno.Signal): Promise<string> {
    if (!this.#hasEnded) this.#child.kill(signal);
    const status = await this.#child.status;
    const printed = (await this.#printed).trim() || "it printed nothing";
    return `${printed} (${status.signal ?? `exit status ${status.code}`})`;
  }
}

/** memcached runs as root only when told which user to be. */
function userArgs(): string[] {
  return Deno.uid() === 0 ? ["-u", "root"] : [];
}

/** The port in a file like `TCP INET: 11211`, which memcached moves into place when complete. */
async function readPort(path: string): Promise<number | undefined> {
  try {
    const text = await Deno.readTextFile(path);
    return Number(/^TCP INET: (\d+)$/m.exec(text)?.[1]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
