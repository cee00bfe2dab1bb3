/** Running a command without a socket. @module */

import { type Command, DONE, type Exchange, REFUSED } from "../../src/protocol/command.ts";
import { NO_DATA, ReplyParser } from "../../src/protocol/reply_parser.ts";
import { RequestBuffer } from "../../src/protocol/request_buffer.ts";
import { splits, utf8 } from "./splits.ts";

/** What a request looks like on the wire. */
export function requestOf(exchange: Exchange): string {
  const buffer = new RequestBuffer();
  exchange.write(buffer);
  return buffer.chunks().map((chunk) => new TextDecoder().decode(chunk)).join("");
}

/** Feeds reply chunks to an exchange; tells whether the reply was complete at the end, and no sooner. */
export function replay(exchange: Exchange, chunks: Iterable<Uint8Array>): boolean {
  let done = false;
  const heed = (outcome: number) => {
    if (done) throw new Error("the reply goes on after its end");
    done = outcome === DONE || outcome === REFUSED;
    return outcome < 0 ? NO_DATA : outcome;
  };
  const parser = new ReplyParser({
    line: (bytes, start, end) => heed(exchange.line(bytes, start, end)),
    data: (bytes, start, end) => void heed(exchange.data(bytes, start, end)),
  }, 1 << 20);
  for (const chunk of chunks) parser.push(chunk);
  return done;
}

/** What became of an operation. */
export type Outcome = { value: unknown } | { error: unknown } | "open";

/** Makes commands and remembers what became of each. */
export class Outcomes {
  readonly all: Outcome[] = [];

  /** How the next command resolves and rejects. */
  next(): [resolve: (value: unknown) => void, reject: (error: unknown) => void] {
    const at = this.all.push("open") - 1;
    return [(value) => this.all[at] = { value }, (error) => this.all[at] = { error }];
  }
}

/** Answers new commands with a reply that arrives in every way it may; returns the outcomes of each way. */
export function outcomesOf(
  make: (outcomes: Outcomes) => Command[],
  reply: string,
): { done: boolean; outcomes: Outcome[] }[] {
  return Array.from(splits(utf8(reply)), (chunks) => {
    const outcomes = new Outcomes();
    const [first, ...neighbours] = make(outcomes);
    const exchange = first!.open();
    if (!neighbours.every((command) => exchange.admit(command))) throw new Error("not admitted");
    return { done: replay(exchange, chunks), outcomes: outcomes.all };
  });
}
