/** A server that answers everything, and remembers what it was asked, and the last stub. @module */

import { LEASE_FLAGS } from "../../src/transcoding/item_codec.ts";
import { StrictReader } from "./strict_reader.ts";

const ANSWERS: readonly [form: RegExp, answer: (command: string) => string][] = [
  [/^(gets?|gats?|stats|lru_crawler) ?/, () => "END\r\n"],
  [/^(set|add|replace|append|prepend|cas) /, () => "STORED\r\n"],
  [/^delete /, () => "DELETED\r\n"],
  [/^touch /, () => "TOUCHED\r\n"],
  [/^(incr|decr) /, () => "5\r\n"],
  [/^(flush_all|verbosity|watch)/, () => "OK\r\n"],
  [/^version$/, () => "VERSION 1.6.18\r\n"],
  [/^mn$/, () => "MN\r\n"],
  [/^(mg|me) /, (command) => isQuiet(command) ? "" : `EN${opaqueOf(command)}\r\n`],
  [/^(ms|md|ma) /, (command) => isQuiet(command) ? "" : `HD c7${opaqueOf(command)}\r\n`],
];

/** What a counter answers first. */
const FIRST_COUNT = 5;
/** What a lease, a lock or a turn holds: the UUID of its winner. */
const NONCE = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** Tokens are at least the time. */
const FIRST_TOKEN = 9_000_000_000_000;

/** What follows the key, and for `ms` the length, on a command's line. */
function flagsOf(command: string): string[] {
  return command.split("\r\n", 1)[0]!.split(" ").slice(command.startsWith("ms") ? 3 : 2);
}

function isQuiet(command: string): boolean {
  return flagsOf(command).includes("q");
}

function opaqueOf(command: string): string {
  const opaque = flagsOf(command).find((flag) => flag[0] === "O");
  return opaque === undefined ? "" : ` ${opaque}`;
}

/** Keeps the commands of all connections, in the order they came. */
export class RecordingPeer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;
  readonly #counters = new Map<string, number>();
  #commands: string[] = [];
  /** What leases, locks and turns hold, by their keys; their winners know them by it. */
  readonly #stubs = new Map<string, string>();

  constructor() {
    this.#accepting = this.#accept();
  }

  /** Where it listens, `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The port on 127.0.0.1. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Gives the commands that have come since it was last asked. */
  takeCommands(): string[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const conversations: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      conversations.push(this.#converse(connection));
    }
    await Promise.all(conversations);
  }

  async #converse(connection: Deno.Conn): Promise<void> {
    const reader = new StrictReader();
    const buffer = new Uint8Array(1 << 16);
    try {
      for (let count; (count = await connection.read(buffer)) !== null;) {
        const commands = this.#read(reader, buffer.subarray(0, count));
        this.#commands.push(...commands);
        let answers = new TextEncoder().encode(
          commands.map((command) => this.#answer(command)).join(""),
        );
        while (answers.length > 0) answers = answers.subarray(await connection.write(answers));
      }
      connection.close();
    } catch (error) {
      // Closed by the client while it was answered, or from here.
      if (!(error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BadResource)) {
        this.#commands.push(`broken: ${error}`);
      }
    }
    this.#connections.delete(connection);
  }

  /** What is no command is remembered as what it is, and ends the conversation. */
  #read(reader: StrictReader, bytes: Uint8Array): string[] {
    try {
      return reader.push(bytes);
    } catch (error) {
      this.#commands.push(`broken: ${error}`);
      throw new Deno.errors.Interrupted("not memcached's protocol");
    }
  }

  #answer(command: string): string {
    const [line, data] = command.split("\r\n");
    const [, counter, delta] = /^incr (\S+~moecache-\S+) (\d+)$/.exec(line!) ?? [];
    if (counter !== undefined) {
      // The client's own counters must not go back.
      const first = counter.endsWith("token") ? FIRST_TOKEN : FIRST_COUNT;
      const count = (this.#counters.get(counter) ?? first - Number(delta)) + Number(delta);
      this.#counters.set(counter, count);
      return `${count}\r\n`;
    }
    const [, added] = /^(?:ms (\S+) 36 |add \S+ \d+ \d+ 36$)/.test(line!) ? line!.split(" ") : [];
    // A caller's value may have that length too.
    if (added !== undefined && NONCE.test(data!)) this.#stubs.set(added, data!);
    const [, read] = line!.startsWith("gets ") ? line!.split(" ") : [];
    const stub = this.#stubs.get(read ?? "");
    // Once: what comes later for the key has nothing to do with it.
    if (stub !== undefined && this.#stubs.delete(read!)) {
      return `VALUE ${read} ${LEASE_FLAGS} 36 7\r\n${stub}\r\nEND\r\n`;
    }
    const [, answer] = ANSWERS.find(([form]) => form.test(command))!;
    return answer(command);
  }
}
