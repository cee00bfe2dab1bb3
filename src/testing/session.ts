/**
 * One client's conversation with the server: bytes in, bytes out, no connection.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { ByteBuffer } from "./byte_buffer.ts";
import type { Command, DataBlock, Outcome, RefusedBlock, Reply } from "./commands/command.ts";
import { commandTable } from "./commands/command_table.ts";
import type { CloseReason } from "./event_lines.ts";
import { decodeLatin1 } from "./latin1.ts";
import type { ServerState } from "./server_state.ts";
import type { Watcher } from "./watcher.ts";

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const LINE_END_LENGTH = 2;

/** memcached gives up on a line as long as this that has no end, unless it is a `get`. */
const MAX_OPEN_LINE = 2048;
/** memcached sets no bound to a `get`; here its keys must fit this many bytes. */
const MAX_OPEN_RETRIEVAL = 4 * 1024 * 1024;
const RETRIEVAL = /^ {0,100}gets? /;
const RETRIEVAL_PREFIX_LENGTH = 105;

/** Replies are handed out when they have reached this length, so that they never pile up. */
const REPLY_LENGTH = 64 * 1024;

/** A value on its way, and what to do with it. */
interface Upload {
  readonly block: DataBlock | RefusedBlock;
  readonly noreply: boolean;
  /** The value and its line end; absent where they are thrown away. */
  readonly bytes: Uint8Array | undefined;
  /** How many bytes are still to come. */
  remaining: number;
}

/** One client's conversation with the server. */
export class Session {
  readonly #state: ServerState;
  readonly #connectionId: number;
  readonly #line = new ByteBuffer();
  readonly #reply = new ByteBuffer();
  #input: Uint8Array = new Uint8Array();
  #upload: Upload | undefined;
  /** What came behind a command that lets the rest wait until more comes. */
  #deferred: Uint8Array | undefined;
  #isPipelined = false;
  #closeReason: CloseReason | undefined;
  #watcher: Watcher | undefined;
  /** Whether the client may use the server. */
  #isAdmitted: boolean;
  /** What a client that is not admitted is told, unless more of what it sent follows. */
  #verdict: string | undefined;

  constructor(state: ServerState, connectionId: number) {
    this.#state = state;
    this.#connectionId = connectionId;
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

  /** What the client has come to watch. It is told all there is, and not listened to any more. */
  get watcher(): Watcher | undefined {
    return this.#watcher;
  }

  /**
   * Takes what the client has sent, and runs every command that is then complete. Must be iterated
   * to its end before the next call.
   *
   * @param chunk Bytes, wherever they happen to be split. They are not kept.
   * @returns The replies in order. Each holds until the next one is asked for, and the commands
   * behind it run only then.
   */
  *receive(chunk: Uint8Array): Generator<Uint8Array, void> {
    const replies = this.#run(chunk);
    while (true) {
      // Between two replies other sessions may have run their commands.
      this.#state.events.connectionId = this.#connectionId;
      const { done, value } = replies.next();
      if (done) return;
      yield value;
    }
  }

  *#run(chunk: Uint8Array): Generator<Uint8Array, void> {
    this.#input = this.#deferred === undefined ? chunk : concat([this.#deferred, chunk]);
    this.#deferred = undefined;
    this.#isPipelined = this.#upload !== undefined;
    while (this.#listens()) {
      const wasAdmitted = this.#isAdmitted;
      const reply = this.#upload === undefined ? this.#readLine() : this.#readUpload(this.#upload);
      if (wasAdmitted) this.#pronounce();
      if (typeof reply === "string") {
        if (wasAdmitted) this.#reply.appendText(`${reply}\r\n`);
        else this.#verdict = reply;
      } else if (reply !== undefined) yield* this.#write(reply);
      if (this.#reply.byteLength >= REPLY_LENGTH) yield this.#reply.take();
    }
    this.#pronounce();
    if (this.#reply.byteLength > 0) yield this.#reply.take();
  }

  /** Of several requests that come at once before one that admits the client, memcached answers the last. */
  #pronounce(): void {
    if (this.#verdict !== undefined) this.#reply.appendText(`${this.#verdict}\r\n`);
    this.#verdict = undefined;
  }

  #listens(): boolean {
    return this.#input.byteLength > 0 && !this.closed && this.#watcher === undefined;
  }

  *#write({ parts, pauses = false }: Reply): Generator<Uint8Array, void> {
    for (const part of parts) {
      if (typeof part === "string") this.#reply.appendText(part);
      else if (part.byteLength < REPLY_LENGTH) this.#reply.append(part);
      else {
        if (this.#reply.byteLength > 0) yield this.#reply.take();
        yield part;
      }
      if (this.#reply.byteLength >= REPLY_LENGTH) yield this.#reply.take();
    }
    if (pauses) this.#defer();
  }

  #defer(): void {
    if (this.#input.byteLength > 0) this.#deferred = this.#input.slice();
    this.#input = this.#input.subarray(this.#input.byteLength);
  }

  #readLine(): string | Reply | undefined {
    const end = this.#input.indexOf(NEWLINE);
    if (end < 0) return this.#keepOpenLine();
    let line = this.#consume(end + 1).subarray(0, end);
    if (this.#line.byteLength > 0) {
      this.#line.append(line);
      line = this.#line.take();
    }
    return this.#obey(decodeLine(line));
  }

  #keepOpenLine(): undefined {
    this.#line.append(this.#consume(this.#input.byteLength));
    const open = this.#line.peek();
    const limit = isRetrieval(open) ? MAX_OPEN_RETRIEVAL : MAX_OPEN_LINE;
    if (open.byteLength > limit) this.#closeReason = "error";
  }

  #obey(line: string): string | Reply | undefined {
    const tokens = tokenize(line);
    if (!this.#isAdmitted) return this.#follow(this.#askForCredentials(tokens), false);
    const isPipelined = this.#isPipelined;
    this.#isPipelined = true;
    const command = commandTable.get(tokens[0] ?? "");
    if (command === undefined) return this.#refuse(tokens);
    if (!accepts(command, tokens.length)) return "ERROR";
    if (command.flushes) this.#isPipelined = false;
    const outcome = command.run(this.#state, tokens, { isPipelined });
    return this.#follow(outcome, isSilenced(command, tokens));
  }

  #askForCredentials(tokens: readonly string[]): Outcome {
    const outcome = this.#state.gatekeeper!.hear(tokens, () => this.#isAdmitted = true);
    if (outcome === undefined) this.#closeReason = "error";
    return outcome;
  }

  #refuse(tokens: readonly string[]): string | undefined {
    if (!isHttpRequest(tokens)) return "ERROR";
    this.#closeReason = "error";
    return undefined;
  }

  #follow(outcome: Outcome, noreply: boolean): string | Reply | undefined {
    if (typeof outcome === "string") return noreply ? undefined : outcome;
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
        this.#upload = startUpload(outcome, noreply);
        return undefined;
    }
  }

  #readUpload(upload: Upload): string | undefined {
    const { block, bytes, noreply } = upload;
    const part = this.#consume(Math.min(upload.remaining, this.#input.byteLength));
    bytes?.set(part, bytes.byteLength - upload.remaining);
    upload.remaining -= part.byteLength;
    if (upload.remaining > 0) return undefined;
    this.#upload = undefined;
    const line = block.kind === "data" ? block.complete(valueOf(bytes)) : block.line;
    return noreply ? undefined : line;
  }

  #consume(byteLength: number): Uint8Array {
    const bytes = this.#input.subarray(0, byteLength);
    this.#input = this.#input.subarray(byteLength);
    return bytes;
  }
}

/** A line ends before its CR, and like every string in C before its first NUL. */
function decodeLine(bytes: Uint8Array): string {
  const text = decodeLatin1(bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes);
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

function tokenize(line: string): string[] {
  const tokens = line.split(" ");
  return tokens.includes("") ? tokens.filter((token) => token !== "") : tokens;
}

function isRetrieval(line: Uint8Array): boolean {
  return RETRIEVAL.test(decodeLatin1(line.subarray(0, RETRIEVAL_PREFIX_LENGTH)));
}

/** A browser is not told `ERROR` for each of its header lines: memcached hangs up on it. */
function isHttpRequest(tokens: readonly string[]): boolean {
  return tokens.at(-1)?.startsWith("HTTP/") ?? false;
}

function accepts({ minTokens, maxTokens = Infinity }: Command, tokens: number): boolean {
  return minTokens <= tokens && tokens <= maxTokens;
}

function isSilenced({ noreplyFrom = Infinity }: Command, tokens: readonly string[]): boolean {
  return tokens.length > noreplyFrom && tokens.at(-1) === "noreply";
}

function startUpload(block: DataBlock | RefusedBlock, noreply: boolean): Upload {
  const remaining = block.byteLength + LINE_END_LENGTH;
  const bytes = block.kind === "data" ? new Uint8Array(remaining) : undefined;
  return { block, noreply, bytes, remaining };
}

/** The value without its line end, or `undefined` where it does not end in one. */
function valueOf(bytes: Uint8Array = new Uint8Array()): Uint8Array | undefined {
  const endsInLine = bytes.at(-2) === CARRIAGE_RETURN && bytes.at(-1) === NEWLINE;
  return endsInLine ? bytes.subarray(0, -LINE_END_LENGTH) : undefined;
}
