/**
 * What replies mean, read a second time and in the plainest way: all bytes are there at once, as text.
 * The client's own parser is compared with it.
 *
 * @module
 */

/** An operation of the recorded traffic. */
export interface Step {
  readonly command: "get" | "set" | "delete" | "stats";
  readonly key: string;
}

/** What comes of an operation: its answer as text, a refusal, or the end of the connection. */
export type Outcome = string;

/** The operation's connection has ended without its answer. */
export const DEAD: Outcome = "dead";
/** memcached refused. */
export const REFUSED: Outcome = "refused";

/** The longest value that is read. */
export const MAX_VALUE_BYTES: number = 1 << 16;

const latin1 = new TextDecoder("latin1");

/** The text of what a `get` found. */
export function foundText(flags: number, data: Uint8Array): Outcome {
  return `found ${flags} ${latin1.decode(data)}`;
}

/** The outcome of every step when this is all that the server sends. */
export function expectedOutcomes(steps: readonly Step[], bytes: Uint8Array): Outcome[] {
  const reader = new Reader(latin1.decode(bytes));
  const outcomes = steps.map(() => DEAD);
  for (let at = 0; at < steps.length;) {
    // Neighbouring gets share one request, and so one reply.
    const rest = steps.slice(at).findIndex(({ command }) => command !== "get");
    const gets = rest < 0 ? steps.length - at : rest;
    const size = Math.max(gets, 1);
    const group = steps.slice(at, at + size);
    const isWhole = gets > 0
      ? reader.retrieval(group.map(({ key }) => key), (i, outcome) => outcomes[at + i] = outcome)
      : reader.answer(group[0]!.command, (outcome) => outcomes[at] = outcome);
    if (!isWhole) break;
    at += size;
  }
  return outcomes;
}

const ANSWERS: Record<string, readonly string[]> = {
  set: ["STORED"],
  delete: ["DELETED", "NOT_FOUND"],
};

/** Reads replies from a text, one character for each byte. Each method tells whether to go on. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The reply to a `get` of these keys. */
  retrieval(keys: readonly string[], settle: (at: number, outcome: Outcome) => void): boolean {
    const open = new Set(keys.keys());
    let expected = 0;
    for (let line; (line = this.#line()) !== undefined;) {
      if (line === "END" || isRefusal(line)) {
        for (const at of open) settle(at, line === "END" ? "miss" : REFUSED);
        return true;
      }
      const header = /^VALUE ([^ ]*) (\d{1,15}) (\d{1,15})(?: \d{1,20})?$/.exec(line);
      const wanted = [...keys.keys()].filter((at) => open.has(at) && keys[at] === header?.[1]);
      // A key that was asked for several times is answered in that order, from the last answer on.
      const at = wanted.find((at) => at >= expected) ?? wanted[0];
      const data = at === undefined ? undefined : this.#block(Number(header![3]));
      if (at === undefined || data === undefined) return false;
      settle(at, `found ${Number(header![2])} ${data}`);
      open.delete(at);
      expected = at + 1;
    }
    return false;
  }

  /** The reply to any other command. */
  answer(command: string, settle: (outcome: Outcome) => void): boolean {
    if (command === "stats") return this.#stats(settle);
    const line = this.#line();
    if (line === undefined) return false;
    if (ANSWERS[command]!.includes(line)) {
      settle(line);
      return true;
    }
    const isNotStored = command === "set" && line === "NOT_STORED";
    if (!isRefusal(line) && !isNotStored) return false;
    settle(REFUSED);
    // The data block of a set that was not understood is in the stream still.
    return command !== "set" || isNotStored || line.startsWith("SERVER_ERROR ");
  }

  #stats(settle: (outcome: Outcome) => void): boolean {
    let count = 0;
    for (let line; (line = this.#line()) !== undefined; count++) {
      if (/^(STAT|PREFIX|ITEM) /.test(line)) continue;
      const isEnd = ["END", "RESET", "OK"].includes(line);
      if (isEnd || isRefusal(line)) settle(isEnd ? "stats" : REFUSED);
      return isEnd || isRefusal(line);
    }
    return false;
  }

  /** The next line; `undefined` when there is none that is whole. */
  #line(): string | undefined {
    const lf = this.#text.indexOf("\n", this.#at);
    if (lf < 0 || lf === this.#at || this.#text[lf - 1] !== "\r") return undefined;
    const line = this.#text.slice(this.#at, lf - 1);
    this.#at = lf + 1;
    return line;
  }

  #block(length: number): string | undefined {
    const end = this.#at + length;
    if (length > MAX_VALUE_BYTES || this.#text.slice(end, end + 2) !== "\r\n") return undefined;
    const data = this.#text.slice(this.#at, end);
    this.#at = end + 2;
    return data;
  }
}

function isRefusal(line: string): boolean {
  return line === "ERROR" || /^(CLIENT|SERVER)_ERROR /.test(line);
}
