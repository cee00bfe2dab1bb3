/** `get`: one request for any number of neighbouring keys. @module */

import { SocketError } from "../../errors.ts";
import { endOfWord, isText, readInteger, startsWith } from "../bytes.ts";
import { Command, DONE, type Exchange, MORE, readRefusal, type Settlement } from "../command.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/**
 * The longest request line, in bytes. ElastiCache Serverless takes 16 KB; memcached itself any length.
 */
const LONGEST_LINE = 16_000;

/** Turns an item's flags and bytes into the value; the bytes are lent until it returns. */
export type ReadItem = (flags: number, data: Uint8Array) => unknown;

/** `get` of one key. Resolves to the value, or `undefined` for a miss. */
export class GetCommand extends Command {
  readonly key: string;
  readonly #readItem: ReadItem;

  constructor(
    key: string,
    readItem: ReadItem,
    settlement: Settlement<unknown>,
  ) {
    super(settlement);
    this.key = key;
    this.#readItem = readItem;
  }

  override open(): Exchange {
    return new Retrieval(this);
  }

  /** Takes the item found. A value that cannot be read fails this operation and no other. */
  found(flags: number, data: Uint8Array): void {
    if (this.settled) return;
    try {
      this.succeed(this.#readItem(flags, data));
    } catch (error) {
      this.fail(error);
    }
  }

  write(buffer: RequestBuffer): void {
    this.open().write(buffer);
  }

  line(): number {
    throw new SocketError("a get is answered through its retrieval");
  }
}

/**
 * The request that neighbouring `get`s share, and its reply: items in the order of the keys, misses
 * left out, then `END`. A proxy may reorder the items, so they are matched by key.
 */
class Retrieval implements Exchange {
  readonly #commands: GetCommand[];
  #lineLength: number;
  /** The command whose item is expected next. */
  #next = 0;
  /** Which commands have had their item; only those before `#next` can be open and behind. */
  readonly #answered: boolean[] = [];
  #current = 0;
  #flags = 0;

  constructor(first: GetCommand) {
    this.#commands = [first];
    this.#lineLength = 5 + first.key.length;
  }

  get deadline(): number {
    return this.#commands[0]!.deadline;
  }

  get settled(): boolean {
    return this.#commands.every((command) => command.settled);
  }

  admit(command: Command): boolean {
    if (!(command instanceof GetCommand)) return false;
    const lineLength = this.#lineLength + 1 + command.key.length;
    if (lineLength > LONGEST_LINE) return false;
    this.#lineLength = lineLength;
    this.#commands.push(command);
    return true;
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii("get");
    for (const command of this.#commands) buffer.ascii(" ").ascii(command.key);
    buffer.ascii("\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    if (startsWith(bytes, start, end, "VALUE ")) return this.#header(bytes, start + 6, end);
    if (isText(bytes, start, end, "END")) this.#miss();
    else this.fail(readRefusal(bytes, start, end, "get"));
    return DONE;
  }

  data(bytes: Uint8Array, start: number, end: number): number {
    this.#commands[this.#current]!.found(this.#flags, bytes.subarray(start, end));
    return MORE;
  }

  fail(error: unknown): void {
    for (const command of this.#commands) command.fail(error);
  }

  /** Reads `<key> <flags> <bytes>`, and the cas unique that some servers add unasked. */
  #header(bytes: Uint8Array, start: number, end: number): number {
    const keyEnd = endOfWord(bytes, start, end);
    const flagsEnd = endOfWord(bytes, keyEnd + 1, end);
    const lengthEnd = endOfWord(bytes, flagsEnd + 1, end);
    this.#current = this.#find(bytes, start, keyEnd);
    this.#flags = readInteger(bytes, keyEnd + 1, flagsEnd);
    const byteLength = readInteger(bytes, flagsEnd + 1, lengthEnd);
    if (this.#flags < 0 || byteLength < 0) {
      throw new SocketError("the header of a value is malformed");
    }
    return byteLength;
  }

  /** Finds whose key this is: nearly always the next command's, or one soon after it. */
  #find(bytes: Uint8Array, start: number, end: number): number {
    const count = this.#commands.length;
    for (let step = 0, at = this.#next; step < count; step++, at++) {
      if (at >= count) at = 0;
      if (isText(bytes, start, end, this.#commands[at]!.key) && !this.#answered[at]) {
        this.#answered[at] = true;
        this.#next = at + 1;
        return at;
      }
    }
    throw new SocketError("the reply holds a key that was not asked for");
  }

  #miss(): void {
    const commands = this.#commands;
    for (let at = 0; at < commands.length; at++) {
      if (!this.#answered[at]) commands[at]!.succeed(undefined);
    }
  }
}
