/**
 * A reader of memcached's requests that knows nothing of the client: what it takes for one command, memcached
 * takes for one.
 *
 * @module
 */

const STORAGE = /^(?:set|add|replace|append|prepend) [!-~]+ \d+ -?\d+ (\d+)$/;
const CAS = /^cas [!-~]+ \d+ \d+ (\d+) \d+$/;
const META_SET = /^ms [!-~]+ (\d+)(?: [!-~]+)*$/;
const LINES: readonly RegExp[] = [
  /^gets?(?: [!-~]+)+$/,
  /^gats? \d+(?: [!-~]+)+$/,
  /^delete [!-~]+$/,
  /^touch [!-~]+ \d+$/,
  /^(?:incr|decr) [!-~]+ \d+$/,
  /^(?:mg|md|ma) [!-~]+(?: [!-~]+)*$/,
  /^me [!-~]+$/,
  /^mn$/,
  /^stats(?: [ -~]*)?$/,
  /^flush_all(?: \d+)?$/,
  /^verbosity \d+$/,
  /^version$/,
  /^watch(?: [a-z]+)+$/,
  /^lru_crawler metadump (?:all|hash)$/,
];
const LINE_FEED = 10;

/** Reads requests; throws at what is none. */
export class StrictReader {
  #bytes: Uint8Array = new Uint8Array();

  /**
   * Takes what has come.
   *
   * @returns The commands that are complete, each its line and, where one follows, its data behind a CRLF. A
   * retrieval of several keys comes as one of each.
   */
  push(chunk: Uint8Array): string[] {
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    this.#bytes = joined;
    const commands: string[] = [];
    for (let command; (command = this.#next()) !== undefined;) commands.push(...separate(command));
    return commands;
  }

  #next(): string | undefined {
    const end = this.#bytes.indexOf(LINE_FEED);
    if (end < 0) return undefined;
    const line = decode(this.#bytes.subarray(0, end));
    if (!line.endsWith("\r")) throw new Error(`No line ends like this: ${JSON.stringify(line)}`);
    const request = line.slice(0, -1);
    const length = dataLength(request);
    if (length === undefined) return this.#take(end + 1, request);
    const dataEnd = end + 1 + length;
    if (this.#bytes.length < dataEnd + 2) return undefined;
    const data = decode(this.#bytes.subarray(end + 1, dataEnd));
    if (decode(this.#bytes.subarray(dataEnd, dataEnd + 2)) !== "\r\n") {
      throw new Error(`No data ends like this: ${JSON.stringify(request)}`);
    }
    return this.#take(dataEnd + 2, `${request}\r\n${data}`);
  }

  #take(length: number, command: string): string {
    this.#bytes = this.#bytes.subarray(length);
    return command;
  }
}

function dataLength(request: string): number | undefined {
  for (const form of [STORAGE, CAS, META_SET]) {
    const match = form.exec(request);
    if (match !== null) return Number(match[1]);
  }
  if (LINES.some((form) => form.test(request))) return undefined;
  throw new Error(`This is no command: ${JSON.stringify(request)}`);
}

function separate(command: string): string[] {
  const match = /^(gets?|gats? \d+) (.*)$/.exec(command);
  return match === null ? [command] : match[2]!.split(" ").map((key) => `${match[1]} ${key}`);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
