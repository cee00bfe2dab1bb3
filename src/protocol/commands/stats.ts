/** `stats`. @module */

import { type ClientException, quote, SocketError, ValidationException } from "../../errors.ts";
import { endOfWord, isText, readText, startsWith } from "../bytes.ts";
import { CHANCES, Command, DONE, MORE } from "../command.ts";
import { Interruption, readRefusal } from "../refusal.ts";
import type { RequestBuffer } from "../request_buffer.ts";

/** One server's statistics by name. */
export type Stats = Record<string, string>;

/** memcached closes a connection when a line exceeds 2,048 bytes. */
const LONGEST_ARGUMENTS = 1024;

/**
 * Checks the arguments of `stats`: printable ASCII and spaces, which are sent unchanged.
 *
 * @throws {ValidationException} When they contain anything else, for example a second command.
 */
export function checkStatsArguments(args: unknown): asserts args is string {
  if (typeof args === "string" && /^[ -~]*$/.test(args) && args.length <= LONGEST_ARGUMENTS) {
    return;
  }
  throw new ValidationException(
    `Cannot request stats ${quote(args)}: ` +
      `arguments must be at most ${LONGEST_ARGUMENTS} printable ASCII characters`,
    args,
  );
}

/** The lines with a name and a value, of `stats`, `stats detail dump` and `stats cachedump`. */
const LINE_WORDS = ["STAT ", "PREFIX ", "ITEM "];
/** The last lines: `stats reset` ends with RESET and `stats detail on` with OK, both without entries. */
const LAST_LINES = ["END", "RESET", "OK"];

/**
 * The maximum length of all lines in bytes, and an extra amount for each line. No server sends nearly as much; without
 * a limit, a server could fill our memory.
 */
const MOST_BYTES = 1 << 25;
const ENTRY_BYTES = 128;

/** The replies to `stats sizes_enable` and `sizes_disable`: one line, without END. */
const SIZES_LAST_LINES = ["STAT sizes_status enabled", "STAT sizes_status disabled"];

/** `stats` of one server. Resolves to its statistics; an empty object if there are none. */
export class StatsCommand extends Command<Stats> {
  readonly #args: string;
  readonly #entries: [name: string, value: string][] = [];
  readonly #endsWithoutEnd: boolean;
  #byteLength = 0;

  constructor(args = "") {
    super();
    this.#args = args.trim();
    this.#endsWithoutEnd = /^sizes_(enable|disable)( |$)/.test(this.#args);
    // For example, not `reset`.
    if (this.#args === "") this.chances = CHANCES;
  }

  override get action(): string {
    return this.#args === "" ? "stats" : `stats ${this.#args}`;
  }

  write(buffer: RequestBuffer): void {
    buffer.ascii("stats");
    // mcrouter refuses a line that ends with a space.
    if (this.#args !== "") buffer.word(this.#args);
    buffer.ascii("\r\n");
  }

  line(bytes: Uint8Array, start: number, end: number): number {
    const word = LINE_WORDS.find((word) => startsWith(bytes, start, end, word));
    if (word !== undefined) {
      this.#addEntry(bytes, start + word.length, end);
      return this.#endsWithoutEnd ? this.#endWithoutEnd(bytes, start, end) : MORE;
    }
    if (LAST_LINES.some((line) => isText(bytes, start, end, line))) {
      // Not assigned one by one: "__proto__" must become an own property.
      this.succeed(Object.fromEntries(this.#entries));
    } else {
      this.#refuse(readRefusal(bytes, start, end, { action: "request stats" }));
    }
    return DONE;
  }

  #refuse(refusal: ClientException): void {
    this.fail(refusal);
    if (this.#byteLength === 0) return;
    // It is unknown whether an END follows.
    throw new Interruption(`the server answered "${refusal.item}" within statistics`);
  }

  #endWithoutEnd(bytes: Uint8Array, start: number, end: number): number {
    const isLast = SIZES_LAST_LINES.some((line) => isText(bytes, start, end, line)) ||
      startsWith(bytes, start, end, "STAT sizes_error ");
    if (!isLast) return MORE;
    this.succeed(Object.fromEntries(this.#entries));
    return DONE;
  }

  #addEntry(bytes: Uint8Array, start: number, end: number): void {
    this.#byteLength += end - start + ENTRY_BYTES;
    if (this.#byteLength > MOST_BYTES) throw new SocketError("the statistics have no end");
    const nameEnd = endOfWord(bytes, start, end);
    const value = readText(bytes, Math.min(nameEnd + 1, end), end);
    this.#entries.push([readText(bytes, start, nameEnd), value]);
  }
}
