/** The rules by which large values are stored. @module */

import {
  ClientException,
  type KeyCommands,
  type OperationOptions,
  ValidationException,
} from "../../../mod.ts";
import { operationOptions } from "../../commands/operation_options.ts";
import { checkOptions } from "../../option_checks.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { checkExptime } from "../../protocol/exptime.ts";
import { type CallRules, callRulesOf } from "../call_rules.ts";
import { checkStoresLists, escapeValue } from "../envelope.ts";
import { deferExptime } from "../exptimes.ts";
import { ofWhole } from "../partial_errors.ts";
import {
  type Change,
  UNKNOWN,
  type ValueRules,
  type WriteContext,
} from "../value_view/value_rules.ts";
import { unlessAborted } from "../value_view/writing.ts";
import { PASSED_OPTIONS, strictly, withoutSignal } from "../wrapped_commands.ts";
import { Chunks } from "./chunks.ts";
import type { Format, Head } from "./large_value_format.ts";
import { OwnFormat } from "./own_format.ts";

/** How much longer chunks live than what refers to them, in seconds: memcached's clock ticks once a second. */
export const GRACE = 2;

/** How large values are stored. */
export class LargeRules implements ValueRules {
  readonly mayLose = true;
  /** A value that has lost a chunk counts as a miss. */
  readonly mayHide = true;
  readonly client: KeyCommands;
  readonly chunks: Chunks;
  readonly format: Format;
  readonly chunkByteLength: number;
  readonly values: KeyCommands;
  /** The client gets what a format of its own has encoded, and cannot say what is wrong with the caller's value. */
  readonly checkValue?: NonNullable<CallRules["checkValue"]>;

  constructor(
    client: KeyCommands,
    format: Format,
    chunkByteLength: number,
    values: KeyCommands = client,
  ) {
    this.client = client;
    this.chunks = new Chunks(client);
    this.format = format;
    this.chunkByteLength = chunkByteLength;
    this.values = values;
    const { checkValue } = callRulesOf(values);
    if (checkValue !== undefined) this.checkValue = checkValue;
  }

  isPlain(): "mostly" {
    return "mostly";
  }

  keyOf(key: string): string {
    return key;
  }

  isLent(value: unknown): boolean {
    return value instanceof Uint8Array && value.byteLength > this.chunkByteLength;
  }

  async toStored(value: unknown, key: string, context: WriteContext): Promise<unknown> {
    const { chunkByteLength, format } = this;
    const encoded = await format.encode(value, key);
    // UTF-8 takes up to three bytes for a unit: most strings are short enough without being looked at.
    if (typeof encoded === "string" && encoded.length * 3 <= chunkByteLength) return encoded;
    const bytes = format.bytesOf(encoded);
    if (bytes === undefined || bytes.byteLength <= chunkByteLength) {
      return format instanceof OwnFormat ? escapeValue(encoded) : encoded;
    }
    // Chunks are stored only for what can be stored itself.
    checkOptions(context.options, PASSED_OPTIONS);
    checkExptime(context.exptime, Date.now);
    await checkKey(this.client, key);
    this.checkHead(key);
    const { byteLength } = bytes;
    const { id, keyOf } = format.begin(key);
    const exptime = deferExptime(context.exptime, GRACE);
    const options = operationOptions(context.options);
    const count = Math.ceil(byteLength / chunkByteLength);
    try {
      const writing = { keyOf, exptime, chunkByteLength, mustBeWhole: context.mustBeWhole };
      const isWritten = await this.chunks.write(bytes, writing, options);
      if (!isWritten) return UNKNOWN;
    } catch (error) {
      // Another fault would take as long again.
      if (error instanceof ClientException || options.signal?.aborted) {
        await unlessAborted([this.chunks.delete({ keyOf, count }, {})], options);
      }
      throw ofWhole(error, `set key ${JSON.stringify(key)}`);
    }
    return format.head(id, { count, byteLength, chunkByteLength }, encoded);
  }

  /**
   * Checks, before any chunk is stored, that the list of chunks can be.
   *
   * @throws {ValidationException} When the client's transcoder refuses lists.
   */
  checkHead(key: string): void {
    if (this.format instanceof OwnFormat) checkStoresLists(this.client, key);
  }

  async fromStored(
    stored: unknown,
    key: string,
    _prepared: unknown,
    options: OperationOptions,
  ): Promise<unknown> {
    const head = this.format.open(stored, key);
    if (head === undefined) return await this.format.decode(stored, key);
    const bytes = await this.#read(head, key, options);
    if (bytes !== undefined) return await head.valueOf(bytes);
    // Its chunks are gone: it may have been replaced meanwhile.
    const again = await this.client.get(key, options);
    if (again === undefined) return undefined;
    const newHead = this.format.open(again, key);
    if (newHead === undefined) return await this.format.decode(again, key);
    if (newHead.id === head.id) return undefined;
    const newBytes = await this.#read(newHead, key, options);
    return newBytes === undefined ? undefined : await newHead.valueOf(newBytes);
  }

  async #read(
    head: Head,
    key: string,
    options: OperationOptions,
  ): Promise<Uint8Array | undefined> {
    try {
      return await this.chunks.read(head, options);
    } catch (error) {
      throw ofWhole(error, `get key ${JSON.stringify(key)}`);
    }
  }

  async isThere(stored: unknown, key: string, options: OperationOptions): Promise<boolean> {
    const head = this.#headOf(stored, key);
    if (head === undefined || await this.#isWhole(head, options)) return true;
    // Its chunks are gone: it may have been replaced meanwhile.
    const newHead = this.#headOf(await this.client.get(key, options), key);
    return newHead !== undefined && newHead.id !== head.id && await this.#isWhole(newHead, options);
  }

  /** Whether all chunks are there; also where a server cannot be reached that may have one. */
  async #isWhole(head: Head, options: OperationOptions): Promise<boolean> {
    try {
      return await this.chunks.exist(head, strictly(options));
    } catch (error) {
      if (isUnreachable(error)) return true;
      throw error;
    }
  }

  async cleanUp(
    key: string,
    { before, offered }: Change,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    const headBefore = this.#headOf(before, key);
    const headOffered = this.#headOf(offered, key);
    if (headBefore === undefined && headOffered === undefined) return true;
    // Also where the caller has given up.
    const operation = withoutSignal(operationOptions(options));
    // The chunks of a head that only seems to be gone must stay.
    const present = await this.client.get(key, strictly(operation));
    const id = this.#headOf(present, key)?.id;
    const remove = async (head: Head | undefined) => {
      if (head === undefined || head.id === id) return true;
      return await this.chunks.delete(head, operation);
    };
    const [wasWhole] = await Promise.all([remove(headBefore), remove(headOffered)]);
    return wasWhole;
  }

  #headOf(stored: unknown, key: string): Head | undefined {
    if (stored === undefined) return undefined;
    try {
      return this.format.open(stored, key);
    } catch {
      // A damaged list names no chunks.
      return undefined;
    }
  }
}

/**
 * Checks a key, as the client does before it stores something under it.
 *
 * @throws {ValidationException} When the key is invalid.
 */
export async function checkKey(client: KeyCommands, key: string): Promise<void> {
  try {
    await client.locate(key);
  } catch (error) {
    // Which server it is on need not be known yet.
    if (error instanceof ValidationException) throw error;
  }
}
