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

/** How often a reply that could not be distinguished from others is asked for again, on another connection. */
const CHANCES = 3;

/** How the reading of a connection's bytes has ended: a refusal may belong to any request, or there is no whole reply. */
type End = "all read" | "interrupted" | "dead";

/**
 * The outcome of every step.
 *
 * @param connect Gives all that the server sends on the next connection, where these steps are asked.
 */
export function expectedOutcomes(
  steps: readonly Step[],
  connect: (open: readonly Step[]) => Uint8Array,
): Outcome[] {
  const outcomes: (Outcome | undefined)[] = steps.map(() => undefined);
  let open = [...steps.keys()];
  for (let chances = CHANCES; open.length > 0; chances--) {
    const asked = open.map((at) => steps[at]!);
    const reader = new Reader(latin1.decode(connect(asked)));
    const settle = (at: number, outcome: Outcome) => outcomes[open[at]!] = outcome;
    // What is asked again is asked on its own.
    const end = readReplies(reader, asked, chances === CHANCES, settle);
    if (end !== "interrupted" || chances === 0) break;
    // Whether anything else was carried out cannot be known.
    open = open.filter((at) => {
      return outcomes[at] === undefined && ["get", "stats"].includes(steps[at]!.command);
    });
  }
  return outcomes.map((outcome) => outcome ?? DEAD);
}

/** Reads the replies to some steps, as far as they can be distinguished. */
function readReplies(
  reader: Reader,
  steps: readonly Step[],
  sharesRequests: boolean,
  settle: (at: number, outcome: Outcome) => void,
): End {
  for (let at = 0; at < steps.length;) {
    // Neighbouring gets share one request, and so one reply.
    const rest = steps.slice(at).findIndex(({ command }) => command !== "get");
    const gets = rest < 0 ? steps.length - at : rest;
    const size = sharesRequests ? Math.max(gets, 1) : 1;
    const group = steps.slice(at, at + size);
    const end = gets > 0
      ? reader.retrieval(group.map(({ key }) => key), (i, outcome) => settle(at + i, outcome))
      : reader.answer(group[0]!.command, (outcome) => settle(at, outcome));
    if (end !== "all read") return end;
    at += size;
  }
  return "all read";
}

const ANSWERS: Record<string, readonly string[]> = {
  set: ["STORED"],
  delete: ["DELETED", "NOT_FOUND"],
};

/** Reads replies from a text, one character for each byte. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The reply to a `get` of these keys. */
  retrieval(keys: readonly string[], settle: (at: number, outcome: Outcome) => void): End {
    const open = new Set(keys.keys());
    let expected = 0;
    for (let line; (line = this.#line()) !== undefined;) {
      if (line === "END") {
        for (const at of open) settle(at, "miss");
        return "all read";
      }
      if (isRefusal(line)) {
        // Of one key, and nothing else, it is the whole reply.
        if (keys.length > 1 || open.size === 0) return "interrupted";
        settle(0, REFUSED);
        return "all read";
      }
      const [, key, flags, length, cas] =
        /^VALUE ([^ ]*) ([^ ]*) (\d{1,15})(?: ([^]*))?$/.exec(line) ?? [];
      const wanted = [...keys.keys()].filter((at) => open.has(at) && keys[at] === key);
      // A key that was asked for several times is answered in that order, from the last answer on.
      const at = wanted.find((at) => at >= expected) ?? wanted[0];
      if (at === undefined) return "dead";
      open.delete(at);
      expected = at + 1;
      const number = readFlags(flags!);
      const isReadable = number !== undefined && /^\d{1,20}$/.test(cas ?? "0");
      if (!isReadable) settle(at, REFUSED);
      if (Number(length) > MAX_VALUE_BYTES) {
        if (isReadable) settle(at, DEAD);
        return "interrupted";
      }
      const data = this.#block(Number(length));
      if (data === undefined) return "dead";
      if (isReadable) settle(at, `found ${number} ${data}`);
    }
    return "dead";
  }

  /** The reply to any other command. */
  answer(command: string, settle: (outcome: Outcome) => void): End {
    if (command === "stats") return this.#stats(settle);
    const line = this.#line();
    if (line === undefined) return "dead";
    if (ANSWERS[command]!.includes(line)) {
      settle(line);
      return "all read";
    }
    const isNotStored = command === "set" && line === "NOT_STORED";
    if (!isRefusal(line) && !isNotStored) return "dead";
    settle(REFUSED);
    // The data block of a set that was not understood is in the stream still.
    const isWhole = command !== "set" || isNotStored || line.startsWith("SERVER_ERROR");
    return isWhole ? "all read" : "interrupted";
  }

  #stats(settle: (outcome: Outcome) => void): End {
    let count = 0;
    for (let line; (line = this.#line()) !== undefined; count++) {
      if (/^(STAT|PREFIX|ITEM) /.test(line)) continue;
      const isEnd = ["END", "RESET", "OK"].includes(line);
      if (!isEnd && !isRefusal(line)) return "dead";
      settle(isEnd ? "stats" : REFUSED);
      return isEnd || count === 0 ? "all read" : "interrupted";
    }
    return "dead";
  }

  /** The next line; `undefined` when it is not there as a whole. */
  #line(): string | undefined {
    const lf = this.#text.indexOf("\n", this.#at);
    if (lf < 0 || lf === this.#at || this.#text[lf - 1] !== "\r") return undefined;
    const line = this.#text.slice(this.#at, lf - 1);
    this.#at = lf + 1;
    return line;
  }

  #block(length: number): string | undefined {
    const end = this.#at + length;
    if (this.#text.slice(end, end + 2) !== "\r\n") return undefined;
    const data = this.#text.slice(this.#at, end);
    this.#at = end + 2;
    return data;
  }
}

function isRefusal(line: string): boolean {
  return line === "ERROR" || /^(CLIENT|SERVER)_ERROR( |$)/.test(line);
}

/** Client flags, a number of 32 bits; some servers print it with a sign. */
function readFlags(text: string): number | undefined {
  const flags = /^(\d{1,15}|-\d{1,10})$/.test(text) ? Number(text) : NaN;
  if (flags < 0) return flags >= -(2 ** 31) ? flags + 2 ** 32 : undefined;
  return flags < 2 ** 32 ? flags + 0 : undefined;
}
