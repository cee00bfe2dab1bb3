/** `get`, `gets` and `gat`: one request for any number of neighbouring keys. @module */

import { SocketError } from "../../errors.ts";
import { endOfWord, isText, readInteger, readText, startsWith } from "../bytes.ts";
import { Command, DONE, type Exchange, type LimitExptime, MORE, type Move } from "../command.ts";
import { readRefusalLine, refusalError } from "../refusal.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/**
 * The longest request line, in bytes. ElastiCache Serverless takes 16 KB; memcached itself any length
 * where the line begins with `get`, and 2,048 bytes where it does not.
 */
const LONGEST_GET_LINE = 16_000;
const LONGEST_OTHER_LINE = 2_000;

/**
 * Turns an item into what the operation resolves to. The key is for messages; the cas unique counts on the
 * connection that it was read through.
 */
export type ReadItem = (
  flags: number,
  data: Uint8Array,
  cas: bigint | undefined,
  key: string,
  carrier: number,
) => unknown;

/** Retrieval of one key. Resolves to what is made of the item, or `undefined` for a miss. */
export class RetrievalCommand extends Command {
  /** The request up to the keys: `get`, `gets`, `gat 60`, `gats 60`. */
  verb: string;
  readonly key: string;
  readonly #readItem: ReadItem;

  constructor(verb: string, key: string, readItem: ReadItem) {
    super();
    this.verb = verb;
    this.key = key;
    this.#readItem = readItem;
  }

  override open(): Exchange {
    return new Retrieval(this);
  }

  /** What cannot be done where it is refused. */
  get action(): string {
    return `${this.verb.split(" ", 1)[0]} key "${this.key}"`;
  }

  /** Takes the item found. A value that cannot be read fails this operation and no other. */
  found(flags: number, data: Uint8Array, cas: bigint | undefined): void {
    if (this.settled) return;
    try {
      const result = this.#readItem(flags, data, cas, this.key, this.carrier);
      // Until then the caller may still give it up.
      if (result instanceof Promise) {
        result.then((value) => this.succeed(value), (error) => this.abandon(error));
      } else this.succeed(result);
    } catch (error) {
      this.abandon(error);
    }
  }

  override get isRepeatable(): boolean {
    return this.verb.startsWith("get");
  }

  override succeedAbsent(): boolean {
    this.succeed(undefined);
    return true;
  }

  override get move(): Move<unknown> {
    const again = () => new RetrievalCommand(this.verb, this.key, this.#readItem);
    return {
      kind: "read",
      isMiss: (result) => result === undefined,
      again,
      mirror: () => this.isRepeatable ? undefined : again(),
    };
  }

  override limitExptime(limit: LimitExptime): () => void {
    const { verb } = this;
    const [name, exptime] = verb.split(" ");
    if (exptime !== undefined) this.verb = `${name} ${limit(Number(exptime))}`;
    return () => void (this.verb = verb);
  }

  write(buffer: RequestBuffer): void {
    this.open().write(buffer);
  }

  line(): number {
    throw new SocketError("a retrieval is answered through its request");
  }
}

/**
 * The request that neighbouring retrievals share, and its reply: items in the order of the keys,
 * misses left out, then `END`. A proxy may reorder the items, so they are matched by key.
 */
class Retrieval implements Exchange {
  readonly #verb: string;
  readonly #longestLine: number;
  /** Those that have had their item are taken out. */
  readonly #commands: (RetrievalCommand | undefined)[];
  #deadline: number;
  #lineLength: number;
  /** Where the command whose item is expected next stands. */
  #next = 0;
  /** The command whose item is being read, or was last, and the item's flags. */
  #current: RetrievalCommand | undefined;
  #flags = 0;
  #cas: bigint | undefined;

  constructor(first: RetrievalCommand) {
    this.#verb = first.verb;
    this.#longestLine = first.verb.startsWith("get") ? LONGEST_GET_LINE : LONGEST_OTHER_LINE;
    this.#commands = [first];
    this.#lineLength = first.verb.length + 1 + first.key.length;
    this.#deadline = first.deadline;
  }

  get deadline(): number {
    return this.#deadline;
  }

  get size(): number {
    return this.#commands.length;
  }

  admit(command: Command): boolean {
    if (!(command instanceof RetrievalCommand) || command.verb !== this.#verb) return false;
    const lineLength = this.#lineLength + 1 + command.key.length;
    if (lineLength > this.#longestLine) return false;
    this.#lineLength = lineLength;
    this.#deadline = Math.min(this.#deadline, command.deadline);
    this.#commands.push(command);
    return true;
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii(this.#verb);
    for (const command of this.#commands) buffer.word(command!.key);
    buffer.ascii("\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    if (startsWith(bytes, start, end, "VALUE ")) return this.#header(bytes, start + 6, end);
    if (isText(bytes, start, end, "END")) this.#miss();
    else this.#refuse(readRefusalLine(bytes, start, end));
    return DONE;
  }

  data(bytes: Uint8Array, start: number, end: number): number {
    const data = end - start === bytes.length ? bytes : bytes.subarray(start, end);
    this.#current!.found(this.#flags, data, this.#cas);
    return MORE;
  }

  *commands(): Iterable<RetrievalCommand> {
    // The command whose item is being read is among the others no more.
    if (this.#current?.settled === false) yield this.#current;
    for (const command of this.#commands) if (command !== undefined) yield command;
  }

  #refuse(line: string): void {
    for (const command of this.commands()) command.fail(refusalError(command.action, line));
  }

  /** Reads `<key> <flags> <bytes>`, and the cas unique, which some servers add unasked. */
  #header(bytes: Uint8Array, start: number, end: number): number {
    const keyEnd = endOfWord(bytes, start, end);
    const flagsEnd = endOfWord(bytes, keyEnd + 1, end);
    const lengthEnd = endOfWord(bytes, flagsEnd + 1, end);
    this.#current = this.#take(bytes, start, keyEnd);
    this.#flags = readInteger(bytes, keyEnd + 1, flagsEnd);
    const byteLength = readInteger(bytes, flagsEnd + 1, lengthEnd);
    if (this.#flags < 0 || byteLength < 0) {
      throw new SocketError("the header of a value is malformed");
    }
    this.#cas = lengthEnd === end ? undefined : readCas(bytes, lengthEnd + 1, end);
    return byteLength;
  }

  /** Takes out the command that asked for this key: nearly always the next, or one soon after it. */
  #take(bytes: Uint8Array, start: number, end: number): RetrievalCommand {
    const commands = this.#commands;
    for (let step = 0, at = this.#next; step < commands.length; step++, at++) {
      if (at === commands.length) at = 0;
      const command = commands[at];
      if (command !== undefined && isText(bytes, start, end, command.key)) {
        commands[at] = undefined;
        this.#next = at + 1;
        return command;
      }
    }
    throw new SocketError("the reply holds a key that was not asked for");
  }

  #miss(): void {
    for (const command of this.#commands) command?.succeed(undefined);
  }
}

function readCas(bytes: Uint8Array, start: number, end: number): bigint {
  const text = readText(bytes, start, end);
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  throw new SocketError("the cas unique of a value is malformed");
}
