/** What EnyimMemcached's `DefaultTranscoder` reads. @module */

import { ClientException, quote } from "../../errors.ts";
import { decodeText } from "../text.ts";
import {
  dateFromBinary,
  numberTypes,
  RAW_BYTES,
  TYPE_CODE_BITS,
  typeCode,
} from "./dot_net_types.ts";

/** How a stream of `BinaryFormatter` begins: the record type, the ids of the root and of the header, and 1.0. */
const HEADER = [0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0];
const CLASS_OF_SYSTEM = 4;
const CLASS = 5;
const LIBRARY = 12;
const ID_SIZE = 4;
/** Type names carry the names and versions of assemblies. */
const LONGEST_NAME = 200;

/** A type whose values are all of one length. */
interface FixedType {
  readonly code: number;
  readonly name: string;
  readonly size: number;
  read(view: DataView): unknown;
}

let fixedTypes: ReadonlyMap<number, FixedType> | undefined;

function makeFixedTypes(): ReadonlyMap<number, FixedType> {
  const types: FixedType[] = [
    ...Object.values(numberTypes()),
    {
      code: typeCode.boolean,
      name: "System.Boolean",
      size: 1,
      read: (view) => view.getUint8(0) !== 0,
    },
    {
      code: typeCode.char,
      name: "System.Char",
      size: 2,
      read: (view) => String.fromCharCode(view.getUint16(0, true)),
    },
    { code: typeCode.dateTime, name: "System.DateTime", size: 8, read: readDateTime },
  ];
  return new Map(types.map((type) => [type.code, type]));
}

/**
 * Reads an item as EnyimMemcached does: by the lowest byte of its flags. The other bytes do not matter.
 *
 * @throws {ClientException} When it is of a type that is not read, or too short for its type.
 */
export function readValue(flags: number, data: Uint8Array): unknown {
  if (flags === RAW_BYTES) return new Uint8Array(data);
  const code = flags & TYPE_CODE_BITS;
  if (code === typeCode.string) return decodeText(data);
  fixedTypes ??= makeFixedTypes();
  const fixed = fixedTypes.get(code);
  if (fixed !== undefined) return readFixed(fixed, data);
  switch (code) {
    case typeCode.empty:
      return data.byteLength === 0 ? null : decodeText(data);
    case typeCode.dbNull:
      return null;
    case typeCode.object:
    case typeCode.decimal:
      throw unreadableObject(flags, data);
  }
  throw new ClientException(
    `Cannot read item: type code ${code} (flags ${flags}) is none of EnyimMemcached's`,
    flags,
  );
}

/** Bytes behind the value are ignored, as EnyimMemcached does. */
function readFixed({ name, size, read }: FixedType, data: Uint8Array): unknown {
  const { buffer, byteOffset, byteLength } = data;
  if (byteLength >= size) return read(new DataView(buffer, byteOffset, byteLength));
  const why = `a ${name} takes ${size} bytes, and it has ${byteLength}`;
  throw new ClientException(`Cannot read item: ${why}`, new Uint8Array(data));
}

function readDateTime(view: DataView): Date {
  const binary = view.getBigUint64(0, true);
  const date = dateFromBinary(binary);
  if (date !== undefined) return date;
  throw new ClientException("Cannot read item: its System.DateTime is after the year 9999", binary);
}

/** BinaryFormatter is code that runs on reading, and .NET itself has done away with it. */
function unreadableObject(flags: number, data: Uint8Array): ClientException {
  const name = classOfObject(data);
  const what = name === undefined ? "a .NET object" : `a .NET object of class ${quote(name)}`;
  const why = "as BinaryFormatter or another serializer of .NET writes them";
  return new ClientException(`Cannot read item: it holds ${what}, ${why}`, flags);
}

/**
 * The class of an object that `BinaryFormatter` wrote (its format is MS-NRBF), for people who search for what
 * wrote it; `undefined` when the name is not where it usually is.
 */
export function classOfObject(data: Uint8Array): string | undefined {
  if (!HEADER.every((byte, at) => data[at] === byte)) return undefined;
  let at = HEADER.length;
  if (data[at] === LIBRARY) at = readName(data, at + 1 + ID_SIZE)?.end ?? data.length;
  if (data[at] !== CLASS_OF_SYSTEM && data[at] !== CLASS) return undefined;
  return readName(data, at + 1 + ID_SIZE)?.name;
}

/** Reads a string behind its length, which comes in groups of seven bits, the lowest first. */
function readName(data: Uint8Array, start: number): { name: string; end: number } | undefined {
  let length = 0;
  let at = start;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = data[at++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const end = at + length;
  if (length === 0 || end > data.length) return undefined;
  const name = new TextDecoder().decode(data.subarray(at, Math.min(end, at + LONGEST_NAME)));
  return { name, end };
}
