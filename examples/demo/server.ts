/** A memcached that can be killed. @module */

const MODULE = new URL("server_worker.ts", import.meta.url);

/** An embedded memcached in a thread of its own. */
export class DemoServer implements Disposable {
  /** The server's name for a client: `127.0.0.1:port`. */
  readonly address: string;
  #thread: Worker;

  constructor(address: string, thread: Worker) {
    this.address = address;
    this.#thread = thread;
  }

  /** Starts a server on a free port. */
  static async start(): Promise<DemoServer> {
    const { address, thread } = await start(0);
    return new DemoServer(address, thread);
  }

  /** Ends it in the middle of what it is doing. Its items are gone. */
  kill(): void {
    this.#thread.terminate();
  }

  /** Starts it again, empty, where it was. */
  async restart(): Promise<void> {
    const { thread } = await start(Number(this.address.split(":")[1]));
    this.#thread = thread;
  }

  [Symbol.dispose](): void {
    this.kill();
  }
}

async function start(port: number): Promise<{ address: string; thread: Worker }> {
  const thread = new Worker(MODULE, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  thread.onmessage = ({ data }) => resolve(data);
  thread.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot start a server: ${event.message}`));
  };
  thread.postMessage(port);
  return { address: await promise, thread };
}
