/** Reads values as EnyimMemcached's `DefaultTranscoder` does. @module */

import { ClientException, quote } from "../../errors.ts";
import { wrongLength } from "../format_parts.ts";
import { decodeText } from "../text.ts";
import {
  dateFromBinary,
  numberTypes,
  RAW_BYTES,
  TYPE_CODE_BITS,
  typeCode,
} from "./dot_net_types.ts";

/**
 * The beginning of a `BinaryFormatter` stream: the record type, the ids of the root and the header, and version 1.0.
 */
const HEADER = [0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0];
const CLASS_OF_SYSTEM = 4;
const CLASS = 5;
const LIBRARY = 12;
const ID_SIZE = 4;
/** The maximum length of a type name, which includes the name and version of its assembly. */
const LONGEST_NAME = 200;

/** A type whose values all have the same length. */
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
 * Reads an item as EnyimMemcached does: the lowest byte of the flags is the type code, and the other bytes are ignored.
 *
 * @throws {ClientException} When its type is not supported, or it is too short for its type.
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
    `Cannot read item: EnyimMemcached has no type code ${code} (flags ${flags})`,
    flags,
  );
}

/** Bytes after the value are ignored, as in EnyimMemcached. */
function readFixed({ name, size, read }: FixedType, data: Uint8Array): unknown {
  const { buffer, byteOffset, byteLength } = data;
  if (byteLength >= size) return read(new DataView(buffer, byteOffset, byteLength));
  throw wrongLength(name, size, data);
}

function readDateTime(view: DataView): Date {
  const binary = view.getBigUint64(0, true);
  const date = dateFromBinary(binary);
  if (date !== undefined) return date;
  throw new ClientException("Cannot read item: its System.DateTime is after the year 9999", binary);
}

/** BinaryFormatter is not supported: reading it may run code, and .NET itself has removed it. */
function unreadableObject(flags: number, data: Uint8Array): ClientException {
  const name = classOfObject(data);
  const what = name === undefined ? "a .NET object" : `a .NET object of class ${quote(name)}`;
  const why = "as BinaryFormatter or another serializer of .NET writes them";
  return new ClientException(`Cannot read item: it holds ${what}, ${why}`, flags);
}

/**
 * The class of an object in `BinaryFormatter`'s format (MS-NRBF), for error messages; `undefined` when the name is not
 * at its usual position.
 */
function classOfObject(data: Uint8Array): string | undefined {
  if (!HEADER.every((byte, at) => data[at] === byte)) return undefined;
  let at = HEADER.length;
  if (data[at] === LIBRARY) at = readName(data, at + 1 + ID_SIZE)?.end ?? data.length;
  if (data[at] !== CLASS_OF_SYSTEM && data[at] !== CLASS) return undefined;
  return readName(data, at + 1 + ID_SIZE)?.name;
}

/** Reads a string after its length, which is encoded in groups of seven bits, the lowest first. */
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
