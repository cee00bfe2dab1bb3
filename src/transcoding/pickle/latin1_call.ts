import type { ByteSource } from "./byte_source.ts";
import { decode } from "./latin1_utf8.ts";
import { Deferred } from "./memo.ts";
import { opcode } from "./opcodes.ts";
import { decodeUtf8 } from "./text.ts";
import { markTuple } from "./tuple.ts";
import type { Unpickler } from "./unpickler.ts";

const CODEC = "latin1";

/** What is left of a call of `_codecs.encode`, with the memo indexes that its parts are put under. */
interface Latin1Call {
  bytes: Uint8Array;
  textIndex: number | undefined;
  codecIndex: number | undefined;
  argsIndex: number | undefined;
}

/**
 * Reads a text and what turns it into bytes, `(text, "latin1")` and a call, in one go: without a
 * string as long as the bytes. Python may still come back to the text, so the memo knows how to make
 * it.
 *
 * To be called after the length of the text, with `_codecs.encode` on top of the stack. Returns
 * `false`, and has read nothing, where anything else follows.
 */
export function readLatin1Call(machine: Unpickler, length: number): boolean {
  const { source, memo } = machine;
  const start = source.offset;
  const text = source.take(length);
  const call = parseCall(machine, text);
  if (call === undefined) {
    source.offset = start;
    return false;
  }
  const { bytes, textIndex, codecIndex, argsIndex } = call;
  const asString = () => decodeUtf8(text, 0, text.length);
  if (textIndex !== undefined) memo.put(textIndex, new Deferred(asString));
  if (codecIndex !== undefined) memo.put(codecIndex, CODEC);
  if (argsIndex !== undefined) {
    memo.put(argsIndex, new Deferred(() => markTuple([asString(), CODEC])));
  }
  machine.replaceTop(bytes);
  return true;
}

function parseCall(machine: Unpickler, text: Uint8Array): Latin1Call | undefined {
  const { source } = machine;
  const textIndex = readPut(source);
  if (!readCodec(machine, textIndex)) return undefined;
  const codecIndex = readPut(source);
  if (source.uint8() !== opcode.TUPLE2) return undefined;
  const argsIndex = readPut(source);
  if (source.uint8() !== opcode.REDUCE) return undefined;
  const bytes = decode(text);
  return bytes && { bytes, textIndex, codecIndex, argsIndex };
}

/** The text itself is not in the memo yet, should it be what the codec refers to. */
function readCodec({ source, memo }: Unpickler, textIndex: number | undefined): boolean {
  const code = source.uint8();
  if (code === opcode.BINGET || code === opcode.LONG_BINGET) {
    const index = code === opcode.BINGET ? source.uint8() : source.uint32();
    return index !== textIndex && memo.get(index) === CODEC;
  }
  if (code !== opcode.BINUNICODE) return false;
  const length = source.uint32();
  if (length !== CODEC.length) return false;
  const start = source.advance(length);
  return decodeUtf8(source.bytes, start, source.offset) === CODEC;
}

function readPut(source: ByteSource): number | undefined {
  const code = source.bytes[source.offset];
  if (code !== opcode.BINPUT && code !== opcode.LONG_BINPUT) return undefined;
  source.advance(1);
  return code === opcode.BINPUT ? source.uint8() : source.uint32();
}
