/**
 * What can be told of an object that .NET's `BinaryFormatter` wrote (its format is MS-NRBF): the name of its
 * class, for people who look for what wrote it.
 *
 * @module
 */

/** How a stream begins: the record type, the ids of the root and of the header, and version 1.0. */
const HEADER = Uint8Array.of(0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0);
const CLASS_OF_SYSTEM = 4;
const CLASS = 5;
const LIBRARY = 12;
const ID_SIZE = 4;
/** Type names carry the names and versions of assemblies. */
const LONGEST_NAME = 200;

/** The class of the object, or `undefined` when that is not where it usually stands. */
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
