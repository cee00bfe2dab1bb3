/**
 * One client's conversation with the server: bytes in, bytes out, no connection.
 *
 * @module
 */

import { encodeUtf8 } from "./byte_text.ts";
import type { Command } from "./commands/command.ts";
import { commandTable } from "./commands/command_table.ts";
import type { CloseReason } from "./event_lines.ts";
import type { Watcher } from "./event_log.ts";
import { checkFault, describeRequest, type Fault } from "./faults.ts";
import type { DataBlock, Outcome, RefusedBlock, Reply } from "./outcome.ts";
import { ReplyWriter, type Step } from "./reply_writer.ts";
import { LINE_END_LENGTH, RequestInput, tokenize } from "./request_input.ts";
import type { ServerState } from "./server_state.ts";

/** A value on its way, and what to do with it. */
interface Upload {
  readonly block: DataBlock | RefusedBlock;
  readonly noreply: boolean;
  readonly drop: Fault["drop"] | undefined;
  /** How many bytes are still to come, those of the line end included. */
  remaining: number;
}

/** A request that does not go as always, because a test asks for it. */
interface Failing {
  readonly fault: Fault;
  /** The words of its line; absent where it has been carried out. */
  readonly tokens?: readonly string[];
}

/** What is asked for of a command that is carried out, beside what it does. */
interface Orders {
  /** Nothing is answered. */
  readonly noreply?: boolean;
  readonly itemReplies?: Fault["itemReplies"] | undefined;
  readonly drop?: Fault["drop"] | undefined;
}

const NO_ORDERS: Orders = {};

/** One client's conversation with the server. */
export class Session {
  readonly #state: ServerState;
  readonly #connectionId: number;
  readonly #input: RequestInput;
  readonly #replies: ReplyWriter;
  #upload: Upload | undefined;
  #failing: Failing | undefined;
  #isPipelined = false;
  #closeReason: CloseReason | undefined;
  #watcher: Watcher | undefined;
  /** Whether the client may use the server. */
  #isAdmitted: boolean;
  /** The answer to a client that is not admitted, unless more of what it sent follows. */
  #verdict: string | undefined;

  constructor(state: ServerState, connectionId: number) {
    this.#state = state;
    this.#connectionId = connectionId;
    this.#input = new RequestInput(state.buffers);
    this.#replies = new ReplyWriter(state.buffers, state.store.memory);
    this.#isAdmitted = state.gatekeeper === undefined;
  }

  /** Whether the conversation is over: the client has quit, or sent what cannot be a line. */
  get closed(): boolean {
    return this.#closeReason !== undefined;
  }

  /** Why the conversation is over, if it is. */
  get closeReason(): CloseReason | undefined {
    return this.#closeReason;
  }

  /** What the client has come to watch. From then on it is not listened to any more. */
  get watcher(): Watcher | undefined {
    return this.#watcher;
  }

  /** Gives back what the session holds. It must not be used any more. */
  close(): void {
    this.#watcher?.close();
    this.#input.close();
    this.#replies.release();
  }

  /**
   * Takes what the client has sent, and runs every command that is then complete. Must be iterated
   * to its end before the next call.
   *
   * @param chunk Bytes, wherever they happen to be split. They are not kept.
   * @returns The replies in order, and the waiting that a test asked for. Bytes hold until the next step is asked
   * for, and the commands behind them run only then.
   */
  *receive(chunk: Uint8Array): Generator<Step, void> {
    const steps = this.#run(chunk);
    try {
      for (let step = this.#next(steps); !step.done; step = this.#next(steps)) yield step.value;
    } finally {
      steps.return();
      this.#replies.release();
    }
  }

  /** Between two steps other sessions run their commands, and time passes. */
  #next(steps: Generator<Step, void>): IteratorResult<Step, void> {
    const { events, store: { clock } } = this.#state;
    events.connectionId = this.#connectionId;
    clock.stop();
    try {
      return steps.next();
    } finally {
      clock.start();
    }
  }

  *#run(chunk: Uint8Array): Generator<Step, void> {
    this.#input.receive(chunk);
    this.#isPipelined = this.#upload !== undefined;
    while (this.#listens()) {
      const wasAdmitted = this.#isAdmitted;
      const reply = this.#upload === undefined ? this.#readLine() : this.#readUpload(this.#upload);
      if (wasAdmitted) this.#pronounce();
      if (this.#failing !== undefined) yield* this.#fail(this.#failing, reply);
      else if (typeof reply === "object") yield* this.#write(reply);
      else if (!wasAdmitted) this.#verdict = reply ?? this.#verdict;
      else if (reply !== undefined) this.#replies.append(reply);
      if (this.#replies.isLong) yield* this.#replies.flush();
    }
    this.#pronounce();
    yield* this.#replies.flush();
  }

  /** Of several requests that come at once before one that admits the client, memcached answers the last. */
  #pronounce(): void {
    if (this.#verdict !== undefined) this.#replies.append(this.#verdict);
    this.#verdict = undefined;
  }

  #listens(): boolean {
    return !this.#input.isEmpty && !this.closed && this.#watcher === undefined;
  }

  *#write(reply: string | Reply | undefined): Generator<Step, void> {
    yield* this.#replies.write(reply);
    if (typeof reply === "object" && reply.pauses) this.#input.defer();
  }

  /** Does what a test asks for: in place of the command, or with its reply where it has been carried out. */
  *#fail({ fault, tokens }: Failing, reply: string | Reply | undefined): Generator<Step, void> {
    this.#failing = undefined;
    const { delay, drop } = fault;
    if (tokens === undefined) return yield* this.#cut(reply, drop);
    if (delay !== undefined) {
      yield* this.#replies.flush();
      yield delay;
    }
    if (drop === "before") return this.#end();
    const given = this.#replyWith(tokens, fault);
    // Behind the line of a command that stores comes the value, and then the reply.
    if (this.#upload !== undefined) return;
    yield* drop === undefined ? this.#write(given) : this.#cut(given, drop);
  }

  #replyWith(
    tokens: readonly string[],
    { reply, itemReplies, drop }: Fault,
  ): string | Reply | undefined {
    if (reply === undefined) return this.#obey(tokens, { itemReplies, drop });
    const text = reply === "" ? undefined : encodeUtf8(reply);
    const byteLength = commandTable.get(tokens[0] ?? "")?.valueLength?.(tokens) ?? -1;
    if (byteLength < 0) return text;
    this.#upload = startUpload({ kind: "refused", byteLength, line: text }, { drop });
    return undefined;
  }

  /** Sends the beginning of a reply, and ends the conversation. */
  *#cut(reply: string | Reply | undefined, drop: Fault["drop"]): Generator<Step, void> {
    this.#end();
    yield* this.#replies.cut(reply, typeof drop === "number" ? drop : 0);
  }

  #end(): void {
    this.#closeReason = "error";
  }

  #readLine(): string | Reply | undefined {
    const line = this.#input.readLine();
    if (line === null) this.#end();
    if (line === null || line === undefined) return undefined;
    const tokens = tokenize(line);
    if (!this.#isAdmitted) return this.#follow(this.#askForCredentials(tokens), NO_ORDERS);
    const fault = this.#state.fault?.(describeRequest(line, tokens, this.#connectionId));
    checkFault(fault);
    if (fault === undefined) return this.#obey(tokens, NO_ORDERS);
    this.#failing = { tokens, fault };
    return undefined;
  }

  #obey(tokens: readonly string[], { itemReplies, drop }: Orders): string | Reply | undefined {
    const isPipelined = this.#isPipelined;
    this.#isPipelined = true;
    const [name = ""] = tokens;
    const { dialect } = this.#state;
    const command = dialect.knows?.(name) ?? true ? commandTable.get(name) : undefined;
    if (command === undefined) return this.#refuse(tokens);
    if (!accepts(command, tokens.length)) return "ERROR";
    if (command.flushes) this.#isPipelined = false;
    const outcome = command.run(this.#state, tokens, { isPipelined, itemReplies });
    return this.#follow(outcome, { noreply: isSilenced(command, tokens), drop });
  }

  #askForCredentials(tokens: readonly string[]): Outcome {
    const outcome = this.#state.gatekeeper?.hear(tokens, () => this.#isAdmitted = true);
    if (outcome === undefined) this.#end();
    return outcome;
  }

  #refuse(tokens: readonly string[]): string | undefined {
    if (!this.#state.dialect.hangsUp && !isHttpRequest(tokens)) return "ERROR";
    this.#end();
    return undefined;
  }

  #follow(outcome: Outcome, orders: Orders): string | Reply | undefined {
    if (typeof outcome === "string") return orders.noreply ? undefined : outcome;
    if (outcome === undefined) return undefined;
    switch (outcome.kind) {
      case "reply":
        return outcome;
      case "quit":
        this.#closeReason = "normal";
        return undefined;
      case "watch":
        this.#watcher = outcome.watcher;
        return "OK";
      default:
        this.#upload = startUpload(outcome, orders);
        return undefined;
    }
  }

  #readUpload(upload: Upload): string | undefined {
    const { block } = upload;
    upload.remaining -= this.#input.readValue(upload.remaining, block.kind === "data");
    if (upload.remaining > 0) return undefined;
    this.#upload = undefined;
    const line = block.kind === "data"
      ? block.complete(this.#input.takeValue(block.byteLength))
      : block.line;
    this.#input.endValue();
    if (upload.drop !== undefined) this.#failing = { fault: { drop: upload.drop } };
    return upload.noreply ? undefined : line;
  }
}

/** A browser does not get an `ERROR` for each of its header lines: memcached hangs up on it. */
function isHttpRequest(tokens: readonly string[]): boolean {
  return tokens.at(-1)?.startsWith("HTTP/") ?? false;
}

function accepts({ minTokens, maxTokens = Infinity }: Command, tokens: number): boolean {
  return minTokens <= tokens && tokens <= maxTokens;
}

function isSilenced({ noreplyFrom = Infinity }: Command, tokens: readonly string[]): boolean {
  return tokens.length > noreplyFrom && tokens.at(-1) === "noreply";
}

function startUpload(
  block: DataBlock | RefusedBlock,
  { noreply = false, drop }: Orders,
): Upload {
  return { block, noreply, drop, remaining: block.byteLength + LINE_END_LENGTH };
}
