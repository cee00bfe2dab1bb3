/**
 * One client's session: bytes in, bytes out, without a connection.
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

/** A value that is arriving, and what to do with it. */
interface Upload {
  readonly block: DataBlock | RefusedBlock;
  readonly noreply: boolean;
  readonly drop: Fault["drop"] | undefined;
  /** How many bytes have not arrived yet, including the line end. */
  remaining: number;
}

/** A request that fails because a test asks for it. */
interface Failing {
  readonly fault: Fault;
  /** The tokens of its line; absent when it has been executed. */
  readonly tokens?: readonly string[];
}

/** Changes to the reply of a command that is executed. */
interface Orders {
  /** Whether no reply is sent. */
  readonly noreply?: boolean;
  readonly itemReplies?: Fault["itemReplies"] | undefined;
  readonly drop?: Fault["drop"] | undefined;
}

const NO_ORDERS: Orders = {};

/** One client's session. */
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
  /** Whether the client has authenticated, or need not. */
  #isAdmitted: boolean;
  /** The reply to a client that failed to authenticate; sent unless more of its requests have arrived. */
  #verdict: string | undefined;

  constructor(state: ServerState, connectionId: number) {
    this.#state = state;
    this.#connectionId = connectionId;
    this.#input = new RequestInput(state.buffers);
    this.#replies = new ReplyWriter(state.buffers, state.store.memory);
    this.#isAdmitted = state.gatekeeper === undefined;
  }

  /** Whether the session has ended: the client has quit, or has sent a line that is too long. */
  get closed(): boolean {
    return this.#closeReason !== undefined;
  }

  /** Why the session has ended, if it has. */
  get closeReason(): CloseReason | undefined {
    return this.#closeReason;
  }

  /** The events that the client watches. From then on its commands are not read any more. */
  get watcher(): Watcher | undefined {
    return this.#watcher;
  }

  /** Frees the session's memory. It must not be used after this. */
  close(): void {
    this.#watcher?.close();
    this.#input.close();
    this.#replies.release();
  }

  /**
   * Takes what the client has sent, and runs every complete command. The result must be iterated to its end before the
   * next call.
   *
   * @param chunk Bytes, split anywhere. They are not kept.
   * @returns The replies in order, and the delays that a test asked for. Bytes are valid until the next step is
   * requested; the commands after them run only then.
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

  /**
   * When several requests arrive together before the client has authenticated, memcached replies to the last one only.
   */
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

  /** Applies a fault: instead of the command, or to its reply if it has been executed. */
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
    // After the line of a storage command comes the value, and then the reply.
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

  /** Sends the beginning of a reply, and ends the session. */
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

/** memcached closes the connection of an HTTP client, instead of replying `ERROR` to each header line. */
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
