/** `get`, `gets` and `gat`. Neighbouring commands that change nothing share one request. @module */

import { isPromise } from "../../option_checks.ts";
import { ClientException, quote, SocketError } from "../../errors.ts";
import { countBytes } from "../../observation.ts";
import { endOfWord, isText, readFlags, readInteger, readText, startsWith } from "../bytes.ts";
import {
  CHANCES,
  Command,
  DONE,
  type Exchange,
  type LimitExptime,
  MORE,
  REFUSED,
} from "../command.ts";
import { Interruption, readRefusalLine, refusalError } from "../refusal.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/**
 * The maximum length of a shared request, in bytes. ElastiCache Serverless accepts 16 KB; memcached has no limit.
 */
const LONGEST_REQUEST = 16_000;

/**
 * Turns an item into the operation's result. The key is used in messages. The cas unique is valid on the connection
 * that it was read through.
 */
export interface ReadItem {
  (
    flags: number,
    data: Uint8Array,
    cas: bigint | undefined,
    key: string,
    carrier: number,
  ): unknown;
  /** Returns where to collect the bytes of a long item; a new buffer by default. */
  readonly place?: ((byteLength: number) => Uint8Array<ArrayBuffer> | undefined) | undefined;
}

/** Retrieval of one key. Resolves to the decoded item, or to `undefined` for a miss. */
export class RetrievalCommand extends Command {
  /** The request up to the keys: `get`, `gets`, `gat 60`, `gats 60`. */
  verb: string;
  readonly key: string;
  readItem: ReadItem;
  /** Whether it is a step of an operation that counts hits and misses itself. */
  declare isStep?: boolean;
  /** How many bytes its key takes at most; those of the key itself by default. */
  keyLength: number;

  constructor(verb: string, key: string, readItem: ReadItem) {
    super();
    this.verb = verb;
    this.key = key;
    this.readItem = readItem;
    this.keyLength = key.length;
    if (this.isRepeatable) this.chances = CHANCES;
  }

  override open(): Exchange {
    return new Retrieval(this);
  }

  /** The operation, for the message of a refusal. */
  override get action(): string {
    return `${this.verb.split(" ", 1)[0]} key "${this.key}"`;
  }

  override get kind(): string {
    return this.isRepeatable ? this.verb : "gat";
  }

  /** Takes the item. If it cannot be decoded, only this operation fails. */
  found(flags: number, data: Uint8Array, cas: bigint | undefined): void {
    if (this.settled) return;
    if (this.context !== undefined) countBytes(this.context, data.byteLength);
    try {
      const result = this.readItem(flags, data, cas, this.key, this.carrier);
      if (isPromise(result)) this.decode(result);
      else this.succeed(result);
    } catch (error) {
      this.failForGood(error);
    }
  }

  override get isRepeatable(): boolean {
    // Not `gat` and `gats`. This runs for every command, so it calls no function.
    return this.verb[1] === "e";
  }

  override succeedAbsent(): boolean {
    this.succeed(undefined);
    return true;
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
    throw new SocketError("a retrieval is read through its request");
  }
}

/**
 * A request that neighbouring retrievals share, and its reply: the items in the order of the keys, without the misses,
 * then `END`. A proxy may change the order, so items are matched by key.
 */
class Retrieval implements Exchange {
  readonly #first: RetrievalCommand;
  /** The commands whose item has not arrived. */
  readonly #commands: (RetrievalCommand | undefined)[];
  #deadline: number;
  #requestLength: number;
  /** The index of the command whose item is expected next; 0 before the first item, negative after a refusal. */
  #next = 0;
  /** How many items were found, but for steps of other operations. */
  #hits = 0;
  /** The command whose item is being read, and the item's flags. */
  #current: RetrievalCommand | undefined;
  #flags = 0;
  #encodeKey: RequestBuffer["encodeKey"];
  #cas: bigint | undefined;

  constructor(first: RetrievalCommand) {
    this.#first = first;
    this.#commands = [first];
    this.#requestLength = first.verb.length + 1 + first.keyLength;
    this.#deadline = first.deadline;
  }

  get deadline(): number {
    return this.#deadline;
  }

  get size(): number {
    return this.#commands.length;
  }

  get kind(): string {
    return this.#first.kind;
  }

  countItems(counters: { hits: number; misses: number }): void {
    if (this.#next === REFUSED) return;
    counters.hits += this.#hits;
    for (const command of this.#commands) {
      if (command !== undefined && !command.isStep) counters.misses++;
    }
  }

  get byteLength(): number {
    return 0;
  }

  admit(command: Command): boolean {
    const first = this.#first;
    if (!(command instanceof RetrievalCommand) || command.verb !== first.verb) return false;
    // A command that changes something is not shared, because it could not be sent again; nor is a command that is sent
    // again.
    if (command.chances < CHANCES || first.chances < CHANCES) return false;
    const requestLength = this.#requestLength + 1 + command.keyLength;
    if (requestLength > LONGEST_REQUEST) return false;
    this.#requestLength = requestLength;
    this.#deadline = Math.min(this.#deadline, command.deadline);
    this.#commands.push(command);
    return true;
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii(this.#first.verb);
    this.#encodeKey = buffer.encodeKey;
    for (const command of this.#commands) buffer.key(command!.key);
    buffer.ascii("\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    if (startsWith(bytes, start, end, "VALUE ")) return this.#header(bytes, start + 6, end);
    if (!isText(bytes, start, end, "END")) return this.#refuse(readRefusalLine(bytes, start, end));
    this.#miss();
    return DONE;
  }

  data(bytes: Uint8Array, start: number, end: number): number {
    const data = end - start === bytes.length ? bytes : bytes.subarray(start, end);
    this.#current!.found(this.#flags, data, this.#cas);
    // Decoding may take longer, but it needs nothing more of the reply.
    this.#current = undefined;
    return MORE;
  }

  place(byteLength: number): Uint8Array<ArrayBuffer> | undefined {
    const command = this.#current;
    try {
      return command?.settled ? undefined : command?.readItem.place?.(byteLength);
    } catch (error) {
      command?.failForGood(error);
      return undefined;
    }
  }

  *commands(): Iterable<RetrievalCommand> {
    // The command whose item is being read has been removed from the others.
    if (this.#current !== undefined) yield this.#current;
    for (const command of this.#commands) if (command !== undefined) yield command;
  }

  /**
   * twemproxy refuses a whole request. memcached's proxy refuses one key in place of its item, and the reply continues.
   * With several keys, or after an item, it is unknown whether the reply continues.
   */
  #refuse(line: string): number {
    if (this.#commands.length > 1 || this.#next > 0) {
      throw new Interruption(`the server answered "${line}" to a request of several keys`);
    }
    const isOld = line === "ERROR" && !this.#first.isRepeatable;
    const hint = isOld ? "getAndTouch needs memcached 1.5.3 or later" : undefined;
    this.#next = REFUSED;
    this.#first.fail(refusalError(this.#first, line, hint));
    return line.startsWith("SERVER_ERROR") ? REFUSED : DONE;
  }

  /** Reads `<key> <flags> <bytes>`, and the cas unique, which some servers always add. */
  #header(bytes: Uint8Array, start: number, end: number): number {
    const keyEnd = endOfWord(bytes, start, end);
    const flagsEnd = endOfWord(bytes, keyEnd + 1, end);
    const lengthEnd = endOfWord(bytes, flagsEnd + 1, end);
    const byteLength = readInteger(bytes, flagsEnd + 1, lengthEnd);
    if (byteLength < 0) throw new SocketError("the header of a value is malformed");
    const command = this.#current = this.#take(bytes, start, keyEnd);
    // It has its reply, even if the connection ends now.
    command.chances = 0;
    this.#flags = readInteger(bytes, keyEnd + 1, flagsEnd);
    if (this.#flags < 0 || this.#flags > 0xffffffff) {
      const flags = readText(bytes, keyEnd + 1, flagsEnd);
      this.#flags = readFlags(flags) ?? refuseItem(command, "flags", 32, flags);
    }
    this.#cas = lengthEnd === end ? undefined : readCas(command, bytes, lengthEnd + 1, end);
    return byteLength;
  }

  /** Removes the command that asked for this key: nearly always the next one, or one soon after it. */
  #take(bytes: Uint8Array, start: number, end: number): RetrievalCommand {
    const commands = this.#commands;
    for (let step = 0, at = this.#next; step < commands.length; step++, at++) {
      if (at === commands.length) at = 0;
      const command = commands[at];
      if (command === undefined) continue;
      if (!isText(bytes, start, end, this.#encodeKey?.(command.key) ?? command.key)) continue;
      commands[at] = undefined;
      if (!command.isStep) this.#hits++;
      this.#next = at + 1;
      return command;
    }
    throw new SocketError("the reply holds a key that was not asked for");
  }

  #miss(): void {
    for (const command of this.#commands) command?.succeed(undefined);
  }
}

function readCas(command: RetrievalCommand, bytes: Uint8Array, start: number, end: number): bigint {
  const text = readText(bytes, start, end);
  return BigInt(/^\d{1,20}$/.test(text) ? text : refuseItem(command, "cas unique", 64, text));
}

/** Rejects a command because of its item's header. The item's length is known, so the others continue. */
function refuseItem(command: RetrievalCommand, what: string, bits: number, text: string): number {
  const why = `the server gave ${
    quote(text)
  } for its ${what}, which is not a number of ${bits} bits`;
  command.failForGood(new ClientException(`Cannot ${command.action}: ${why}`, text));
  return 0;
}
