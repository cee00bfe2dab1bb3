import { LATIN1_ENCODE } from "./globals.ts";
import { integerFromBytes, integerFromText } from "./integers.ts";
import { readLatin1Call } from "./latin1_call.ts";
import { opcode } from "./opcodes.ts";
import { decodeLatin1, decodeUtf8, requireAscii } from "./text.ts";
import { floatFromText, stringFromRawUnicode, stringFromRepr } from "./text_literals.ts";
import type { ByteSource } from "./byte_source.ts";
import { unreadable } from "./faults.ts";
import type { Instructions, Unpickler } from "./unpickler.ts";

/** Instructions that push one value which holds no others. */
export const scalarInstructions: Instructions = [
  [opcode.NONE, (machine) => machine.push(null)],
  [opcode.NEWTRUE, (machine) => machine.push(true)],
  [opcode.NEWFALSE, (machine) => machine.push(false)],

  [opcode.INT, (machine) => machine.push(readInt(machine.source))],
  [opcode.LONG, (machine) => machine.push(readLong(machine.source))],
  [opcode.BININT, (machine) => machine.push(machine.source.int32())],
  [opcode.BININT1, (machine) => machine.push(machine.source.uint8())],
  [opcode.BININT2, (machine) => machine.push(machine.source.uint16())],
  [opcode.LONG1, (machine) => pushLong(machine, machine.source.uint8())],
  [opcode.LONG4, (machine) => pushLong(machine, machine.source.int32())],

  [opcode.FLOAT, (machine) => machine.push(floatFromText(decodeLatin1(machine.source.line())))],
  [opcode.BINFLOAT, (machine) => machine.push(machine.source.float64())],

  [opcode.UNICODE, (machine) => machine.push(stringFromRawUnicode(machine.source.line()))],
  [opcode.BINUNICODE, pushText],
  [
    opcode.SHORT_BINUNICODE,
    (machine) => machine.push(readText(machine.source, machine.source.uint8())),
  ],
  [
    opcode.BINUNICODE8,
    (machine) => machine.push(readText(machine.source, machine.source.uint64())),
  ],

  [opcode.STRING, (machine) => machine.push(stringFromRepr(machine.source.line()))],
  [opcode.BINSTRING, (machine) => pushPython2Str(machine, machine.source.int32())],
  [opcode.SHORT_BINSTRING, (machine) => pushPython2Str(machine, machine.source.uint8())],

  [opcode.BINBYTES, (machine) => pushBytes(machine, machine.source.uint32())],
  [opcode.SHORT_BINBYTES, (machine) => pushBytes(machine, machine.source.uint8())],
  [opcode.BINBYTES8, (machine) => pushBytes(machine, machine.source.uint64())],
  [opcode.BYTEARRAY8, pushBytearray],
];

/** `01` and `00` are how protocols 0 and 1 write booleans. */
function readInt(source: ByteSource): unknown {
  const text = decodeLatin1(source.line());
  if (text === "00" || text === "01") return text === "01";
  return integerFromText(text);
}

/** Python 2 writes `long` values with an L at the end, and so does Python 3 into protocol 0. */
function readLong(source: ByteSource): unknown {
  const text = decodeLatin1(source.line());
  return integerFromText(text.endsWith("L") ? text.slice(0, -1) : text);
}

function pushLong(machine: Unpickler, length: number): void {
  machine.push(integerFromBytes(takeSigned(machine.source, length)));
}

function pushText(machine: Unpickler): void {
  const length = machine.source.uint32();
  if (machine.peek() === LATIN1_ENCODE && readLatin1Call(machine, length)) return;
  machine.push(readText(machine.source, length));
}

function readText(source: ByteSource, length: number): string {
  const start = source.advance(length);
  return decodeUtf8(source.bytes, start, source.offset);
}

function pushPython2Str(machine: Unpickler, length: number): void {
  machine.push(requireAscii(decodeLatin1(takeSigned(machine.source, length))));
}

/** A copy, as the source belongs to somebody who will reuse it. */
function pushBytes(machine: Unpickler, length: number): void {
  machine.push(machine.source.take(length).slice());
}

function pushBytearray(machine: Unpickler): void {
  const bytes = machine.source.take(machine.source.uint64()).slice();
  machine.keys.bytearrays.add(bytes);
  machine.push(bytes);
}

function takeSigned(source: ByteSource, length: number): Uint8Array {
  if (length < 0) throw unreadable("it declares a negative length");
  return source.take(length);
}
