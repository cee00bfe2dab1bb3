/** What EnyimMemcached's `DefaultTranscoder` reads. @module */

import { ClientException, quote } from "../../errors.ts";
import { decodeText } from "../item_text.ts";
import { classOfObject } from "./binary_formatter.ts";
import { dateFromBinary } from "./date_time.ts";
import { numberTypes } from "./number_types.ts";
import { RAW_BYTES, TYPE_CODE_BITS, typeCode } from "./type_code.ts";

/** A type whose values are all of one length. */
interface FixedType {
  readonly code: number;
  readonly name: string;
  readonly size: number;
  read(view: DataView): unknown;
}

const fixedTypes: ReadonlyMap<number, FixedType> = new Map(
  [
    ...Object.values(numberTypes),
    {
      code: typeCode.boolean,
      name: "System.Boolean",
      size: 1,
      read: (view: DataView) => view.getUint8(0) !== 0,
    },
    {
      code: typeCode.char,
      name: "System.Char",
      size: 2,
      read: (view: DataView) => String.fromCharCode(view.getUint16(0, true)),
    },
    { code: typeCode.dateTime, name: "System.DateTime", size: 8, read: readDateTime },
  ].map((type) => [type.code, type]),
);

/**
 * Reads an item as EnyimMemcached does: by the lowest byte of its flags, whatever the others are.
 *
 * @throws {ClientException} When it is of a type that is not read, or too short for its type.
 */
export function readValue(flags: number, data: Uint8Array): unknown {
  if (flags === RAW_BYTES) return new Uint8Array(data);
  const code = flags & TYPE_CODE_BITS;
  if (code === typeCode.string) return decodeText(data);
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

/** As EnyimMemcached it does not mind bytes behind the value. */
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
