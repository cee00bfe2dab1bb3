/** A socket without a network: a test says what comes, and when. @module */

import { Client, type ClientOptions, type ServerAddress } from "../../mod.ts";
import { isWorker } from "../../src/transport/runtime.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { turn } from "../support/turns.ts";

/** Takes what is written, and gives what {@linkcode answer} is called with. */
export class ManualSocket implements Transport {
  readonly readable: ReadableStream<Uint8Array> = new ReadableStream();
  readonly writable: WritableStream<Uint8Array> = new WritableStream();
  /** What has been written. */
  sent = "";
  /** Whether what is written is kept waiting. */
  isStuck = false;
  isClosed = false;
  /** The server that it leads to. */
  readonly hostname: string | undefined;
  #arrived: Uint8Array[] = [];
  #error: Error | undefined;
  #wakeReader = (): void => {};
  #wakeWriter = (): void => {};

  constructor(hostname?: string) {
    this.hostname = hostname;
  }

  readonly read = async (into: Uint8Array): Promise<number | null> => {
    while (this.#arrived.length === 0 && this.#error === undefined && !this.isClosed) {
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    if (this.#error !== undefined) throw this.#error;
    if (this.isClosed) return null;
    const bytes = this.#arrived.shift()!;
    into.set(bytes);
    return bytes.length;
  };

  readonly write = async (bytes: Uint8Array): Promise<number> => {
    while (this.isStuck && !this.isClosed) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.isClosed) throw new Error("closed");
    this.sent += new TextDecoder().decode(bytes);
    return bytes.length;
  };

  close(): void {
    this.isClosed = true;
    this.#wake();
  }

  /** Makes something come, and waits until it has been taken in. */
  async answer(text: string): Promise<void> {
    this.#arrived.push(new TextEncoder().encode(text));
    this.#wake();
    await settle();
  }

  /** Takes a portion of what is being written. */
  async takePortion(): Promise<void> {
    const { sent } = this;
    this.isStuck = false;
    this.#wake();
    while (this.sent === sent) await Promise.resolve();
    this.isStuck = true;
    await settle();
  }

  /** Makes the network reset the connection. */
  async reset(): Promise<void> {
    this.#error = new Error("reset by peer");
    this.#wake();
    await settle();
  }

  #wake(): void {
    this.#wakeReader();
    this.#wakeWriter();
  }
}

/** Lets promises that have been settled take their effect. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** Waits for what takes turns of the event loop: to load a module, or to look at a connection that was idle. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
  await settle();
}

/** A client on a clock of its own whose sockets are played by hand, in the order in which they were dialled. */
export interface Play {
  readonly clock: FakeClock;
  readonly sockets: ManualSocket[];
  readonly client: Client;
}

/** Makes a client for a play. */
export function play(
  options: ClientOptions = {},
  servers: ServerAddress | ServerAddress[] = "cache.test",
): Play {
  const clock = new FakeClock();
  const sockets: ManualSocket[] = [];
  const client = new Client(servers, {
    clock,
    dial({ hostname }) {
      const socket = new ManualSocket(hostname);
      sockets.push(socket);
      return Promise.resolve(socket);
    },
    ...options,
  });
  return { clock, sockets, client };
}

/**
 * Loads what is loaded with the first connection, which takes turns of the event loop: so the sockets of all tests go
 * on as soon as promises are settled.
 */
async function loadOnce(): Promise<void> {
  const first = play();
  const got = first.client.get("key");
  await until(() => first.sockets.some(({ sent }) => sent !== ""));
  for (const socket of first.sockets) await socket.answer("END\r\n");
  await got;
  await first.client.close();
}

// A worker is one file, in which an import takes no turn, and must not wait for one before it is asked for something.
if (!isWorker()) await loadOnce();
