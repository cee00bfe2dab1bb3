/** Reads pickles: the instructions for data, and the loop that runs them. @module */

import { ByteSource, unreadable } from "./byte_source.ts";
import { findTuplesIn, globalInstructions, loadClasses } from "./globals.ts";
import { floatFromText, integerFromBytes, integerFromText } from "./numbers.ts";
import * as opcode from "./opcodes.ts";
import { bytearrayOf, isFrozenSet, isTuple, Python2Bytes, tupleOf } from "./python_types.ts";
import { frozenSet } from "./containers.ts";
import {
  decodeLatin1,
  decodeString,
  encodeLatin1,
  isAscii,
  stringFromRawUnicode,
  stringFromRepr,
} from "./strings.ts";
import { type Instructions, type ReadPickleOptions, Unpickler } from "./unpickler.ts";

const HIGHEST_PROTOCOL = 5;
const INDEX = /^\d{1,15}$/;

/** From this length on, a pickle of a single bytes value is read without the pickle machine. */
const LONG = 65_536;

const PLAIN: ReadPickleOptions = {};

let instructions: Instructions | undefined;

/**
 * Reads a pickle of protocol 0 to 5. It never runs code, and its time and memory are proportional to the length of
 * `bytes`.
 *
 * @param isOwn Whether the bytes may be changed, and the value may be a view of them. Otherwise the value has no view
 *   of them.
 * @param options What is read besides plain data.
 * @returns The value; or a promise of it, the first time that a pickle names a class whose reader has to be loaded, and
 * with `tupleKeys`.
 * @throws {ClientException} If it is malformed, holds more than plain data, or is followed by more bytes. CPython
 * ignores such bytes, and so text that was appended to a value would be lost silently.
 */
export function readPickle(
  bytes: Uint8Array,
  isOwn = false,
  options: ReadPickleOptions = PLAIN,
): unknown {
  instructions ??= {
    ...scalarInstructions(),
    ...containerInstructions(),
    ...stackInstructions(),
    ...globalInstructions(),
  };
  const source = new ByteSource(bytes, isOwn);
  if (bytes.length > LONG) {
    const value = readLongBytes(source);
    if (value !== undefined) return value;
  }
  const value = follow(new Unpickler(source, options), instructions);
  return options.tupleKeys ? findTuplesIn(value) : value;
}

/** Carries out instructions from where the source is up to the end. */
function follow(machine: Unpickler, instructions: Instructions): unknown {
  const { source } = machine;
  for (let code = source.uint8(); code !== opcode.STOP; code = source.uint8()) {
    const run = instructions[code];
    if (run === undefined) throw unreadable(`it holds the unknown opcode ${code}`);
    const value = run(machine);
    if (value !== undefined) machine.push(value);
    else if (machine.isWaiting) return followLater(machine, instructions);
  }
  const isWhole = source.offset === source.bytes.length;
  if (!isWhole) throw unreadable("data follows its end, where append may have put it");
  return machine.finish();
}

async function followLater(machine: Unpickler, instructions: Instructions): Promise<unknown> {
  machine.source.keep();
  await loadClasses();
  machine.isWaiting = false;
  return follow(machine, instructions);
}

/** Reads a pickle of a single bytes value, as it is written from protocol 3 on; `undefined` for any other pickle. */
function readLongBytes(source: ByteSource): Uint8Array | undefined {
  const { bytes } = source;
  if (bytes[0] !== opcode.PROTO || bytes[2] !== opcode.BINBYTES) return undefined;
  source.offset = 3;
  const length = source.uint32();
  const end = source.offset + length;
  const rest = bytes.length - end;
  const isMemoized = rest === 2
    ? bytes[end] === opcode.MEMOIZE
    : rest === 3 && bytes[end] === opcode.BINPUT;
  if (isMemoized && bytes[bytes.length - 1] === opcode.STOP) return source.copy(length);
  source.offset = 0;
  return undefined;
}

/** Instructions for simple values. */
function scalarInstructions(): Instructions {
  return {
    [opcode.NONE]: () => null,
    [opcode.NEWTRUE]: () => true,
    [opcode.NEWFALSE]: () => false,

    [opcode.INT]: ({ source }) => readInt(source),
    [opcode.LONG]: ({ source }) => readLong(source),
    [opcode.BININT]: ({ source }) => source.int32(),
    [opcode.BININT1]: ({ source }) => source.uint8(),
    [opcode.BININT2]: ({ source }) => source.uint16(),
    [opcode.LONG1]: ({ source }) => integerFromBytes(source.take(source.uint8())),
    [opcode.LONG4]: ({ source }) => integerFromBytes(source.take(source.int32())),

    [opcode.FLOAT]: ({ source }) => floatFromText(decodeLatin1(source.line())),
    [opcode.BINFLOAT]: ({ source }) => source.float64(),

    [opcode.UNICODE]: ({ source }) => stringFromRawUnicode(source.line()),
    [opcode.BINUNICODE]: ({ source }) => readString(source, source.uint32()),
    [opcode.SHORT_BINUNICODE]: ({ source }) => readString(source, source.uint8()),
    [opcode.BINUNICODE8]: ({ source }) => readString(source, source.uint64()),

    [opcode.STRING]: (machine) => pushStr(machine, stringFromRepr(machine.source.line())),
    [opcode.BINSTRING]: (machine) => {
      pushStr(machine, decodeLatin1(machine.source.take(machine.source.int32())));
    },
    [opcode.SHORT_BINSTRING]: (machine) => {
      pushStr(machine, decodeLatin1(machine.source.take(machine.source.uint8())));
    },

    [opcode.BINBYTES]: ({ source }) => source.copy(source.uint32()),
    [opcode.SHORT_BINBYTES]: ({ source }) => source.copy(source.uint8()),
    [opcode.BINBYTES8]: ({ source }) => source.copy(source.uint64()),
    [opcode.BYTEARRAY8]: ({ source }) => bytearrayOf(source.copy(source.uint64())),
  };
}

/** Instructions that make or extend lists, tuples, dicts and sets. */
function containerInstructions(): Instructions {
  return {
    [opcode.EMPTY_TUPLE]: () => tupleOf([]),
    [opcode.TUPLE1]: (machine) => tupleOf(machine.popMany(1)),
    [opcode.TUPLE2]: (machine) => tupleOf(machine.popMany(2)),
    [opcode.TUPLE3]: (machine) => tupleOf(machine.popMany(3)),
    [opcode.TUPLE]: (machine) => tupleOf(machine.popMark()),

    [opcode.EMPTY_LIST]: () => [],
    [opcode.LIST]: (machine) => machine.popMark(),
    [opcode.APPEND]: (machine) => append(machine, machine.popMany(1)),
    [opcode.APPENDS]: (machine) => append(machine, machine.popMark()),

    [opcode.EMPTY_DICT]: () => ({}),
    [opcode.DICT]: (machine) => machine.dicts.fill({}, machine.popMark()),
    [opcode.SETITEM]: (machine) => setItems(machine, machine.popMany(2)),
    [opcode.SETITEMS]: (machine) => setItems(machine, machine.popMark()),

    [opcode.EMPTY_SET]: () => new Set(),
    [opcode.ADDITEMS]: (machine) => addItems(machine, machine.popMark()),
    [opcode.FROZENSET]: (machine) => machine.keys.addAll(frozenSet(), machine.popMark()),
  };
}

/** Instructions for the beginning of the pickle, the stack and the memo. */
function stackInstructions(): Instructions {
  return {
    [opcode.PROTO]: ({ source }) => checkProtocol(source.uint8()),
    [opcode.FRAME]: ({ source }) => checkFrame(source),

    [opcode.MARK]: (machine) => machine.mark(),
    [opcode.POP]: (machine) => void (machine.atMark ? machine.popMark() : machine.pop()),
    [opcode.POP_MARK]: (machine) => void machine.popMark(),
    [opcode.DUP]: (machine) => machine.dicts.share(machine.top()),

    [opcode.GET]: (machine) => machine.recall(readIndex(machine.source)),
    [opcode.BINGET]: (machine) => machine.recall(machine.source.uint8()),
    [opcode.LONG_BINGET]: (machine) => machine.recall(machine.source.uint32()),

    [opcode.PUT]: (machine) => machine.memoize(readIndex(machine.source)),
    [opcode.BINPUT]: (machine) => machine.memoize(machine.source.uint8()),
    [opcode.LONG_BINPUT]: (machine) => machine.memoize(machine.source.uint32()),
    [opcode.MEMOIZE]: (machine) => machine.memoize(),
  };
}

/** Protocols 0 and 1 write booleans as `01` and `00`. */
function readInt(source: ByteSource): unknown {
  const text = decodeLatin1(source.line());
  if (text === "00" || text === "01") return text === "01";
  return integerFromText(text);
}

/** Python 2 writes `long` values with a final L, and so does Python 3 in protocol 0. */
function readLong(source: ByteSource): unknown {
  const text = decodeLatin1(source.line());
  return integerFromText(text.endsWith("L") ? text.slice(0, -1) : text);
}

/** Python 2's `str` is text if it is ASCII: by default CPython 3 takes no more. Some calls take its bytes. */
function pushStr(machine: Unpickler, text: string): void {
  const bytes = isAscii(text) ? undefined : encodeLatin1(text);
  if (bytes === undefined) machine.push(text);
  else machine.pushIntermediate(new Python2Bytes(bytes));
}

function readString(source: ByteSource, length: number): string {
  const start = source.advance(length);
  return decodeString(source.bytes, start, source.offset);
}

function append(machine: Unpickler, items: readonly unknown[]): void {
  const list = machine.top();
  const extend = machine.growing?.get(list)?.extend;
  if (extend !== undefined) return extend(items);
  if (!Array.isArray(list) || isTuple(list)) {
    throw unreadable("it appends to something that is not a list");
  }
  for (const item of items) list.push(item);
}

function setItems(machine: Unpickler, pairs: readonly unknown[]): void {
  const fill = machine.growing?.get(machine.top())?.fill;
  if (fill !== undefined) return fill(pairs);
  machine.replaceTop(machine.dicts.fill(machine.top(), pairs));
}

function addItems(machine: Unpickler, items: readonly unknown[]): void {
  const set = machine.top();
  const extend = machine.growing?.get(set)?.extend;
  if (extend !== undefined) return extend(items);
  if (!(set instanceof Set) || isFrozenSet(set)) {
    throw unreadable("it adds to something that is not a set");
  }
  machine.keys.addAll(set, items);
}

function checkProtocol(protocol: number): void {
  if (protocol > HIGHEST_PROTOCOL) throw unreadable(`protocol ${protocol} is unknown`);
}

// Frames say how much to read from a file at once. Here all bytes are present, so only their length is checked.
function checkFrame(source: ByteSource): void {
  const length = source.uint64();
  if (length > source.bytes.length - source.offset) {
    throw unreadable("a frame is longer than the pickle");
  }
}

function readIndex(source: ByteSource): number {
  const text = decodeLatin1(source.line());
  if (!INDEX.test(text)) throw unreadable("a memo index is not a number");
  return Number(text);
}
