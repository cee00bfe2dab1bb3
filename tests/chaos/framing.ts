/**
 * Where requests and replies begin and end: a second, slow and simple reading of memcached's
 * `protocol.txt`, so that the client's own is not judged by itself.
 *
 * @module
 */

/** One whole request or reply. */
export interface Message {
  readonly bytes: Uint8Array;
  /** Its first line, without the CRLF. */
  readonly head: string;
  /** Where its data blocks are, without their CRLFs. */
  readonly blocks: readonly (readonly [start: number, end: number])[];
}

/** How to tell the parts of a message. */
export interface Grammar {
  /** The length of the data block that follows a line, or `undefined` when none does. */
  blockLength(line: string): number | undefined;
  /** Whether the message is over after the line and its data block. */
  isLast(line: string): boolean;
}

/** In which of its words a line says how long its data block is; `getOrSet` sends more than `get` and `set`. */
type Places = Readonly<Record<string, number>>;
const IN_REQUEST: Places = {
  ...{ set: 4, add: 4, replace: 4, append: 4, prepend: 4, cas: 4 },
  ms: 2,
};
const IN_REPLY: Places = { VALUE: 3, VA: 1 };

function lengthAt(places: Places, line: string): number | undefined {
  const words = line.split(" ");
  const place = places[words[0]!];
  return place === undefined ? undefined : Number(words[place]);
}

/** What a client sends. */
export const REQUESTS: Grammar = {
  blockLength: (line) => lengthAt(IN_REQUEST, line),
  isLast: () => true,
};

/** What a server sends. */
export const REPLIES: Grammar = {
  blockLength: (line) => lengthAt(IN_REPLY, line),
  isLast: (line) => !line.startsWith("VALUE ") && !line.startsWith("STAT "),
};

const LF = 0x0a;
const NOTHING = new Uint8Array();
const latin1 = new TextDecoder("latin1");

/** Cuts a stream of chunks into messages. */
export class Framer {
  readonly #grammar: Grammar;
  #bytes: Uint8Array = NOTHING;
  /** How far the message at the beginning of the bytes has been read. */
  #at = 0;
  #head: string | undefined;
  #blocks: [number, number][] = [];

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
  }

  /** Takes the next chunk; gives the messages that it completes. */
  push(chunk: Uint8Array): Message[] {
    this.#bytes = this.#bytes.length === 0 ? chunk.slice() : join([this.#bytes, chunk]);
    const messages: Message[] = [];
    for (let message; (message = this.#next()) !== undefined;) messages.push(message);
    return messages;
  }

  #next(): Message | undefined {
    for (let lf; (lf = this.#bytes.indexOf(LF, this.#at)) >= 0;) {
      const line = latin1.decode(this.#bytes.subarray(this.#at, lf - 1));
      const start = lf + 1;
      const length = this.#grammar.blockLength(line);
      const next = length === undefined ? start : start + length + 2;
      if (next > this.#bytes.length) return undefined;
      if (length !== undefined) this.#blocks.push([start, start + length]);
      this.#head ??= line;
      this.#at = next;
      if (this.#grammar.isLast(line)) return this.#take();
    }
    return undefined;
  }

  #take(): Message {
    const bytes = this.#bytes.subarray(0, this.#at);
    const message = { bytes, head: this.#head!, blocks: this.#blocks };
    this.#bytes = this.#bytes.subarray(this.#at);
    this.#at = 0;
    this.#head = undefined;
    this.#blocks = [];
    return message;
  }
}

/** One array of several. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
